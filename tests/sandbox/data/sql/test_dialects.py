"""Each warehouse's own SQL, with the rows it must return."""

from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.systems.systems import load_systems, warehouses
from polytomic_mcp.sandbox.data.tables.tables import Tables

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


@pytest.fixture
def on_time(tables: Tables) -> Any:
    """Ask at half past nine on 2026-01-15: ``on_time("SELECT 1", "mysql")``."""
    engine = Engine(tables, lambda: NOW)
    yield lambda sql, dialect: engine.query("snowflake", sql, dialect=dialect).rows
    engine.close()


QUERIES: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    ("snowflake", "SELECT id FROM people QUALIFY ROW_NUMBER() OVER (ORDER BY id DESC) = 1", [(5,)]),
    ("snowflake", "SELECT id FROM people WHERE name ILIKE 'N3'", [(3,)]),
    ("snowflake", "SELECT IFF(id > 4, 'b', 'a') FROM people WHERE id >= 4 ORDER BY id", [("a",), ("b",)]),
    (
        "snowflake",
        "SELECT LISTAGG(name, '-') WITHIN GROUP (ORDER BY id) FROM people WHERE id < 3",
        [("n1-n2",)],
    ),
    ("snowflake", "SELECT DATEADD(day, 1, '2026-01-15'::DATE)::VARCHAR", [("2026-01-16",)]),
    ("snowflake", "SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 7))", [(7,)]),
    ("snowflake", "SELECT '12'::INT + 1, NVL(NULL, 2), ZEROIFNULL(NULL)", [(13, 2, 0)]),
    ("snowflake", "SELECT DATEDIFF(day, '2026-01-01'::DATE, '2026-01-15'::DATE)", [(14,)]),
    ("snowflake", 'SELECT PARSE_JSON(\'{"a": {"b": 5}}\'):a.b::INT', [(5,)]),
    ("snowflake", "SELECT DATEADD(hour, 1, '2026-01-15'::DATE)", [("2026-01-15T01:00:00",)]),
    ("bigquery", "SELECT `id` FROM `public`.`people` WHERE id = 1", [(1,)]),
    ("bigquery", "SELECT STRUCT(1 AS a, 'x' AS b).b", [("x",)]),
    ("bigquery", "SELECT SAFE_CAST('x' AS INT64), SAFE_CAST('5' AS INT64)", [(None, 5)]),
    ("bigquery", "SELECT n FROM UNNEST([1, 2, 3]) AS n WHERE n > 1", [(2,), (3,)]),
    ("bigquery", "SELECT CAST(DATE_SUB(DATE '2026-01-15', INTERVAL 1 MONTH) AS STRING)", [("2025-12-15",)]),
    ("bigquery", "SELECT COUNTIF(id > 3), IF(TRUE, 1, 2) FROM people", [(2, 1)]),
    ("redshift", "SELECT NVL(NULL, 'x'), LEN('abc'), 1::VARCHAR", [("x", 3, "1")]),
    ("redshift", "SELECT DATEDIFF(day, '2026-01-01'::date, '2026-01-15'::date)", [(14,)]),
    ("redshift", "SELECT TOP 2 id FROM people ORDER BY id", [(1,), (2,)]),
    ("databricks", "SELECT IF(id > 4, 'b', 'a') FROM people WHERE id = 5", [("b",)]),
    ("databricks", "SELECT `id`, id DIV 2 FROM people WHERE id = 5", [(5, 2)]),
    ("databricks", "SELECT EXPLODE(ARRAY(1, 2))", [(1,), (2,)]),
    ("databricks", "SELECT CAST(DATE_ADD(DATE '2026-01-15', 1) AS STRING)", [("2026-01-16",)]),
    ("mysql", "SELECT `id`, IFNULL(NULL, 'x') FROM `people` WHERE id = 1", [(1, "x")]),
    ("mysql", "SELECT DATE_FORMAT('2026-01-15', '%Y/%m')", [("2026/01",)]),
    ("mysql", "SELECT GROUP_CONCAT(name ORDER BY id SEPARATOR '|') FROM people WHERE id < 3", [("n1|n2",)]),
    ("mysql", "SELECT CONCAT(name, '!') FROM people LIMIT 1, 1", [("n2!",)]),
    ("postgres", "SELECT DISTINCT ON (plan) plan, id FROM people ORDER BY plan, id DESC", [("free", 5)]),
    ("postgres", "SELECT '{\"a\": 1}'::json ->> 'a'", [("1",)]),
    ("postgres", "SELECT g FROM generate_series(1, 3) AS g", [(1,), (2,), (3,)]),
    ("postgres", "SELECT COUNT(*) FILTER (WHERE id > 3) FROM people", [(2,)]),
    ("postgres", "SELECT string_agg(name, ',' ORDER BY id) FROM people WHERE id < 3", [("n1,n2",)]),
    ("tsql", "SELECT TOP 2 [id] FROM [people] ORDER BY [id] DESC", [(5,), (4,)]),
    ("tsql", "SELECT ISNULL(NULL, 'x'), LEN('abc')", [("x", 3)]),
    ("tsql", "SELECT CAST(DATEADD(day, 1, CAST('2026-01-15' AS DATE)) AS VARCHAR(10))", [("2026-01-16",)]),
    ("tsql", "SELECT id FROM people ORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", [(2,)]),
    ("athena", "SELECT approx_distinct(plan), element_at(ARRAY[7, 8], 2) FROM people", [(1, 8)]),
    ("athena", "SELECT n FROM UNNEST(SEQUENCE(1, 3)) AS t(n)", [(1,), (2,), (3,)]),
    ("clickhouse", "SELECT countIf(id > 3), uniq(plan) FROM people", [(2, 1)]),
    ("clickhouse", "SELECT id FROM people ORDER BY id LIMIT 1 OFFSET 1", [(2,)]),
    ("duckdb", "FROM people SELECT id LIMIT 1", [(1,)]),
    ("duckdb", "SELECT [x * 2 FOR x IN [1, 2]], {'a': 1}.a", [([2, 4], 1)]),
    ("duckdb", "SELECT COLUMNS('i.*') FROM people LIMIT 1", [(1,)]),
    ("", "SELECT COALESCE(NULL, id) FROM people FETCH FIRST 1 ROWS ONLY", [(1,)]),
]


