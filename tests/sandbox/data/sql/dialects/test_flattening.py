"""Lists and objects are rows, in their order: FLATTEN, LATERAL VIEW, UNNEST, OPENJSON and the like."""

import json
from pathlib import Path
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError

QUERIES = json.loads(Path(__file__).with_name("flattening.json").read_text(encoding="utf-8"))
"""Dialects, queries without ``SELECT``, and their rows; a row of one value is the value."""


@pytest.mark.parametrize(("dialect", "sql", "rows"), QUERIES)
def test_entries_are_rows_in_their_order(ask: Any, dialect: str, sql: str, rows: list[Any]) -> None:
    found = ask(dialect, f"SELECT {sql}")

    assert [list(row) if isinstance(row, tuple) else row for row in found] == rows


@pytest.mark.parametrize(
    ("dialect", "sql", "name"),
    [
        (
            "snowflake",
            "SELECT 1 FROM people, LATERAL FLATTEN(input => data, recursive => true) f",
            "RECURSIVE",
        ),
        (
            "databricks",
            "SELECT 1 FROM people LATERAL VIEW inline(array(named_struct('a', 1))) x AS a",
            "INLINE",
        ),
        ("clickhouse", "SELECT t FROM people LEFT ARRAY JOIN [1] AS t", "LEFT ARRAY JOIN"),
        (
            "mysql",
            "SELECT 1 FROM people, JSON_TABLE(data, '$[*]' COLUMNS (n FOR ORDINALITY, a INT PATH '$.a')) t",
            "ORDINALITY",
        ),
    ],
)
def test_an_option_that_is_not_emulated_is_refused_by_name(
    ask: Any, dialect: str, sql: str, name: str
) -> None:
    with pytest.raises(QueryError, match=f"does not emulate .*{name}"):
        ask(dialect, sql)
