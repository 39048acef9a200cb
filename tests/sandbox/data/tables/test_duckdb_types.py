"""The types that DuckDB gets for columns whose own types it lacks."""

import json
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.duckdb_types import duckdb_types
from polytomic_mcp.sandbox.data.tables.table import Column, Table


def chosen(sql_type: str, *values: Any) -> str:
    """Return the type of a table's only column with these values."""
    table = Table("postgresql", "public.t", "t", "table", (Column("v", "string", sql_type),))
    bodies = [[json.dumps([value]) for value in values], ["[]"]]
    return duckdb_types(table, bodies)[0]


@pytest.mark.parametrize(
    ("sql_type", "values", "expected"),
    [
        ("BIGINT", [1], "BIGINT"),
        ("DECIMAL(20,4)", ["1234567890123456.7891"], "DECIMAL(20,4)"),
        ("DECIMAL", [1.5, None], "DECIMAL(38,9)"),
        ("DECIMAL", ["0.123456789012"], "DECIMAL(38,12)"),
        ("DECIMAL", ["123456789012345678901234567890.1234567"], "DECIMAL(38,8)"),
        ("DECIMAL", ["1" * 30 + "." + "1" * 20], "VARCHAR"),
        ("DECIMAL", ["NaN"], "VARCHAR"),
        ("DECIMAL(60,30)", ["1.5"], "DECIMAL(38,9)"),
        ("BIGINT[]", [[1, 2], None], "BIGINT[]"),
        ("BIGINT[]", [[[1], [2]]], "JSON"),
        ("DECIMAL[]", [[1.5, "2.25"]], "DECIMAL(38,9)[]"),
        ("DECIMAL[]", [["Infinity"]], "JSON"),
    ],
)
def test_a_column_gets_a_type_that_holds_its_values(sql_type: str, values: list[Any], expected: str) -> None:
    assert chosen(sql_type, *values) == expected
