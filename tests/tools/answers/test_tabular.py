"""Rows as lists: the columns once, and what of a row does not fit."""

from polytomic_mcp.tools.answers.results import Source
from polytomic_mcp.tools.answers.tabular import Table, columns

SOURCE = Source("GET /api/queries/{id}", {"id": "q"}, {"": "/data/results/7"})


def test_columns_are_those_of_any_row_in_their_first_order() -> None:
    assert columns([{"b": 1}, {}, {"a": 1, "b": 2}]) == ["b", "a"]


def test_a_table_takes_rows_up_to_its_limit() -> None:
    table = Table(["a"], 2)

    taken = [table.add({"a": number}, SOURCE) for number in range(3)]

    assert (taken, table.rows, table.is_full) == ([True, True, False], [[0], [1]], True)


def test_of_a_row_that_is_too_long_the_short_parts_stay_whole() -> None:
    table = Table(["long", "short"], 2)

    assert table.add({"long": ["word"] * 20_000, "short": "whole"}, SOURCE)

    (long, short), (cut,) = table.rows[0], table.truncated
    assert short == "whole"
    assert (cut["shown"], cut["total"]) == (len(long), 20_000)
    assert cut["rest"]["arguments"]["pointer"] == "/data/results/7/long"
    assert not table.add({"long": [], "short": ""}, SOURCE)
