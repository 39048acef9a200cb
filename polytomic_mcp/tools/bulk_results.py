"""What the tools answer about a bulk sync."""

from typing import Annotated

from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.tools.bulk_selections import SCHEMA, SCHEMAS
from polytomic_mcp.tools.json_values import JsonObject
from polytomic_mcp.tools.results import Change, Result, Source


class BulkSync(Result):
    """A bulk sync; or, after a dry run, the requests that would be sent."""

    id: str | None = None
    name: str | None = None
    mode: str | None = None
    active: bool | None = None
    source_connection_id: str | None = None
    destination_connection_id: str | None = None
    enabled_schemas: list[str] | None = None
    schema_count: int | None = None
    shown_schema: JsonObject | None = None
    changed: dict[str, Change] | None = None
    dry_run: bool | None = None
    requests: Annotated[JsonObject | None, Field(description="Bodies by operation")] = None

    def source(self) -> Source | None:
        """Return where the longest part is read from: the one schema shown, else the list of them."""
        if self.id is None:
            return None
        if self.shown_schema is not None:
            place = {"id": self.id, "schema_id": self.shown_schema.get("id")}
            return Source(SCHEMA, place, {"shown_schema": "/data"})
        enabled = {"id": self.id, "filters": {"enabled": "true"}}
        return Source(SCHEMAS, enabled, {"enabled_schemas": "/data"})


def dry_run_of(api: Polytomic, requests: dict[str, JsonObject]) -> BulkSync:
    """Show the bodies that would be sent, in the words of the API's version."""
    bodies = {
        operation: api.request(operation, **arguments).body for operation, arguments in requests.items()
    }
    return BulkSync(dry_run=True, requests=bodies)
