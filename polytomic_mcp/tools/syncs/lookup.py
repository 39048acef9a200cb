"""Finding a sync by a reference that may mean a bulk sync, which has different tools."""

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.names import BULK_SYNC, SYNC, every, find, fitting_items, shown


async def find_sync(api: Polytomic, reference: str) -> JsonObject:
    """Return the whole sync with that id or exact name.

    Raises:
        ToolError: No sync matches, or several do. If only a bulk sync matches, the text says so.
    """
    try:
        return await find(api, SYNC, reference)
    except ToolError:
        if not await _matching(api, SYNC.list, reference) and (
            bulk_syncs := await _matching(api, BULK_SYNC.list, reference)
        ):
            raise _bulk_sync_refusal(reference, bulk_syncs) from None
        raise


async def require_some_sync(api: Polytomic, reference: str) -> None:
    """Refuse an id or name that neither a sync nor a bulk sync has, if both kinds can be listed."""
    operations = (SYNC.list, BULK_SYNC.list)
    try:
        syncs = [item for operation in operations for item in await every(api, operation)]
    except PolytomicError:
        return
    if not fitting_items(syncs, reference):
        step = NextStep(tool="sync_overview", arguments={}, reason="shows all syncs and bulk syncs")
        raise Refusal(f"No sync or bulk sync has the id or name {quoted(reference)}.", step)


async def _matching(api: Polytomic, operation: str, reference: str) -> list[JsonObject]:
    try:
        return fitting_items(await every(api, operation), reference)
    except PolytomicError:
        return []


def _bulk_sync_refusal(reference: str, bulk_syncs: list[JsonObject]) -> Refusal:
    id_ = bulk_syncs[0]["id"]
    latest_run = NextStep(
        tool="get_bulk_sync_execution",
        arguments={"bulk_sync_id": id_, "log": True},
        reason="shows its latest run",
    )
    overview = NextStep(tool="sync_overview", arguments={"query": id_}, reason="shows how it is doing")
    return Refusal(
        f"{quoted(reference)} is a bulk sync, not a sync: {shown(bulk_syncs)}.", latest_run, overview
    )