@pytest.mark.parametrize(("dialect", "sql", "rows"), QUERIES)
def test_a_warehouse_is_queried_in_its_own_sql(
    ask: Any, dialect: str, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    assert ask(sql, dialect).rows == rows


def test_every_warehouses_dialect_is_tested() -> None:
    spoken = {load_systems()[each].language.dialect for each in warehouses()}

    assert {dialect for dialect, *_ in QUERIES} >= spoken


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("mysql", "SELECT INET_ATON('1.1.1.1')"),
        ("clickhouse", "SELECT NUMBERS(5)"),
        ("clickhouse", "SELECT uniqExact(5)"),
        ("bigquery", "SELECT ML.PREDICT(1)"),
        ("snowflake", "SELECT SYSTEM$TYPEOF(1)"),
    ],
)
def test_a_function_that_duckdb_does_not_have_is_refused(ask: Any, dialect: str, sql: str) -> None:
    with pytest.raises(QueryError):
        ask(sql, dialect)


MOMENT = "2026-01-15T09:30:00"


@pytest.mark.parametrize(
    ("dialect", "sql", "time"),
    [
        ("snowflake", "CURRENT_TIMESTAMP()", f"{MOMENT}Z"),
        ("snowflake", "SYSDATE()", MOMENT),
        ("snowflake", "CURRENT_DATE", "2026-01-15"),
        ("postgres", "now()", f"{MOMENT}Z"),
        ("postgres", "CURRENT_TIMESTAMP(3)", f"{MOMENT}Z"),
        ("postgres", "clock_timestamp()", f"{MOMENT}Z"),
        ("postgres", "LOCALTIMESTAMP", MOMENT),
        ("postgres", "LOCALTIME", "09:30:00"),
        ("postgres", "age(TIMESTAMP '2026-01-14')", "1 day"),
        ("mysql", "UNIX_TIMESTAMP()", 1768469400),
        ("mysql", "UTC_TIMESTAMP()", MOMENT),
        ("mysql", "CURDATE()", "2026-01-15"),
        ("tsql", "GETUTCDATE()", MOMENT),
        ("bigquery", "CURRENT_DATETIME()", MOMENT),
        ("bigquery", "CURRENT_DATE('Asia/Tokyo')", "2026-01-15"),
        ("bigquery", "CURRENT_DATE('Pacific/Honolulu')", "2026-01-14"),
        ("clickhouse", "yesterday()", "2026-01-14"),
        ("duckdb", "today()", "2026-01-15"),
        ("duckdb", "upper('x')", "X"),
    ],
)
def test_the_current_time_is_the_sandboxs(on_time: Any, dialect: str, sql: str, time: Any) -> None:
    assert on_time(f"SELECT {sql}", dialect) == [(time,)]


def test_dates_are_counted_from_the_sandboxs_clock(on_time: Any) -> None:
    assert on_time("SELECT CAST(DATEADD(day, -1, CURRENT_DATE) AS DATE)", "snowflake") == [("2026-01-14",)]
    assert on_time("SELECT 1 FROM people WHERE now() > '2026-01-15T09:31:00Z'", "postgres") == []


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("duckdb", "SELECT len(range(1000001))"),
        ("duckdb", "SELECT len(range(1000 * id * 1000)) FROM people"),
        (
            "postgres",
            "SELECT generate_series(timestamp '2026-01-01', timestamp '2027-01-01', interval '1 second')",
        ),
        ("bigquery", "SELECT n FROM UNNEST(GENERATE_ARRAY(1, 100000000)) AS n"),
    ],
)
def test_a_long_list_is_refused(ask: Any, dialect: str, sql: str) -> None:
    with pytest.raises(QueryError, match="A list may have up to 1000000 entries"):
        ask(sql, dialect)


def test_a_list_within_the_limit_is_returned(ask: Any) -> None:
    assert ask("SELECT len(range(10, 0, -1)), len(range(3))", "duckdb").rows == [(10, 3)]
    days = (
        "SELECT count(*) FROM unnest(generate_series(DATE '2026-01-01', DATE '2026-01-03', INTERVAL 1 DAY))"
    )
    assert ask(days, "duckdb").rows == [(3,)]
