"""A tool's function: imported by its path, and made into what mcp can call."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, Final

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata

ToolFunction = Callable[..., Awaitable[Any]]

_TOOLS: Final = "polytomic_mcp.tools"
_TEXT: Final[tuple[Any, ...]] = (str, str | None)


class Arguments(FuncMetadata):
    """Parses a call's arguments; a string argument stays a string, even if it looks like JSON."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Parse JSON text that was sent for an object or a list; leave string arguments unchanged."""
        fields = self.arg_model.model_fields
        texts = {name for name in data if name in fields and fields[name].annotation in _TEXT}
        parsed = super().pre_parse_json({name: part for name, part in data.items() if name not in texts})
        return {name: data[name] if name in texts else parsed[name] for name in data}


def import_function(path: str) -> ToolFunction:
    """Import a tool's function by its path below ``polytomic_mcp.tools``."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{_TOOLS}.{module}"), name)


def callable_tool(function: ToolFunction) -> Tool:
    """Return mcp's tool of a function: the one place that turns its signature into arguments."""
    # Without structured output, mcp builds no validator of results; ``replies.answer`` writes them.
    tool = Tool.from_function(function, structured_output=False)
    tool.fn_metadata = Arguments(arg_model=tool.fn_metadata.arg_model)
    return tool
