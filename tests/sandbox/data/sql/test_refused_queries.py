"""Refused queries: invalid ones, those that write or read other data, and those that never end."""

import resource
import sys
import time
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.tables import Table, Tables


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "empty"),
        ("  -- nothing", "empty"),
        ("SELECT * FRM people", "line 1, column 14 near 'people'"),
        ("SELECT 'abc", "not valid SQL"),
        ("SELECT (id FROM people", "Syntax error"),
        ("SELECT nme FROM people", 'Candidate bindings: "name"'),
        ("SELECT * FROM peple", "Unknown snowflake table 'peple'. Did you mean 'people'?"),
        ("SELECT * FROM zzz", "Valid values: people."),
        ("SELECT * FROM OTHER.PUBLIC.PEOPLE", "Write ANALYTICS.PUBLIC.PEOPLE."),
        ("SELECT * FROM private.people", "'private.people'. Did you mean 'public.people'?"),
        ("SELECT CAST(name AS INT) FROM people", "Could not convert"),
        ("SELECT a FROM (SELECT 1 AS a) AS x, (SELECT 2 AS a) AS x", "Ambiguous"),
        ("SELECT 1 FROM " + "(" * 50_000, "nested too deeply"),
        ("SELECT " + "1 + " * 30_000 + "1", "characters"),
        ("SELECT ?", "parameters"),
    ],
)
def test_a_query_that_cannot_run_is_refused_with_the_reason(ask: Any, sql: str, message: str) -> None:
    with pytest.raises(QueryError) as refusal:
        ask(sql, database="ANALYTICS")

    assert message in str(refusal.value)
    assert "LINE 1" not in str(refusal.value)


WRITES = (
    "DROP TABLE people",
    "INSERT INTO people SELECT * FROM people",
    "DELETE FROM people",
    "UPDATE people SET id = 1",
    "TRUNCATE people",
    "MERGE INTO people USING people p ON true WHEN MATCHED THEN DELETE",
    "CREATE TABLE x AS SELECT 1",
    "SELECT 1 INTO x",
    "SELECT * INTO x FROM people",
    "WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO people VALUES (1) RETURNING *) SELECT * FROM x",
    "COPY people TO 'x.csv'",
    "COPY (SELECT 1) TO 'x.csv'",
    "EXPORT DATABASE 'x'",
    "ATTACH 'x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "FORCE INSTALL httpfs",
    "PRAGMA version",
    "SET threads = 9",
    "RESET memory_limit",
    "CALL pragma_version()",
    "EXPLAIN SELECT 1",
    "SHOW TABLES",
    "DESCRIBE people",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN",
    "COMMIT",
    "PREPARE x AS SELECT 1",
    "SELECT 1; DROP TABLE people",
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */ ; -- \n DELETE FROM people",
    "/* SELECT */ DROP TABLE people",
    "SELECT nextval('s')",
)
OUTSIDE = (
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT read_text('/etc/passwd')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('https://example.com/x.json')",
    "SELECT * FROM people WHERE EXISTS (SELECT * FROM read_parquet('x'))",
    "WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
    "SELECT * FROM parquet_scan('x')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM sqlite_scan('x.db', 't')",
    "SELECT * FROM postgres_scan('', '', 't')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM 'x.parquet'",
    "SELECT * FROM 'https://example.com/x.csv'",
    "SELECT * FROM @stage/x",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_table_info('people')",
    "SELECT * FROM information_schema.enabled_roles",
    "SELECT * FROM other.information_schema.processlist",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('people')",
    "SELECT * FROM which_secret('x', 'y')",
    "SELECT * FROM url('http://example.com')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT printf('%2000000000d', 1)",
    "SELECT format('{:>2000000000}', 'x')",
)


@pytest.mark.parametrize("dialect", ["snowflake", "postgres", "duckdb", "mysql"])
@pytest.mark.parametrize("sql", WRITES + OUTSIDE)
def test_a_query_cannot_write_or_read_anything_but_tables(
    ask: Any, tables: Tables, people: Table, sql: str, dialect: str
) -> None:
    with pytest.raises(QueryError):
        ask(sql, dialect)

    assert tables.count(people) == 5


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(1000000000000)",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    ],
)
def test_a_query_that_never_ends_is_stopped(ask: Any, sql: str) -> None:
    started = time.monotonic()

    with pytest.raises(QueryError, match=r"took longer than 0\.2 s"):
        ask(sql, "duckdb", seconds=0.2)

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 10000000000)",
        "SELECT repeat('x', 4000000000)",
        "SELECT repeat(repeat('x', 10000), 10000)",
        "SELECT rpad('x', 2000000000, 'y')",
        "SELECT lpad(name, id * 2000000000) FROM people",
        "SELECT length(space(2000000000))",
        "SELECT repeat(repeat('x', 4000000000), 1)",
        "SELECT length(replace(repeat('x', 10000), 'x', repeat('y', 10000)))",
        "SELECT length(regexp_replace(repeat('x', 10000), 'x', repeat('y', 10000), 'g'))",
        "SELECT length(replace(repeat('x', 10000), 'x', '" + "y" * 2_000 + "'))",
        "SELECT " + "repeat(" * 6 + "'x'" + ", 2)" * 6,
        "SELECT list(a.range) FROM range(1000000) a, range(1000) b",
        "SELECT string_agg(CAST(a.range AS VARCHAR), ',') FROM range(1000000) a, range(1000) b",
    ],
)
def test_a_query_that_would_exhaust_memory_is_stopped(ask: Any, sql: str) -> None:
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    with pytest.raises(QueryError):
        ask(sql, "postgres", seconds=20)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before < 2_000_000_000


def test_repeating_within_the_limits_works(ask: Any) -> None:
    sql = "SELECT repeat('ab', 2), rpad('x', 3, '-'), space(1), replace(name, 'n', plan) FROM people LIMIT 1"
    chain = "replace(" * 40 + "'abc'" + ", 'b', 'd')" * 40

    assert ask(sql, "mysql").rows == [("abab", "x--", " ", "free1")]
    assert ask("SELECT regexp_replace('abc', 'b')", "mysql").rows == [("ac",)]
    assert ask(f"SELECT {chain}, replace('abc', 'b')").rows == [("adc", "ac")]
