"""MySQL and MariaDB, by PyMySQL."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar, Final

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE, FLAG
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

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
_BINARY: Final = 63
"""The character set of what is no text."""

_AS_TEXT: Final = (
    FIELD_TYPE.BIT,
    FIELD_TYPE.DATE,
    FIELD_TYPE.DATETIME,
    FIELD_TYPE.DECIMAL,
    FIELD_TYPE.NEWDECIMAL,
    FIELD_TYPE.TIME,
    FIELD_TYPE.TIMESTAMP,
)
_SYSTEM: Final = ("information_schema", "mysql", "performance_schema", "sys")
_MODE: Final = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
"""Without NO_BACKSLASH_ESCAPES and ANSI_QUOTES, so that text ends where sqlglot takes it to end."""

_REFUSED: Final = frozenset((code,) for code in (1264, 1292, 1364, 1366, 1406, 1644, 3140, 3819, 4025))
"""Errors of one row's that are none of PyMySQL's DataError and IntegrityError: checks and triggers, mostly."""

_TYPES: Final[Mapping[str, str]] = {
    "bigint": "BIGINT",
    "bigint unsigned": "UBIGINT",
    "binary": "BLOB",
    "bit": "BLOB",
    "blob": "BLOB",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "double": "DOUBLE",
    "float": "FLOAT",
    "int": "INTEGER",
    "int unsigned": "UINTEGER",
    "json": "JSON",
    "longblob": "BLOB",
    "mediumblob": "BLOB",
    "mediumint": "INTEGER",
    "mediumint unsigned": "INTEGER",
    "smallint": "SMALLINT",
    "smallint unsigned": "USMALLINT",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "tinyblob": "BLOB",
    "tinyint": "TINYINT",
    "tinyint unsigned": "UTINYINT",
    "varbinary": "BLOB",
    "year": "SMALLINT",
}
_WIDEST: Final = 38

_NEW_TYPES: Final[Mapping[str, str]] = {
    "BIGINT": "bigint",
    "BLOB": "longblob",
    "BOOLEAN": "tinyint(1)",
    "DATE": "date",
    "DOUBLE": "double",
    "FLOAT": "float",
    "HUGEINT": "decimal(39)",
    "INTEGER": "int",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "UBIGINT": "bigint unsigned",
    "UHUGEINT": "decimal(39)",
    "UINTEGER": "int unsigned",
    "USMALLINT": "smallint unsigned",
    "UTINYINT": "tinyint unsigned",
    "UUID": "char(36)",
}
_KEY_TEXT: Final = "varchar(255)"
"""A key's text has bounds in MySQL."""

_OF_CODES: Final[Mapping[int, str]] = {
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.JSON: "json",
    FIELD_TYPE.BIT: "bit",
}
_DECIMALS: Final = (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL)
_TEXTS: Final = (FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.BLOB)

_COLUMNS: Final = """
SELECT c.TABLE_SCHEMA, c.TABLE_NAME, t.TABLE_TYPE, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_DEFAULT,
  c.EXTRA, c.COLUMN_KEY
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
WHERE c.TABLE_SCHEMA NOT IN %s AND (%s IS NULL OR c.TABLE_SCHEMA = %s)
  AND (%s IS NULL OR lower(concat(c.TABLE_SCHEMA, '.', c.TABLE_NAME)) = lower(%s))
ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION
"""
_JSON_CHECKS: Final = """
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS
WHERE CHECK_CLAUSE = concat('json_valid(`', CONSTRAINT_NAME, '`)')
"""
"""How MariaDB marks JSON: as text with a check that bears the column's name."""


