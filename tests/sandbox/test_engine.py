"""SQL over a system's tables: what it answers, and what it refuses."""

import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from polytomic_mcp.sandbox.engine import Engine, QueryError, Result
from polytomic_mcp.sandbox.store import Store
from polytomic_mcp.sandbox.tables import Column, Table, Tables

PEOPLE = Table(
    "snowflake",
    "public.people",
    "People",
    "table",
    (
        Column("id", "number", "BIGINT"),
        Column("name", "string", "VARCHAR"),
        Column("plan", "string", "VARCHAR"),
    ),
    "id",
)


@pytest.fixture
def tables() -> Iterator[Tables]:
    store = Store()
    tables = Tables(store)
    tables.create(PEOPLE)
    tables.insert(PEOPLE, [{"id": number, "name": f"n{number}", "plan": "free"} for number in range(1, 6)])
    yield tables
    store.close()


@pytest.fixture
def engine(tables: Tables) -> Iterator[Engine]:
    engine = Engine(tables)
    yield engine
    engine.close()


def ask(engine: Engine, sql: str, dialect: str = "snowflake", **options: Any) -> Result:
    return engine.query("snowflake", sql, dialect=dialect, **options)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM people",
        "SELECT count(*) FROM public.people",
        "SELECT count(*) FROM ANALYTICS.PUBLIC.PEOPLE",
        'SELECT count(*) FROM "analytics"."public"."people" p',
        "SELECT count(PUBLIC.PEOPLE.ID) FROM PUBLIC.PEOPLE",
        "SELECT count(*) FROM people -- all of them",
        "WITH people AS (SELECT * FROM people) SELECT count(*) FROM people",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT max(i) FROM n",
        "SELECT sum(c) FROM (SELECT 1 AS c FROM people UNION ALL SELECT 1 FROM people WHERE id > 5)",
        "SELECT count(*) FROM table(generator(rowcount => 5))",
        "SELECT 5;",
    ],
)
def test_a_table_can_be_named_in_every_way_that_people_write(engine: Engine, sql: str) -> None:
    assert ask(engine, sql, database="ANALYTICS").rows == [(5,)]


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("tsql", "SELECT TOP 2 [id] FROM people ORDER BY id"),
        ("mysql", "SELECT `id` FROM people ORDER BY id LIMIT 2"),
        ("postgres", "SELECT id::int FROM people ORDER BY id LIMIT 2"),
        ("bigquery", "SELECT id FROM `people` ORDER BY id LIMIT 2"),
        ("duckdb", "FROM people SELECT id ORDER BY id LIMIT 2"),
        ("", "SELECT id FROM people ORDER BY id LIMIT 2"),
    ],
)
def test_a_query_is_read_in_the_connections_own_dialect(engine: Engine, dialect: str, sql: str) -> None:
    assert ask(engine, sql, dialect).rows == [(1,), (2,)]


def test_columns_are_named_as_the_query_writes_them(engine: Engine) -> None:
    written = ask(engine, 'SELECT ID, name AS "Full Name", COUNT(*), p.id FROM people p GROUP BY ALL')
    starred = ask(engine, "SELECT *, COUNT(*) OVER () FROM people")
    listed = ask(engine, "VALUES (1, 'x')")

    assert [column.name for column in written.columns] == ["ID", "Full Name", "COUNT(*)", "id_1"]
    assert [column.name for column in starred.columns] == ["id", "name", "plan", "COUNT(*) OVER ()"]
    assert listed.rows == [(1, "x")]


def test_a_result_says_when_there_was_more(engine: Engine) -> None:
    assert ask(engine, "SELECT id FROM people", limit=4).is_truncated
    assert not ask(engine, "SELECT id FROM people", limit=5).is_truncated
    assert len(ask(engine, "SELECT id FROM people", limit=4).rows) == 4


def test_a_change_of_rows_is_seen_by_the_next_query(engine: Engine, tables: Tables) -> None:
    before = ask(engine, "SELECT count(*) FROM people").rows

    tables.insert(PEOPLE, [{"id": 2**62, "name": None, "plan": "x"}])

    assert before == [(5,)]
    assert ask(engine, "SELECT count(*), max(id) FROM people").rows == [(6, 2**62)]


