"""The filters that a request sends: conditions on its models and on its target, with a logic for each kind.

A request may use an older shape instead, ``filters`` with ``filter_logic``, and a response has both
shapes (seen in the 2025-09-18 SDK).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polytomic_mcp.catalogue.rules import filter_functions
from polytomic_mcp.catalogue.rules.filter_logic import (
    LogicError,
    default_label,
    label_problem,
    parse,
    relabeled,
)
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, listed
from polytomic_mcp.sandbox.resources.syncs import older_filters
from polytomic_mcp.sandbox.resources.syncs.older_filters import KINDS, LOGIC, Condition
from polytomic_mcp.sandbox.resources.syncs.targets import Target


def read_filters(arguments: Mapping[str, Any], sources: Sources, problems: list[Problem]) -> JsonObject:
    """Return the filters of either shape as a sync stores them; add what is wrong to ``problems``.

    A logic in the older shape is stored too, since it is shown as it was written (as the tests of the
    Terraform provider expect).
    """
    older = arguments.get("filters")
    logic: str = arguments.get(LOGIC) or ""
    given: dict[str, JsonObject] = {kind: as_object(arguments.get(kind)) for kind in KINDS}
    conditions = list(older_filters.read(older or (), sources, problems))
    is_older = bool(older) and not any(kind in arguments for kind in KINDS)
    if is_older:
        given = older_filters.split(conditions, logic, problems)
    filters: JsonObject = {kind: _label(given[kind], kind, problems) for kind in KINDS}
    if not older or problems:
        return filters
    if not is_older and not _is_same(conditions, logic, filters):
        message = "These differ from model_filters and target_filters. Send one of the two shapes."
        problems.append(Problem("conflicting_filters", message, "filters"))
    return filters | ({LOGIC: older_filters.as_shown(conditions, logic)} if logic.strip() else {})


def filter_problems(sync: JsonObject, sources: Sources, target: Target) -> Iterator[Problem]:
    """Yield what is wrong with the functions of a sync's filters and overrides, and with their values."""
    for kind in KINDS:
        for position, condition in enumerate(sync[kind]["conditions"]):
            path = f"{kind}.conditions[{position}]"
            if condition.get("value_source") is None:
                yield from _function_problems(condition, path, _field_type(condition, sources, target))
            else:
                yield from _value_source_problems(condition, path)
    for position, override in enumerate(sync["overrides"]):
        if override.get("function") is not None:
            field = sources.field(override["field"]) or {}
            yield from _function_problems(override, f"overrides[{position}]", field.get("type"))


def _field_type(condition: JsonObject, sources: Sources, target: Target) -> str | None:
    """Return the type of the field that a condition tests; None if there is no such field."""
    if "source" in condition:
        return (sources.field(condition["source"]) or {}).get("type")
    field = target.field(condition["field"])
    return None if field is None else field.column.type


def _value_source_problems(condition: JsonObject, path: str) -> Iterator[Problem]:
    function = condition["function"]
    if not filter_functions.can_compare_fields(function):
        message = f"{quoted(function)} cannot compare with a field. Send value instead of value_source."
        yield Problem("invalid_filter", message, path)
    elif condition.get("value") is not None:
        yield Problem("invalid_filter", "Send either value or value_source.", path)


def _function_problems(condition: JsonObject, path: str, field_type: str | None) -> Iterator[Problem]:
    reason = filter_functions.value_problem(condition["function"], condition.get("value"), field_type)
    if reason:
        yield Problem("invalid_filter", reason, f"{path}.function")


def _label(given: Mapping[str, Any], kind: str, problems: list[Problem]) -> JsonObject:
    """Return the conditions labeled by position, as the API always shows them, and their logic."""
    conditions = listed(given, "conditions")
    labels = [each.get("label") for each in conditions]
    positions = [default_label(position) for position in range(len(conditions))]
    if any(labels) and (reason := label_problem(labels)):
        problems.append(Problem("invalid_filter_label", reason, f"{kind}.conditions"))
    names = dict(zip(map(str, labels) if any(labels) else positions, positions, strict=True))
    logic: str = given.get("logic") or ""
    try:
        parse(logic, list(names))
    except LogicError as error:
        problems.append(Problem("invalid_filter_logic", f"{quoted(logic)} {error}.", f"{kind}.logic"))
    labeled = [{**each, "label": label} for each, label in zip(conditions, positions, strict=True)]
    return {"conditions": labeled, "logic": relabeled(logic, names) if logic.strip() else None}


def _is_same(conditions: Sequence[Condition], logic: str, filters: JsonObject) -> bool:
    """Whether both shapes have the same meaning, so that a caller may send back what a response showed."""
    newer = [(kind, each) for kind in KINDS for each in filters[kind]["conditions"]]
    if _comparable(conditions) != _comparable(newer):
        return False
    labels = [default_label(position) for position in range(len(newer))]
    try:
        given = parse(older_filters.as_shown(conditions, logic), labels)
    except LogicError:
        return False
    return not logic.strip() or given.flat() == parse(older_filters.show(filters)[1], labels).flat()


def _comparable(conditions: Sequence[Condition]) -> list[tuple[str, str]]:
    """Return the conditions without their labels and nulls, in an order that does not depend on theirs."""
    return sorted((kind, json.dumps(_without_label(each), sort_keys=True)) for kind, each in conditions)


def _without_label(condition: JsonObject) -> JsonObject:
    return {key: value for key, value in condition.items() if key != "label" and value is not None}
