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
        ("number", "DOUBLE", "9007199254740992", 9007199254740992),
        ("number", "DOUBLE", "NaN", "NaN"),
        ("number", "FLOAT", 0.1, 0.1),
        ("number", "DECIMAL", "1.10", "1.10"),
        ("number", "DECIMAL", "-Infinity", "-Infinity"),
        ("number", "DECIMAL", 1e-7, "0.0000001"),
        ("number", "DECIMAL", "1e3", 1000.0),
        ("number", "DECIMAL(60,2)", "12345678901234567890.5", "12345678901234567890.5"),
        ("number", "DECIMAL(5,2)", "0.00", 0.0),
        ("number", "UBIGINT", "18446744073709551615", 2**64 - 1),
        ("number", "TINYINT", True, 1),
        ("number", "DOUBLE", "1e3", 1000.0),
        ("number", "INTEGER", 3.0, 3),
        ("number", "INTEGER", "-7", -7),
        ("number", "DECIMAL(5,2)", 999.99, 999.99),
        ("boolean", "BOOLEAN", "T", True),
        ("boolean", "BOOLEAN", 0, False),
        ("datetime", "DATE", "2026-01-02T22:00:00-02:00", "2026-01-03"),
        ("datetime", "DATE", "0044-03-15 BC", "0044-03-15 BC"),
        ("datetime", "DATE", "infinity", "infinity"),
        ("datetime", "TIMESTAMP", "12024-02-29T01:02:03.50Z", "12024-02-29T01:02:03.5"),
        ("datetime", "TIMESTAMP_NS", "2024-02-29T10:30:00.123456789", "2024-02-29T10:30:00.123456789"),
        ("datetime", "TIMESTAMP WITH TIME ZONE", "0044-03-15 10:00:00+00 BC", "0044-03-15T10:00:00Z BC"),
        ("binary", "BLOB", "AP8=", "AP8="),
        ("datetime", "TIMESTAMP", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"),
        ("datetime", "TIMESTAMP WITH TIME ZONE", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("array", "JSON", "[1]", [1]),
        ("array", "JSON", [1], [1]),
        ("object", "JSON", {"a": 1}, {"a": 1}),
        ("object", "JSON", [1], [1]),
        ("object", "JSON", 5, 5),
        ("object", "STRUCT(a INTEGER)", '{"a": 1}', {"a": 1}),
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
        ("number", "DECIMAL(5,2)", "1.234"),
        ("number", "DECIMAL(5,2)", "NaN"),
        ("number", "DOUBLE", 9007199254740993),
        ("number", "DOUBLE", "1234567890123456.7891"),
        ("number", "DOUBLE", 10**400),
        ("number", "FLOAT", 0.30000000000000004),
        ("number", "FLOAT", 1e39),
        ("number", "UTINYINT", -1),
        ("number", "BIGINT", 2**63),
        ("boolean", "BOOLEAN", "perhaps"),
        ("datetime", "DATE", "31/12/2026"),
        ("datetime", "DATE", 20260101),
        ("datetime", "DATE", "2026-01-02T03:04:05"),
        ("datetime", "DATE", "5874898-01-01"),
        ("datetime", "TIMESTAMP", "2026-01-02T03:04:05.1234567"),
        ("datetime", "TIMESTAMP", "294276-12-31T23:59:59"),
        ("datetime", "TIMESTAMP", "12026-01-01T00:00:00+02:00"),
        ("datetime", "TIMESTAMP", "2026-02-29T00:00:00 BC"),
        ("datetime", "TIMESTAMP_NS", "2300-01-01T00:00:00"),
        ("binary", "BLOB", "no base64"),
        ("binary", "BLOB", 5),
        ("datetime", "TIMESTAMP", "0001-01-01T00:00:00+23:59"),
        ("array", "JSON", "{}"),
        ("array", "JSON", "[1"),
        ("object", "STRUCT(a INTEGER)", [1]),
        ("object", "JSON", "no JSON"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_column(type_: str, sql_type: str, value: Any) -> None:
    fit = converter_for(Column("c", type_, sql_type))

    with pytest.raises(ConversionError, match=r"does not fit c, which is of type"):
        fit(value)
