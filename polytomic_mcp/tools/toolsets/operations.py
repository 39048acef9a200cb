"""The operations toolset: the whole API, found by plain words, read and written."""

from typing import Final

from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.operations.operations import find_operations, read_operation, write_operation

TOOLSET: Final = Toolset("operations", reads=(find_operations, read_operation), destroys=(write_operation,))
