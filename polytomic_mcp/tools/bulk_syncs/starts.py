"""Starting a bulk sync: what shall run is worked out, and a person asked before outputs are dropped."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.errors import ConflictError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.executions import BulkExecution, follow_bulk_execution, following
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncId
from polytomic_mcp.tools.bulk_syncs.selections import stored_schemas
from polytomic_mcp.tools.framework.arguments import Api, Parsed, TheCaller
from polytomic_mcp.tools.framework.consent import can_ask
from polytomic_mcp.tools.schemas.source_schemas import find_schema
from polytomic_mcp.tools.syncs.executions import Seconds

_START: Final = "POST /api/bulk/syncs/{id}/executions"
_REBUILD: Final = "rebuild"
_NAMED: Final = 10


class Rebuild(BaseModel):
    """The form a person answers."""

    rebuild: Annotated[bool, Field(title="Yes, drop and rebuild", description="This cannot be undone.")] = (
        False
    )


@dataclass(frozen=True, slots=True)
class BulkStart:
    """What is to run, and how."""

    id: str
    name: str
    body: JsonObject

    @property
    def is_rebuild(self) -> bool:
        """Whether the outputs are dropped first."""
        return self.body.get("resync_mode") == _REBUILD

    @property
    def question(self) -> str:
        """What a person is asked before a rebuild."""
        schemas = [str(id_) for id_ in as_list(self.body.get("schemas"))]
        more = f" and {len(schemas) - _NAMED} more" if len(schemas) > _NAMED else ""
        which = f"of {', '.join(schemas[:_NAMED])}{more}" if schemas else "of every schema that is on"
        return (
            f"Rebuild the bulk sync {self.name!r} ({self.id})?\n"
            f"At its destination the outputs {which} are dropped, then copied anew from the source."
        )


async def plan_bulk_start(
    api: Api,
    bulk_sync_id: str,
    schemas: list[str] | None,
    resync_mode: str | None,
    fetch_mode: str | None,
    test: bool | None,
    resync: bool | None,
) -> BulkStart:
    """Work out what shall run before anybody is asked about it."""
    mode = _resync_mode(resync_mode, resync=resync, test=test)
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    ids = await _schema_ids(api, sync, schemas) if schemas else None
    body = given(schemas=ids, resync_mode=mode, fetch_mode=fetch_mode, test=test)
    return BulkStart(sync["id"], str(sync.get("name")), body)


async def consent_to_rebuild(
    context: Context, start: Annotated[BulkStart, Resolve(plan_bulk_start)]
) -> Rebuild | Elicit[Rebuild]:
    """Ask the person before a rebuild; where nobody can be asked, it is left to the tool for such calls."""
    if not start.is_rebuild:
        return Rebuild(rebuild=True)
    if can_ask(context):
        return Elicit(start.question, Rebuild)
    same: JsonObject = {"operation": _START, "arguments": {"id": start.id, **start.body}}
    raise Refusal(
        f"{start.question}\nThis client cannot ask a person. If a person wants this, send {_START} with "
        "write_operation. Nothing was started.",
        NextStep(tool="write_operation", arguments=same, reason="Rebuild, if a person wants that."),
    )


async def start_bulk_sync(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    start: Annotated[BulkStart, Resolve(plan_bulk_start)],
    answer: Annotated[ElicitationResult[Rebuild], Resolve(consent_to_rebuild)],
    schemas: Annotated[list[str] | None, Parsed, Field(description="Only these, by id or name")] = None,
    resync_mode: Annotated[
        str | None,
        Field(
            description="refetch, resync or rebuild (drops outputs: a person is asked); default: changes only"
        ),
    ] = None,
    fetch_mode: Annotated[str | None, Field(description="none, incremental or full (Salesforce)")] = None,
    test: Annotated[bool | None, Field(description="A trial; may write up to 5 records a schema")] = None,
    resync: Annotated[bool | None, Field(description="Old form of resync_mode rebuild")] = None,
    wait_seconds: Seconds = 30,
) -> BulkExecution:
    """Run a bulk sync now and wait for its end, with progress. Answers counts by schema.

    Still running when the time is up? get_bulk_sync_execution goes on waiting.
    """
    del bulk_sync_id, schemas, resync_mode, fetch_mode, test, resync
    if not (isinstance(answer, AcceptedElicitation) and answer.data.rebuild):
        raise Refusal(f"Nobody said yes, so the bulk sync {start.name!r} was not rebuilt.")
    try:
        started = await data_of(caller.api, _START, id=start.id, **start.body)
    except ConflictError as running:
        follow = following(start.id, None, "Follow the run that is under way.")
        raise Refusal(str(running), follow) from running
    return await follow_bulk_execution(caller, context, start.id, started, wait_seconds)


def _resync_mode(mode: str | None, *, resync: bool | None, test: bool | None) -> str | None:
    """Return the mode that the old and the new spelling agree on.

    Raises:
        ToolError: They do not, or a trial would resync, which the API refuses.
    """
    if resync and mode not in (None, _REBUILD):
        raise ToolError(f"start_bulk_sync: resync means resync_mode {_REBUILD!r}; send resync_mode alone.")
    mode = _REBUILD if resync else mode
    if test and mode:
        raise ToolError("start_bulk_sync: a test cannot resync; send test or resync_mode, not both.")
    return mode


async def _schema_ids(api: Polytomic, sync: JsonObject, names: list[str]) -> list[str]:
    listed = await stored_schemas(api, sync["id"])
    try:
        return [find_schema(listed, name)["id"] for name in names]
    except ToolError as error:
        raise ToolError(f"schemas: {error} Nothing was started.") from error
