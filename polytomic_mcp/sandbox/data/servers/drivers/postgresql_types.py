"""PostgreSQL's types and tables, translated to those of the sandbox and back."""

import re
from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.tables.field_types import field_type, is_nested
from polytomic_mcp.sandbox.data.tables.table import Choice, Column

_TYPES: Final[Mapping[str, str]] = {
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "bytea": "BLOB",
    "date": "DATE",
    "double precision": "DOUBLE",
    "integer": "INTEGER",
    "interval": "VARCHAR",
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
_UNBOUNDED: Final = "DECIMAL"
"""A numeric without precision, or with one that only PostgreSQL has."""

PRODUCT: Final = "postgresql:"
"""What ``Column.native`` begins with."""

_NEW_TYPES: Final[Mapping[str, str]] = {
    **{ours: theirs for theirs, ours in _TYPES.items() if theirs not in ("json", "oid", "character varying")},
    "INTERVAL": "interval",
    "VARCHAR": "text",
    "HUGEINT": "numeric(39)",
    "TINYINT": "smallint",
    "UBIGINT": "numeric(20)",
    "UHUGEINT": "numeric(39)",
    "UINTEGER": "bigint",
    "USMALLINT": "integer",
    "UTINYINT": "smallint",
}

RELATIONS: Final = r"""
SELECT n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
  CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod)
    ELSE format_type(a.atttypid, a.atttypmod) END,
  a.attnotnull OR t.typnotnull, a.atthasdef OR t.typdefault IS NOT NULL,
  a.attidentity::text, a.attgenerated::text, coalesce(a.attnum = ANY (i.indkey), false),
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
  coalesce(nullif(t.typbasetype, 0), t.oid) < 16384
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND (%s::text IS NULL OR lower(n.nspname || '.' || c.relname) = lower(%s))
ORDER BY n.nspname, c.relname, a.attnum
"""
"""All columns of all tables and views, or of those with one id in any case.

Types of the server itself, which every server has, have object ids below 16384.
"""

TYPE_NAMES: Final = """
SELECT format_type(oid, modifier), oid < 16384
FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS described (oid, modifier, position) ORDER BY position
"""
"""The names of types by their object ids and modifiers, and whether every server has them."""


def new_type(column: Column) -> str:
    """Return the type of a new column."""
    if column.origin.startswith(PRODUCT):
        return column.origin.removeprefix(PRODUCT)
    sql_type = column.sql_type
    if sql_type.startswith("DECIMAL"):
        return sql_type.replace("DECIMAL", "numeric", 1)
    if sql_type.endswith("[]") and sql_type[:-2] in _NEW_TYPES:
        return f"{_NEW_TYPES[sql_type[:-2]]}[]"
    if is_nested(sql_type):
        return "jsonb"
    base = sql_type.partition("(")[0]
    return _NEW_TYPES.get(base, "timestamp" if base.startswith("TIMESTAMP") else "text")


def relation(schema: str, name: str, found: list[tuple[Any, ...]]) -> Relation:
    """Return the table or view with these columns, which are rows of ``RELATIONS``."""
    columns: list[Column] = []
    types: list[str] = []
    key: list[str] = []
    for _, column, type_, plain, is_needed, has_default, identity, generated, is_key, values, is_own in found:
        sql_type = sql_type_of(plain, is_own=is_own)
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
                native=native(plain, is_own=is_own),
            )
        )
        types.append(type_)
        key += [column] if is_key else []
    kind = "view" if found[0][0] in ("v", "m") else "table"
    return Relation(schema, name, kind, tuple(columns), tuple(types), tuple(key))


def native(type_: str, *, is_own: bool) -> str:
    """Return ``Column.native`` of a type in the form of ``format_type``; empty if not every server has it."""
    return f"{PRODUCT}{type_}" if is_own else ""


def sql_type_of(type_: str, *, is_own: bool = True) -> str:
    """Return DuckDB's type for a type in the form of ``format_type``; VARCHAR if DuckDB does not have it."""
    if type_.endswith("[]"):
        return f"{sql_type_of(type_.removesuffix('[]'))}[]" if is_own else "VARCHAR"
    if found := re.fullmatch(r"numeric(?:\((\d+),(-?\d+)\))?", type_):
        return decimal_type(*(int(each) if each else None for each in found.groups()))
    return _TYPES.get(re.sub(r"\(\d+\)", "", type_), "VARCHAR")


def decimal_type(precision: int | None, scale: int | None) -> str:
    """Return the type of a numeric with this precision and scale, or without; DuckDB lacks wide ones."""
    is_bounded = precision and scale is not None and 0 <= scale <= precision
    return f"DECIMAL({precision},{scale})" if is_bounded else _UNBOUNDED
