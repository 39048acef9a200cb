"""``information_schema`` has the tables and columns of the connection's own system, under its names."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.tables.tables import Tables

NAMES = [("public", "people"), ("sales", "orders")]


@pytest.mark.parametrize(
    ("dialect", "name"),
    [
        *(
            (each, "information_schema.tables")
            for each in ("snowflake", "postgres", "mysql", "tsql", "duckdb", "")
        ),
        ("snowflake", "ANALYTICS.INFORMATION_SCHEMA.TABLES"),
        ("databricks", "main.information_schema.tables"),
        ("bigquery", "public.INFORMATION_SCHEMA.TABLES"),
        ("bigquery", "`acme`.public.INFORMATION_SCHEMA.TABLES"),
    ],
)
def test_tables_are_those_of_the_connection(ask: Any, dialect: str, name: str) -> None:
    assert (
        ask(dialect, f"SELECT table_schema, table_name FROM {name} ORDER BY 2 DESC") == NAMES  # noqa: S608 - the test's own
    )


def test_a_table_says_what_it_is_and_where(tables: Tables) -> None:
    engine = Engine(tables)
    sql = "SELECT t.* FROM INFORMATION_SCHEMA.TABLES t WHERE t.TABLE_SCHEMA = 'SALES'"

    result = engine.query("snowflake", sql, dialect="snowflake", database="ANALYTICS")

    engine.close()
    assert [column.name for column in result.columns] == [
        "table_catalog",
        "table_schema",
        "table_name",
        "table_type",
    ]
    assert result.rows == [("ANALYTICS", "sales", "orders", "VIEW")]


@pytest.mark.parametrize(
    ("dialect", "types"),
    [
        ("snowflake", ["NUMBER", "TEXT", "TEXT", "VARIANT", "TEXT", "DATE"]),
        ("postgres", ["bigint", "text", "text", "jsonb", "text", "date"]),
        ("mysql", ["bigint", "text", "text", "json", "text", "date"]),
        ("duckdb", ["BIGINT", "TEXT", "TEXT", "JSON", "TEXT", "DATE"]),
    ],
)
def test_columns_have_the_types_of_the_dialect(ask: Any, dialect: str, types: list[str]) -> None:
    columns = ask(
        dialect,
        "SELECT ordinal_position, column_name, is_nullable, data_type FROM information_schema.columns"
        " WHERE table_name = 'people' ORDER BY 1",
    )

    assert [(each[0], each[1]) for each in columns] == [
        (1, "id"), (2, "name"), (3, "plan"), (4, "data"), (5, "txt"), (6, "born"),
    ]  # fmt: skip
    assert [each[2] for each in columns] == ["NO", "NO", "YES", "YES", "YES", "YES"]
    assert [each[3] for each in columns] == types


def test_schemas_are_listed_once_and_can_be_joined(ask: Any) -> None:
    sql = (
        "SELECT s.schema_name, count(*) FROM information_schema.schemata s JOIN information_schema.tables t"
        " ON t.table_schema = s.schema_name GROUP BY 1 ORDER BY 1"
    )

    assert ask("postgres", sql) == [("public", 1), ("sales", 1)]


def test_an_empty_system_has_no_rows(ask: Any, tables: Tables) -> None:
    for table in tables.list("snowflake"):
        tables.drop(table)

    assert ask("snowflake", "SELECT * FROM information_schema.tables") == []


def test_another_view_is_refused_with_those_that_exist(ask: Any) -> None:
    with pytest.raises(QueryError, match="Valid values: schemata, tables, columns"):
        ask("postgres", "SELECT * FROM information_schema.routines")
