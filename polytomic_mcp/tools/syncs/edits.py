"""Edits of a stored sync: mappings that are added or removed, and the filters of its models."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.catalogue.rules.filter_logic import LogicError, default_label, split
from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.common.spelling import canonical, quoted, unknown
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.framework.requests import Draft, Request, brief
from polytomic_mcp.tools.syncs.requests import Mapping, ModelCondition
from polytomic_mcp.tools.syncs.stored import MAPPINGS, StoredMappings, target_of

_FILTERS: Final = ("model_filters", "filters", "filter_logic")
_NOTHING: Final = "Nothing was changed."


class Edits(Request):
    """What an update adds to the lists of a sync, or takes out of them."""

    add_fields: Annotated[
        list[Mapping] | None,
        brief(
            "array", "Mappings (as in create_sync's fields) to add, or to replace those with the same target"
        ),
    ] = None
    remove_fields: Annotated[list[str] | None, Field(description="Targets to unmap")] = None
    set_filters: Annotated[
        list[ModelCondition] | None,
        brief("array", "Conditions instead of those in model_filters; keeps target_filters"),
    ] = None

    def changes(self, stored: JsonObject, changed: JsonObject, *, is_shared: bool) -> JsonObject:
        """Return the edits as changed parts of a stored sync; ``changed`` are its other changes.

        ``is_shared`` says whether several fields may have the same target.

        Raises:
            ToolError: They contradict each other or the other changes, or remove what is not mapped.
        """
        mappings = StoredMappings.of(stored, is_shared=is_shared)
        self._refuse_contradictions(changed, is_shared=mappings.is_shared)
        added = [each.body() for each in self.add_fields or ()]
        removed = [each for name in self.remove_fields or () for each in _found(mappings, name)]
        return mappings.edited(added, removed) | self._filters(stored)

    def _refuse_contradictions(self, changed: JsonObject, *, is_shared: bool) -> None:
        given = [name for name in ("add_fields", "remove_fields") if getattr(self, name) is not None]
        pairs = [(name, other) for name in given for other in MAPPINGS if other in changed]
        if self.set_filters is not None:
            pairs += [("set_filters", other) for other in _FILTERS if other in changed]
        for name, other in pairs:
            logic = " Conditions with a logic of their own are model_filters."
            raise ToolError(
                f"update_sync: Send either {name}, which changes what is stored, or {other}, which replaces "
                f"it.{logic * (other == 'filter_logic')} {_NOTHING}"
            )
        added = set[str]() if is_shared else {each.target.casefold() for each in self.add_fields or ()}
        if both := [name for name in self.remove_fields or () if name.casefold() in added]:
            raise ToolError(
                f"update_sync: {quoted(both[0])} is in add_fields and in remove_fields. A mapping that is "
                f"added replaces the one of its target. Omit it from remove_fields. {_NOTHING}"
            )

    def _filters(self, stored: JsonObject) -> JsonObject:
        """Return the filters in the form in which they are stored: in the newer one if it is there."""
        if self.set_filters is None:
            return {}
        old = as_objects(stored.get("filters"))
        if not old or {"model_filters", "target_filters"} & stored.keys():
            return {"model_filters": {"conditions": [each.body() for each in self.set_filters]}}
        return _in_old_form(self.set_filters, old, str(stored.get("filter_logic") or ""))


def check_lost_mappings(draft: Draft, stored: JsonObject, sent: JsonObject) -> None:
    """Add a problem if a list omits stored mappings or constants: each is named.

    ``sent`` are the arguments of the update. If it is the only problem, the calls that go on come first: the
    same update without and with the loss. A sync that gets another target loses its mappings on purpose.
    """
    lists = {name: as_objects(draft.body.get(name)) for name in MAPPINGS if name in sent}
    mappings = StoredMappings.of(stored)
    lost = mappings.lost(lists) if target_of(draft.body) == target_of(stored) else []
    if not lost:
        return
    names = [mappings.name(each) for each in lost]
    if not (draft.problems or "encryption_passphrase" in sent):
        new = [each for part in lists.values() for each in part if each not in mappings.every]
        rest = {name: part for name, part in sent.items() if name not in MAPPINGS}
        draft.next_steps[:0] = _ways_on(rest | ({"add_fields": new} if new else {}), names)
    draft.problems.append(
        f"{' and '.join(lists)}: would drop mapped fields: {', '.join(map(quoted, names))}. To keep them, "
        "send only the new mappings, as add_fields; to drop them, name them in remove_fields."
    )


def _ways_on(keeping: JsonObject, lost: list[str]) -> Iterator[NextStep]:
    """Yield the same update without a loss, if anything else changes, and with it."""
    if keeping.keys() - {"sync_id", "dry_run"}:
        yield NextStep(tool="update_sync", arguments=keeping, reason="keeps the stored mappings")
    dropping = keeping | {"remove_fields": lost}
    yield NextStep(tool="update_sync", arguments=dropping, reason="drops them")


def _found(mappings: StoredMappings, name: str) -> list[JsonObject]:
    """Return the mappings that a name in ``remove_fields`` means."""
    known = [each for mapping in mappings.every for each in mappings.names(mapping)]
    found = canonical(name, dict.fromkeys(known))
    if found is None:
        raise ToolError(f"update_sync: remove_fields: {unknown('mapped field', name, known)} {_NOTHING}")
    return [each for each in mappings.every if found in mappings.names(each)]


def _in_old_form(conditions: Sequence[ModelCondition], old: list[JsonObject], logic: str) -> JsonObject:
    """Return filters in the older form: the conditions, and the old ones on the target with their logic.

    Raises:
        ToolError: The logic cannot be read, so the part on the target is not known.
    """
    labels = [str(each.get("label") or default_label(at)) for at, each in enumerate(old)]
    kinds = dict(zip(labels, (each.get("field_type") == "Target" for each in old), strict=True))
    new = [_old_condition(each) for each in conditions]
    kept = [each for each in old if each.get("field_type") == "Target"]
    filters = [each | {"label": default_label(at)} for at, each in enumerate([*new, *kept])]
    changed: JsonObject = {"filters": filters, "filter_logic": None}
    if not (logic.strip() and kept):
        return changed
    try:
        on_target = split(logic, kinds)[True]
    except LogicError as error:
        raise ToolError(
            f"update_sync: The stored filter_logic {quoted(logic)} {error}. Send filters and filter_logic "
            f"instead of set_filters. {_NOTHING}"
        ) from error
    own = [each["label"] for each in filters]
    names = dict(zip((label for label in labels if kinds[label]), own[len(new) :], strict=True))
    return changed | {"filter_logic": " and ".join([*own[: len(new)], on_target.renamed(names)])}


def _old_condition(condition: ModelCondition) -> JsonObject:
    body = condition.body()
    return {"field": body.pop("source"), "field_type": "Model"} | body
