"""What runs a query: the protocol that DuckDB and real servers implement, its results and its error."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from polytomic_mcp.sandbox.data.tables.table import Column

Values = tuple[Any, ...]
"""The values of a row, in the order of the columns."""


class QueryError(ValueError):
    """A query that cannot run; the text says why, and what would."""


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query; ``is_truncated`` is true if the query has more rows than the limit."""

    columns: tuple[Column, ...]
    rows: list[Values]
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A running query: its columns, and its rows as JSON values (``tables/sql_values.py``)."""

    columns: tuple[Column, ...]
    rows: Iterator[Values]


class QueryBackend(Protocol):
    """Runs queries over the tables of a system, and nothing that writes."""

    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float, database: str | None
    ) -> AbstractContextManager[Stream]:
        """Run a query and read it batch by batch inside the block.

        ``dialect`` is sqlglot's name for the SQL. ``database`` is the database that a three-part name starts
        with; None allows any.

        Raises:
            QueryError: The query cannot run, or it takes longer than ``seconds``.
        """
        ...
