"""Queries that would take a machine's memory, time or disk are refused, and the next query works."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.tables.tables import Table, Tables

LITERAL = f", 'a', '{'a' * 900}')"
GREEDY = {
    "lists of lists": "SELECT length(flatten(list_transform(range(100000), x -> range(1000))))",
    "a literal for each letter": f"SELECT length({'replace(' * 3}'aaaaaaaaaa'{LITERAL * 3})",
    "a text of all rows": "SELECT length(string_agg(range::VARCHAR, ',')) FROM range(100000000)",
    "a list of all rows": "SELECT length(list_sort(list(range))) FROM range(100000000)",
    "a text that doubles": "WITH RECURSIVE n AS (SELECT 1 AS i, 'x' AS s UNION ALL SELECT i + 1, s || s"
    " FROM n WHERE i < 40) SELECT max(length(s)) FROM n",
    "rows of many megabytes": "SELECT (SELECT string_agg(range::VARCHAR, '') FROM range(200000)) || range"
    " FROM range(3000)",
}


@pytest.mark.parametrize("sql", GREEDY.values(), ids=GREEDY)
def test_a_query_that_takes_too_much_memory_is_refused_and_the_next_one_runs(
    limited: Callable[..., Engine], sql: str
) -> None:
    engine = limited(memory=250_000_000)

    with pytest.raises(QueryError, match="needs more memory than it may have, 250 MB; narrow it down"):
        engine.query("snowflake", sql, dialect="duckdb", seconds=60)

    assert engine.query("snowflake", "SELECT count(*) FROM people", dialect="duckdb").rows == [(5,)]


def test_an_honest_join_of_a_million_rows_runs(limited: Callable[..., Engine]) -> None:
    sql = "SELECT count(*) FROM range(1000000) a JOIN range(1000000) b ON a.range = b.range"

    assert limited().query("snowflake", sql, dialect="duckdb", seconds=60).rows == [(1_000_000,)]


def test_a_row_that_is_too_large_is_refused(limited: Callable[..., Engine]) -> None:
    sql = "SELECT string_agg(range::VARCHAR, '') FROM range(6000000)"

    with pytest.raises(QueryError, match=r"A row of the result is larger than 32 MB\. Select fewer columns"):
        limited(memory=2_000_000_000).query("snowflake", sql, dialect="duckdb", seconds=60)


def test_many_queries_at_once_share_a_few_processes(limited: Callable[..., Engine]) -> None:
    engine = limited(processes=2, patience=60)
    before = len(psutil.Process().children())

    def ask(number: int) -> Any:
        found = engine.query("snowflake", f"FROM people SELECT count(*) + {number}", dialect="duckdb")
        return found.rows, len(psutil.Process().children()) - before

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))

    assert [rows for rows, _ in answers] == [[(5 + number,)] for number in range(16)]
    assert max(count for _, count in answers) <= 2


def test_a_reader_that_stops_gives_its_process_back(limited: Callable[..., Engine]) -> None:
    engine = limited(processes=1, patience=0)
    for _ in range(3):
        with engine.stream("snowflake", "SELECT range FROM range(1000000)", dialect="duckdb") as stream:
            next(stream.rows)

    assert engine.query("snowflake", "SELECT count(*) FROM people", dialect="duckdb").rows == [(5,)]


def test_a_table_is_loaded_in_parts_and_again_after_its_process_was_ended(
    limited: Callable[..., Engine], tables: Tables, people: Table
) -> None:
    tables.insert(people, ({"id": number, "name": "n" * 1_000} for number in range(9_000)))
    engine = limited(memory=250_000_000)
    count = "SELECT count(*), sum(length(name)) FROM people"
    first = engine.query("snowflake", count, dialect="duckdb").rows
    with pytest.raises(QueryError):
        engine.query("snowflake", GREEDY["lists of lists"], dialect="duckdb", seconds=60)

    assert engine.query("snowflake", count, dialect="duckdb").rows == first == [(9_005, 9_000_010)]


def test_the_words_for_a_full_disk_say_what_to_do() -> None:
    assert Limits().failed("disk", "IO Error") == (
        "The disk is too full for the query's temporary files; free some space, or narrow it down with WHERE "
        "or LIMIT."
    )


def test_a_row_of_several_megabytes_is_loaded(
    limited: Callable[..., Engine], tables: Tables, people: Table
) -> None:
    tables.clear(people)
    tables.insert(people, [{"id": 1, "name": "n" * 4_000_001}])

    found = limited().query("snowflake", "SELECT length(name) FROM people", dialect="duckdb")

    assert found.rows == [(4_000_001,)]
