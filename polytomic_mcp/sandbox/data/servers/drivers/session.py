"""An open session on a database server: what reading and writing tables needs, for every product."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.sql.backend import Stream, Values
from polytomic_mcp.sandbox.data.tables.table import Column, Row


class ServerSession(ABC):
    """A session is one transaction. Methods raise the driver's own ``errors``.

    ``sql`` arguments are trusted: their names are quoted, their values are ``%s`` placeholders, and queries
    of users have been checked. ``quoted`` doubles a percent sign in a name.
    """

    product: ClassVar[str]
    """The server's name in messages."""

    errors: ClassVar[tuple[type[Exception], ...]]

    @abstractmethod
    def relations(self, id_: str | None = None) -> list[Relation]:
        """Return all tables and views, or those with this id in any case."""

    @abstractmethod
    def query(self, sql: str) -> Stream:
        """Run a user's query; its rows are fetched as they are read."""

    @abstractmethod
    def stream(self, sql: str) -> Iterator[Values]:
        """Yield the rows of a query as the driver returns them, fetched as they are read."""

    @abstractmethod
    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return all rows of a query as the driver returns them."""

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""

    @abstractmethod
    def insert(self, relation: Relation, names: Sequence[str], rows: Sequence[Row]) -> list[Row | None]:
        """Insert rows with these columns; return their identifying values, None for a row not inserted."""

    @abstractmethod
    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        """Run an UPDATE or DELETE once for each row of values; return whether each changed a row."""

    @abstractmethod
    def encoded(self, value: Any, column: Column) -> Any:
        """Return a JSON value as the driver accepts it; ``ValueError`` if it does not fit the column."""

    @abstractmethod
    def equality(self, relation: Relation, column: Column) -> str:
        """Return the condition that a column equals a placeholder, where null equals null."""

    @abstractmethod
    def comparable(self, relation: Relation, column: Column) -> str:
        """Return the expression of a column that can be compared with any text."""

    def readable(self, column: Column) -> str:
        """Return the expression that selects a column with all that it holds."""
        return self.quoted(column.name)

    @abstractmethod
    def quoted(self, name: str) -> str:
        """Return a name as a quoted identifier."""

    @abstractmethod
    def type_for(self, column: Column, *, is_key: bool) -> str:
        """Return the server's type for a new column."""

    @abstractmethod
    def has_schema(self, name: str) -> bool:
        """Return whether the schema exists, under exactly this name."""

    @abstractmethod
    def name_problem(self, name: str) -> str | None:
        """Return why the server cannot use a name as it is, or None if it can."""

    @property
    def table_options(self) -> str:
        """The text after the columns of a new table."""
        return ""

    @abstractmethod
    def fingerprint(self, relation: Relation) -> str:
        """Return a text that changes with every change of a table's rows."""

    @abstractmethod
    def is_refusal(self, error: Exception) -> bool:
        """Return whether the error means that the server refuses a row."""

    def culprit(self, relation: Relation, row: Row) -> str | None:
        """Return the column whose value made the server refuse a row, unless the error's message names it."""
        del relation, row

    @abstractmethod
    def error_message(self, error: Exception) -> str:
        """Return the server's message in one line, without the values of a row."""

    @abstractmethod
    def commit(self) -> None:
        """Commit the transaction."""

    @abstractmethod
    def rollback(self) -> None:
        """Roll the transaction back."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; changes that are not committed are lost."""

    def qualified_name(self, relation: Relation) -> str:
        """Return the relation's schema and name, quoted."""
        return f"{self.quoted(relation.schema)}.{self.quoted(relation.name)}"

    def column_list(self, names: Sequence[str]) -> str:
        """Return the names of columns, quoted and separated by commas."""
        return ", ".join(map(self.quoted, names))

    def rows(self, relation: Relation) -> Iterator[Row]:
        """Yield the relation's rows as JSON values."""
        decode = decoders([column.sql_type for column in relation.columns])
        values = ", ".join(map(self.readable, relation.columns))
        select = f"SELECT {values} FROM {self.qualified_name(relation)}"  # noqa: S608 - quoted
        for values in self.stream(select):
            yield relation.row(decoded(values, decode))
