"""A stored sync and what shall change, merged into the whole body that the API's PUT wants."""

from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects

_NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
# The newer form of a part, and the older one it took the place of; the API refuses both at once.
_FORMS: Final = (
    (frozenset({"model_filters", "target_filters"}), frozenset({"filters", "filter_logic"})),
    (frozenset({"identities"}), frozenset({"identity"})),
)


def merged(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Return the stored body with the changes laid over it; nothing that was not named is lost.

    Raises:
        ToolError: Filters of the one form would be lost to the other; or the sync encrypts fields, and
            its passphrase, which never comes back, is absent.
    """
    _refuse_lost_filters(stored, changed)
    body = _without_other_form(_with_overrides_apart(stored), changed) | changed
    body["target"] = _target(as_object(stored.get("target")), as_object(changed.get("target")))
    if (
        any(mapping.get("encryption_enabled") for mapping in body["fields"])
        and "encryption_passphrase" not in changed
    ):
        raise ToolError(
            "update_sync: this sync encrypts fields, and Polytomic never shows the passphrase. Send "
            "encryption_passphrase again, or the update would lose it. Nothing was changed."
        )
    return body


def _refuse_lost_filters(stored: JsonObject, changed: JsonObject) -> None:
    """Refuse a change that drops the form the stored filters have, and with it filters it does not name."""
    old = as_objects(stored.get("filters"))
    kept = as_objects(as_object(stored.get("target_filters")).get("conditions"))
    if kept and not old and "filters" in changed and not _has_kind(changed["filters"], "Target"):
        raise ToolError(
            "update_sync: this sync keeps its target_filters in the new form, and filters alone would lose "
            "them. Send model_filters instead. Nothing was changed."
        )
    if "filter_logic" in changed and "filters" not in changed and not old:
        raise ToolError(
            "update_sync: filter_logic combines filters of the old form, and this sync has none. Send "
            "model_filters with its logic. Nothing was changed."
        )
    for named, other, kind in (
        ("model_filters", "target_filters", "Target"),
        ("target_filters", "model_filters", "Model"),
    ):
        if named in changed and _has_kind(old, kind) and not (other in changed or other in stored):
            raise ToolError(
                f"update_sync: this sync keeps its {other} in the old form, filters, and {named} alone would "
                f"lose them. Send {other} too. Nothing was changed."
            )


def _has_kind(filters: list[JsonObject], kind: str) -> bool:
    """Tell whether filters of the old form, which mixes both kinds, hold one of ``Model`` or ``Target``."""
    return any((condition.get("field_type") or "Model") == kind for condition in filters)


def _target(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Lay a changed target over the stored one; an object and a new one to create exclude each other."""
    target = stored | changed
    if "create" in changed:
        target.pop("object", None)
    elif target.get("object"):
        target.pop("create", None)
    return target


def _with_overrides_apart(stored: JsonObject) -> JsonObject:
    """Take constants out of ``fields``, where 2024-02-08 answers them with a source of zeros."""
    mappings = as_objects(stored.get("fields"))
    constants = [mapping for mapping in mappings if _is_constant(mapping)]
    apart = stored | {"fields": [mapping for mapping in mappings if not _is_constant(mapping)]}
    overrides = as_objects(stored.get("override_fields"))
    known = {override.get("target") for override in overrides}
    moved = [
        {name: part for name, part in mapping.items() if name != "source"}
        for mapping in constants
        if mapping.get("target") not in known
    ]
    if moved:
        apart["override_fields"] = [*overrides, *moved]
    return apart


def _is_constant(mapping: JsonObject) -> bool:
    return as_object(mapping.get("source")).get("model_id") == _NO_MODEL


def _without_other_form(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Keep one form of filters and identity: the one the change uses, else the newer one stored."""
    dropped: set[str] = set()
    for newer, older in _FORMS:
        if older & changed.keys():
            dropped |= newer
        elif newer & (changed.keys() | stored.keys()):
            dropped |= older
    return {name: part for name, part in stored.items() if name not in dropped}
