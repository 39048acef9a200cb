"""The values and types of a result survive the conversion to JSON and back."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables

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
def test_a_value_of_each_type_survives_a_round_trip(ask: Any, tables: Tables, sql_type: str) -> None:
    table = Table("snowflake", "public.one", "One", "table", (Column("v", "unknown", sql_type),))
    tables.create(table)
    tables.insert(table, [{"v": VALUES[sql_type]}, {"v": None}])

    result = ask("SELECT v FROM one")

    assert result.rows == [(VALUES[sql_type],), (None,)]
    assert result.columns[0].sql_type == sql_type


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_text(ask: Any, word: str) -> None:
    assert ask(f"SELECT CAST('{word}' AS DOUBLE) AS v").rows == [(word,)]
    assert ask(f"SELECT ARRAY[CAST('{word}' AS DOUBLE)] AS v", "duckdb").rows == [([word],)]


def test_columns_have_polytomics_types(ask: Any) -> None:
    sql = "SELECT 1 a, 'x' b, true c, DATE '2024-01-01' d, [1] e, {'k': 1} f, 'x'::BLOB g, NULL h"

    columns = ask(sql, "duckdb").columns

    assert [column.type for column in columns] == [
        *("number", "string", "boolean", "datetime", "array", "object", "binary", "unknown")
    ]


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
def test_a_decimal_is_a_number_if_that_is_exact_and_otherwise_text(
    ask: Any, number: str, value: object
) -> None:
    assert ask(
        f"SELECT CAST('{number}' AS DECIMAL(38, 15)) AS v, [CAST({number} AS DECIMAL(38, 15))] AS w",
        "duckdb",
    ).rows == [(value, [value])]
