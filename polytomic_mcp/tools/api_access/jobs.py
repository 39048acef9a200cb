"""Jobs: what the API returns in place of a result that takes longer."""

from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client.outages import SYSTEM_IS_OUT, is_system_out
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.api_access.waiting import wait

_JOB: Final = "GET /api/jobs/{type}/{id}"
_OVER: Final = frozenset({"done", "failed"})


async def settled(answer: Any, caller: Caller, context: Context[Caller]) -> Any:
    """Return the answer's data; if it is a job, wait for its result for as long as the call may take.

    Raises:
        ToolError: The job failed.
        Refusal: The job is still running; its next step reads the job.
    """
    parts = as_object(answer)
    job = as_object(parts.get("job"))
    kind, id_ = job.get("type"), job.get("job_id")
    if parts.get("data") is not None or not (isinstance(kind, str) and isinstance(id_, str)):
        return parts.get("data") if parts else answer

    async def look() -> JsonObject:
        return await data_of(caller.api, _JOB, type=kind, id=id_)

    seen = await wait(
        caller,
        context,
        look,
        is_over=lambda seen: str(seen.get("status")) in _OVER,
        describe=lambda seen: f"{kind}: {seen.get('status')}",
        known={"status": "created", **job},
    )
    if seen.get("status") == "done":
        return seen.get("result")
    if seen.get("status") == "failed":
        raise _failure(kind, id_, str(seen.get("error") or "no reason given"))
    raise _still_running(kind, id_, str(seen.get("status")))


def _failure(kind: str, id_: str, reason: str) -> ToolError:
    advice = SYSTEM_IS_OUT if is_system_out(reason) else "Correct it and call again."
    return ToolError(f"The job {kind} {id_} failed: {reason.rstrip('.')}. {advice}")


def _still_running(kind: str, id_: str, status: str) -> Refusal:
    arguments = {"operation": _JOB, "arguments": {"type": kind, "id": id_}}
    return Refusal(
        f"The job {kind} {id_} is {status} and continues without this call. Before you repeat the call, read "
        f"the job: {_JOB} shows its status and, once it is done, its result.",
        NextStep(tool="read_operation", arguments=arguments, reason="shows the job and its result"),
    )
