"""Updating a sync: it and its changes are merged into the whole body that the API's PUT requires."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.answers.results import Change, ListChange
from polytomic_mcp.tools.api_access.merging import differences
from polytomic_mcp.tools.deletions.sources import NO_MODEL, model_ids_of
from polytomic_mcp.tools.syncs.drafts import fill_in_model
from polytomic_mcp.tools.syncs.edits import Edits
from polytomic_mcp.tools.syncs.requests import SyncRequest
from polytomic_mcp.tools.syncs.stored import condensed, newer_form

# The newer form of a part, and the older one it replaces; the API refuses both at once.
_FORMS: Final = (
    (frozenset({"model_filters", "target_filters"}), frozenset({"filters", "filter_logic"})),
    (frozenset({"identities"}), frozenset({"identity"})),
)
_FIRST_TIME: Final = "The update encrypts fields. Send encryption_passphrase too."
_AGAIN: Final = (
    "This sync encrypts fields, and Polytomic never returns the passphrase, so the update would lose it. "
    "Send encryption_passphrase again."
)
_NESTED: Final = frozenset({"identities", "model_filters", "target_filters"})
"""The parts with a list among their members."""


def merged(
    stored: JsonObject,
    changes: SyncRequest,
    edits: Edits,
    clear: Sequence[str] = (),
    *,
    is_shared: bool = False,
) -> SyncRequest:
    """Return the stored sync with the changes applied; omitted parts are kept, those to clear are reset.

    ``is_shared`` says whether several fields may have the same target.

    Raises:
        ToolError: The changes contradict each other, or would lose filters that are stored in the other
            form; or the sync encrypts fields and the change omits the passphrase, which the API never
            answers.
    """
    changed = changes.body() | dict.fromkeys(clear)
    separate = _with_separate_overrides(stored)
    changed |= edits.changes(separate, changed, is_shared=is_shared)
    _refuse_lost_filters(stored, changed)
    body = _without_other_form(separate, changed) | changed
    body["target"] = _target(as_object(stored.get("target")), as_object(changed.get("target")))
    if _encrypts(body) and "encryption_passphrase" not in changed:
        why = _AGAIN if _encrypts(stored) else _FIRST_TIME
        raise ToolError(f"update_sync: {why} Nothing was changed.")
    sync = SyncRequest.stored({name: part for name, part in body.items() if name not in clear})
    fill_in_model(sync.sources, model_ids_of(stored))
    return sync


def _encrypts(sync: JsonObject) -> bool:
    return any(mapping.get("encryption_enabled") for mapping in as_objects(sync.get("fields")))


def _refuse_lost_filters(stored: JsonObject, changed: JsonObject) -> None:
    """Refuse a change that would drop stored filters because it uses the other form and omits them."""
    old = as_objects(stored.get("filters"))
    target_filters = as_objects(as_object(stored.get("target_filters")).get("conditions"))
    if target_filters and not old and "filters" in changed and not _has_kind(changed["filters"], "Target"):
        raise ToolError(
            "update_sync: The target_filters of this sync are stored in the new form, and sending only "
            "filters would lose them. Send model_filters instead. Nothing was changed."
        )
    if "filter_logic" in changed and "filters" not in changed and not old:
        raise ToolError(
            "update_sync: filter_logic combines filters in the old form, and this sync has none. Send "
            "model_filters with its logic instead. Nothing was changed."
        )
    for named, other, kind in (
        ("model_filters", "target_filters", "Target"),
        ("target_filters", "model_filters", "Model"),
    ):
        if named in changed and _has_kind(old, kind) and not (other in changed or other in stored):
            raise ToolError(
                f"update_sync: The {other} of this sync are stored in the old form, filters, and sending "
                f"only {named} would lose them. Send {other} too. Nothing was changed."
            )


def _has_kind(filters: Any, kind: str) -> bool:
    """Whether filters in the old form, which mixes both kinds, include one of ``Model`` or ``Target``."""
    return any((condition.get("field_type") or "Model") == kind for condition in as_objects(filters))


def _target(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Merge a changed target into the stored one; ``object`` and ``create`` exclude each other."""
    target = stored | changed
    if "create" in changed:
        target.pop("object", None)
    elif target.get("object"):
        target.pop("create", None)
    return target


def _with_separate_overrides(stored: JsonObject) -> JsonObject:
    """Move constants from ``fields``, where 2024-02-08 answers them, to ``override_fields``."""
    mappings = as_objects(stored.get("fields"))
    constants = [mapping for mapping in mappings if _is_constant(mapping)]
    separate = stored | {"fields": [mapping for mapping in mappings if not _is_constant(mapping)]}
    overrides = as_objects(stored.get("override_fields"))
    known = {override.get("target") for override in overrides}
    moved = [
        {name: part for name, part in mapping.items() if name != "source"}
        for mapping in constants
        if mapping.get("target") not in known
    ]
    if moved:
        separate["override_fields"] = [*overrides, *moved]
    return separate


def _is_constant(mapping: JsonObject) -> bool:
    return as_object(mapping.get("source")).get("model_id") == NO_MODEL


def _without_other_form(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Keep one form of filters and of identity: the one that the change uses, or else the newer one."""
    dropped: set[str] = set()
    for newer, older in _FORMS:
        if older & changed.keys():
            dropped |= newer
        elif newer & (changed.keys() | stored.keys()):
            dropped |= older
    return {name: part for name, part in stored.items() if name not in dropped}


def sync_differences(
    before: JsonObject, after: JsonObject, names: Iterable[str]
) -> dict[str, Change | ListChange]:
    """Return which of the named parts of a sync differ; of a list, only what was removed and added.

    Nothing is said twice, not even the id of the only model, and of filters, conditions and logic are
    compared by themselves.
    """
    shown = condensed if model_ids_of(before) == model_ids_of(after) else newer_form
    old, new = (_flattened(newer_form(shown(each))) for each in (before, after))
    compared = [name for name in {*old, *new} if name.partition(".")[0] in {*names}]
    return {name: _of_list(change) for name, change in differences(old, new, compared).items()}


def _flattened(sync: JsonObject) -> JsonObject:
    """Return a sync without empty parts, and with the members of its filters and identities by path."""
    members = {
        f"{name}.{member}": part
        for name in _NESTED & sync.keys()
        for member, part in as_object(sync[name]).items()
    }
    flat = {name: part for name, part in sync.items() if name not in _NESTED} | members
    return {path: part for path, part in flat.items() if part not in (None, "", [], {})}


def _of_list(change: Change) -> Change | ListChange:
    """Return what was removed from a list and added to it; another change, or that of an order, as it is."""
    if not all(each is None or isinstance(each, list) for each in (change.before, change.after)):
        return change
    old, new = as_list(change.before), as_list(change.after)
    removed, added = ([each for each in one if each not in other] for one, other in ((old, new), (new, old)))
    return ListChange(removed=removed or None, added=added or None) if removed or added else change