VALUES: dict[str, Any] = {
    "TINYINT": -7,
    "BIGINT": 2**63 - 1,
    "HUGEINT": 2**100 + 1,
    "DECIMAL(38,10)": "1234567890123456789012345678.0123456789",
    "DECIMAL(10,2)": 19.5,
    "DOUBLE": 0.1,
    "FLOAT": 0.5,
    "BOOLEAN": True,
    "VARCHAR": "Zoë said \"hi\"\n\tand 'bye'\u0000 😀",
    "DATE": "2024-02-29",
    "TIME": "10:30:00.5",
    "TIMESTAMP": "2024-02-29T10:30:00.123456",
    "TIMESTAMP_NS": "2024-02-29T10:30:00.123456789",
    "TIMESTAMP WITH TIME ZONE": "2024-02-29T10:30:00.5Z",
    "BLOB": "AP+q",
    "UUID": "6b29fc40-ca47-1067-b31d-00dd010662da",
    "INTERVAL": "1 day 02:00:00",
    "INTEGER[]": [1, None, 3],
    "STRUCT(a DECIMAL(38,10), b VARCHAR)[]": [{"a": "1234567890123456789012345678.0123456789", "b": "x"}],
    "MAP(VARCHAR, INTEGER)": {"k": 1},
    "JSON": {"a": [1.5, "x", None, {"b": True}]},
}


@pytest.mark.parametrize("sql_type", VALUES)
def test_a_value_of_each_type_goes_in_and_comes_out_unharmed(
    engine: Engine, tables: Tables, sql_type: str
) -> None:
    table = Table("snowflake", "public.one", "One", "table", (Column("v", "unknown", sql_type),))
    tables.create(table)
    tables.insert(table, [{"v": VALUES[sql_type]}, {"v": None}])

    result = ask(engine, "SELECT v FROM one")

    assert result.rows == [(VALUES[sql_type],), (None,)]
    assert result.columns[0].sql_type == sql_type


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_words(engine: Engine, word: str) -> None:
    assert ask(engine, f"SELECT CAST('{word}' AS DOUBLE) AS v").rows == [(word,)]
    assert ask(engine, f"SELECT ARRAY[CAST('{word}' AS DOUBLE)] AS v", "duckdb").rows == [([word],)]


def test_polytomics_types_stand_beside_the_columns(engine: Engine) -> None:
    sql = "SELECT 1 a, 'x' b, true c, DATE '2024-01-01' d, [1] e, {'k': 1} f, 'x'::BLOB g, NULL h"

    columns = ask(engine, sql, "duckdb").columns

    assert [column.type for column in columns] == [
        *("number", "string", "boolean", "datetime", "array", "object", "binary", "unknown")
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "empty"),
        ("  -- nothing", "empty"),
        ("SELECT * FRM people", "line 1, column 14 near 'people'"),
        ("SELECT 'abc", "not valid SQL"),
        ("SELECT (id FROM people", "Syntax error"),
        ("SELECT nme FROM people", 'Candidate bindings: "name"'),
        ("SELECT * FROM peple", "did you mean public.people"),
        ("SELECT * FROM zzz", "there are public.people"),
        ("SELECT * FROM OTHER.PUBLIC.PEOPLE", "write ANALYTICS.PUBLIC.PEOPLE"),
        ("SELECT * FROM private.people", "private.people does not exist"),
        ("SELECT CAST(name AS INT) FROM people", "Could not convert"),
        ("SELECT a FROM (SELECT 1 AS a) AS x, (SELECT 2 AS a) AS x", "Ambiguous"),
        ("SELECT 1 FROM " + "(" * 50_000, "nested too deeply"),
        ("SELECT " + "1 + " * 30_000 + "1", "characters"),
        ("SELECT ?", "parameters"),
    ],
)
def test_a_query_that_cannot_run_is_told_why(engine: Engine, sql: str, message: str) -> None:
    with pytest.raises(QueryError) as refusal:
        ask(engine, sql, database="ANALYTICS")

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
    "COPY people TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "EXPORT DATABASE '/tmp/x'",
    "ATTACH '/tmp/x.db'",
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
    "SELECT * FROM '/tmp/x.parquet'",
    "SELECT * FROM 'https://example.com/x.csv'",
    "SELECT * FROM @stage/x",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM pragma_table_info('people')",
    "SELECT * FROM information_schema.tables",
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
def test_a_query_neither_writes_nor_leaves_the_tables(
    engine: Engine, tables: Tables, sql: str, dialect: str
) -> None:
    with pytest.raises(QueryError):
        ask(engine, sql, dialect)

    assert tables.count(PEOPLE) == 5


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(1000000000000)",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    ],
)
def test_a_query_that_never_ends_is_stopped(engine: Engine, sql: str) -> None:
    started = time.monotonic()

    with pytest.raises(QueryError, match=r"took longer than 0\.2 s"):
        ask(engine, sql, "duckdb", seconds=0.2)

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
def test_a_query_that_would_fill_the_memory_is_stopped(engine: Engine, sql: str) -> None:
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    with pytest.raises(QueryError):
        ask(engine, sql, "postgres", seconds=20)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before < 2_000_000_000


