"""Jobs: what the API returns in place of a result that takes longer."""

from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.api_access.waiting import wait

_SECONDS: Final = 120.0
_OVER: Final = frozenset({"done", "failed"})


async def settled(answer: Any, caller: Caller, context: Context[Caller]) -> Any:
    """Return the answer's data; if it is a job, wait for its result for up to two minutes.

    Raises:
        ToolError: The job failed, or is still running after two minutes.
    """
    parts = as_object(answer)
    job = as_object(parts.get("job"))
    kind, id_ = job.get("type"), job.get("job_id")
    if parts.get("data") is not None or not (isinstance(kind, str) and isinstance(id_, str)):
        return parts.get("data") if parts else answer

    async def look() -> JsonObject:
        return await data_of(caller.api, "GET /api/jobs/{type}/{id}", type=kind, id=id_)

    seen = await wait(
        caller,
        context,
        look,
        is_over=lambda seen: str(seen.get("status")) in _OVER,
        describe=lambda seen: f"{kind}: {seen.get('status')}",
        seconds=_SECONDS,
    )
    if seen.get("status") == "done":
        return seen.get("result")
    title = f"The job {kind} {id_}"
    if seen.get("status") == "failed":
        raise ToolError(
            f"{title} failed: {seen.get('error') or 'no reason given'}. Correct it and call again."
        )
    raise ToolError(
        f"{title} is {seen.get('status')} after {_SECONDS:.0f} s and continues without this call: read the "
        "object's state later, before you repeat the call."
    )
