"""The connections toolset: the systems that data comes from and goes to, and their types."""

from typing import Final

from polytomic_mcp.tools.connections.connection_types import describe_connection_type, list_connection_types
from polytomic_mcp.tools.connections.connections import (
    create_connection,
    delete_connection,
    get_connection,
    list_connections,
    test_connection,
    update_connection,
)
from polytomic_mcp.tools.framework.toolset import Toolset

TOOLSET: Final = Toolset(
    "connections",
    reads=(
        list_connection_types,
        describe_connection_type,
        list_connections,
        get_connection,
        test_connection,
    ),
    writes=(create_connection, update_connection),
    destroys=(delete_connection,),
)
