"""Jobs: the status and result of work that was started with ``async=true``."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import bad_request, not_found
from polytomic_mcp.sandbox.resources.runs.jobs import TYPES


def get(call: Call) -> JsonObject:
    """Return a job, which has a result once its status is ``done``."""
    type_ = call.arguments["type"]
    if type_ not in TYPES:
        raise bad_request(call.operation, unknown("job type", type_, TYPES))
    job = call.workspace.find("job", call.arguments["id"])
    if job["type"] != type_:
        raise not_found("job", job["job_id"])
    return {"data": job}


ROUTES: Final[Routes] = {"GET /api/jobs/{type}/{id}": get}
