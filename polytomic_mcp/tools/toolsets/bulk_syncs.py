"""The bulk_syncs toolset: schemas of a source, copied as they are, and their runs."""

from typing import Final

from polytomic_mcp.tools.bulk_syncs.bulk_syncs import (
    create_bulk_sync,
    delete_bulk_sync,
    get_bulk_sync,
    list_bulk_syncs,
    update_bulk_sync,
)
from polytomic_mcp.tools.bulk_syncs.executions import cancel_bulk_sync, get_bulk_sync_execution
from polytomic_mcp.tools.bulk_syncs.starts import start_bulk_sync
from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.schemas.source_schemas import list_source_schemas

TOOLSET: Final = Toolset(
    "bulk_syncs",
    reads=(list_bulk_syncs, get_bulk_sync, list_source_schemas, get_bulk_sync_execution),
    writes=(create_bulk_sync, update_bulk_sync, start_bulk_sync, cancel_bulk_sync),
    destroys=(delete_bulk_sync,),
)
