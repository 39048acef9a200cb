"""The filters of a run: which records it writes, and which rows of the target it may change for each."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from polytomic_mcp.catalogue.rules import filter_logic, filter_predicates
from polytomic_mcp.catalogue.rules.filter_predicates import Predicate
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.models.source_fields import Source
from polytomic_mcp.sandbox.resources.syncs.targets import Target

Reader = Callable[[Record], Any]
"""Returns one value of a record."""

Selector = Callable[[Record], bool]
"""Returns whether a run writes a record."""

TargetFilter = Callable[[Row, Record], bool]
"""Returns whether a row of the target may be changed for a record."""


def build_model_filter(logic: str, tests: Mapping[str, tuple[Reader, Predicate]]) -> Selector:
    """Return the filter of the records; ``tests`` has the value and predicate of each condition, by label."""
    expression = filter_logic.parse(logic, list(tests))

    def passes(record: Record) -> bool:
        def truth(label: str) -> bool:
            read, test = tests[label]
            return test(read(record))

        return expression.holds(truth)

    return passes


def build_target_filter(
    sync: JsonObject, target: Target, build_reader: Callable[[Source], Reader], now: datetime
) -> TargetFilter | None:
    """Return the filter of the target's rows, or None if the sync has no conditions on them."""
    conditions = {
        each["label"]: _condition(each, target, build_reader, now)
        for each in sync["target_filters"]["conditions"]
    }
    if not conditions:
        return None
    expression = filter_logic.parse(sync["target_filters"]["logic"], list(conditions))

    def passes(row: Row, record: Record) -> bool:
        def truth(label: str) -> bool:
            column, predicate_for = conditions[label]
            return predicate_for(record)(row.get(column.name))

        return expression.holds(truth)

    return passes


def _condition(
    condition: JsonObject, target: Target, build_reader: Callable[[Source], Reader], now: datetime
) -> tuple[Column, Callable[[Record], Predicate]]:
    """Return the column that is tested, and what returns the predicate for a record."""
    column = target.column(condition["field"])
    build = partial(filter_predicates.build_predicate, condition["function"], now=now, field_type=column.type)
    if not condition.get("value_source"):
        fixed = build(condition.get("value"))
        return column, lambda _record: fixed
    read = build_reader(condition["value_source"])

    def compare(record: Record) -> Predicate:
        value = read(record)
        return _never if value is None else build(value)  # null equals nothing (a guess)

    return column, compare


def _never(_value: Any) -> bool:
    return False
