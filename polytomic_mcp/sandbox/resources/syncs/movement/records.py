"""The records a run moves: read, joined, chosen by the filters and by what the start asked for."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.conversion import to_text
from polytomic_mcp.sandbox.resources.models.joins import Record, find_joins, join
from polytomic_mcp.sandbox.resources.models.reading import read_model
from polytomic_mcp.sandbox.resources.models.source_fields import Source, Sources, listed, model_ids
from polytomic_mcp.sandbox.resources.syncs.rules import filter_functions, filter_logic
from polytomic_mcp.sandbox.resources.syncs.targets import Target
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Reader = Callable[[Record], Any]
"""Takes one value from a record."""

Chooser = Callable[[Record], bool]
"""Says whether a record is moved."""


class Records:
    """The records of a sync's models; ``read`` takes a source's value from one.

    Overrides change what ``read`` takes, not what the filters see (a guess).
    """

    def __init__(self, workspace: Workspace, sync: JsonObject, sources: Sources) -> None:
        self._workspace = workspace
        self._sync = sync
        self._sources = sources
        self._now = workspace.clock()
        ids = model_ids(sync)
        self._joins = find_joins(sources, ids)
        self._order = [*ids[:1], *(each.model_id for each in self._joins)]

    def reader(self, source: Source) -> Reader:
        """Return what takes the source's value, overrides applied."""
        read = self._raw(source)
        for override in self._sync["overrides"]:
            if override["field"] == source:
                read = _overridden(read, override, self._test(override, source))
        return read

    def chosen(self, request: JsonObject) -> Iterator[Record]:
        """Return the records that pass the model filters and that the start's request names."""
        choosers = [*self._filters(), *self._requested(request)]
        model = self._sources.model(self._order[0]) or {}
        rows = read_model(self._workspace, model).rows
        records = join(self._workspace, self._sources, self._joins, rows)
        for chooses in choosers:
            records = filter(chooses, records)
        return records

    def _raw(self, source: Source) -> Reader:
        position, field = self._order.index(source["model_id"]), source["field"]
        return lambda record: record[position].get(field)

    def _test(self, condition: JsonObject, source: Source) -> filter_functions.Predicate:
        """Return the test of a source's value; one without a function passes every value."""
        function = condition.get("function")
        if not function:
            return _always
        field = self._sources.field(source) or {}
        return filter_functions.predicate(function, condition.get("value"), self._now, field["type"])

    def _filters(self) -> Iterator[Chooser]:
        """Yield what the model filters ask for, where there are any."""
        conditions = self._sync["model_filters"]["conditions"]
        if not conditions:
            return
        tests = {
            each["label"]: (self._raw(each["source"]), self._test(each, each["source"]))
            for each in conditions
        }
        expression = filter_logic.parse(self._sync["model_filters"]["logic"], list(tests))

        def passes(record: Record) -> bool:
            def truth(label: str) -> bool:
                read, test = tests[label]
                return test(read(record))

            return expression.holds(truth)

        yield passes

    def _requested(self, request: JsonObject) -> Iterator[Chooser]:
        """Yield what ``identities`` and ``source_identities`` of a start ask for."""
        wanted = {str(each) for each in listed(request, "identities")}
        readers = [self._raw(each["source"]) for each in self._sync["identities"]["mappings"]]
        if wanted:
            yield lambda record: any(to_text(read(record)) in wanted for read in readers)
        groups: list[list[JsonObject]] = request.get("source_identities") or []
        tests = [[(self._raw(each["source"]), each["value"]) for each in group] for group in groups]
        if tests:
            yield lambda record: any(
                all(to_text(read(record)) == value for read, value in test) for test in tests
            )


def target_test(
    sync: JsonObject, target: Target, records: Records, now: datetime
) -> Callable[[JsonObject, Record], bool] | None:
    """Return whether a target's row may be touched for a record, or None where nothing restrains it."""
    conditions = {each["label"]: each for each in sync["target_filters"]["conditions"]}
    if not conditions:
        return None
    expression = filter_logic.parse(sync["target_filters"]["logic"], list(conditions))
    columns = {label: target.column(each["field"]) for label, each in conditions.items()}
    fixed = {
        label: filter_functions.predicate(each["function"], each.get("value"), now, columns[label].type)
        for label, each in conditions.items()
        if not each.get("value_source")
    }
    readers = {
        label: records.reader(each["value_source"])
        for label, each in conditions.items()
        if label not in fixed
    }

    def passes(row: JsonObject, record: Record) -> bool:
        def truth(label: str) -> bool:
            column = columns[label]
            test = fixed.get(label)
            if test is None:
                test = _compared(conditions[label]["function"], readers[label](record), now, column.type)
            return test(row.get(column.name))

        return expression.holds(truth)

    return passes


def _compared(function: str, value: Any, now: datetime, field_type: str) -> filter_functions.Predicate:
    """Return the test against a record's own value; null compares with nothing (a guess)."""
    return _never if value is None else filter_functions.predicate(function, value, now, field_type)


def _overridden(read: Reader, override: JsonObject, applies: filter_functions.Predicate) -> Reader:
    replacement = override.get("override")

    def overridden(record: Record) -> Any:
        value = read(record)
        return replacement if applies(value) else value

    return overridden


def _always(_value: Any) -> bool:
    return True


def _never(_value: Any) -> bool:
    return False
