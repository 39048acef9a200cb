"""Finding a sync where a bulk sync may be meant: the two have ids and names of one kind, and other tools."""

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
        ToolError: None or several fit; where that is what a bulk sync is called, the text says so.
    """
    try:
        return await find(api, SYNC, reference)
    except ToolError:
        if not await _fitting(api, SYNC.list, reference) and (
            bulk_syncs := await _fitting(api, BULK_SYNC.list, reference)
        ):
            raise _bulk_sync_meant(reference, bulk_syncs) from None
        raise


async def require_some_sync(api: Polytomic, reference: str) -> None:
    """Refuse an id or name that no sync of either kind has; what cannot be listed is not held against it."""
    operations = (SYNC.list, BULK_SYNC.list)
    try:
        syncs = [item for operation in operations for item in await every(api, operation)]
    except PolytomicError:
        return
    if not fitting_items(syncs, reference):
        step = NextStep(tool="sync_overview", arguments={}, reason="shows all syncs and bulk syncs")
        raise Refusal(f"No sync or bulk sync has the id or name {quoted(reference)}.", step)


async def _fitting(api: Polytomic, operation: str, reference: str) -> list[JsonObject]:
    try:
        return fitting_items(await every(api, operation), reference)
    except PolytomicError:
        return []


def _bulk_sync_meant(reference: str, bulk_syncs: list[JsonObject]) -> Refusal:
    runs = NextStep(
        tool="get_bulk_sync_execution",
        arguments={"bulk_sync_id": bulk_syncs[0]["id"], "log": True},
        reason="says how its latest run went",
    )
    overview = NextStep(
        tool="sync_overview", arguments={"query": bulk_syncs[0]["id"]}, reason="says how it is doing"
    )
    return Refusal(f"No sync, but a bulk sync is {quoted(reference)}: {shown(bulk_syncs)}.", runs, overview)
