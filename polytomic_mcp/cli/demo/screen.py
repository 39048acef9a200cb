"""The output of the demo: colored text on a terminal, plain text in a pipe, or one JSON document."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, TextIO

from polytomic_mcp.cli.shared.terminal import clipped, grid, printable

_BOLD: Final = "1"
_DIM: Final = "2"
_GREEN: Final = "32"
_RED: Final = "31"
_INDENT: Final = "   "
_LONGEST_LINE: Final = 400


@dataclass(slots=True)
class Screen:
    """The stream that the demo prints to, ``columns`` wide. Only a terminal gets ANSI colors."""

    out: TextIO
    is_json: bool = False
    is_colored: bool = False
    columns: int = 100
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @classmethod
    def of(cls, out: TextIO, *, is_json: bool, columns: int, environ: Mapping[str, str]) -> Self:
        """Make the screen of a stream; ``NO_COLOR`` turns colors off."""
        return cls(out, is_json, out.isatty() and not environ.get("NO_COLOR"), columns)

    def step(self, title: str, tool: str, arguments: Mapping[str, Any]) -> None:
        """Print a step and its tool call."""
        self.steps.append({"title": title, "tool": tool, "arguments": dict(arguments)})
        self._print()
        self._print(f"{len(self.steps)}. {title}", _BOLD)
        self._print(f"{tool} {json.dumps(arguments, ensure_ascii=False)}", _DIM, indent=_INDENT)

    def result(self, result: Mapping[str, Any], line: str) -> None:
        """Print the result of the step."""
        self.steps[-1]["result"] = dict(result)
        self._print(line, mark="→", indent=_INDENT)

    def title(self, text: str) -> None:
        """Print the title."""
        self._print(text, _BOLD)

    def note(self, text: str) -> None:
        """Print a remark between steps."""
        self._print(text, _DIM)

    def progress(self, text: str) -> None:
        """Print the progress of a long step."""
        self._print(text, mark="…", indent=_INDENT)

    def table(self, title: str, rows: Sequence[Mapping[str, Any]], *, is_bad: bool = False) -> None:
        """Print rows under a title, with aligned columns; nothing if there are no rows."""
        if not rows:
            return
        self._print()
        self._print(title, _RED if is_bad else _GREEN)
        for line in grid(rows, self.columns - len(_INDENT)):
            self._print(line, indent=_INDENT)

    def block(self, title: str, document: Mapping[str, Any]) -> None:
        """Print a JSON document to copy."""
        self._print()
        self._print(title, _BOLD)
        for line in json.dumps(document, indent=2).splitlines():
            self._print(line, is_whole=True)

    def finish(self, document: Mapping[str, Any]) -> None:
        """With ``--json``, print the document, which includes the steps."""
        if self.is_json:
            print(json.dumps({"steps": self.steps, **document}, ensure_ascii=False), file=self.out)

    def _print(
        self,
        text: str = "",
        style: str | None = None,
        *,
        mark: str | None = None,
        indent: str = "",
        is_whole: bool = False,
    ) -> None:
        """Print a line, unless the output is JSON. Control characters in it are replaced."""
        if self.is_json:
            return
        safe = printable(text if is_whole else clipped(text, _LONGEST_LINE))
        pointer = f"{self._styled(mark, _GREEN)} " if mark else ""
        print(f"{indent}{pointer}{self._styled(safe, style)}", file=self.out, flush=True)

    def _styled(self, text: str, style: str | None) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if style and self.is_colored else text