def test_repeating_within_bounds_works(engine: Engine) -> None:
    sql = "SELECT repeat('ab', 2), rpad('x', 3, '-'), space(1), replace(name, 'n', plan) FROM people LIMIT 1"
    chain = "replace(" * 40 + "'abc'" + ", 'b', 'd')" * 40

    assert ask(engine, sql, "mysql").rows == [("abab", "x--", " ", "free1")]
    assert ask(engine, "SELECT regexp_replace('abc', 'b')", "mysql").rows == [("ac",)]
    assert ask(engine, f"SELECT {chain}, replace('abc', 'b')").rows == [("adc", "ac")]


def test_a_stream_gives_every_row_of_a_large_result(engine: Engine) -> None:
    with engine.stream("snowflake", "SELECT range AS n FROM range(123456)", dialect="duckdb") as stream:
        total = sum(values[0] for values in stream.rows)

    assert total == sum(range(123_456))


def test_a_stream_shows_the_rows_of_its_beginning(engine: Engine, tables: Tables) -> None:
    tables.insert(PEOPLE, ({"id": number} for number in range(30_000)))

    with engine.stream("snowflake", "SELECT id FROM people", dialect="snowflake") as stream:
        next(stream.rows)
        tables.clear(PEOPLE)
        now = ask(engine, "SELECT count(*) FROM people").rows
        rest = sum(1 for _ in stream.rows)

    assert (now, rest) == ([(0,)], 30_004)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("20.00", 20.0),
        ("123456789012345.0", 123456789012345.0),
        ("1234567890123456.50", "1234567890123456.5"),
        ("-0.000000000000001", -0.000000000000001),
        ("0.0", 0.0),
    ],
)
def test_a_decimal_is_a_number_where_that_is_exact_and_text_else(
    engine: Engine, number: str, value: object
) -> None:
    assert ask(
        engine,
        f"SELECT CAST('{number}' AS DECIMAL(38, 15)) AS v, [CAST({number} AS DECIMAL(38, 15))] AS w",
        "duckdb",
    ).rows == [(value, [value])]


def test_time_that_the_reader_takes_does_not_count(engine: Engine) -> None:
    with engine.stream("snowflake", "SELECT range FROM range(50000)", dialect="duckdb", seconds=5) as stream:
        first = next(stream.rows)
        rest = sum(1 for _ in stream.rows)

    assert (first, rest) == ((0,), 49_999)


def test_two_systems_do_not_see_each_others_tables(engine: Engine, tables: Tables) -> None:
    tables.create(Table("mssql", "public.orders", "Orders", "table", PEOPLE.columns))

    assert engine.query("mssql", "SELECT count(*) FROM [dbo].[orders]", dialect="tsql").rows == [(0,)]
    with pytest.raises(QueryError, match="there are public"):
        ask(engine, "SELECT * FROM orders")
    with pytest.raises(QueryError, match="there are no tables"):
        engine.query("hubspot", "SELECT * FROM people", dialect="")


def test_one_alias_may_stand_for_two_tables_in_two_places(engine: Engine, tables: Tables) -> None:
    tables.create(Table("snowflake", "public.orders", "Orders", "table", PEOPLE.columns))

    result = ask(engine, "SELECT x.id FROM people AS x UNION ALL SELECT x.id FROM orders AS x")
    joined = ask(engine, "WITH o AS (SELECT 1 AS id) SELECT p.id FROM people p JOIN o ON o.id = p.id")

    assert len(result.rows) == 5
    assert joined.rows == [(1,)]


def test_a_schema_of_mysql_may_be_the_database(engine: Engine) -> None:
    assert ask(engine, "SELECT count(*) FROM company.people", "mysql", database="company").rows == [(5,)]
