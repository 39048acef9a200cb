"""A stored bulk sync and what shall change, merged into the whole that the API's PUT wants."""

from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Change
from polytomic_mcp.tools.api_access.merging import changes, writable
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import (
    hold_against_destination,
    put_ends,
    put_schemas,
    schedules_of,
)
from polytomic_mcp.tools.bulk_syncs.schedules import merged_schedules, plain
from polytomic_mcp.tools.bulk_syncs.schemas import (
    PATCH,
    merged,
    named_changes,
    schema_changes,
    stored_schemas,
    whole_schemas,
)
from polytomic_mcp.tools.syncs.drafts import Draft

UPDATE: Final = "PUT /api/bulk/syncs/{id}"
_ENDS: Final = frozenset({"source_connection_id", "destination_connection_id"})
_DISCOVERED: Final = ("automatically_add_new_objects", "automatically_add_new_fields")
_HELD_AGAINST_DESTINATION: Final = frozenset(
    {"destination_configuration", "destination_connection_id", "mode"}
)


@dataclass(slots=True)
class BulkUpdate:
    """What to write of a stored bulk sync: its whole body, and schemas, with these as they were."""

    stored: JsonObject
    changed: JsonObject
    draft: Draft
    schemas_before: list[JsonObject] = field(default_factory=list[JsonObject])
    schemas: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def requests(self) -> dict[str, JsonObject]:
        """The arguments to write with, by operation, of those operations alone that change something."""
        id_ = self.stored["id"]
        requests: dict[str, JsonObject] = {}
        if self.changed:
            requests[UPDATE] = {"id": id_, **self.draft.body}
        if self.schemas:
            requests[PATCH] = {"id": id_, "schemas": self.schemas}
        return requests

    async def write(self, api: Polytomic) -> tuple[JsonObject, dict[str, Change]]:
        """Write it; return the bulk sync as it is now, and what changed.

        Raises:
            PolytomicError: It was refused as a whole.
            ToolError: The schemas were refused after the rest was written.
        """
        requests = self.requests
        after = await data_of(api, UPDATE, **requests[UPDATE]) if UPDATE in requests else self.stored
        before, now = as_object(plain(self.stored)), as_object(plain(after))
        changed = changes(before, now, {**before, **now})
        if PATCH in requests:
            try:
                answer = as_object(await api.call(PATCH, **requests[PATCH]))
            except PolytomicError as error:
                if UPDATE not in requests:
                    raise
                raise ToolError(
                    f"update_bulk_sync: all but the schemas was written, then: {error}"
                ) from error
            changed |= schema_changes(self.schemas_before, as_objects(answer.get("data")))
        return after, changed


async def draft_update(
    api: Polytomic, stored: JsonObject, changed: JsonObject, schemas: list[JsonObject], *, is_whole: bool
) -> BulkUpdate:
    """Merge what shall change into what is stored, and hold it against what the API takes.

    ``schemas`` are merged by id; ``is_whole`` turns off every other.
    """
    draft = Draft(dict(changed))
    known = await put_ends(api, draft, _ENDS & changed.keys())
    draft.body = _merged(stored, draft.body)
    is_known = "destination_connection_id" in known or "destination_connection_id" not in changed
    if is_known and _HELD_AGAINST_DESTINATION & changed.keys():
        await hold_against_destination(api, draft)
    if is_whole and not schemas:
        draft.problems.append("only_schemas turns off what schemas does not name: send schemas too.")
    update = BulkUpdate(stored, changed, draft)
    has_named = any(schedule.get("schemas") for schedule in schedules_of(changed))
    if schemas or has_named:
        listed = await stored_schemas(api, stored["id"])
        if has_named:
            put_schemas(draft, listed)
        await _select(api, update, named_changes(draft, listed, schemas, is_whole=is_whole))
    return update


async def _select(api: Polytomic, update: BulkUpdate, wanted: list[JsonObject]) -> None:
    """Read the schemas that change and lay the changes over them, unless one is not known."""
    draft = update.draft
    if draft.problems:
        return
    before = await whole_schemas(api, update.stored["id"], [change["id"] for change in wanted])
    update.schemas_before = before
    update.schemas = [merged(draft, old, change) for old, change in zip(before, wanted, strict=True)]


def _merged(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Return the whole body: configurations merge by key, unless they go to another connection.

    What is cleared is left out: the API's PUT puts the default in its place.
    """
    kept = _discovery(stored) | writable(UPDATE, stored)
    kept.pop("schemas", None)  # left out, the API leaves the selection as it is
    body = {name: part for name, part in (kept | changed).items() if not _is_clear(name, part)}
    body |= merged_schedules(stored, changed)
    for end in ("source", "destination"):
        name, connection_id = f"{end}_configuration", f"{end}_connection_id"
        if name in body and body.get(connection_id) == kept.get(connection_id):
            body[name] = as_object(kept.get(name)) | as_object(changed.get(name))
    return body


def _discovery(stored: JsonObject) -> JsonObject:
    """Return in today's words what ``discover`` said before 2025-09-18."""
    if not isinstance(discover := stored.get("discover"), bool):
        return {}
    return dict.fromkeys(_DISCOVERED, "all" if discover else "none")


def _is_clear(name: str, part: Any) -> bool:
    return part == "" or (name.endswith("concurrency_limit") and part == 0)
