"""A toolset: tools as listed data, on the shelf that says what they may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from mcp.types import ToolAnnotations

from polytomic_mcp.settings import AccessMode
from polytomic_mcp.tools.framework.tool import PolytomicTool

ToolFunction = Callable[..., Awaitable[Any]]

_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_WRITES: Final = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
_DESTROYS: Final = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)


@dataclass(frozen=True, slots=True)
class Toolset:
    """Tools that belong together. The shelf a tool stands on gives it its annotations."""

    name: str
    reads: tuple[ToolFunction, ...] = ()
    writes: tuple[ToolFunction, ...] = ()
    destroys: tuple[ToolFunction, ...] = ()

    def names(self) -> list[str]:
        """Return the names of all its tools, in the order in which they are listed."""
        return [function.__name__ for function in (*self.reads, *self.writes, *self.destroys)]

    def tools(self, access_mode: AccessMode) -> list[PolytomicTool]:
        """Return the tools this access mode shows: in ``read-only``, the first shelf alone."""
        shelves = [(self.reads, _READS)]
        if access_mode != "read-only":
            shelves += [(self.writes, _WRITES), (self.destroys, _DESTROYS)]
        return [
            PolytomicTool.of(function, annotations)
            for functions, annotations in shelves
            for function in functions
        ]
