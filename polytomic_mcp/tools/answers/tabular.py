"""Tables in few tokens: the column names once, then each row as a list, as many rows as fit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.answers.json_pointers import escaped
from polytomic_mcp.tools.answers.results import Source
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import room_beside, truncate


@dataclass(slots=True)
class Table:
    """Rows, up to a limit and a budget of tokens. A first row that exceeds the budget is truncated.

    With ``longest_text``, texts are truncated to so many characters, so that one of them does not take the
    room of several rows. ``truncated`` lists what was omitted, and the calls that read the rest.
    """

    fields: list[str]
    limit: int
    longest_text: int | None = None
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    truncated: list[JsonObject] = field(default_factory=list[JsonObject])
    tokens: int = 0
    room: int = field(init=False)

    def __post_init__(self) -> None:
        self.room = room_beside(self.fields)

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return len(self.rows) >= self.limit

    def add(self, row: JsonObject, source: Source) -> bool:
        """Add the row if it fits, and return whether it did.

        ``source`` is the call that returns the row; its place ``""`` is the row's pointer.
        """
        row, reports = self._shortened(row, source)
        cost = estimate_json([[row.get(name) for name in self.fields]])
        if self.is_full or (self.rows and self.tokens + cost > self.room):
            return False
        if cost > self.room:
            row = self._cut(row, source)
        self.truncated += reports
        self.rows.append([row.get(name) for name in self.fields])
        self.tokens += cost
        return True

    def _shortened(self, row: JsonObject, source: Source) -> tuple[JsonObject, list[JsonObject]]:
        """Truncate the long texts of a row; return it and, for each text, the call that reads the rest."""
        most, short, reports = self.longest_text, dict(row), list[JsonObject]()
        for name, cell in row.items():
            if most is not None and isinstance(cell, str) and len(cell) > most:
                short[name] = cell[:most]
                pointer = f"{source.places['']}/{escaped(name)}"
                rest = {"operation": source.operation, "arguments": source.arguments, "pointer": pointer}
                reports.append(
                    {
                        "pointer": f"/rows/{len(self.rows)}/{escaped(name)}",
                        "shown": most,
                        "total": len(cell),
                        "rest": {"tool": "read_operation", "arguments": rest | {"offset": most}},
                    }
                )
        return short, reports

    def _cut(self, row: JsonObject, source: Source) -> JsonObject:
        fitting = truncate(row, self.room)
        for cut in fitting.few_cuts:
            call = {"operation": source.operation, "arguments": source.arguments}
            rest = {**call, "pointer": source.places[""] + cut.pointer, "offset": cut.shown}
            self.truncated.append(
                {
                    "pointer": f"/rows/{len(self.rows)}",
                    "shown": cut.shown,
                    "total": cut.total,
                    "rest": {"tool": "read_operation", "arguments": rest},
                }
            )
        return as_object(fitting.value)


def columns(rows: Iterable[JsonObject]) -> list[str]:
    """Return the names in any of the rows, in order of first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))
