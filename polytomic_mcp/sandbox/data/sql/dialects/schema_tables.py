"""``information_schema``: the connection's tables and columns, under the names that a dialect gives types.

The names are those of the connection's own system. Snowflake compares them in any case, because names that
are not quoted have none there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from sqlglot import exp

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.tables import Table

NAME: Final = "information_schema"

_VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": (
        *("table_catalog", "table_schema", "table_name", "column_name", "ordinal_position"),
        *("is_nullable", "data_type"),
    ),
}
_TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    "postgres": {
        "VARCHAR": "text",
        "DOUBLE": "double precision",
        "TIMESTAMP": "timestamp without time zone",
        "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
        "JSON": "jsonb",
    },
    "redshift": {
        "VARCHAR": "character varying",
        "DOUBLE": "double precision",
        "TIMESTAMP": "timestamp without time zone",
        "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
        "JSON": "super",
    },
    "snowflake": {
        "VARCHAR": "TEXT",
        **dict.fromkeys(("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT"), "NUMBER"),
        "DOUBLE": "FLOAT",
        "TIMESTAMP": "TIMESTAMP_NTZ",
        "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
        "JSON": "VARIANT",
    },
}
_LOWER: Final = ("postgres", "redshift", "mysql", "databricks", "athena")
"""Dialects whose types are written in lower case there."""


def is_view(parts: Sequence[str]) -> bool:
    """Whether a name is one of ``information_schema``."""
    return len(parts) > 1 and parts[-2].casefold() == NAME


def view(name: str, tables: Iterable[Table], database: str, schema: str, dialect: str) -> exp.Subquery:
    """Return a view as a subquery; ``schema`` is what the system calls the sandbox's default one.

    Raises:
        QueryError: The sandbox does not have it.
    """
    columns = _VIEWS.get(name.casefold())
    if columns is None:
        raise QueryError(unknown(f"{NAME} view", name, _VIEWS))
    rows = dict.fromkeys(_rows(name.casefold(), tables, database, schema, dialect))
    values = exp.values([*rows] or [("",) * len(columns)], alias="v", columns=columns)
    select = exp.select(*(_shown(column, dialect) for column in columns)).from_(values)
    return exp.Subquery(this=select if rows else select.where("FALSE"))


def _shown(column: str, dialect: str) -> exp.Expr:
    if dialect != "snowflake" or column == "ordinal_position":
        return exp.column(column)
    collated = exp.Collate(this=exp.column(column), expression=exp.var("NOCASE"))
    return exp.alias_(collated, column)


def _rows(
    view_: str, tables: Iterable[Table], database: str, schema: str, dialect: str
) -> Iterator[tuple[str | int, ...]]:
    for table in tables:
        namespace, _, name = table.name.rpartition(".")
        place = (database, schema if namespace in ("", "public") else namespace)
        if view_ == "schemata":
            yield place
        elif view_ == "tables":
            yield (*place, name, "VIEW" if table.kind == "view" else "BASE TABLE")
        else:
            for position, column in enumerate(table.columns, 1):
                nullable = "NO" if column.name in table.key_columns or column.required else "YES"
                yield (*place, name, column.name, position, nullable, _type(column.sql_type, dialect))


def _type(sql_type: str, dialect: str) -> str:
    known = _TYPES.get(dialect, {}).get(sql_type.upper())
    written = known or exp.DataType.build(sql_type, dialect="duckdb").sql(dialect or "duckdb")
    return written.lower() if dialect in _LOWER else written
