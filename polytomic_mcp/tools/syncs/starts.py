"""Starting a sync, and waiting for its run to end."""

from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from pydantic import BeforeValidator, Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import ConflictError, RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Refusal, WaitingStep
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.sources import model_ids_of
from polytomic_mcp.tools.framework.arguments import SyncId, TheCaller, WaitSeconds
from polytomic_mcp.tools.framework.references import resolve_names
from polytomic_mcp.tools.framework.requests import Part, Request
from polytomic_mcp.tools.syncs.drafts import fill_in_model
from polytomic_mcp.tools.syncs.executions import Execution, follow_execution
from polytomic_mcp.tools.syncs.requests import Source

_START: Final = "POST /api/syncs/{id}/executions"
_INVALID: Final = frozenset({400, 422})


class SourceIdentity(Part):
    """A value by which a record of the source is found."""

    source: Source
    value: str


def _listed(record: Any) -> Any:
    """Take a record that one field identifies without the list around it."""
    return [record] if isinstance(record, dict) else record


_Record = Annotated[list[SourceIdentity], BeforeValidator(_listed)]


class StartRequest(Request):
    """Which rows a run takes; without restrictions, those that changed since the last run."""

    resync: Annotated[bool | None, Field(description="All rows, not only changes")] = None
    test: Annotated[bool | None, Field(description="A test run with a few rows")] = None
    identities: Annotated[
        list[str] | None, Field(description="Only these records, each by its identity's value")
    ] = None
    source_identities: Annotated[
        list[_Record] | None, Field(description="The same by any fields: a list for each record")
    ] = None

    @property
    def sources(self) -> list[tuple[str, Source]]:
        """Every field of a model that identifies a record, with its path."""
        return [
            (f"source_identities[{at}][{position}].source", identity.source)
            for at, record in enumerate(self.source_identities or ())
            for position, identity in enumerate(record)
        ]


async def start_sync(
    caller: TheCaller,
    context: Context[Caller],
    sync_id: SyncId,
    request: StartRequest,
    wait_seconds: WaitSeconds = None,
) -> Execution:
    """Run a sync and wait for it to end, with progress. Returns counts and the first errors.

    If it is still running after wait_seconds, call get_sync_execution to keep waiting.
    """
    sync = await find(caller.api, SYNC, sync_id)
    fill_in_model(request.sources, model_ids_of(sync))
    await resolve_names(caller.api, request)
    try:
        started = await data_of(caller.api, _START, id=sync["id"], **request.body())
    except RefusedError as refused:
        if (step := _step_after(refused, sync["id"])) is None:
            raise
        raise Refusal(str(refused), step) from refused
    return await follow_execution(caller, context, sync, started, wait_seconds)


def _step_after(refused: RefusedError, sync_id: str) -> NextStep | None:
    """Return the call that helps after a refused start: wait for the running execution, or diagnose."""
    this: JsonObject = {"sync_id": sync_id}
    if isinstance(refused, ConflictError):
        return WaitingStep(tool="get_sync_execution", arguments=this, reason="waits for the current run")
    if refused.status in _INVALID:
        return NextStep(tool="diagnose_sync", arguments=this, reason="explains what is wrong")
    return None
