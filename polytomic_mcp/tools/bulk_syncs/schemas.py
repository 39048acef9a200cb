"""The schemas of a stored bulk sync: reading them, and merging changes into the ones that a change names."""

from collections.abc import Awaitable, Callable
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.tools.answers.results import Change
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.api_access.merging import differences
from polytomic_mcp.tools.api_access.names import every
from polytomic_mcp.tools.api_access.responses import data_of, has_id, identified, items_of, unexpected
from polytomic_mcp.tools.bulk_syncs.schedules import plain

PATCH: Final = "PATCH /api/bulk/syncs/{id}/schemas"
SCHEMAS: Final = "GET /api/bulk/syncs/{id}/schemas"
SCHEMA: Final = "GET /api/bulk/syncs/{id}/schemas/{schema_id}"
_CUTOFF: Final = "data_cutoff_timestamp"
_READ_ONLY: Final = frozenset({"output_name", "destination_history_output_name"})


async def stored_schemas(api: Polytomic, bulk_sync_id: str) -> list[JsonObject]:
    """Return all schemas of a bulk sync, without their fields and filters."""
    return await every(api, SCHEMAS, id=bulk_sync_id)


async def stored_schema(api: Polytomic, bulk_sync_id: str, schema_id: str) -> JsonObject:
    """Return one schema of a bulk sync, with its fields and filters."""
    return await data_of(api, SCHEMA, id=bulk_sync_id, schema_id=schema_id)


async def whole_schemas(api: Polytomic, bulk_sync_id: str, ids: list[str]) -> list[JsonObject]:
    """Return schemas with their fields and filters.

    Raises:
        ToolError: A schema cannot be read; writing it without its stored fields would lose them.
    """
    gathering = Gathering()
    async with gathering.together() as read:
        found = [read(id_, _reader(api, bulk_sync_id, id_)) for id_ in ids]
    if gathering.unavailable:
        failed = gathering.unavailable[0]
        raise ToolError(f"The schema {failed.source} could not be read: {failed.reason} Nothing was changed.")
    return [schema.value for schema in found if schema.value is not None]


def merged_schema(stored: JsonObject, change: JsonObject) -> JsonObject:
    """Return the whole schema with a change applied, its fields merged by id.

    A PATCH that omits the fields would enable all of them (seen in the 2025-09-18 SDK).
    """
    body = _writable(stored) | change
    if "fields" in body:
        fields = {item["id"]: _writable(item) for item in as_objects(stored.get("fields"))}
        for field in as_objects(change.get("fields")):
            fields[field["id"]] = fields.get(field["id"], {}) | _as_stored(field)
        body["fields"] = list(fields.values())
    if body.get(_CUTOFF) == "":
        # An empty text is not a time. The other texts are sent empty, which clears them (a guess).
        body[_CUTOFF] = None
    return body


def schema_changes(before: list[JsonObject], after: list[JsonObject]) -> dict[str, Change]:
    """Return what changed in each schema; of its fields, only the changed ones."""
    known = {item["id"]: item for item in after if has_id(item)}
    changed: dict[str, Change] = {}
    for old in before:
        new = known.get(old["id"], {})
        found = differences(old, new, new.keys() - _READ_ONLY)
        if "fields" in found:
            found["fields"] = _changed_items(as_objects(old.get("fields")), as_objects(new.get("fields")))
        changed |= {f"schemas.{old['id']}.{name}": change for name, change in found.items()}
    return changed


def _changed_items(before: list[JsonObject], after: list[JsonObject]) -> Change:
    return Change(
        before=[item for item in before if item not in after],
        after=[item for item in after if item not in before],
    )


def _writable(item: JsonObject) -> JsonObject:
    """Return a stored schema or field as it is sent back, with what this version does not know."""
    return {name: part for name, part in plain(item).items() if name not in _READ_ONLY}


def _as_stored(field: JsonObject) -> JsonObject:
    """Return a field as updates spell it: ``obfuscated``, where creation has ``obfuscate``."""
    return {"obfuscated" if name == "obfuscate" else name: part for name, part in field.items()}


def _reader(api: Polytomic, bulk_sync_id: str, schema_id: str) -> Callable[[], Awaitable[JsonObject]]:
    async def read() -> JsonObject:
        schema = identified(SCHEMA, await stored_schema(api, bulk_sync_id, schema_id))
        if schema.get("fields") is not None and items_of(SCHEMA, schema, "fields").left_out:
            raise unexpected(
                SCHEMA, "a list under fields with an unusable item", "an object with an id (a text)"
            )
        return schema

    return read
