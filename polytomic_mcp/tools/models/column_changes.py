"""How an update changes a model's columns, and which syncs and joins miss a column after it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Change, NextStep, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.jobs import settled
from polytomic_mcp.tools.api_access.merging import differences, writable
from polytomic_mcp.tools.deletions.lost_columns import LostColumns, Use

_PREVIEW: Final = "POST /api/model-preview"
_SHAPING: Final = frozenset({"additional_fields", "configuration", "enricher", "fields", "refresh"})
"""The arguments of an update that can change a model's columns."""

_COMPARED: Final = ("label", "type")
_MOST_LISTED: Final = 20


class FieldChanges(BaseModel):
    """The difference between two lists of fields."""

    added: list[str] | None = None
    removed: list[str] | None = None
    changed: dict[str, dict[str, Change]] | None = None


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """The columns of a stored model that an update may remove; ``arguments`` are those that it changes."""

    caller: Caller
    context: Context[Caller]
    stored: JsonObject
    arguments: AbstractSet[str]

    async def refuse_if_used(self, body: JsonObject) -> None:
        """Refuse an update with that body, before it is written, if something uses columns that it removes.

        Polytomic's preview says which columns the model will have. Where it cannot say, the answer to the
        update does: see ``broken_by``.

        Raises:
            Refusal: Syncs or joins use such columns; the text lists them.
        """
        lost = await self._lost_by(body) if self.arguments & _SHAPING else None
        if lost is None:
            return
        names = ", ".join(quoted(name) for name in lost.ids)
        try:
            uses = await lost.uses(self.caller.api)
        except PolytomicError as error:
            raise ToolError(
                f"update_model: Nothing was written. The update removes {names}, and whether syncs use that "
                f"could not be read. {error} Try again later, or send allow_breaking."
            ) from error
        if uses:
            _, first = uses[0].columns[0]
            raise Refusal(
                f"update_model: Nothing was written. The update removes {names}, and this breaks:\n"
                f"{_listed(uses)}\nKeep the name with an alias (... AS {first}), change these first, or send "
                "allow_breaking.",
                self._trace(first),
            )

    async def are_gone_from_source(self, body: JsonObject) -> bool:
        """Whether the source no longer has some of the stored columns, as far as a preview can say."""
        every = {name: part for name, part in body.items() if name != "fields"}
        return await self._lost_by(every) is not None

    async def broken_by(self, after: JsonObject) -> list[str] | None:
        """Return what uses columns that the updated model no longer has; None if nothing does."""
        lost = self._lost(after)
        if lost is None:
            return None
        try:
            return [*map(str, await lost.uses(self.caller.api))] or None
        except PolytomicError as error:
            return [f"Whether syncs use {', '.join(lost.ids)} could not be read. {error}"]

    async def _lost_by(self, body: JsonObject) -> LostColumns | None:
        draft = writable(_PREVIEW, {"connection_id": self.stored.get("connection_id")} | body)
        try:
            answer = await settled(await self.caller.api.call(_PREVIEW, **draft), self.caller, self.context)
        except (PolytomicError, ToolError):
            return None  # the update itself says what is wrong with it
        return self._lost(as_object(answer))

    def _lost(self, after: JsonObject) -> LostColumns | None:
        """Return the columns that a model no longer has, or has in another case; None without any."""
        left = {str(each.get("name")) for each in as_objects(after.get("fields"))}
        lost = {
            str(each.get("name")): str(each.get("id") or "")
            for each in as_objects(self.stored.get("fields"))
            if str(each.get("name")) not in left
        }
        return LostColumns(self.stored["id"], lost) if left and lost else None

    def _trace(self, column: str) -> NextStep:
        this = {"model_id": self.stored["id"], "field": column}
        return NextStep(tool="trace_lineage", arguments=this, reason="shows what depends on the column")


def model_changes(before: JsonObject, after: JsonObject, names: Iterable[str]) -> JsonObject:
    """Return which of the named parts differ: both values, and of the fields the difference."""
    changes = differences(before, after, {*names} - {"fields"})
    old, new = _by_name(before), _by_name(after)
    fields = FieldChanges(
        added=[name for name in new if name not in old] or None,
        removed=[name for name in old if name not in new] or None,
        changed={
            name: found
            for name in old.keys() & new.keys()
            if (found := differences(old[name], new[name], _COMPARED))
        }
        or None,
    )
    return {**changes} | ({"fields": fields} if fields.model_dump(exclude_none=True) else {})


def _by_name(model: JsonObject) -> dict[str, JsonObject]:
    return {str(each.get("name")): each for each in as_objects(model.get("fields"))}


def _listed(uses: list[Use]) -> str:
    more = [f"- and {len(uses) - _MOST_LISTED} more"] if len(uses) > _MOST_LISTED else []
    return "\n".join([*(f"- {use}" for use in uses[:_MOST_LISTED]), *more])
