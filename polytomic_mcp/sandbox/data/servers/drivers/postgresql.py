"""PostgreSQL, by psycopg."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any, ClassVar, Final

import psycopg
from psycopg.abc import QueryNoTemplate
from psycopg.types.string import TextLoader

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders, encoded
from polytomic_mcp.sandbox.data.servers.drivers.postgresql_types import (
    OF_OIDS,
    RELATIONS,
    bounded,
    new_type,
    relation,
    sql_type_of,
)
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.servers.drivers.wire import Values, Wire
from polytomic_mcp.sandbox.data.sql.engine import Stream
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_PATIENCE: Final = 5
_BATCH: Final = 2_000
_SETTINGS: Final = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1"
    " -c standard_conforming_strings=on -c bytea_output=hex -c lock_timeout=10s"
)
_AS_THEY_ARE: Final = ("bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea")
"""The types whose Python values are JSON's, or nearly; all others come as text."""

_REFUSING: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.InternalError,
    psycopg.errors.RaiseException,
)


class PostgresqlWire(Wire):
    """One connection to PostgreSQL."""

    make: ClassVar[str] = "PostgreSQL"
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
            connect_timeout=_PATIENCE,
            client_encoding="utf8",
            application_name="polytomic-mcp sandbox",
            options=f"{_SETTINGS} -c statement_timeout={int(seconds * 1000)}",
        )
        self._connection.read_only = is_read_only
        self._queries = ExitStack()
        self._names = map("rows_{}".format, count())
        for info in self._connection.adapters.types:
            if info.name not in _AS_THEY_ARE:
                self._connection.adapters.register_loader(info.oid, TextLoader)

    def relations(self, id_: str | None = None) -> list[Relation]:
        found: dict[tuple[str, str], list[Values]] = {}
        for schema, name, *rest in self.fetch(RELATIONS, (id_, id_)):
            found.setdefault((schema, name), []).append(tuple(rest))
        return [relation(schema, name, columns) for (schema, name), columns in found.items()]

    def query(self, sql: str) -> Stream:
        cursor = self._queries.enter_context(self._connection.cursor(name=next(self._names)))
        cursor.execute(_trusted(sql))
        described = cursor.description or []
        types = dict(self.fetch(OF_OIDS, ([column.type_code for column in described],)))
        sql_types = [
            bounded(column.precision, column.scale)
            if types[column.type_code] == "numeric"
            else sql_type_of(types[column.type_code])
            for column in described
        ]
        names = distinct(column.name for column in described)
        columns = (Column(name, field_type(each), each) for name, each in zip(names, sql_types, strict=True))
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
        named = {column.name: column for column in relation.columns}
        values = [[self.encoded(row[name], named[name]) for name in names] for row in rows]
        marks = relation.marks
        sql = (
            f"INSERT INTO {self.called(relation)} ({self.listed(names)})"  # noqa: S608 - quoted
            f" VALUES ({', '.join(['%s'] * len(names))})"
            f" RETURNING {self.listed([column.name for column in marks])}"
        )
        decode = decoders([column.sql_type for column in marks])
        return [
            None
            if found is None
            else dict(zip((column.name for column in marks), decoded(found, decode), strict=True))
            for found in self._many(sql, values)
        ]

    def change(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        return [found is not None for found in self._many(f"{sql} RETURNING true", rows)]

    def encoded(self, value: Any, column: Column) -> Any:
        plain = encoded(value, column.sql_type)
        return _array(plain) if isinstance(plain, list) else plain

    def same(self, relation: Relation, column: Column) -> str:
        name = self.quoted(column.name)
        if relation.key:
            return f"{name} = %s"
        return f"{name}::text IS NOT DISTINCT FROM (%s::{relation.type_of(column)})::text"

    def compared(self, relation: Relation, column: Column) -> str:
        # A text that spells no uuid, say, would be an error.
        is_open = column.type == "string" and not relation.type_of(column).startswith(("text", "character"))
        return f"{self.quoted(column.name)}{'::text' if is_open else ''}"

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""').replace("%", "%%") + '"'

    def type_for(self, column: Column, *, is_key: bool) -> str:
        del is_key
        return new_type(column)

    def make_schema(self, name: str) -> None:
        if not self.fetch("SELECT FROM pg_namespace WHERE nspname = %s", (name,)):
            self.execute(f"CREATE SCHEMA {self.quoted(name)}")

    def state(self, relation: Relation) -> str:
        # Each version of a row bears the transaction that made it, and a table made anew has another file.
        made = "count(*), sum(xmin::text::bigint)"
        found = self.fetch(
            f"SELECT {made}, pg_relation_filenode(%s) FROM {self.called(relation)}",  # noqa: S608 - quoted
            (self.called(relation).replace("%%", "%"),),
        )
        return repr(found)

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, _REFUSING)

    def words(self, error: Exception) -> str:
        told = error.diag if isinstance(error, psycopg.Error) else None
        if told is None or told.message_primary is None:
            return str(error).strip().replace("\n", "; ")
        # A detail about a key says which one; others hold the whole row.
        detail = told.message_detail or ""
        return f"{told.message_primary}: {detail}" if detail.startswith("Key ") else told.message_primary

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
    """Return SQL whose names are quoted, or that was checked: psycopg fears that it is a user's text."""
    return sql.encode()


def _batches(cursor: "psycopg.ServerCursor[Values]") -> Iterator[Values]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _array(items: Any) -> str:
    """Return a list as PostgreSQL writes an array."""
    return "{" + ",".join(map(_item, items)) + "}"


def _item(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _array(value)
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
