"""Where a system's tables are stored: the protocol that the sandbox's store and every real server implement.

A system's key is the id of its connection type, such as ``snowflake``, and its tables are in the sandbox's
store. A connection to a real server is a system of its own, with the key ``type@connection_id``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

_REASONS_SHOWN: Final = 3


def server_type(system: str) -> str | None:
    """Return the connection type of a real server's key; None if the sandbox stores the system's tables."""
    type_id, separator, _ = system.partition("@")
    return type_id if separator else None


class TableBackend(Protocol):
    """Tables and rows of one or more systems. A write is part of the ``store.transaction()`` around it."""

    def list(self, system: str) -> "list[Table]":
        """Return the system's tables."""
        ...

    def get(self, system: str, name: str) -> Table | None:
        """Return the table with this name, in any case, or None if it does not exist."""
        ...

    def create(self, table: Table) -> None:
        """Create an empty table."""
        ...

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Append columns and return the changed table."""
        ...

    def drop(self, table: Table) -> None:
        """Delete the table and its rows."""
        ...

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows, for a reader that writes none of them back."""
        ...

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield row ids and rows. Rows inserted after the first one is read are not included."""
        ...

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return the rows with these ids; ids that do not exist are left out."""
        ...

    def can_find(self, table: Table, column: Column) -> bool:
        """Return whether ``find`` supports the column."""
        ...

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return, by row id, all rows that hold one of the values. Rows that nearly do may be included."""
        ...

    def insert(self, table: Table, rows: Iterable[Row]) -> Sequence[int]:
        """Append rows and return their row ids.

        Raises:
            RefusedRowsError: A real server refuses some of the rows; none is inserted.
        """
        ...

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Replace rows by row id.

        Raises:
            RefusedRowsError: A real server refuses some of the rows; none is updated.
        """
        ...

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Delete rows by row id.

        Raises:
            RefusedRowsError: A real server refuses to delete some of the rows; none is deleted.
        """
        ...

    def clear(self, table: Table) -> None:
        """Delete every row."""
        ...

    def count(self, table: Table) -> int:
        """Return the number of rows."""
        ...

    def version(self, table: Table) -> int:
        """Return a number that changes with every change of the table's rows."""
        ...

    def release(self, system: str) -> None:
        """Delete what is stored about a real server whose connection has been deleted."""
        ...


class RefusedRowsError(RefusalError):
    """A real server refused some rows of a call, and nothing was written; the other rows can be sent again.

    ``reasons`` holds the server's messages: by position in ``rows`` for an insert, by row id for an update or
    a deletion. Uncaught, it refuses the whole request with status 422.
    """

    def __init__(self, reasons: Mapping[int, str]) -> None:
        shown = "; ".join(dict.fromkeys([*reasons.values()][:_REASONS_SHOWN]))
        super().__init__(422, f"{len(reasons)} records were refused: {shown}", key="records_refused")
        self.reasons = reasons
