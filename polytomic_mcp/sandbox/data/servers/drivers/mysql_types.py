"""MySQL's types and tables, translated to those of the sandbox and back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlglot
from pymysql.constants import FIELD_TYPE, FLAG
from sqlglot import exp

from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.tables.field_types import field_type, is_nested
from polytomic_mcp.sandbox.data.tables.numbers import decimal_bounds
from polytomic_mcp.sandbox.data.tables.table import Choice, Column

_BINARY: Final = 63
"""The character set of binary data."""

PRODUCT: Final = "mysql:"
"""What ``Column.native`` begins with."""

YEAR: Final = f"{PRODUCT}year(4)"
"""``Column.native`` of a year."""

_GEOMETRIES: Final = (
    *("geometry", "point", "linestring", "polygon"),
    *("geometrycollection", "multipoint", "multilinestring", "multipolygon"),
)
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
    **dict.fromkeys(_GEOMETRIES, "BLOB"),
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
_NEW_TYPES: Final[Mapping[str, str]] = {
    "BIGINT": "bigint",
    "BLOB": "longblob",
    "BOOLEAN": "tinyint(1)",
    "DATE": "date",
    "DOUBLE": "double",
    "FLOAT": "float",
    "DECIMAL": "decimal(65,30)",
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
_WIDEST: Final = 65
_KEY_TYPES: Final[Mapping[str, str]] = {"longblob": "varbinary(255)", "longtext": "varchar(255)"}
"""MySQL limits the length of a key."""

_UNBOUNDED: Final = ("text", "blob", "json", *_GEOMETRIES)
"""What the names of types end with that a key cannot have."""

_NAMES: Final[Mapping[int, str]] = {
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
    FIELD_TYPE.GEOMETRY: "geometry",
}
_CLOCKS: Final[Mapping[int, str]] = {
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.TIMESTAMP: "timestamp",
}
_MICROSECONDS: Final = 6
_DECIMALS: Final = (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL)
_TEXTS: Final = (FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.BLOB)

COLUMNS: Final = """
SELECT c.TABLE_SCHEMA, c.TABLE_NAME, t.TABLE_TYPE, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE,
  c.COLUMN_DEFAULT, c.EXTRA, c.COLUMN_KEY
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
WHERE c.TABLE_SCHEMA NOT IN %s
  AND CASE WHEN %s IS NULL THEN %s IS NULL OR c.TABLE_SCHEMA = %s
    ELSE lower(concat(c.TABLE_SCHEMA, '.', c.TABLE_NAME)) = lower(%s) END
ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION
"""
"""All columns of the connection's database, or those with one id in any case, whatever their database."""

JSON_CHECKS: Final = """
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS
WHERE CHECK_CLAUSE = concat('json_valid(`', CONSTRAINT_NAME, '`)')
"""
"""The columns that hold JSON in MariaDB: text with a check constraint named like the column."""


def new_type(column: Column, *, is_key: bool) -> str:
    """Return the type of a new column."""
    own = column.origin.removeprefix(PRODUCT)
    if column.origin.startswith(PRODUCT) and not (is_key and own.endswith(_UNBOUNDED)):
        return own
    found = _new_type(column.sql_type)
    return _KEY_TYPES.get(found, found) if is_key else found


def _new_type(sql_type: str) -> str:
    bounds = decimal_bounds(sql_type)
    if bounds is not None and bounds[0] <= _WIDEST:
        return f"decimal({bounds[0]},{bounds[1]})"
    if is_nested(sql_type):
        return "json"
    base = sql_type.partition("(")[0]
    return _NEW_TYPES.get(base, "datetime(6)" if base.startswith("TIMESTAMP") else "longtext")


def type_of_field(field: Any) -> str:
    """Return DuckDB's type for a column of a result, given PyMySQL's description."""
    code: int = field.type_code
    if code in _DECIMALS:
        # The length includes the sign and the point.
        digits = field.length - (1 if field.scale else 0) - (0 if field.flags & FLAG.UNSIGNED else 1)
        return _decimal(digits, field.scale)
    if code == FIELD_TYPE.BIT and field.length == 1:
        return "BOOLEAN"
    if code in _TEXTS:
        return "BLOB" if field.charsetnr == _BINARY else "VARCHAR"
    name = _NAMES.get(code, "text")
    return sql_type_of(f"{name} unsigned" if field.flags & FLAG.UNSIGNED and name.endswith("int") else name)


def native_of_field(field: Any) -> str:
    """Return ``Column.native`` for a column of a result if no other type would hold its values."""
    code: int = field.type_code
    if code == FIELD_TYPE.BIT:
        return f"{PRODUCT}bit({field.length})"
    if code in _CLOCKS:
        return f"{PRODUCT}{_CLOCKS[code]}({min(field.scale, _MICROSECONDS)})"
    return f"{PRODUCT}{_NAMES[code]}" if code in (FIELD_TYPE.YEAR, FIELD_TYPE.GEOMETRY) else ""


def with_all_digits(sql: str, sql_types: Sequence[str]) -> str:
    """Return a query with the digits of four-byte floats, of which the server would write six."""
    query = sqlglot.parse_one(sql, read="mysql")
    if isinstance(query, exp.Query) and query.args.get("order") and not query.args.get("limit"):
        query = query.limit(2**63 - 1)  # otherwise the server ignores the order
    names = [f"c{index}" for index in range(len(sql_types))]
    values = [
        f"{name} + 0e0" if each == "FLOAT" else name for name, each in zip(names, sql_types, strict=True)
    ]
    return f"WITH q ({', '.join(names)}) AS ({query.sql('mysql')}) SELECT {', '.join(values)} FROM q"  # noqa: S608 - checked


def relation(schema: str, name: str, found: list[tuple[Any, ...]], checked: set[tuple[Any, ...]]) -> Relation:
    """Return the table or view with these columns, rows of ``COLUMNS``; those in ``checked`` hold JSON."""
    columns: list[Column] = []
    for _, column, type_, is_nullable, default, extra, _ in found:
        sql_type = "JSON" if (schema, name, column) in checked else sql_type_of(type_)
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
                native=PRODUCT + ("json" if sql_type == "JSON" else type_),
            )
        )
    kind = "view" if "VIEW" in found[0][0] else "table"
    key = tuple(row[1] for row in found if row[6] == "PRI")
    return Relation(schema, name, kind, tuple(columns), tuple(row[2] for row in found), key)


def sql_type_of(type_: str) -> str:
    """Return DuckDB's type for a column's type; VARCHAR for a type that DuckDB does not have."""
    if type_ == "bit(1)":
        return "BOOLEAN"
    if found := re.match(r"decimal\((\d+),(\d+)\)", type_):
        return _decimal(int(found[1]), int(found[2]))
    plain = re.sub(r"\([^)]*\)| zerofill", "", type_)
    return _TYPES.get(plain, "VARCHAR")


def _decimal(precision: int, scale: int) -> str:
    return f"DECIMAL({precision},{scale})"


def _choices(type_: str) -> list[str]:
    """Return the values of an enum type, in which the server doubles quotes."""
    if not type_.startswith("enum("):
        return []
    return [each.replace("''", "'") for each in re.findall(r"'((?:[^']|'')*)'", type_)]
