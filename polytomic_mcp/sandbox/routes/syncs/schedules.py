"""What a sync's schedule can be."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.resources.syncs import schedules as sync_schedules


def get_options(call: Call) -> JsonObject:
    """List the frequencies with the parts each of them needs."""
    del call
    return {"data": {"schedule_options": sync_schedules.options()}}


ROUTES: Final[Routes] = {"GET /api/syncs/schedules": get_options}
