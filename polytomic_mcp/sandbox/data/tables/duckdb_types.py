"""DuckDB's types for the columns of a stored table, where they depend on the values.

DuckDB's decimals have at most 38 digits and a fixed scale, and its lists one depth. A decimal without a
precision is loaded with the scale that its values need, or as text if none is enough; nested lists as JSON.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from polytomic_mcp.sandbox.data.store import stored_json
from polytomic_mcp.sandbox.data.tables.json_columns import JSON
from polytomic_mcp.sandbox.data.tables.numbers import decimal_bounds, to_decimal
from polytomic_mcp.sandbox.data.tables.table import Table

_WIDEST: Final = 38
_USUAL_SCALE: Final = 9


def duckdb_types(table: Table, bodies: Iterable[Sequence[str]]) -> list[str]:
    """Return a type for each column; ``bodies`` is read only if the table has such columns."""
    types = [column.sql_type for column in table.columns]
    unclear = {at: _Values(sql_type) for at, sql_type in enumerate(types) if _is_unclear(sql_type)}
    if unclear:
        _measure(unclear, bodies)
    return [unclear[at].duckdb_type() if at in unclear else sql_type for at, sql_type in enumerate(types)]


def _measure(unclear: "Mapping[int, _Values]", bodies: Iterable[Sequence[str]]) -> None:
    for chunk in bodies:
        for body in chunk:
            row: list[Any] = stored_json(body)
            for position, values in unclear.items():
                values.add(row[position] if position < len(row) else None)


def _is_unclear(sql_type: str) -> bool:
    return sql_type.endswith("[]") or _is_wide(sql_type)


def _is_wide(sql_type: str) -> bool:
    bounds = decimal_bounds(sql_type)
    return sql_type == "DECIMAL" or (bounds is not None and bounds[0] > _WIDEST)


class _Values:
    """What is known of a column's values: the digits that they need, and how deep their lists are."""

    def __init__(self, sql_type: str) -> None:
        self._type = sql_type
        self._element = sql_type.removesuffix("[]")
        self._is_list = sql_type.endswith("[]")
        self._whole = self._scale = 0
        self._is_regular = True

    def add(self, value: Any) -> None:
        """Take a value into account."""
        items = cast("list[Any]", value) if self._is_list and isinstance(value, list) else [value]
        self._is_regular &= not any(isinstance(item, list) for item in items)
        if self._element.startswith("DECIMAL"):
            for number in self._numbers(items):
                self._whole = max(self._whole, number.adjusted() + 1)
                self._scale = max(self._scale, -int(number.as_tuple().exponent))

    def duckdb_type(self) -> str:
        """Return the type that holds all of them."""
        if self._is_regular and not _is_wide(self._element):
            return self._type
        if not self._is_regular or self._whole + self._scale > _WIDEST:
            return JSON if self._is_list else "VARCHAR"
        scale = min(max(self._scale, _USUAL_SCALE), _WIDEST - self._whole)
        return f"DECIMAL({_WIDEST},{scale}){'[]' if self._is_list else ''}"

    def _numbers(self, items: "list[Any]") -> "Iterator[Any]":
        for item in items:
            number = to_decimal(item)
            if number is not None:
                yield number
            self._is_regular &= item is None or number is not None
