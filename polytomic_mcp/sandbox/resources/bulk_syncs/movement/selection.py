"""Which rows of a schema a run reads, and what it reads of each: filters, cutoffs, names and obfuscation."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.catalogue.rules import filter_predicates
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.scalars import to_moment, to_number, to_text
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas

Test = Callable[[Row], bool]

_RANKS: Final[dict[str, Callable[[Any], Any]]] = {"number": to_number, "datetime": to_moment}
_OBFUSCATED: Final = "VARCHAR"


@dataclass(frozen=True, slots=True)
class Output:
    """A field to copy: its columns in the source and the output, and whether to obfuscate its values."""

    source: Column
    column: Column
    is_obfuscated: bool

    def value(self, row: Row) -> Any:
        """Return the field's value in the output; an obfuscated one is its SHA-256 (a guess)."""
        value = row.get(self.source.name)
        if value is None or not self.is_obfuscated:
            return value
        return hashlib.sha256(to_text(value).encode()).hexdigest()


class Selection:
    """The rows and fields that a run reads from a schema's table.

    Raises:
        RefusalError: 422, the field of a filter no longer exists.
    """

    def __init__(self, sync: JsonObject, schema: JsonObject, table: Table, now: datetime) -> None:
        self._table = table
        self._tracking = table.column(schema["tracking_field"] or "")
        cutoffs = (sync["data_cutoff_timestamp"], schema["data_cutoff_timestamp"])
        self._conditions = [schema["filters"], *cutoffs, schema["disable_data_cutoff"]]
        self._tests = [*_filter_tests(schema, table, now), *self._cutoff_tests(sync, schema)]
        self.outputs: Sequence[Output] = [
            _output(sync, field, column)
            for field in schema["fields"]
            if field["enabled"] and (column := table.column(field["id"])) is not None
        ]

    def read(self, rows: Iterable[Row], mark: Any, *, is_strict: bool) -> Iterator[Row]:
        """Yield the rows that pass the filters and are not below the watermark ``mark``, if there is one.

        A row at the watermark is read again, since there may be new rows with the same value, unless
        ``is_strict``. A row without a value is always read.
        """
        limit = self._ranked(mark)
        for row in rows:
            if all(test(row) for test in self._tests):
                rank = self._rank(row) if limit is not None else None
                if rank is None or rank > limit or (rank == limit and not is_strict):
                    yield row

    def later_mark(self, mark: Any, row: Row) -> Any:
        """Return the later of a watermark and the row's value in the tracking field."""
        rank = self._rank(row)
        if self._tracking is None or rank is None:
            return mark
        limit = self._ranked(mark)
        return row[self._tracking.name] if limit is None or rank > limit else mark

    def state(self) -> JsonObject:
        """Return a description of the selection, to detect that it has changed."""
        return {
            "tracking_field": self._tracking and self._tracking.name,
            "outputs": [[each.source.name, each.column.name, each.is_obfuscated] for each in self.outputs],
            "filters": self._conditions,
        }

    def _rank(self, row: Row) -> Any:
        return None if self._tracking is None else self._ranked(row.get(self._tracking.name))

    def _ranked(self, value: Any) -> Any:
        return None if self._tracking is None else _RANKS[self._tracking.type](value)

    def _cutoff_tests(self, sync: JsonObject, schema: JsonObject) -> Iterator[Test]:
        """Yield the test of the cutoff, which applies to a tracking field with times (a guess)."""
        cutoff = to_moment(schema["data_cutoff_timestamp"] or sync["data_cutoff_timestamp"])
        column = self._tracking
        if cutoff is None or schema["disable_data_cutoff"] or column is None or column.type != "datetime":
            return

        def passes(row: Row) -> bool:
            moment = to_moment(row.get(column.name))
            return moment is None or moment >= cutoff

        yield passes


def _output(sync: JsonObject, field: JsonObject, column: Column) -> Output:
    name = bulk_schemas.field_name(sync, field)
    is_obfuscated = field["obfuscated"]
    if is_obfuscated:
        return Output(column, Column(name, "string", _OBFUSCATED, label=column.label), is_obfuscated)
    kept = Column(
        name, column.type, column.sql_type, label=column.label, origin=column.native or column.origin
    )
    return Output(column, kept, is_obfuscated)


def _filter_tests(schema: JsonObject, table: Table, now: datetime) -> Iterator[Test]:
    for condition in schema["filters"]:
        column = table.column(condition["field_id"])
        if column is None:  # without the filter, rows that must not leave the source would be copied
            message = (
                f"Schema {schema['id']} no longer has the field {condition['field_id']}, which a filter uses."
            )
            raise RefusalError(422, message, key="unknown_field")
        yield _filter_test(condition, column, now)


def _filter_test(condition: JsonObject, column: Column, now: datetime) -> Test:
    holds = filter_predicates.build_predicate(condition["function"], condition.get("value"), now, column.type)
    return lambda row: holds(row.get(column.name))
