"""How the demo speaks: steps on a terminal, plain text in a pipe, one JSON document for scripts."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

_BOLD: Final = "1"
_DIM: Final = "2"
_GREEN: Final = "32"
_RED: Final = "31"
_CELL: Final = 44


@dataclass(slots=True)
class Screen:
    """Where the demo's words go. Colour is ANSI, and only for a terminal."""

    out: TextIO
    is_json: bool = False
    is_colored: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @classmethod
    def of(cls, out: TextIO, *, is_json: bool, environ: Mapping[str, str]) -> "Screen":
        """Make the screen of a stream; ``NO_COLOR`` is honoured."""
        return cls(out, is_json, out.isatty() and not environ.get("NO_COLOR"))

    def step(self, title: str, tool: str, arguments: Mapping[str, Any]) -> None:
        """Announce a step and the tool call it is."""
        self.steps.append({"title": title, "tool": tool, "arguments": dict(arguments)})
        self._print()
        self._print(self._styled(f"{len(self.steps)}. {title}", _BOLD))
        self._print(self._styled(f"   {tool} {_compact(arguments)}", _DIM))

    def result(self, result: Mapping[str, Any], line: str) -> None:
        """Show what came of the step."""
        self.steps[-1]["result"] = dict(result)
        self._print(f"   {self._styled('→', _GREEN)} {line}")

    def note(self, text: str) -> None:
        """Say something beside the steps."""
        self._print(f"   {self._styled(text, _DIM)}")

    def progress(self, text: str) -> None:
        """Say how far a long step is."""
        self._print(f"   {self._styled('…', _DIM)} {text}")

    def table(self, title: str, rows: Sequence[Mapping[str, Any]], *, is_bad: bool = False) -> None:
        """Show rows under a title, columns aligned."""
        self._print()
        self._print(self._styled(title, _RED if is_bad else _GREEN))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        cells = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
        widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
        for line in cells if rows else ():
            padded = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self._print(f"   {padded.rstrip()}")

    def block(self, title: str, document: Mapping[str, Any]) -> None:
        """Show a document to copy."""
        self._print()
        self._print(self._styled(title, _BOLD))
        self._print(json.dumps(document, indent=2))

    def finish(self, document: Mapping[str, Any]) -> None:
        """End: with ``--json``, print the one document that holds everything."""
        if self.is_json:
            json.dump({"steps": self.steps, **document}, self.out, ensure_ascii=False)
            self.out.write("\n")

    def _print(self, text: str = "") -> None:
        if not self.is_json:
            print(text, file=self.out, flush=True)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.is_colored else text


def standard_screen(*, is_json: bool, environ: Mapping[str, str]) -> Screen:
    """Return the screen on this process's stdout."""
    return Screen.of(sys.stdout, is_json=is_json, environ=environ)


def _compact(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    printable = "".join(character if character.isprintable() else "·" for character in text)
    return printable if len(printable) <= _CELL else printable[: _CELL - 1] + "…"