class MysqlWire(Wire):
    """One connection to MySQL or MariaDB."""

    make: ClassVar[str] = "MySQL"
    errors: ClassVar[tuple[type[Exception], ...]] = (pymysql.Error,)

    def __init__(
        self, configuration: Mapping[str, Any], *, ssl: Any, seconds: float, is_read_only: bool
    ) -> None:
        self._database: str | None = configuration.get("dbname") or None
        self._connection = pymysql.connect(
            host=configuration["hostname"],
            port=configuration["port"],
            user=configuration["account"],
            password=configuration["passwd"],
            database=self._database,
            charset="utf8mb4",
            connect_timeout=_PATIENCE,
            conv={kind: convert for kind, convert in conversions.items() if kind not in _AS_TEXT},
            client_flag=CLIENT.FOUND_ROWS,
            ssl=ssl,
            ssl_disabled=ssl is None,
            local_infile=False,
        )
        self._is_mariadb = "MariaDB" in self._connection.get_server_info()
        self._begin(seconds, is_read_only=is_read_only)

    def _begin(self, seconds: float, *, is_read_only: bool) -> None:
        limit = (
            f"max_statement_time = {seconds}"
            if self._is_mariadb
            else f"max_execution_time = {int(seconds * 1000)}"
        )
        self.execute(
            f"SET SESSION sql_mode = '{_MODE}', time_zone = '+00:00', innodb_lock_wait_timeout = {_LOCK_SECONDS}, {limit}"
        )
        self.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.execute(f"START TRANSACTION READ {'ONLY' if is_read_only else 'WRITE'}")

    def relations(self, id_: str | None = None) -> list[Relation]:
        found = self.fetch(_COLUMNS, (_SYSTEM, self._database, self._database, id_, id_))
        checked = set(self.fetch(_JSON_CHECKS)) if self._is_mariadb and found else set[Values]()
        return [
            _relation(schema, name, [row[2:] for row in rows], checked)
            for (schema, name), rows in groupby(found, lambda row: (row[0], row[1]))
        ]

    def query(self, sql: str) -> Stream:
        cursor = self._connection.cursor(SSCursor)
        cursor.execute(sql)
        sql_types = [_type_of_field(field) for field in _fields(cursor)]
        names = distinct(name for name, *_ in cursor.description or ())
        columns = (Column(name, field_type(each), each) for name, each in zip(names, sql_types, strict=True))
        decode = decoders(sql_types)
        return Stream(tuple(columns), (decoded(row, decode) for row in _batches(cursor)))

    def stream(self, sql: str) -> Iterator[Values]:
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql, ())
            yield from _batches(cursor)

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(values))
            return list(cursor.fetchall())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.fetch(sql, values)

    def insert(self, relation: Relation, names: Sequence[str], rows: Sequence[Row]) -> list[Row | None]:
        named = {column.name: column for column in relation.columns}
        values = [[self.encoded(row[name], named[name]) for name in names] for row in rows]
        sql = (
            f"INSERT INTO {self.called(relation)} ({self.listed(names)})"  # noqa: S608 - quoted
            f" VALUES ({', '.join(['%s'] * len(names))})"
        )
        with self._connection.cursor() as cursor:
            if all(row.get(name) is not None for row in rows for name in relation.key):
                cursor.executemany(sql, values)
                return [*rows]
            return [
                self._inserted(cursor, sql, each, relation, row)
                for each, row in zip(values, rows, strict=True)
            ]

    @staticmethod
    def _inserted(
        cursor: "pymysql.cursors.Cursor", sql: str, values: Sequence[Any], relation: Relation, row: Row
    ) -> Row:
        """Insert one row and learn the key that the server gave it."""
        cursor.execute(sql, values)
        return row | {name: cursor.lastrowid for name in relation.key if row.get(name) is None}

    def change(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        with self._connection.cursor() as cursor:
            return [cursor.execute(sql, row) > 0 for row in rows]

    def encoded(self, value: Any, column: Column) -> Any:
        if column.sql_type == "BOOLEAN" and isinstance(value, bool):
            return int(value)
        plain = encoded(value, column.sql_type)
        return plain.removesuffix("Z") if column.type == "datetime" and plain is not None else plain

    def same(self, relation: Relation, column: Column) -> str:
        return f"{self.quoted(column.name)} {'=' if relation.key else '<=>'} %s"

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``").replace("%", "%%") + "`"

    def type_for(self, column: Column, *, is_key: bool) -> str:
        sql_type = column.sql_type
        if sql_type.startswith("DECIMAL"):
            return sql_type.replace("DECIMAL", "decimal", 1)
        if is_nested(sql_type):
            return "json"
        base = sql_type.partition("(")[0]
        text = _KEY_TEXT if is_key else "longtext"
        return _NEW_TYPES.get(base, "datetime(6)" if base.startswith("TIMESTAMP") else text)

    def make_schema(self, name: str) -> None:
        if not self.fetch("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", (name,)):
            self.execute(f"CREATE DATABASE {self.quoted(name)}")

    def state(self, relation: Relation) -> str:
        return repr(self.fetch(f"CHECKSUM TABLE {self.called(relation)}"))

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, pymysql.DataError | pymysql.IntegrityError) or error.args[:1] in _REFUSED

    def words(self, error: Exception) -> str:
        return str(error.args[-1]) if error.args else type(error).__name__

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


def _batches(cursor: SSCursor) -> Iterator[Values]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _fields(cursor: SSCursor) -> list[Any]:
    """Return what the server says of a result's columns; the cursor's own description leaves half of it out."""
    return vars(cursor)["_result"].fields


def _type_of_field(field: Any) -> str:
    code: int = field.type_code
    if code in _DECIMALS:
        # The length counts the sign and the point.
        digits = field.length - (1 if field.scale else 0) - (0 if field.flags & FLAG.UNSIGNED else 1)
        return _decimal(digits, field.scale)
    if code in (FIELD_TYPE.TINY, FIELD_TYPE.BIT) and field.length == 1:
        return "BOOLEAN"
    if code in _TEXTS:
        return "BLOB" if field.charsetnr == _BINARY else "VARCHAR"
    name = _OF_CODES.get(code, "text")
    return _sql_type(f"{name} unsigned" if field.flags & FLAG.UNSIGNED and name.endswith("int") else name)


def _relation(schema: str, name: str, found: list[Values], checked: set[Values]) -> Relation:
    columns: list[Column] = []
    for _, column, type_, is_nullable, default, extra, _ in found:
        sql_type = "JSON" if (schema, name, column) in checked else _sql_type(type_)
        is_fixed = "GENERATED" in extra.upper() and "DEFAULT_GENERATED" not in extra.upper()
        columns.append(
            Column(
                column,
                field_type(sql_type),
                sql_type,
                required=is_nullable == "NO" and default is None and not extra,
                createable=not is_fixed,
                updateable=not is_fixed,
                values=tuple(Choice(value, value) for value in _choices(type_)),
            )
        )
    kind = "view" if "VIEW" in found[0][0] else "table"
    key = tuple(row[1] for row in found if row[6] == "PRI")
    return Relation(schema, name, kind, tuple(columns), tuple(row[2] for row in found), key)


def _sql_type(type_: str) -> str:
    """Return DuckDB's type for a column's type; text for what DuckDB does not know."""
    if type_ in ("tinyint(1)", "bit(1)"):
        return "BOOLEAN"
    if found := re.match(r"decimal\((\d+),(\d+)\)", type_):
        return _decimal(int(found[1]), int(found[2]))
    plain = re.sub(r"\([^)]*\)| zerofill", "", type_)
    return _TYPES.get(plain, "VARCHAR")


def _decimal(precision: int, scale: int) -> str:
    return f"DECIMAL({min(precision, _WIDEST)},{scale})" if scale <= _WIDEST else "VARCHAR"


def _choices(type_: str) -> list[str]:
    """Return the values of an enum, whose quotes the server doubles."""
    if not type_.startswith("enum("):
        return []
    return [each.replace("''", "'") for each in re.findall(r"'((?:[^']|'')*)'", type_)]
