"""A toolset: the paths of tools that belong together, grouped by what they may do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcp.types import ToolAnnotations

from polytomic_mcp.settings import AccessMode

_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_WRITES: Final = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
_DESTROYS: Final = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)


@dataclass(frozen=True, slots=True)
class Toolset:
    """Tools that belong together. The group that a tool is in determines its annotations.

    Each tool is the path of its function below ``polytomic_mcp.tools``, such as
    ``models.models.get_model``; the last part is the tool's name.
    """

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    destroys: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Return the names of all its tools, in the order in which they are listed."""
        return [path.rpartition(".")[2] for path in self.paths("full-access")]

    def paths(self, access_mode: AccessMode) -> tuple[str, ...]:
        """Return the tools of an access mode: in ``read-only``, those that only read."""
        return self.reads if access_mode == "read-only" else (*self.reads, *self.writes, *self.destroys)

    def annotated(self) -> Iterator[tuple[str, ToolAnnotations]]:
        """Yield each tool with its annotations."""
        for paths, annotations in (
            (self.reads, _READS),
            (self.writes, _WRITES),
            (self.destroys, _DESTROYS),
        ):
            yield from ((path, annotations) for path in paths)
