"""SQL over a system's tables: names, dialects, and results."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.tables.tables import Table, Tables


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
def test_a_table_can_be_named_with_and_without_schema_and_database(ask: Any, sql: str) -> None:
    assert ask(sql, database="ANALYTICS").rows == [(5,)]


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
def test_a_query_is_parsed_in_the_connections_dialect(ask: Any, dialect: str, sql: str) -> None:
    assert ask(sql, dialect).rows == [(1,), (2,)]


def test_columns_are_named_as_the_query_writes_them(ask: Any) -> None:
    written = ask('SELECT ID, name AS "Full Name", COUNT(*), p.id FROM people p GROUP BY ALL')
    starred = ask("SELECT *, COUNT(*) OVER () FROM people")
    listed = ask("VALUES (1, 'x')")

    assert [column.name for column in written.columns] == ["ID", "Full Name", "COUNT(*)", "id_1"]
    assert [column.name for column in starred.columns] == ["id", "name", "plan", "COUNT(*) OVER ()"]
    assert listed.rows == [(1, "x")]


def test_a_result_says_whether_it_is_truncated(ask: Any) -> None:
    assert ask("SELECT id FROM people", limit=4).is_truncated
    assert not ask("SELECT id FROM people", limit=5).is_truncated
    assert len(ask("SELECT id FROM people", limit=4).rows) == 4


def test_the_next_query_sees_changed_rows(ask: Any, tables: Tables, people: Table) -> None:
    before = ask("SELECT count(*) FROM people").rows

    tables.insert(people, [{"id": 2**62, "name": None, "plan": "x"}])

    assert before == [(5,)]
    assert ask("SELECT count(*), max(id) FROM people").rows == [(6, 2**62)]


def test_a_stream_yields_every_row_of_a_large_result(engine: Engine) -> None:
    with engine.stream("snowflake", "SELECT range AS n FROM range(123456)", dialect="duckdb") as stream:
        total = sum(values[0] for values in stream.rows)

    assert total == sum(range(123_456))


def test_a_stream_yields_the_rows_that_existed_at_its_start(
    ask: Any, engine: Engine, tables: Tables, people: Table
) -> None:
    tables.insert(people, ({"id": number} for number in range(30_000)))

    with engine.stream("snowflake", "SELECT id FROM people", dialect="snowflake") as stream:
        next(stream.rows)
        tables.clear(people)
        now = ask("SELECT count(*) FROM people").rows
        rest = sum(1 for _ in stream.rows)

    assert (now, rest) == ([(0,)], 30_004)


def test_the_readers_time_does_not_count(engine: Engine) -> None:
    with engine.stream("snowflake", "SELECT range FROM range(50000)", dialect="duckdb", seconds=5) as stream:
        first = next(stream.rows)
        rest = sum(1 for _ in stream.rows)

    assert (first, rest) == ((0,), 49_999)


def test_two_systems_do_not_see_each_others_tables(
    ask: Any, engine: Engine, tables: Tables, people: Table
) -> None:
    tables.create(Table("mssql", "public.orders", "Orders", "table", people.columns))

    assert engine.query("mssql", "SELECT count(*) FROM [dbo].[orders]", dialect="tsql").rows == [(0,)]
    with pytest.raises(QueryError, match="Valid values: people"):
        ask("SELECT * FROM orders")
    with pytest.raises(QueryError, match=r"Unknown hubspot table 'people'\. There are none"):
        engine.query("hubspot", "SELECT * FROM people", dialect="")


def test_one_alias_may_name_two_tables_in_two_subqueries(ask: Any, tables: Tables, people: Table) -> None:
    tables.create(Table("snowflake", "public.orders", "Orders", "table", people.columns))

    result = ask("SELECT x.id FROM people AS x UNION ALL SELECT x.id FROM orders AS x")
    joined = ask("WITH o AS (SELECT 1 AS id) SELECT p.id FROM people p JOIN o ON o.id = p.id")

    assert len(result.rows) == 5
    assert joined.rows == [(1,)]


def test_a_schema_of_mysql_may_be_the_database(ask: Any) -> None:
    assert ask("SELECT count(*) FROM company.people", "mysql", database="company").rows == [(5,)]


def test_a_row_of_several_megabytes_is_read(ask: Any, tables: Tables, people: Table) -> None:
    tables.insert(people, [{"id": 6, "name": "x" * 4_000_000, "plan": "free"}])

    lengths = ask("SELECT id, length(name) FROM people WHERE id > 4 ORDER BY id")

    assert lengths.rows == [(5, 2), (6, 4_000_000)]
