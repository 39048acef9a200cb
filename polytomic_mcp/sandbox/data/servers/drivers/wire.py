"""One open connection to a database server: what reading and writing need, whatever the server's make."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.sql.engine import Stream
from polytomic_mcp.sandbox.data.tables.table import Column, Row

Values = tuple[Any, ...]


class Wire(ABC):
    """Everything happens in one transaction of the server's; errors are the driver's own.

    Placeholders are ``%s``; a percent sign in a name is doubled by ``quoted``.
    """

    make: ClassVar[str]
    """What people call the server."""

    errors: ClassVar[tuple[type[Exception], ...]]

    @abstractmethod
    def relations(self, id_: str | None = None) -> list[Relation]:
        """Return the tables and views, those of this id in any case only."""

    @abstractmethod
    def query(self, sql: str) -> Stream:
        """Run a query that was checked; its rows are fetched as they are asked for."""

    @abstractmethod
    def stream(self, sql: str) -> Iterator[Values]:
        """Yield the rows of a query of ours, in the driver's form."""

    @abstractmethod
    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        """Return all rows of a query of ours, in the driver's form."""

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement of ours."""

    @abstractmethod
    def insert(self, relation: Relation, names: Sequence[str], rows: Sequence[Row]) -> list[Row | None]:
        """Insert rows of these columns; return what tells each from the others, None where none was made."""

    @abstractmethod
    def change(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        """Run an UPDATE or DELETE once for each row of values; say which changed something."""

    @abstractmethod
    def encoded(self, value: Any, column: Column) -> Any:
        """Return a JSON value as the driver takes it; ``ValueError`` where it is none of the column's."""

    @abstractmethod
    def same(self, relation: Relation, column: Column) -> str:
        """Return the condition that a column has a value, null or not."""

    @abstractmethod
    def compared(self, relation: Relation, column: Column) -> str:
        """Return a column in the form in which any text may be compared with it."""

    @abstractmethod
    def quoted(self, name: str) -> str:
        """Return a name as an identifier."""

    @abstractmethod
    def type_for(self, column: Column, *, is_key: bool) -> str:
        """Return the server's type for a new column."""

    @abstractmethod
    def make_schema(self, name: str) -> None:
        """Make the schema unless it is there."""

    @abstractmethod
    def state(self, relation: Relation) -> str:
        """Return what changes with every change of a table's rows."""

    @abstractmethod
    def is_refusal(self, error: Exception) -> bool:
        """Say whether the server refused a row, and nothing else is wrong."""

    @abstractmethod
    def words(self, error: Exception) -> str:
        """Return the server's own words in one line, without the row."""

    @abstractmethod
    def commit(self) -> None:
        """Make the transaction last."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo the transaction."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection, without what was not committed."""

    def called(self, relation: Relation) -> str:
        """Return the relation's name as SQL writes it."""
        return f"{self.quoted(relation.schema)}.{self.quoted(relation.name)}"

    def listed(self, names: Sequence[str]) -> str:
        """Return names of columns as SQL lists them."""
        return ", ".join(map(self.quoted, names))

    def rows(self, relation: Relation) -> Iterator[Row]:
        """Yield the relation's rows as JSON values."""
        names = [column.name for column in relation.columns]
        decode = decoders([column.sql_type for column in relation.columns])
        for values in self.stream(f"SELECT {self.listed(names)} FROM {self.called(relation)}"):  # noqa: S608 - quoted
            yield relation.row(decoded(values, decode))
