"""The schemas toolset: what a connection's schemas hold, how fresh that is, and what users change there."""

from typing import Final

from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.schemas.fields import set_schema_fields
from polytomic_mcp.tools.schemas.keys import set_primary_keys
from polytomic_mcp.tools.schemas.schemas import (
    get_schema,
    get_schema_status,
    read_schema_records,
    refresh_schemas,
)

TOOLSET: Final = Toolset(
    "schemas",
    reads=(get_schema_status, get_schema, read_schema_records),
    writes=(refresh_schemas,),
    destroys=(set_schema_fields, set_primary_keys),
)
