"""What the tools return about a bulk sync and about its runs."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.outgoing import lean
from polytomic_mcp.tools.answers.results import Change, NextStep, Result, Source
from polytomic_mcp.tools.answers.schedules import OFF, is_off, next_run, switching_on, with_next_run
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import Cut, room_beside, truncate
from polytomic_mcp.tools.bulk_syncs.schedules import schedules_of, stored_schedules
from polytomic_mcp.tools.bulk_syncs.schemas import SCHEMA, SCHEMAS

GET_EXECUTION: Final = "GET /api/bulk/syncs/{id}/executions/{exec_id}"
_GET: Final = "GET /api/bulk/syncs/{id}"
_EMPTY: Final[tuple[Any, ...]] = (None, {}, [])


class BulkSync(Result):
    """A bulk sync; or, after a dry run, the requests that would be sent."""

    ROWS = frozenset({"enabled_schemas", "shown_schema"})

    id: str | None = None
    name: str | None = None
    mode: str | None = None
    active: bool | None = None
    source_connection_id: str | None = None
    destination_connection_id: str | None = None
    next_run: str | None = None
    enabled_schemas: list[str] | None = None
    schema_count: int | None = None
    shown_schema: JsonObject | None = None
    changed: dict[str, Change] | None = None
    note: str | None = None
    dry_run: bool | None = None
    requests: Annotated[JsonObject | None, Field(description="Bodies by operation")] = None

    def source(self) -> Source | None:
        """Return where the API answers the bulk sync without its schemas; None after a dry run."""
        return None if self.id is None else Source(_GET, {"id": self.id})

    def with_schemas(self, listed: list[JsonObject], shown: JsonObject | None) -> Self:
        """Add the enabled schemas and one whole schema, truncated to fit, and calls that read the rest."""
        room = room_beside(self.model_dump(mode="json", exclude_none=True))
        ids = [str(item["id"]) for item in listed if item.get("enabled")]
        kept = _fitting_count(ids, room if shown is None else room // 3)
        self.schema_count, self.enabled_schemas = len(listed), ids[:kept]
        cuts = [Cut("", kept, len(ids))] if kept < len(ids) else []
        enabled: JsonObject = {"id": self.id, "filters": {"enabled": "true"}}
        reports = [_report("/enabled_schemas", cut, SCHEMAS, enabled) for cut in cuts]
        if shown is not None:
            fitting = truncate(lean(shown, _EMPTY), room - room // 3)
            self.shown_schema = fitting.value
            one: JsonObject = {"id": self.id, "schema_id": shown.get("id")}
            reports += [_report("/shown_schema", cut, SCHEMA, one) for cut in fitting.few_cuts]
        self.truncated = reports or None
        return self


def _fitting_count(ids: list[str], tokens: int) -> int:
    """Return how many ids, from the first, fit into the given number of tokens."""
    for count, id_ in enumerate(ids):
        tokens -= estimate_json(id_) + 1
        if tokens < 0:
            return count
    return len(ids)


def _report(part: str, cut: Cut, operation: str, arguments: JsonObject) -> JsonObject:
    rest: JsonObject = {
        "operation": operation,
        "arguments": arguments,
        "pointer": f"/data{cut.pointer}",
        "offset": cut.shown,
    }
    return {
        "pointer": f"{part}{cut.pointer}",
        "shown": cut.shown,
        "total": cut.total,
        "rest": {"tool": "read_operation", "arguments": rest},
    }


def bulk_sync_of(answer: JsonObject, now: datetime) -> BulkSync:
    """Return the API's answer about a bulk sync, with its next run and what switches its schedules on."""
    schedules = schedules_of(stored_schedules(answer))
    sync = BulkSync.model_validate(with_next_run(answer, schedules, now) if schedules else answer)
    sync.next_steps = _switching_on(answer, schedules)
    return sync


def dry_run_of(
    api: Polytomic,
    requests: dict[str, JsonObject],
    body: JsonObject,
    now: datetime,
    *,
    bulk_sync_id: str = "",
) -> BulkSync:
    """Return the requests that would be sent, in the form of the API's version.

    ``body`` is the whole bulk sync as it would be, and ``bulk_sync_id`` the id of one that is stored.
    """
    bodies = {
        operation: api.request(operation, **arguments).body for operation, arguments in requests.items()
    }
    schedules, is_active = schedules_of(body), bool(body.get("active"))
    sync = BulkSync(dry_run=True, requests=bodies, next_run=next_run(schedules, now, is_active=is_active))
    if is_off(schedules, is_active=is_active):
        sync.note = OFF
    if bulk_sync_id:
        sync.next_steps = _switching_on(body | {"id": bulk_sync_id}, schedules)
    return sync


def _switching_on(sync: JsonObject, schedules: list[JsonObject]) -> list[NextStep]:
    return switching_on("update_bulk_sync", "bulk_sync_id", sync, schedules)


class SchemaRun(BaseModel):
    """One schema in a run, with counts of records."""

    schema_id: str | None = None
    output_name: str | None = None
    status: str | None = None
    record_count: int | None = None
    error_count: int | None = None
    warning_count: int | None = None
    status_message: str | None = None


class BulkExecution(Result):
    """A run: total counts and counts by schema, failed schemas first."""

    ROWS = frozenset({"schemas", "log"})

    id: str
    bulk_sync_id: str
    status: str
    status_message: str | None = None
    record_count: int | None = None
    error_count: int | None = None
    warning_count: int | None = None
    schemas_by_status: dict[str, int] | None = None
    schemas: list[SchemaRun] | None = None
    log: Annotated[list[JsonObject] | None, Field(description="Console lines, newest first")] = None
    next_page_token: Annotated[
        str | None, Field(description="page_token of get_bulk_sync_execution for more")
    ] = None
    note: str | None = None

    def source(self) -> Source:
        """Return where the API answers the run."""
        pointers = {"status_message": "/data/status_message"}
        return Source(GET_EXECUTION, {"id": self.bulk_sync_id, "exec_id": self.id}, pointers)
