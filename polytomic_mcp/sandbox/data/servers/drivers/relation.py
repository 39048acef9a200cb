"""A table or view of a real server, as the server describes it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from polytomic_mcp.sandbox.data.tables.field_types import is_nested
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table


@dataclass(frozen=True, slots=True)
class Relation:
    """``columns`` have DuckDB's types, ``types`` are the server's own; ``key`` is the primary key.

    A row is told from the others by its key; in a table that has none, by all its values that are
    not lists or objects: rows that are equal in these are changed together.
    """

    schema: str
    name: str
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    types: tuple[str, ...]
    key: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The object's id: its schema and its name."""
        return f"{self.schema}.{self.name}"

    @property
    def marks(self) -> tuple[Column, ...]:
        """The columns that tell a row from the others."""
        if self.key:
            return tuple(column for column in self.columns if column.name in self.key)
        return tuple(each for each in self.columns if not is_nested(each.sql_type)) or self.columns

    def type_of(self, column: Column) -> str:
        """Return the server's own type of a column."""
        return next(
            type_ for type_, each in zip(self.types, self.columns, strict=True) if each.name == column.name
        )

    def table(self, system: str) -> Table:
        """Return it as the sandbox's table; a key of several columns is none there."""
        key = self.key[0] if len(self.key) == 1 else None
        return Table(system, self.id, self.id, self.kind, self.columns, key)

    def place(self, row: Row) -> str:
        """Return what tells a row from the others, as text."""
        return json.dumps([row.get(column.name) for column in self.marks])

    def row(self, values: Iterable[Any]) -> Row:
        """Return a row from its values in the order of the columns."""
        return dict(zip((column.name for column in self.columns), values, strict=True))


def nearest(relations: list[Relation], name: str) -> Relation | None:
    """Return the one of that id, else the first of that id in another case, or None."""
    found = [each for each in relations if each.id.casefold() == name.casefold()]
    return next((each for each in found if each.id == name), found[0] if found else None)
