"""What a sync's schedule can be."""

from typing import Final

from polytomic_mcp.sandbox import schedules
from polytomic_mcp.sandbox.call import Call, Routes
from polytomic_mcp.sandbox.store import JsonObject


def get_options(call: Call) -> JsonObject:
    """List the frequencies with the parts each of them needs."""
    del call
    return {"data": {"schedule_options": schedules.options()}}


ROUTES: Final[Routes] = {"GET /api/syncs/schedules": get_options}
