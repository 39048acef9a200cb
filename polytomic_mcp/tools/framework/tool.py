"""A tool as a server lists it: from its definition, with its module imported at the first call."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata

from polytomic_mcp.tools.framework.definitions import Definition, load_definition
from polytomic_mcp.tools.framework.functions import ToolFunction, callable_tool, import_function

if TYPE_CHECKING:
    from polytomic_mcp.tools.framework.calls import Calls


class PolytomicTool(Tool):
    """A tool made of its definition alone; ``Calls`` runs it."""

    @classmethod
    def load(cls, path: str) -> Self:
        """Return the tool whose function is at a path such as ``models.models.get_model``."""
        return cls.of(load_definition(path.rpartition(".")[2]), partial(import_function, path))

    @classmethod
    def of(cls, definition: Definition, load: Callable[[], ToolFunction]) -> Self:
        """Return the tool of a definition; ``load`` is called once, at the first call, for its function."""
        return cls(
            fn=load,
            name=definition.name,
            title=definition.title,
            description=definition.description or "",
            parameters=definition.input_schema,
            fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=definition.output_schema),
            is_async=True,
            context_kwarg=None,
            annotations=definition.annotations,
        )

    @cached_property
    def calls(self) -> "Calls":
        """What runs this tool's calls."""
        from polytomic_mcp.tools.framework.calls import Calls  # noqa: PLC0415 - listing tools needs none of it

        return Calls(callable_tool(self.fn()), self.parameters)

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Run the tool; see ``Calls.run``."""
        return await self.calls.run(arguments, context, convert_result=convert_result)
