"""PostgreSQL, by psycopg."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any, ClassVar, Final

import psycopg
from psycopg.abc import QueryNoTemplate
from psycopg.types.string import TextLoader

from polytomic_mcp.sandbox.engine import Stream
from polytomic_mcp.sandbox.field_types import field_type, is_nested
from polytomic_mcp.sandbox.names import distinct
from polytomic_mcp.sandbox.servers.coding import decoded, decoders, encoded
from polytomic_mcp.sandbox.servers.relation import Relation
from polytomic_mcp.sandbox.servers.wire import Values, Wire
from polytomic_mcp.sandbox.table import Choice, Column, Row

_PATIENCE: Final = 5
_BATCH: Final = 2_000
_LOCK_SECONDS: Final = 10
_SETTINGS: Final = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1"
    " -c standard_conforming_strings=on -c bytea_output=hex"
)
_AS_THEY_ARE: Final = ("bool", "int2", "int4", "int8", "oid", "float4", "float8", "bytea")
"""The types whose Python values are JSON's, or nearly; all others come as text."""

_REFUSING: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.InternalError,
    psycopg.errors.RaiseException,
)

_TYPES: Final[Mapping[str, str]] = {
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "bytea": "BLOB",
    "date": "DATE",
    "double precision": "DOUBLE",
    "integer": "INTEGER",
    "interval": "INTERVAL",
    "json": "JSON",
    "jsonb": "JSON",
    "oid": "BIGINT",
    "real": "FLOAT",
    "smallint": "SMALLINT",
    "text": "VARCHAR",
    "character varying": "VARCHAR",
    "time with time zone": "TIME WITH TIME ZONE",
    "time without time zone": "TIME",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "timestamp without time zone": "TIMESTAMP",
    "uuid": "UUID",
}
_WIDEST: Final = 38
_UNBOUNDED: Final = "DECIMAL(38,9)"
"""A numeric without bounds: DuckDB has none, so what has more than 29 digits before the point does not fit."""

_NEW_TYPES: Final[Mapping[str, str]] = {
    **{ours: theirs for theirs, ours in _TYPES.items() if theirs not in ("json", "oid", "character varying")},
    "HUGEINT": "numeric(39)",
    "TINYINT": "smallint",
    "UBIGINT": "numeric(20)",
    "UHUGEINT": "numeric(39)",
    "UINTEGER": "bigint",
    "USMALLINT": "integer",
    "UTINYINT": "smallint",
}

_RELATIONS: Final = r"""
SELECT n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
  CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
    ELSE format_type(a.atttypid, a.atttypmod) END,
  a.attnotnull OR t.typnotnull, a.atthasdef OR t.typdefault IS NOT NULL,
  a.attidentity::text, a.attgenerated::text, coalesce(a.attnum = ANY (i.indkey), false),
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (%s::text IS NULL OR lower(n.nspname || '.' || c.relname) = lower(%s))
ORDER BY n.nspname, c.relname, a.attnum
"""
_OF_OIDS: Final = """
SELECT oid, CASE typtype WHEN 'd' THEN format_type(typbasetype, typtypmod) ELSE format_type(oid, NULL) END
FROM pg_type WHERE oid = ANY (%s)
"""


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
            options=f"{_SETTINGS} -c statement_timeout={int(seconds * 1000)} -c lock_timeout={_LOCK_SECONDS}s",
        )
        self._connection.read_only = is_read_only
        self._queries = ExitStack()
        self._names = map("rows_{}".format, count())
        for info in self._connection.adapters.types:
            if info.name not in _AS_THEY_ARE:
                self._connection.adapters.register_loader(info.oid, TextLoader)

    def relations(self, id_: str | None = None) -> list[Relation]:
        found: dict[tuple[str, str], list[Values]] = {}
        for schema, name, *rest in self.fetch(_RELATIONS, (id_, id_)):
            found.setdefault((schema, name), []).append(tuple(rest))
        return [_relation(schema, name, columns) for (schema, name), columns in found.items()]

    def query(self, sql: str) -> Stream:
        cursor = self._queries.enter_context(self._connection.cursor(name=next(self._names)))
        cursor.execute(_trusted(sql))
        described = cursor.description or []
        types = dict(self.fetch(_OF_OIDS, ([column.type_code for column in described],)))
        sql_types = [
            _bounded(column.precision, column.scale)
            if types[column.type_code] == "numeric"
            else _sql_type(types[column.type_code])
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

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""').replace("%", "%%") + '"'

    def type_for(self, column: Column, *, is_key: bool) -> str:
        del is_key
        sql_type = column.sql_type
        if sql_type.startswith("DECIMAL"):
            return sql_type.replace("DECIMAL", "numeric", 1)
        if sql_type.endswith("[]") and not sql_type.endswith("[][]") and sql_type[:-2] in _NEW_TYPES:
            return f"{_NEW_TYPES[sql_type[:-2]]}[]"
        if is_nested(sql_type):
            return "jsonb"
        base = sql_type.partition("(")[0]
        return _NEW_TYPES.get(base, "timestamp" if base.startswith("TIMESTAMP") else "text")

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
    """Pass SQL whose names are quoted, or that was checked; psycopg wants to see that it is no user's text."""
    return sql.encode()


def _batches(cursor: "psycopg.ServerCursor[Values]") -> Iterator[Values]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _relation(schema: str, name: str, found: list[Values]) -> Relation:
    columns: list[Column] = []
    types: list[str] = []
    key: list[str] = []
    for _, column, type_, plain, is_needed, has_default, identity, generated, is_key, values in found:
        sql_type = _sql_type(plain)
        is_fixed = identity == "a" or bool(generated)
        columns.append(
            Column(
                column,
                field_type(sql_type),
                sql_type,
                required=is_needed and not (has_default or identity or generated),
                createable=not is_fixed,
                updateable=not is_fixed,
                values=tuple(Choice(value, value) for value in values or ()),
            )
        )
        types.append(type_)
        key += [column] if is_key else []
    kind = "view" if found[0][0] in ("v", "m") else "table"
    return Relation(schema, name, kind, tuple(columns), tuple(types), tuple(key))


def _sql_type(type_: str) -> str:
    """Return DuckDB's type for a type as ``format_type`` writes it; text for what DuckDB does not know."""
    if type_.endswith("[]"):
        element = type_.removesuffix("[]")
        plain = _sql_type(element)
        is_known = element.startswith("numeric") or re.sub(r"\(.*\)", "", element) in _TYPES
        return f"{plain}[]" if is_known else "VARCHAR"
    if found := re.fullmatch(r"numeric(?:\((\d+),(-?\d+)\))?", type_):
        return _bounded(*(int(each) if each else None for each in found.groups()))
    return _TYPES.get(re.sub(r"\(\d+\)", "", type_), "VARCHAR")


def _bounded(precision: int | None, scale: int | None) -> str:
    is_bounded = precision and scale is not None and 0 <= scale <= precision <= _WIDEST
    return f"DECIMAL({precision},{scale})" if is_bounded else _UNBOUNDED


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
