"""The queries toolset: SQL or SOQL, run on a connection."""

from typing import Final

from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.models.queries import run_query

TOOLSET: Final = Toolset("queries", writes=(run_query,))
