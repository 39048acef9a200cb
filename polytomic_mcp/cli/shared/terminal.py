"""Text for a terminal: safe to print, measured in columns, and laid out as tables."""

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

_GAP: Final = "  "
_NARROWEST_CELL: Final = 6
_WIDEST_LAST_CELL: Final = 200
_MOST_COLUMNS: Final = 12


def printable(text: str) -> str:
    """Return the text with a dot for each escape, control character and bidirectional mark."""
    return "".join(character if character.isprintable() else "·" for character in text)


def lines(text: str) -> str:
    """Return the text printable, with its line breaks."""
    return "\n".join(map(printable, text.splitlines()))


def width(text: str) -> int:
    """Return how many columns the text takes; an emoji and a Chinese character take two."""
    return sum(map(_width, text))


def clipped(text: str, columns: int) -> str:
    """Return the text, cut with an ellipsis if it does not fit."""
    taken = list(accumulate(map(_width, text), initial=0))
    return text if taken[-1] <= columns else text[: bisect_right(taken, columns - 1) - 1] + "…"


def grid(rows: Sequence[Mapping[str, Any]], columns: int) -> Iterator[str]:
    """Yield the lines of a table, the header first. Wide columns shrink until the table fits.

    The last column may be wider, because nothing follows it.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]
    cells = [list(map(printable, names)), *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = _fitted([max(map(width, column)) for column in zip(*cells, strict=True)], columns)
    for line in cells:
        shown = (clipped(cell, room) for cell, room in zip(line, widths, strict=True))
        padded = (cell + " " * (room - width(cell)) for cell, room in zip(shown, widths, strict=True))
        yield _GAP.join(padded).rstrip()


def _fitted(widths: list[int], columns: int) -> list[int]:
    room = columns - len(_GAP) * (len(widths) - 1)
    *others, last = widths
    fitted = [min(width, room) for width in others]
    while sum(fitted) + min(last, room // 2) > room and max(fitted, default=0) > _NARROWEST_CELL:
        fitted[fitted.index(max(fitted))] -= 1
    return [*fitted, min(last, _WIDEST_LAST_CELL)]


def _width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cell(value: Any) -> str:
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
