"""Starting a bulk sync: a rebuild, which drops outputs, needs a person's confirmation."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

from polytomic_mcp.catalogue.rules.modes import FETCH_MODES, RESYNC_MODES
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.errors import ConflictError, RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.bulk_syncs.executions import follow_bulk_execution, waiting_step
from polytomic_mcp.tools.bulk_syncs.requests import BulkStartRequest, BulkSyncId
from polytomic_mcp.tools.bulk_syncs.results import BulkExecution
from polytomic_mcp.tools.bulk_syncs.schemas import stored_schemas
from polytomic_mcp.tools.framework.arguments import Api, TheCaller, WaitSeconds
from polytomic_mcp.tools.framework.consent import ask
from polytomic_mcp.tools.framework.requests import WAY_AROUND
from polytomic_mcp.tools.schemas.source_schemas import find_schema

_START: Final = "POST /api/bulk/syncs/{id}/executions"
_REBUILD: Final = "rebuild"
_MOST_NAMED: Final = 10
_INVALID: Final = frozenset({400, 422})


class Rebuild(BaseModel):
    """The form that a person fills in to confirm."""

    rebuild: Annotated[bool, Field(title="Yes, drop and rebuild", description="This cannot be undone.")] = (
        False
    )


@dataclass(frozen=True, slots=True)
class BulkStart:
    """The request that starts a run of a bulk sync."""

    id: str
    name: str
    body: JsonObject

    @property
    def is_rebuild(self) -> bool:
        """Whether outputs are dropped first."""
        return self.body.get("resync_mode") == _REBUILD

    @property
    def question(self) -> str:
        """The question for a person before a rebuild."""
        schemas = [str(id_) for id_ in as_list(self.body.get("schemas"))]
        more = f" and {len(schemas) - _MOST_NAMED} more" if len(schemas) > _MOST_NAMED else ""
        which = f"of {', '.join(schemas[:_MOST_NAMED])}{more}" if schemas else "of all enabled schemas"
        return (
            f"Rebuild the bulk sync {quoted(self.name)} ({self.id})?\n"
            f"The outputs {which} in the destination are dropped and copied again from the source."
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
    """Prepare the request before a person is asked about it."""
    _refuse_unknown_modes(resync_mode, fetch_mode)
    mode = _resync_mode(resync_mode, resync=resync, test=test)
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    ids = await _schema_ids(api, sync, schemas) if schemas else None
    body = given(schemas=ids, resync_mode=mode, fetch_mode=fetch_mode, test=test)
    return BulkStart(sync["id"], str(sync.get("name")), body)


async def consent_to_rebuild(
    context: Context, start: Annotated[BulkStart, Resolve(plan_bulk_start)]
) -> Rebuild | Elicit[Rebuild]:
    """Ask for confirmation before a rebuild. If the client cannot ask, refer to write_operation."""
    if not start.is_rebuild:
        return Rebuild(rebuild=True)
    same: JsonObject = {"operation": _START, "arguments": {"id": start.id, **start.body}}
    return await ask(
        context,
        start.question,
        Rebuild(rebuild=True),
        confirmed=False,
        how=f"call {_START} with write_operation. Nothing was started.",
        step=NextStep(tool="write_operation", arguments=same, reason="rebuilds, if a person has agreed"),
    )


async def start_bulk_sync(
    caller: TheCaller,
    context: Context[Caller],
    bulk_sync_id: BulkSyncId,
    start: Annotated[BulkStart, Resolve(plan_bulk_start)],
    answer: Annotated[ElicitationResult[Rebuild], Resolve(consent_to_rebuild)],
    request: BulkStartRequest,
    wait_seconds: WaitSeconds = None,
) -> BulkExecution:
    """Run a bulk sync and wait for it to end, with progress. Returns counts by schema.

    If it is still running after wait_seconds, call get_bulk_sync_execution to keep waiting.
    """
    del bulk_sync_id, request
    if not (isinstance(answer, AcceptedElicitation) and answer.data.rebuild):
        raise Refusal(f"Not confirmed; the bulk sync {quoted(start.name)} was not rebuilt.")
    try:
        started = await data_of(caller.api, _START, id=start.id, **start.body)
    except ConflictError as running:
        step = waiting_step(start.id, None, "waits for the current run")
        raise Refusal(str(running), step) from running
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        this = {"query": start.name}
        step = NextStep(tool="sync_overview", arguments=this, reason="shows what is wrong, and what helps")
        raise Refusal(str(refused), step) from refused
    return await follow_bulk_execution(caller, context, start.id, started, wait_seconds)


def _refuse_unknown_modes(resync_mode: str | None, fetch_mode: str | None) -> None:
    modes = {"resync_mode": (resync_mode, RESYNC_MODES), "fetch_mode": (fetch_mode, FETCH_MODES)}
    for name, (mode, known) in modes.items():
        if mode is not None and mode not in known:
            raise ToolError(
                f"start_bulk_sync: {name}: {unknown('mode', mode, known)} Nothing was started.\n{WAY_AROUND}"
            )


def _resync_mode(mode: str | None, *, resync: bool | None, test: bool | None) -> str | None:
    """Return the resync mode that both forms of the argument agree on.

    Raises:
        ToolError: They contradict each other, or a test run would resync, which the API refuses.
    """
    if resync and mode not in (None, _REBUILD):
        raise ToolError(f"start_bulk_sync: resync means resync_mode {_REBUILD!r}; send only resync_mode.")
    mode = _REBUILD if resync else mode
    if test and mode:
        raise ToolError("start_bulk_sync: A test cannot resync; send test or resync_mode, not both.")
    return mode


async def _schema_ids(api: Polytomic, sync: JsonObject, names: list[str]) -> list[str]:
    listed = await stored_schemas(api, sync["id"])
    ids: list[str] = []
    for at, name in enumerate(names):
        try:
            ids.append(find_schema(listed, name)["id"])
        except ToolError as error:
            raise ToolError(f"schemas[{at}]: {error} Nothing was started.") from error
    return ids
