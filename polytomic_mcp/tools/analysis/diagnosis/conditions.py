"""The model filters of a stored sync, evaluated over rows of its models.

What a filter function passes is what ``catalogue/rules/filter_predicates.py`` says, which the sandbox follows
too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from polytomic_mcp.catalogue.rules import filter_functions, filter_logic
from polytomic_mcp.catalogue.rules.filter_predicates import Predicate, build_predicate
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.common.spelling import quoted, shortened
from polytomic_mcp.tools.syncs.stored import newer_form

_MOST_VALUES: Final = 5
_LONGEST_VALUE: Final = 30


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a field of a model."""

    label: str
    model_id: str
    field: str
    function: str
    value: Any
    passes: Predicate

    def __str__(self) -> str:
        value = "" if self.value is None else f" {quoted(self.value)}"
        return f"{self.field} {self.function}{value}"

    def count(self, rows: Sequence[JsonObject]) -> int:
        """Return how many rows pass it."""
        return sum(self.passes(row.get(self.field)) for row in rows)


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """The conditions of a sync on its models, and how they combine."""

    conditions: Sequence[Condition]
    expression: filter_logic.Expression

    def passing(self, rows: Sequence[JsonObject]) -> list[JsonObject]:
        """Return the rows that pass; all conditions must be on the model that these rows are of."""
        tests = {each.label: each for each in self.conditions}
        return [
            row
            for row in rows
            if self.expression.holds(lambda label, row=row: tests[label].passes(row.get(tests[label].field)))
        ]


def has_model_filter(sync: JsonObject) -> bool:
    """Whether a sync has conditions on its models, in either form."""
    newer = as_objects(as_object(sync.get("model_filters")).get("conditions"))
    return bool(newer) or any(map(_is_of_model, as_objects(sync.get("filters"))))


def model_filter(sync: JsonObject, models: Mapping[str, JsonObject], now: datetime) -> ModelFilter | None:
    """Return the filter on a sync's models; None if it has none or cannot be evaluated here."""
    body = newer_form(sync)
    listed, logic = _listed(body, models)
    kinds = {
        str(each.get("label") or filter_logic.default_label(at)): _is_of_model(each)
        for at, each in enumerate(listed)
    }
    found = [
        condition
        for label, each in zip(kinds, listed, strict=False)
        if _is_of_model(each) and (condition := _condition(label, each, models, now)) is not None
    ]
    if len(found) != sum(kinds.values()) or len(kinds) != len(listed) or not found:
        return None
    try:
        return ModelFilter(found, filter_logic.split(logic, kinds)[True])
    except filter_logic.LogicError:
        return None


def values_of(field: str, rows: Sequence[JsonObject]) -> str:
    """Return the most frequent values of a field, each with its number of rows."""
    counts = Counter("null" if row.get(field) is None else quoted(_short(row[field])) for row in rows)
    shown = [f"{value} ({count})" for value, count in counts.most_common(_MOST_VALUES)]
    return ", ".join([*shown, *(["…"] if len(counts) > _MOST_VALUES else [])])


def _short(value: Any) -> str:
    return shortened(to_text(value), _LONGEST_VALUE)


def _listed(body: JsonObject, models: Mapping[str, JsonObject]) -> tuple[list[JsonObject], str]:
    """Return the conditions in either form, with the field of a model under ``source``, and their logic."""
    newer = as_object(body.get("model_filters"))
    if conditions := as_objects(newer.get("conditions")):
        return conditions, str(newer.get("logic") or "")
    older = as_objects(body.get("filters"))
    fields = {
        str(each.get("id")): {"model_id": model_id, "field": each.get("name")}
        for model_id, model in models.items()
        for each in as_objects(model.get("fields"))
    }
    with_sources = [
        each | {"source": as_object(each.get("field")) or fields.get(str(each.get("field_id")), {})}
        for each in older
    ]
    return with_sources, str(body.get("filter_logic") or "")


def _is_of_model(condition: JsonObject) -> bool:
    return (condition.get("field_type") or "Model") == "Model"


def _condition(
    label: str, condition: JsonObject, models: Mapping[str, JsonObject], now: datetime
) -> Condition | None:
    source, function = as_object(condition.get("source")), str(condition.get("function"))
    value = condition.get("value")
    types = {
        str(each.get("name")): str(each.get("type"))
        for each in as_objects(as_object(models.get(str(source.get("model_id")))).get("fields"))
    }
    name = str(source.get("field"))
    if name not in types or filter_functions.value_problem(function, value):
        return None
    passes = build_predicate(function, value, now, types[name])
    return Condition(label, str(source["model_id"]), name, function, value, passes)
