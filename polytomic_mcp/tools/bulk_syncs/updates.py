"""Updating a bulk sync: it and its changes are merged into the whole body that the API's PUT requires."""

from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Change
from polytomic_mcp.tools.api_access.merging import differences, writable
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import (
    check_destination,
    resolve_connections,
    resolve_scheduled_schemas,
    schedules_of,
)
from polytomic_mcp.tools.bulk_syncs.schedules import merged_schedules, plain
from polytomic_mcp.tools.bulk_syncs.schemas import (
    PATCH,
    merged_schema,
    resolve_changes,
    schema_changes,
    stored_schemas,
    whole_schemas,
)
from polytomic_mcp.tools.framework.requests import Draft

UPDATE: Final = "PUT /api/bulk/syncs/{id}"
_ENDS: Final = frozenset({"source_connection_id", "destination_connection_id"})
_DISCOVERED: Final = ("automatically_add_new_objects", "automatically_add_new_fields")
_CHECKED_WITH_DESTINATION: Final = frozenset(
    {"destination_configuration", "destination_connection_id", "mode"}
)


@dataclass(slots=True)
class BulkUpdate:
    """What an update writes: the whole body of a bulk sync, and schemas, with their stored versions."""

    stored: JsonObject
    changed: JsonObject
    draft: Draft
    schemas_before: list[JsonObject] = field(default_factory=list[JsonObject])
    schemas: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def requests(self) -> dict[str, JsonObject]:
        """The arguments of each operation that changes something."""
        id_ = self.stored["id"]
        requests: dict[str, JsonObject] = {}
        if self.changed:
            requests[UPDATE] = {"id": id_, **self.draft.body}
        if self.schemas:
            requests[PATCH] = {"id": id_, "schemas": self.schemas}
        return requests

    async def write(self, api: Polytomic) -> tuple[JsonObject, dict[str, Change]]:
        """Send the requests; return the updated bulk sync and what changed.

        Raises:
            PolytomicError: Nothing was written.
            ToolError: The schemas were refused after everything else was written.
        """
        requests = self.requests
        after = await data_of(api, UPDATE, **requests[UPDATE]) if UPDATE in requests else self.stored
        before, now = as_object(plain(self.stored)), as_object(plain(after))
        changed = differences(before, now, {**before, **now})
        if PATCH in requests:
            try:
                answer = as_object(await api.call(PATCH, **requests[PATCH]))
            except PolytomicError as error:
                if UPDATE not in requests:
                    raise
                raise ToolError(
                    f"update_bulk_sync: Everything except the schemas was written. {error}"
                ) from error
            changed |= schema_changes(self.schemas_before, as_objects(answer.get("data")))
        return after, changed


async def draft_update(
    api: Polytomic,
    stored: JsonObject,
    changed: JsonObject,
    schemas: list[JsonObject],
    *,
    disable_others: bool,
) -> BulkUpdate:
    """Merge changes into a stored bulk sync and validate the result.

    ``schemas`` are merged by id; ``disable_others`` disables every other schema.
    """
    draft = Draft(dict(changed))
    known = await resolve_connections(api, draft, _ENDS & changed.keys())
    draft.body = _merged(stored, draft.body)
    is_known = "destination_connection_id" in known or "destination_connection_id" not in changed
    if is_known and _CHECKED_WITH_DESTINATION & changed.keys():
        await check_destination(api, draft)
    if disable_others and not schemas:
        draft.problems.append(
            "only_schemas disables every schema that schemas does not name; send schemas too."
        )
    update = BulkUpdate(stored, changed, draft)
    has_scheduled_schemas = any(schedule.get("schemas") for schedule in schedules_of(changed))
    if schemas or has_scheduled_schemas:
        listed = await stored_schemas(api, stored["id"])
        if has_scheduled_schemas:
            resolve_scheduled_schemas(draft, listed)
        await _merge_schemas(
            api, update, resolve_changes(draft, listed, schemas, disable_others=disable_others)
        )
    return update


async def _merge_schemas(api: Polytomic, update: BulkUpdate, requested: list[JsonObject]) -> None:
    """Read the schemas that change and merge the changes into them, unless there are problems."""
    draft = update.draft
    if draft.problems:
        return
    before = await whole_schemas(api, update.stored["id"], [change["id"] for change in requested])
    update.schemas_before = before
    update.schemas = [
        merged_schema(draft, old, change) for old, change in zip(before, requested, strict=True)
    ]


def _merged(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Return the whole body. Configurations are merged by key, unless their connection changes.

    Cleared arguments are left out, and the API's PUT resets them to the default.
    """
    kept = _discovery(stored) | writable(UPDATE, stored)
    kept.pop("schemas", None)  # without them, the API keeps the selection
    body = {name: part for name, part in (kept | changed).items() if not _is_clear(name, part)}
    body |= merged_schedules(stored, changed)
    for end in ("source", "destination"):
        name, connection_id = f"{end}_configuration", f"{end}_connection_id"
        if name in body and body.get(connection_id) == kept.get(connection_id):
            body[name] = as_object(kept.get(name)) | as_object(changed.get(name))
    return body


def _discovery(stored: JsonObject) -> JsonObject:
    """Return what ``discover``, of versions before 2025-09-18, means in the current arguments."""
    if not isinstance(discover := stored.get("discover"), bool):
        return {}
    return dict.fromkeys(_DISCOVERED, "all" if discover else "none")


def _is_clear(name: str, part: Any) -> bool:
    return part == "" or (name.endswith("concurrency_limit") and part == 0)
