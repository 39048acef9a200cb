"""Which values fit a column, and in which form."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.conversion import ConversionError, converter_for
from polytomic_mcp.sandbox.data.tables.tables import Column


@pytest.mark.parametrize(
    ("type_", "sql_type", "value", "fitted"),
    [
        ("string", "VARCHAR", 5.0, "5"),
        ("string", "VARCHAR", 5.5, "5.5"),
        ("string", "VARCHAR", True, "true"),
        ("string", "VARCHAR", ["ü"], '["ü"]'),
        ("number", "DOUBLE", " 2.50 ", 2.5),
        ("number", "DOUBLE", "12345678901234567890", 12345678901234567890),
        ("number", "DOUBLE", "1e3", 1000.0),
        ("number", "INTEGER", 3.0, 3),
        ("number", "INTEGER", "-7", -7),
        ("number", "DECIMAL(5,2)", 999.99, 999.99),
        ("boolean", "BOOLEAN", "T", True),
        ("boolean", "BOOLEAN", 0, False),
        ("datetime", "DATE", "2026-01-02T23:30:00-02:00", "2026-01-03"),
        ("datetime", "TIMESTAMP", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"),
        ("datetime", "TIMESTAMP WITH TIME ZONE", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("array", "JSON", "[1]", [1]),
        ("array", "JSON", [1], [1]),
        ("object", "JSON", {"a": 1}, {"a": 1}),
        ("unknown", "VARCHAR", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_is_converted_to_the_columns_type(type_: str, sql_type: str, value: Any, fitted: Any) -> None:
    fit = converter_for(Column("c", type_, sql_type))

    assert fit(value) == fitted
    assert type(fit(value)) is type(fitted)
    assert fit(fit(value)) == fitted


@pytest.mark.parametrize(
    ("type_", "sql_type", "value"),
    [
        ("number", "DOUBLE", "old"),
        ("number", "DOUBLE", True),
        ("number", "DOUBLE", "inf"),
        ("number", "DOUBLE", "nan"),
        ("number", "DOUBLE", [1]),
        ("number", "INTEGER", 1.5),
        ("number", "TINYINT", 128),
        ("number", "DECIMAL(5,2)", 1000),
        ("boolean", "BOOLEAN", "perhaps"),
        ("datetime", "DATE", "31/12/2026"),
        ("datetime", "DATE", 20260101),
        ("datetime", "TIMESTAMP", "0001-01-01T00:00:00+23:59"),
        ("array", "JSON", "{}"),
        ("array", "JSON", "[1"),
        ("object", "JSON", [1]),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_column(type_: str, sql_type: str, value: Any) -> None:
    fit = converter_for(Column("c", type_, sql_type))

    with pytest.raises(ConversionError, match=r"does not fit c, which is of type"):
        fit(value)
