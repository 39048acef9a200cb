"""The schemas toolset."""

from typing import Final

from polytomic_mcp.tools.toolset import Toolset

TOOLSET: Final = Toolset("schemas")
