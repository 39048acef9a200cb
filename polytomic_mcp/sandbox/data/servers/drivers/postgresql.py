"""Sessions on PostgreSQL, with psycopg."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any, ClassVar, Final

import psycopg
from psycopg.abc import QueryNoTemplate
from psycopg.types.string import TextLoader

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders, encoded
from polytomic_mcp.sandbox.data.servers.drivers.postgresql_types import (
    RELATIONS,
    TYPE_NAMES,
    native,
    new_type,
    relation,
    sql_type_of,
)
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.sql.backend import Stream, Values
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_CONNECT_SECONDS: Final = 5
_BATCH: Final = 2_000
_NAME_BYTES: Final = 63
_SETTINGS: Final = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1"
    " -c standard_conforming_strings=on -c bytea_output=hex -c lock_timeout=10s"
)
_NATIVE: Final = ("bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea")
"""The types whose Python values are JSON values, or nearly; all others are loaded as text."""

_ROW_ERRORS: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.InternalError,
    psycopg.errors.RaiseException,
)


class PostgresqlSession(ServerSession):
    """A session on PostgreSQL."""

    product: ClassVar[str] = "PostgreSQL"
    errors: ClassVar[tuple[type[Exception], ...]] = (psycopg.Error,)

    def __init__(
        self, configuration: Mapping[str, Any], *, sslmode: str, seconds: float, is_read_only: bool
    ) -> None:
        self._connection = psycopg.connect(
            host=configuration["hostname"],
            port=configuration["port"],
            dbname=configuration["database"],
            user=configuration["username"],
            password=configuration["password"],
            sslmode=sslmode,
            connect_timeout=_CONNECT_SECONDS,
            client_encoding="utf8",
            application_name="polytomic-mcp sandbox",
            options=f"{_SETTINGS} -c statement_timeout={int(seconds * 1000)}",
        )
        self._connection.read_only = is_read_only
        self._queries = ExitStack()
        self._names = map("rows_{}".format, count())
        for info in self._connection.adapters.types:
            if info.name not in _NATIVE:
                self._connection.adapters.register_loader(info.oid, TextLoader)

    def relations(self, id_: str | None = None) -> list[Relation]:
        found: dict[tuple[str, str], list[Values]] = {}
        for schema, name, *rest in self.fetch(RELATIONS, (id_, id_)):
            found.setdefault((schema, name), []).append(tuple(rest))
        return [relation(schema, name, columns) for (schema, name), columns in found.items()]

    def query(self, sql: str) -> Stream:
        cursor = self._queries.enter_context(self._connection.cursor(name=next(self._names)))
        cursor.execute(_trusted(sql))
        described, result = cursor.description or [], cursor.pgresult
        modifiers = [result.fmod(at) for at in range(len(described))] if result else []
        types = self.fetch(TYPE_NAMES, ([column.type_code for column in described], modifiers))
        sql_types = [sql_type_of(name, is_own=is_own) for name, is_own in types]
        natives = [native(name, is_own=is_own) for name, is_own in types]
        names = distinct(column.name for column in described)
        columns = (
            Column(name, field_type(sql_type), sql_type, native=native)
            for name, sql_type, native in zip(names, sql_types, natives, strict=True)
        )
        decode = decoders(sql_types)
        return Stream(tuple(columns), (decoded(row, decode) for row in _batches(cursor)))

    def stream(self, sql: str) -> Iterator[Values]:
        with self._connection.cursor(name=next(self._names)) as cursor:
            cursor.execute(_trusted(sql), ())
            yield from _batches(cursor)

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        return self._connection.execute(_trusted(sql), values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(_trusted(sql), values)

    def insert(self, relation: Relation, names: Sequence[str], rows: Sequence[Row]) -> list[Row | None]:
        columns = {column.name: column for column in relation.columns}
        values = [[self.encoded(row[name], columns[name]) for name in names] for row in rows]
        identifying = relation.identifying_columns
        sql = (
            f"INSERT INTO {self.qualified_name(relation)} ({self.column_list(names)})"  # noqa: S608 - quoted
            f" VALUES ({', '.join(['%s'] * len(names))})"
            f" RETURNING {self.column_list([column.name for column in identifying])}"
        )
        decode = decoders([column.sql_type for column in identifying])
        return [
            None
            if found is None
            else dict(zip((column.name for column in identifying), decoded(found, decode), strict=True))
            for found in self._many(sql, values)
        ]

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        return [found is not None for found in self._many(f"{sql} RETURNING true", rows)]

    def encoded(self, value: Any, column: Column) -> Any:
        plain = encoded(value, column.sql_type)
        return _array(plain) if isinstance(plain, list) else plain

    def equality(self, relation: Relation, column: Column) -> str:
        name = self.quoted(column.name)
        if relation.key:
            return f"{name} = %s"
        return f"{name}::text IS NOT DISTINCT FROM (%s::{relation.type_of(column)})::text"

    def comparable(self, relation: Relation, column: Column) -> str:
        # Otherwise, a text that is not a UUID would be an error.
        is_open = column.type == "string" and not relation.type_of(column).startswith(("text", "character"))
        return f"{self.quoted(column.name)}{'::text' if is_open else ''}"

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""').replace("%", "%%") + '"'

    def type_for(self, column: Column, *, is_key: bool) -> str:
        del is_key
        return new_type(column)

    def has_schema(self, name: str) -> bool:
        return bool(self.fetch("SELECT FROM pg_namespace WHERE nspname = %s", (name,)))

    def name_problem(self, name: str) -> str | None:
        length = len(name.encode())
        return None if length <= _NAME_BYTES else f"has {length} bytes, and {_NAME_BYTES} are the most"

    def fingerprint(self, relation: Relation) -> str:
        # Each version of a row has the id of its transaction, and a recreated table has another file.
        versions = "count(*), sum(xmin::text::bigint)"
        found = self.fetch(
            f"SELECT {versions}, pg_relation_filenode(%s) FROM {self.qualified_name(relation)}",  # noqa: S608 - quoted
            (self.qualified_name(relation).replace("%%", "%"),),
        )
        return repr(found)

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, _ROW_ERRORS)

    def culprit(self, relation: Relation, row: Row) -> str | None:
        refused = (
            each for each in relation.columns if each.name in row and self._refuses(relation, each, row)
        )
        return next((column.name for column in refused), None)

    def _refuses(self, relation: Relation, column: Column, row: Row) -> bool:
        """Return whether a column's type refuses a row's value."""
        self.execute("SAVEPOINT one_value")
        try:
            value = self.encoded(row[column.name], column)
            self.fetch(f"SELECT CAST(%s AS {relation.type_of(column)})", (value,))
        except (psycopg.DataError, ValueError):
            self.execute("ROLLBACK TO SAVEPOINT one_value")
            return True
        return False

    def error_message(self, error: Exception) -> str:
        diagnosis = error.diag if isinstance(error, psycopg.Error) else None
        if diagnosis is None or diagnosis.message_primary is None:
            return str(error).strip().replace("\n", "; ")
        # A detail about a key names it; other details contain the whole row.
        detail = diagnosis.message_detail or ""
        return (
            f"{diagnosis.message_primary}: {detail}"
            if detail.startswith("Key ")
            else diagnosis.message_primary
        )

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._queries.close()
        self._connection.close()

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Values | None]:
        with self._connection.cursor() as cursor:
            cursor.executemany(_trusted(sql), rows, returning=True)
            found = [cursor.fetchone()]
            while cursor.nextset():
                found.append(cursor.fetchone())
        return found


def _trusted(sql: str) -> QueryNoTemplate:
    """Return trusted SQL in the form that psycopg accepts for a string that is not a literal."""
    return sql.encode()


def _batches(cursor: "psycopg.ServerCursor[Values]") -> Iterator[Values]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _array(items: Any) -> str:
    """Return a list as a PostgreSQL array literal."""
    return "{" + ",".join(map(_item, items)) + "}"


def _item(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _array(value)
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
