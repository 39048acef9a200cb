"""SQL values in JSON and back, by DuckDB itself."""

import datetime as dt
from typing import Any

import duckdb
import pytest

from polytomic_mcp.sandbox.data.tables.json_columns import stored
from polytomic_mcp.sandbox.data.tables.native_limits import limit_of
from polytomic_mcp.sandbox.data.tables.sql_values import (
    converted,
    converters,
    json_readers,
    reading_sql,
    writing_sql,
)


def read(sql: str, sql_type: str) -> Any:
    """Return the JSON form of an SQL value."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        select = f"SELECT {reading_sql('v', sql_type)} FROM (SELECT {sql} AS v)"  # noqa: S608 - the test's own
        found = connection.execute(select).fetchall()
    convert = converters([sql_type]) | json_readers([sql_type])
    return converted(found[0], convert)[0]


@pytest.mark.parametrize(
    ("sql", "sql_type", "value"),
    [
        ("9007199254740993", "BIGINT", 9007199254740993),
        ("1234567890123456.7891::DECIMAL(20,4)", "DECIMAL(20,4)", "1234567890123456.7891"),
        ("1.5::DECIMAL(20,4)", "DECIMAL(20,4)", 1.5),
        ("0.1::FLOAT", "FLOAT", 0.1),
        ("'NaN'::FLOAT", "FLOAT", "NaN"),
        ("'-Infinity'::DOUBLE", "DOUBLE", "-Infinity"),
        ("NULL::DOUBLE", "DOUBLE", None),
        ("[1.5, NULL]", "DOUBLE[]", [1.5, None]),
        ("'[1, null, {\"a\": 1.50}]'::JSON", "JSON", [1, None, {"a": 1.5}]),
        ("from_hex('00ff')", "BLOB", "AP8="),
        ("DATE '2026-01-31'", "DATE", "2026-01-31"),
        ("DATE '0044-03-15 (BC)'", "DATE", "0044-03-15 BC"),
        ("TIMESTAMPTZ '2026-01-31 09:00:00+02'", "TIMESTAMP WITH TIME ZONE", "2026-01-31T07:00:00Z"),
        ("TIME '09:30:00'", "TIME", "09:30:00"),
        ("INTERVAL 3 DAY", "INTERVAL", "3 days"),
    ],
)
def test_a_value_of_sql_has_a_json_form_without_loss(sql: str, sql_type: str, value: Any) -> None:
    assert read(sql, sql_type) == value


@pytest.mark.parametrize(
    ("value", "sql_type", "found"),
    [
        ("9007199254740993", "BIGINT", 9007199254740993),
        ('"0044-03-15 BC"', "DATE", "0044-03-15 (BC)"),
        ('"AP8="', "BLOB", b"\x00\xff"),
        ("[1, 2]", "BIGINT[]", [1, 2]),
        ('"[1]"', "JSON", "[1]"),
        ('"2026-01-31T09:00:00"', "TIMESTAMP", dt.datetime(2026, 1, 31, 9)),  # noqa: DTZ001 - it has none
    ],
)
def test_a_json_value_becomes_an_sql_value(value: str, sql_type: str, found: Any) -> None:
    with duckdb.connect() as connection:
        sql = f"SELECT {writing_sql('v', sql_type)} AS w FROM (SELECT CAST(? AS JSON) AS v)"  # noqa: S608 - the test's own
        shown = f"CAST(w AS {'VARCHAR' if sql_type == 'DATE' else sql_type})"
        select = f"SELECT {shown} FROM ({sql})"  # noqa: S608 - the test's own
        row = connection.execute(select, [value]).fetchone()

    assert row == (found,)


@pytest.mark.parametrize(
    ("value", "meant"), [("[1]", [1]), ("no JSON", "no JSON"), (7, 7), ("null", None), ('"a"', "a")]
)
def test_the_store_holds_the_text_of_a_json_column(value: Any, meant: Any) -> None:
    found = stored(value)

    assert (None if meant is None else found) == meant


@pytest.mark.parametrize(
    ("native", "value", "fits"),
    [
        ("mysql:float(7,2)", 1.25, True),
        ("mysql:float(7,2)", 1.255, False),
        ("mysql:double", 1.255, True),
        ("mysql:double", "NaN", False),
        ("mysql:year(4)", 1901, True),
        ("mysql:year(4)", 5, False),
        ("mysql:varchar(3)", "abcd", False),
    ],
)
def test_a_column_of_a_server_has_limits(native: str, value: Any, *, fits: bool) -> None:
    limit = limit_of(native)

    assert limit is not None
    assert limit(value) is fits
