"""A table or view of a database server, as the server describes it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from polytomic_mcp.sandbox.data.tables.field_types import is_nested
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table


@dataclass(frozen=True, slots=True)
class Relation:
    """``columns`` have DuckDB's types, ``types`` are the server's own; ``key`` is the primary key.

    The primary key identifies a row. Without one, all values that are not lists or objects do, and rows that
    are equal in these are changed together.
    """

    schema: str
    name: str
    kind: Literal["table", "view"]
    columns: tuple[Column, ...]
    types: tuple[str, ...]
    key: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The schema and the name, joined by a dot."""
        return f"{self.schema}.{self.name}"

    @property
    def identifying_columns(self) -> tuple[Column, ...]:
        """The columns whose values identify a row."""
        if self.key:
            return tuple(column for column in self.columns if column.name in self.key)
        return tuple(each for each in self.columns if not is_nested(each.sql_type)) or self.columns

    def type_of(self, column: Column) -> str:
        """Return the server's own type of a column."""
        return next(
            type_ for type_, each in zip(self.types, self.columns, strict=True) if each.name == column.name
        )

    def table(self, system: str) -> Table:
        """Return it as a table of the sandbox."""
        return Table(system, self.id, self.id, self.kind, self.columns).with_key(self.key)

    def row_key(self, row: Row) -> str:
        """Return the values that identify a row, as JSON."""
        return json.dumps([row.get(column.name) for column in self.identifying_columns])

    def row(self, values: Iterable[Any]) -> Row:
        """Return a row, given its values in the order of the columns."""
        return dict(zip((column.name for column in self.columns), values, strict=True))


def find_relation(relations: list[Relation], id_: str) -> Relation | None:
    """Return the relation with this id; if there is none, the first with the id in another case, or None."""
    found = [each for each in relations if each.id.casefold() == id_.casefold()]
    return next((each for each in found if each.id == id_), found[0] if found else None)
