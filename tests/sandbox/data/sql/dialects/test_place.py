"""A query is told the connection's own database and schema, and nothing of the DuckDB that runs it."""

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.tables.tables import Tables


@pytest.mark.parametrize(
    ("dialect", "sql", "row"),
    [
        ("snowflake", "current_database(), current_schema()", ("acme", "public")),
        ("postgres", "current_database(), current_catalog, current_schema", ("acme", "acme", "public")),
        ("databricks", "current_catalog(), current_database()", ("acme", "acme")),
        ("mysql", "DATABASE(), SCHEMA()", ("acme", "acme")),
        ("tsql", "DB_NAME(), SCHEMA_NAME()", ("acme", "public")),
        ("duckdb", "current_database(), current_schema()", ("acme", "public")),
    ],
)
def test_the_place_is_that_of_the_connection(
    tables: Tables, dialect: str, sql: str, row: tuple[str, ...]
) -> None:
    engine = Engine(tables)

    result = engine.query("snowflake", f"SELECT {sql}", dialect=dialect, database="acme")
    unnamed = engine.query("snowflake", "SELECT current_database()", dialect=dialect)

    engine.close()
    assert result.rows == [row]
    assert unnamed.rows == [(None,)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing FROM people", '^Referenced column "nothing" not found'),
        ("SELECT 'x'::int", "^Could not convert string 'x'"),
        ("SELECT name FROM people GROUP BY plan", '^column "name" must appear in the GROUP BY clause'),
    ],
)
def test_a_message_does_not_name_parts_of_duckdb(tables: Tables, sql: str, message: str) -> None:
    engine = Engine(tables)

    with pytest.raises(QueryError, match=message):
        engine.query("snowflake", sql, dialect="snowflake")

    engine.close()
