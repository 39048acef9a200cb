"""Sessions on MySQL and MariaDB, with PyMySQL."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, ClassVar, Final

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders, encoded
from polytomic_mcp.sandbox.data.servers.drivers.mysql_types import (
    COLUMNS,
    JSON_CHECKS,
    YEAR,
    native_of_field,
    new_type,
    relation,
    type_of_field,
    with_all_digits,
)
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.sql.backend import Stream, Values
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.numbers import four_bytes
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_CONNECT_SECONDS: Final = 5
_BATCH: Final = 2_000
_NAME_LETTERS: Final = 64
_LOCK_SECONDS: Final = 10
_AS_TEXT: Final = (
    FIELD_TYPE.BIT,
    FIELD_TYPE.DATE,
    FIELD_TYPE.DATETIME,
    FIELD_TYPE.DECIMAL,
    FIELD_TYPE.NEWDECIMAL,
    FIELD_TYPE.TIME,
    FIELD_TYPE.TIMESTAMP,
)
_SYSTEM_SCHEMAS: Final = ("information_schema", "mysql", "performance_schema", "sys")
_MODE: Final = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
"""Without NO_BACKSLASH_ESCAPES and ANSI_QUOTES, so that strings end where sqlglot assumes they do."""

_ROW_ERRORS: Final = frozenset(
    (code,) for code in (1118, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1416, 1644, 3140, 3819, 4025)
)
"""Errors that refuse a row, from checks and triggers mostly, for which PyMySQL has another class."""

_CHANGES: Final = (1264, 1265, 1292, 1366)
"""Warnings that the server stored another value: rounded, cut, or the nearest that fits."""


class MysqlSession(ServerSession):
    """A session on MySQL or MariaDB."""

    product: ClassVar[str] = "MySQL"
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
            connect_timeout=_CONNECT_SECONDS,
            conv={kind: convert for kind, convert in conversions.items() if kind not in _AS_TEXT},
            client_flag=CLIENT.FOUND_ROWS,
            ssl=ssl,
            ssl_disabled=ssl is None,
            local_infile=False,
        )
        self._is_mariadb = "MariaDB" in str(self.fetch("SELECT VERSION()"))
        self._begin(seconds, is_read_only=is_read_only)

    def _begin(self, seconds: float, *, is_read_only: bool) -> None:
        limit = (
            ("max_statement_time", seconds)
            if self._is_mariadb
            else ("max_execution_time", int(seconds * 1000))
        )
        settings = {"sql_mode": f"'{_MODE}'", "time_zone": "'+00:00'", "lock_wait_timeout": _LOCK_SECONDS}
        settings |= {"innodb_lock_wait_timeout": _LOCK_SECONDS, limit[0]: limit[1]}
        self.execute(f"SET SESSION {', '.join(f'{name} = {value}' for name, value in settings.items())}")
        self.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        self.execute(f"START TRANSACTION READ {'ONLY' if is_read_only else 'WRITE'}")

    def relations(self, id_: str | None = None) -> list[Relation]:
        found = self.fetch(COLUMNS, (_SYSTEM_SCHEMAS, id_, self._database, self._database, id_))
        checked = set(self.fetch(JSON_CHECKS)) if self._is_mariadb and found else set[Values]()
        return [
            relation(schema, name, [row[2:] for row in rows], checked)
            for (schema, name), rows in groupby(found, lambda row: (row[0], row[1]))
        ]

    def query(self, sql: str) -> Stream:
        cursor = self._connection.cursor(SSCursor)
        cursor.execute(sql)
        sql_types = [type_of_field(field) for field in _fields(cursor)]
        names = distinct(name for name, *_ in cursor.description or ())
        natives = map(native_of_field, _fields(cursor))
        columns = tuple(
            Column(name, field_type(sql_type), sql_type, native=native)
            for name, sql_type, native in zip(names, sql_types, natives, strict=True)
        )
        if "FLOAT" in sql_types:
            cursor.close()
            cursor = self._connection.cursor(SSCursor)
            cursor.execute(with_all_digits(sql, sql_types))
        decode = decoders(sql_types)
        return Stream(columns, (decoded(row, decode) for row in _batches(cursor)))

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
        columns = {column.name: column for column in relation.columns}
        values = [[self.encoded(row[name], columns[name]) for name in names] for row in rows]
        sql = (
            f"INSERT INTO {self.qualified_name(relation)} ({self.column_list(names)})"  # noqa: S608 - quoted
            f" VALUES ({', '.join(['%s'] * len(names))})"
        )
        with self._connection.cursor() as cursor:
            if all(row.get(name) is not None for row in rows for name in relation.key):
                cursor.executemany(sql, values)
                _require_unchanged(cursor)
                return [*rows]
            return [
                self._inserted(cursor, sql, each, relation, row)
                for each, row in zip(values, rows, strict=True)
            ]

    @staticmethod
    def _inserted(
        cursor: "pymysql.cursors.Cursor", sql: str, values: Sequence[Any], relation: Relation, row: Row
    ) -> Row:
        """Insert one row, and add the key that the server generates."""
        cursor.execute(sql, tuple(values))
        _require_unchanged(cursor)
        return row | {name: cursor.lastrowid for name in relation.key if row.get(name) is None}

    def execute_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[bool]:
        with self._connection.cursor() as cursor:
            return [_execute(cursor, sql, row) for row in rows]

    def encoded(self, value: Any, column: Column) -> Any:
        if column.sql_type in ("BOOLEAN", "TINYINT") and isinstance(value, bool):
            return int(value)
        if column.sql_type == "FLOAT" and isinstance(value, float):
            return repr(four_bytes(value))  # the server refuses the shortest text of the largest one
        if column.native == YEAR and isinstance(value, int):
            return f"{value:04}"  # the server takes 0 for 2000
        plain = encoded(value, column.sql_type)
        return plain.removesuffix("Z") if column.type == "datetime" and plain is not None else plain

    def equality(self, relation: Relation, column: Column) -> str:
        value = "CAST(%s AS FLOAT)" if column.sql_type == "FLOAT" else "%s"
        return f"{self.quoted(column.name)} {'=' if relation.key else '<=>'} {value}"

    def readable(self, column: Column) -> str:
        # The server would write six digits of a FLOAT.
        return f"{self.quoted(column.name)}{' + 0e0' if column.sql_type == 'FLOAT' else ''}"

    def comparable(self, relation: Relation, column: Column) -> str:
        del relation
        return self.quoted(column.name)

    def quoted(self, name: str) -> str:
        return "`" + name.replace("`", "``").replace("%", "%%") + "`"

    def type_for(self, column: Column, *, is_key: bool) -> str:
        return new_type(column, is_key=is_key)

    def has_schema(self, name: str) -> bool:
        return (name,) in self.fetch("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")

    def name_problem(self, name: str) -> str | None:
        if name.endswith(" "):
            return "ends with a space"
        length = len(name)
        return None if length <= _NAME_LETTERS else f"has {length} letters, and {_NAME_LETTERS} are the most"

    @property
    def table_options(self) -> str:
        # Text that differs by case or by spaces is not equal, whatever the database's collation is.
        collation = "utf8mb4_nopad_bin" if self._is_mariadb else "utf8mb4_0900_bin"
        return f" CHARACTER SET utf8mb4 COLLATE {collation}"

    def fingerprint(self, relation: Relation) -> str:
        return repr(self.fetch(f"CHECKSUM TABLE {self.qualified_name(relation)}"))

    def is_refusal(self, error: Exception) -> bool:
        return isinstance(error, pymysql.DataError | pymysql.IntegrityError) or error.args[:1] in _ROW_ERRORS

    def error_message(self, error: Exception) -> str:
        return str(error.args[-1]) if error.args else type(error).__name__

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


def _execute(cursor: "pymysql.cursors.Cursor", sql: str, values: Sequence[Any]) -> bool:
    """Run a statement; return whether it found a row."""
    is_changed = cursor.execute(sql, tuple(values)) > 0
    _require_unchanged(cursor)
    return is_changed


def _require_unchanged(cursor: "pymysql.cursors.Cursor") -> None:
    """Raise an error if the server stored other values than those that the last statement sent.

    Raises:
        pymysql.DataError: A value was rounded or cut.
    """
    if not cursor.warning_count:
        return
    cursor.execute("SHOW WARNINGS")
    for _, code, message in cursor.fetchall():
        if code in _CHANGES:
            raise pymysql.DataError(code, message)


def _batches(cursor: SSCursor) -> Iterator[Values]:
    while batch := cursor.fetchmany(_BATCH):
        yield from batch


def _fields(cursor: SSCursor) -> list[Any]:
    """Return the server's metadata of a result's columns; the cursor's description lacks half of it."""
    return vars(cursor)["_result"].fields
