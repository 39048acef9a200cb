"""Polytomic's field types for DuckDB's types."""

from typing import Final

_NUMBERS: Final = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_STRINGS: Final = ("VARCHAR", "UUID", "ENUM", "TIME", "TIME WITH TIME ZONE", "INTERVAL", "BIT")


def field_type(sql_type: str) -> str:
    """Return string, number, boolean, datetime, array, object, binary or unknown.

    ``sql_type`` has the form of DuckDB's DESCRIBE: ``DECIMAL(10,2)``, ``VARCHAR[]``.
    """
    if sql_type.endswith("]"):
        return "array"
    base = sql_type.partition("(")[0]
    if base in _NUMBERS:
        return "number"
    if base in _STRINGS:
        return "string"
    if base == "DATE" or base.startswith("TIMESTAMP"):
        return "datetime"
    return {
        "BOOLEAN": "boolean",
        "BLOB": "binary",
        "STRUCT": "object",
        "MAP": "object",
        "JSON": "object",
    }.get(base, "unknown")


def is_nested(sql_type: str) -> bool:
    """Return whether values of the type are arrays or objects in JSON."""
    return field_type(sql_type) in ("array", "object")
