"""A reference that may mean a sync or a bulk sync."""

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.names import BULK_SYNC, SYNC, every, fitting_items


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
