"""What DuckDB does not have is refused by the name that the query gives it."""

from importlib.resources import files
from typing import Any

import duckdb
import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError


@pytest.mark.parametrize(
    ("dialect", "sql", "name"),
    [
        ("snowflake", "SELECT SYSTEM$TYPEOF(1)", "'SYSTEM$TYPEOF' of snowflake"),
        ("snowflake", "SELECT upper(soundex('x'))", "'SOUNDEX' of snowflake"),
        ("mysql", "SELECT id FROM people WHERE INET_ATON('1.1.1.1') = 1", "'INET_ATON' of mysql"),
        ("clickhouse", "SELECT uniqExact(id) FROM people", "'UNIQEXACT' of clickhouse"),
        ("postgres", "SELECT * FROM (SELECT quote_ident('x')) AS t", "'QUOTE_IDENT' of postgres"),
        ("", "SELECT no_such(1)", "'NO_SUCH'. Write"),
    ],
)
def test_a_function_is_refused_by_its_name(ask: Any, dialect: str, sql: str, name: str) -> None:
    with pytest.raises(QueryError) as refusal:
        ask(dialect, sql)

    assert f"The sandbox cannot run the function {name}" in str(refusal.value)


def test_names_of_subqueries_and_clauses_are_no_functions(ask: Any) -> None:
    sql = """
        WITH x(a) AS (SELECT id FROM people TABLESAMPLE BERNOULLI (100))
        SELECT y.b FROM (SELECT a FROM x) AS y(b)
    """

    assert sorted(ask("postgres", sql)) == [1, 2]


def test_the_functions_that_are_known_are_duckdbs() -> None:
    names = files("polytomic_mcp.sandbox.data.sql.dialects").joinpath("duckdb_functions.txt").read_text()
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT upper(function_name) FROM duckdb_functions() WHERE function_type <> 'pragma'"
        ).fetchall()

    assert set(names.split()) <= {name for (name,) in found}
