"""Which rows of a schema a run reads, and what it makes of each: filters, cutoffs, names, obfuscation."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.conversion import to_moment, to_number, to_text
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.syncs.rules import filter_functions

Test = Callable[[Row], bool]

_RANKS: Final[dict[str, Callable[[Any], Any]]] = {"number": to_number, "datetime": to_moment}
_OBFUSCATED: Final = "VARCHAR"


@dataclass(frozen=True, slots=True)
class Output:
    """One field on its way: the source's column, the output's, and whether its values are hidden."""

    source: Column
    column: Column
    is_obfuscated: bool

    def value(self, row: Row) -> Any:
        """Return the field's value as it is written out: obfuscated, it is a SHA-256 (a guess)."""
        value = row.get(self.source.name)
        if value is None or not self.is_obfuscated:
            return value
        return hashlib.sha256(to_text(value).encode()).hexdigest()


class Selection:
    """What a run takes from a schema's table; ``RefusalError`` where a filter's field is gone."""

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
        """Yield the rows that a run which goes on from ``mark`` takes; without a mark, all that pass.

        A row at the mark is taken again, since more of them may have come, unless ``is_strict``; one
        without a value always is.
        """
        limit = self._ranked(mark)
        for row in rows:
            if all(test(row) for test in self._tests):
                rank = self._rank(row) if limit is not None else None
                if rank is None or rank > limit or (rank == limit and not is_strict):
                    yield row

    def furthest(self, mark: Any, row: Row) -> Any:
        """Return the later of a mark and the row's own tracking value."""
        rank = self._rank(row)
        if self._tracking is None or rank is None:
            return mark
        limit = self._ranked(mark)
        return row[self._tracking.name] if limit is None or rank > limit else mark

    def state(self) -> JsonObject:
        """Return what is selected, so that a change of it is noticed."""
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
        """Yield the test of the cutoff: it looks at a tracking field that holds times (a guess)."""
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
    kept = ("string", _OBFUSCATED) if is_obfuscated else (column.type, column.sql_type)
    return Output(column, Column(name, *kept, label=column.label), is_obfuscated)


def _filter_tests(schema: JsonObject, table: Table, now: datetime) -> Iterator[Test]:
    for condition in schema["filters"]:
        column = table.column(condition["field_id"])
        if column is None:  # to go on without it would copy rows that were not to leave the source
            message = f"{schema['id']} has no field {condition['field_id']} any more, which a filter needs."
            raise RefusalError(422, message, key="unknown_field")
        yield _filter_test(condition, column, now)


def _filter_test(condition: JsonObject, column: Column, now: datetime) -> Test:
    holds = filter_functions.build_predicate(condition["function"], condition.get("value"), now, column.type)
    return lambda row: holds(row.get(column.name))
