"""Bulk syncs: schemas of a source copied as they are into a database, a warehouse or a bucket."""

from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers import data_of
from polytomic_mcp.tools.arguments import (
    Api,
    Configuration,
    ConfirmName,
    ConnectionId,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.bulk_drafts import draft_new
from polytomic_mcp.tools.bulk_executions import cancel_bulk_sync, get_bulk_sync_execution, start_bulk_sync
from polytomic_mcp.tools.bulk_requests import (
    AdditionalSchedules,
    BulkMode,
    BulkSyncId,
    DefaultSchedule,
    Discover,
    OldSchedule,
    OldSchedules,
    SchemaChanges,
    Schemas,
)
from polytomic_mcp.tools.bulk_schedules import without_old_schedules
from polytomic_mcp.tools.bulk_selections import PATCH, schema_changes, stored_schema, stored_schemas
from polytomic_mcp.tools.bulk_sources import find_schema, list_source_schemas, when_ready
from polytomic_mcp.tools.bulk_updates import UPDATE, draft_update
