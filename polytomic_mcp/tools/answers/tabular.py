"""Rows as a model reads them cheaply: the names of the columns once, each row a list, as many as fit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.answers.results import Source
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import fit, room_beside


@dataclass(slots=True)
class Table:
    """Rows up to a limit or to what a context window takes; of one that alone is too long, a part.

    ``truncated`` says what was left out of that one, and how the rest is read.
    """

    fields: list[str]
    limit: int
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    truncated: list[JsonObject] = field(default_factory=list[JsonObject])
    tokens: int = 0
    room: int = field(init=False)

    def __post_init__(self) -> None:
        self.room = room_beside(self.fields)

    @property
    def is_full(self) -> bool:
        """Whether no other row will be taken."""
        return len(self.rows) >= self.limit

    def takes(self, row: JsonObject, source: Source) -> bool:
        """Add the row if there is room for it, and say whether there was.

        ``source`` is the call that answers the row; its place ``""`` points at it.
        """
        cost = estimate_json([[row.get(name) for name in self.fields]])
        if self.is_full or (self.rows and self.tokens + cost > self.room):
            return False
        if cost > self.room:
            row = self._cut(row, source)
        self.rows.append([row.get(name) for name in self.fields])
        self.tokens += cost
        return True

    def _cut(self, row: JsonObject, source: Source) -> JsonObject:
        fitting = fit(row, self.room)
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
    """Return the names that stand in any of the rows, in the order in which they first do."""
    return list(dict.fromkeys(name for row in rows for name in row))
