"""Updating a bulk sync: it and its changes are merged into the whole body that the API's PUT requires."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Change
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import differences, given, writable
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.drafts import check_destination, check_request, check_tracking
from polytomic_mcp.tools.bulk_syncs.outputs import output_problems
from polytomic_mcp.tools.bulk_syncs.problems import LIMITS, check_schema
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncRequest, SchemaChoice
from polytomic_mcp.tools.bulk_syncs.schedules import MANUAL, merged_schedules, normalized_schedules, plain
from polytomic_mcp.tools.bulk_syncs.schemas import (
    PATCH,
    merged_schema,
    schema_changes,
    stored_schemas,
    whole_schemas,
)
from polytomic_mcp.tools.bulk_syncs.selection import Schemas, resolve_fields, resolve_schemas
from polytomic_mcp.tools.framework.requests import Draft

UPDATE: Final = "PUT /api/bulk/syncs/{id}"
_DISCOVERED: Final = ("automatically_add_new_objects", "automatically_add_new_fields")
_CHECKED_WITH_DESTINATION: Final = frozenset(
    {"destination_configuration", "destination_connection_id", "mode"}
)
_DEFAULT: Final[JsonObject] = {"default_schedule": MANUAL}
_ADDITIONAL: Final[JsonObject] = {"additional_schedules": []}
_RESET: Final[Mapping[str, JsonObject]] = {
    "destination_configuration": {"destination_configuration": {}},
    "default_schedule": _DEFAULT,
    "schedule": _DEFAULT,
    "additional_schedules": _ADDITIONAL,
    "schedules": _DEFAULT | _ADDITIONAL,
}
"""The values that reset the arguments that the API's PUT cannot omit."""


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
    caller: Caller,
    stored: JsonObject,
    changes: BulkSyncRequest,
    clear: Sequence[str] = (),
    *,
    disable_others: bool,
) -> BulkUpdate:
    """Merge changes into a stored bulk sync and validate the result.

    ``schemas`` are merged by id; ``disable_others`` disables every other schema.
    """
    draft = Draft({})
    known = await check_request(caller, changes, draft)
    listed: list[JsonObject] = []
    if changes.schemas or any(selection.schemas for _, selection in changes.all_selections):
        listed = await stored_schemas(caller.api, stored["id"])
    schemas = resolve_schemas(changes, listed, draft)
    changed = _changed(changes, clear)
    draft.body = _merged(stored, changed, clear)
    is_found = "destination_connection_id" not in changed or changes.destination_connection_id in known
    if is_found and _needs_destination(changed, changes):
        await check_destination(caller.api, changes, draft, draft.body)
        draft.body |= given(mode=changes.mode)
    if "schemas" in clear:
        draft.problems.append("clear: schemas cannot be reset. Send those to enable or disable in schemas.")
    if disable_others:
        schemas = _with_others_disabled(schemas, changes, listed, draft)
    update = BulkUpdate(stored, changed, draft)
    await _merge_schemas(caller.api, update, schemas, listed)
    return update


def _needs_destination(changed: JsonObject, changes: BulkSyncRequest) -> bool:
    has_history = any(schema.history_enabled for schema in changes.schemas or ())
    return has_history or bool(_CHECKED_WITH_DESTINATION & changed.keys())


def _with_others_disabled(
    schemas: Schemas, changes: BulkSyncRequest, listed: Iterable[JsonObject], draft: Draft
) -> Schemas:
    """Enable the schemas, unless they say otherwise, and add every other enabled one as disabled."""
    if not changes.schemas:
        draft.problems.append(
            "only_schemas disables every schema that schemas does not name; send schemas too."
        )
    for _, schema in schemas:
        schema.enabled = schema.enabled is not False
    ids = {schema.id for _, schema in schemas}
    others = [item["id"] for item in listed if item.get("enabled") and item["id"] not in ids]
    return [*schemas, *(("schemas", SchemaChoice(id=id_, enabled=False)) for id_ in others)]


async def _merge_schemas(
    api: Polytomic, update: BulkUpdate, schemas: Schemas, listed: Iterable[JsonObject]
) -> None:
    """Read the schemas that change and merge the changes into them, unless there are problems."""
    draft = update.draft
    for path, schema in schemas:
        check_schema(schema, path, draft)
    if draft.problems or not schemas:
        return
    update.schemas_before = await whole_schemas(
        api, update.stored["id"], [schema.id for _, schema in schemas]
    )
    for (path, schema), old in zip(schemas, update.schemas_before, strict=True):
        if known := as_objects(old.get("fields")):
            resolve_fields(schema, path, known, draft)
        update.schemas.append(merged_schema(old, schema.body()))
    await check_tracking(api, str(draft.body.get("source_connection_id")), schemas, draft)
    paths = {schema.id: path for path, schema in schemas}
    merged = {str(schema["id"]): schema for schema in [*listed, *update.schemas]}
    enabled = {paths.get(id_, id_): schema for id_, schema in merged.items() if schema.get("enabled")}
    draft.problems += output_problems(draft.body, enabled)


def _changed(changes: BulkSyncRequest, clear: Sequence[str]) -> JsonObject:
    """Return what changes outside the schemas; schedules that are reset are manual, or none."""
    body = {name: part for name, part in changes.body().items() if name != "schemas"}
    reset = dict[str, Any].fromkeys(clear)
    reset |= {name: each for part in clear for name, each in _RESET.get(part, {}).items()}
    return reset | normalized_schedules(body)


def _merged(stored: JsonObject, changed: JsonObject, clear: Sequence[str]) -> JsonObject:
    """Return the whole body. Configurations are merged by key, unless their connection changes.

    Parts that are null, and limits of 0, are left out, and the API's PUT resets them to the default.
    """
    kept = _discovery(stored) | writable(UPDATE, stored)
    kept.pop("schemas", None)  # without them, the API keeps the selection
    body = {name: part for name, part in (kept | changed).items() if not _is_default(name, part)}
    body |= merged_schedules(stored, changed)
    for end in ("source", "destination"):
        name, connection_id = f"{end}_configuration", f"{end}_connection_id"
        if name in body and body.get(connection_id) == kept.get(connection_id) and name not in clear:
            body[name] = as_object(kept.get(name)) | as_object(changed.get(name))
    return body


def _discovery(stored: JsonObject) -> JsonObject:
    """Return what ``discover``, of versions before 2025-09-18, means in the current arguments."""
    if not isinstance(discover := stored.get("discover"), bool):
        return {}
    return dict.fromkeys(_DISCOVERED, "all" if discover else "none")


def _is_default(name: str, part: Any) -> bool:
    return part is None or (name in LIMITS and part == 0)
