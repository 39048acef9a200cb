"""The syncs toolset: a model's fields mapped onto a target, run, diagnosed and traced."""

from typing import Final

from polytomic_mcp.tools.analysis.diagnosis.diagnosis import diagnose_sync
from polytomic_mcp.tools.analysis.lineage.lineage import trace_lineage
from polytomic_mcp.tools.analysis.overview import sync_overview
from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.syncs.executions import cancel_sync, get_sync_execution
from polytomic_mcp.tools.syncs.starts import start_sync
from polytomic_mcp.tools.syncs.syncs import create_sync, delete_sync, get_sync, list_syncs, update_sync
from polytomic_mcp.tools.syncs.targets import list_target_fields, list_target_objects

TOOLSET: Final = Toolset(
    "syncs",
    reads=(
        list_target_objects,
        list_target_fields,
        list_syncs,
        get_sync,
        get_sync_execution,
        diagnose_sync,
        sync_overview,
        trace_lineage,
    ),
    writes=(create_sync, update_sync, start_sync, cancel_sync),
    destroys=(delete_sync,),
)
