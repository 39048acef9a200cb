"""A sync's filters in one shape: model and target conditions, each with its own logic.

The API takes an older shape too, ``filters`` with ``filter_logic``, and answers with both; facts
seen in the 2025-09-18 SDK.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, listed
from polytomic_mcp.sandbox.resources.syncs.rules import filter_functions
from polytomic_mcp.sandbox.resources.syncs.rules.filter_logic import (
    Expression,
    LogicError,
    default_label,
    parse,
)

_KINDS: Final = ("model_filters", "target_filters")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_filters(
    arguments: Mapping[str, Any], sources: Sources, problems: list[Problem]
) -> tuple[JsonObject, JsonObject]:
    """Return the model filters and the target filters of either shape; problems are added to the list."""
    model, target = (_labelled(arguments.get(kind) or {}, kind, problems) for kind in _KINDS)
    if not arguments.get("filters"):
        return model, target
    conditions = list(_read_old(arguments, sources, problems))
    if not any(kind in arguments for kind in _KINDS):
        return _split(conditions, arguments.get("filter_logic") or "", problems)
    if not problems and not _is_same(conditions, arguments.get("filter_logic"), model, target):
        message = "differs from model_filters and target_filters; send one of the two shapes"
        problems.append(Problem("conflicting_filters", message, "filters"))
    return model, target


def show_filters(sync: JsonObject) -> tuple[list[JsonObject], str]:
    """Return a sync's filters in the older shape, with the logic that combines them."""
    shown: list[JsonObject] = []
    logics: list[str] = []
    for kind, field_type in zip(_KINDS, ("Model", "Target"), strict=True):
        conditions: list[JsonObject] = sync[kind]["conditions"]
        names = {each["label"]: default_label(len(shown) + at) for at, each in enumerate(conditions)}
        if conditions:
            logics.append(parse(sync[kind]["logic"], list(names)).renamed(names))
        shown += [_show_old(each, field_type, names[each["label"]]) for each in conditions]
    is_plain = not any(sync[kind]["logic"] for kind in _KINDS)
    logic = " and ".join(f"({each})" if len(logics) > 1 else each for each in logics)
    return shown, "" if is_plain else logic


def condition_problems(sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the functions of a sync's filters and overrides, and with their values."""
    for kind in _KINDS:
        for position, condition in enumerate(sync[kind]["conditions"]):
            path = f"{kind}.conditions[{position}]"
            if condition.get("value_source") is None:
                yield from _function_problems(condition, path)
            elif condition.get("value") is not None or not filter_functions.takes_field(
                condition["function"]
            ):
                message = f"{condition['function']} takes no value_source, or has a value besides"
                yield Problem("invalid_filter", message, path)
    for position, override in enumerate(sync["overrides"]):
        if override.get("function") is not None:
            yield from _function_problems(override, f"overrides[{position}]")


def _function_problems(condition: JsonObject, path: str) -> Iterator[Problem]:
    reason = filter_functions.objection(condition["function"], condition.get("value"))
    if reason:
        yield Problem("invalid_filter", reason, f"{path}.function")


def _labelled(given: Mapping[str, Any], kind: str, problems: list[Problem]) -> JsonObject:
    """Return the conditions labelled by position, as the API always reports them, and their logic."""
    conditions = listed(given, "conditions")
    labels = [each.get("label") for each in conditions]
    positions = [default_label(position) for position in range(len(conditions))]
    if any(labels) and (reason := _label_objection(labels)):
        problems.append(Problem("invalid_filter_label", reason, f"{kind}.conditions"))
    names = dict(zip(map(str, labels) if any(labels) else positions, positions, strict=True))
    logic: str = given.get("logic") or ""
    try:
        expression = parse(logic, list(names))
    except LogicError as error:
        problems.append(Problem("invalid_filter_logic", f"{logic!r} {error}", f"{kind}.logic"))
    else:
        logic = expression.renamed(names) if logic.strip() else ""
    labelled = [{**each, "label": label} for each, label in zip(conditions, positions, strict=True)]
    return {"conditions": labelled, "logic": logic}


def _label_objection(labels: Sequence[str | None]) -> str | None:
    if not all(labels):
        return "label every condition or none of them"
    if bad := [label for label in labels if not _LABEL.fullmatch(label or "")]:
        return (
            f"a label is letters, digits and underscores, no digit first, unlike {', '.join(map(str, bad))}"
        )
    return None if len(set(labels)) == len(labels) else "every condition needs a label of its own"


def _read_old(
    arguments: Mapping[str, Any], sources: Sources, problems: list[Problem]
) -> Iterator[tuple[str, JsonObject]]:
    """Yield the older conditions with their kind: a field's type is the model's unless it says Target."""
    for position, each in enumerate(arguments["filters"]):
        is_target = each.get("field_type") == "Target"
        condition = _read_target(each) if is_target else _read_model(each, sources)
        if condition is None:
            message = "names no field; send field with model_id and field, or field_id"
            problems.append(Problem("unknown_source_field", message, f"filters[{position}]"))
        else:
            yield _KINDS[is_target], condition


def _split(
    conditions: Sequence[tuple[str, JsonObject]], logic: str, problems: list[Problem]
) -> tuple[JsonObject, JsonObject]:
    """Return the older conditions by kind; a logic over both kinds is taken apart at its ``and``."""
    present = {kind for kind, _ in conditions}
    logics = dict.fromkeys(present, logic)
    if logic.strip() and len(present) > 1:
        conditions = _with_labels(conditions)
        try:
            logics = _split_logic(conditions, logic)
        except LogicError as error:
            problems.append(Problem("invalid_filter_logic", f"{logic!r} {error}", "filter_logic"))
            logics = {}
    model, target = (
        _labelled(
            {"conditions": [each for of, each in conditions if of == kind], "logic": logics.get(kind)},
            kind,
            problems,
        )
        for kind in _KINDS
    )
    return model, target


def _with_labels(conditions: Sequence[tuple[str, JsonObject]]) -> Sequence[tuple[str, JsonObject]]:
    """Return the conditions labelled by position over both kinds, unless they bring labels."""
    if any(each.get("label") for _, each in conditions):
        return conditions
    return [(kind, {**each, "label": default_label(at)}) for at, (kind, each) in enumerate(conditions)]


def _split_logic(conditions: Sequence[tuple[str, JsonObject]], logic: str) -> dict[str, str]:
    """Return the logic of each kind.

    Raises:
        LogicError: It is malformed, or joins a model condition and a target condition by ``or``.
    """
    labels = [each.get("label") for _, each in conditions]
    if objection := _label_objection(labels):
        raise LogicError(f"cannot be read: {objection}")
    kinds = {str(each["label"]): kind for kind, each in conditions}
    parts: dict[str, list[Expression | str]] = {kind: [] for kind in _KINDS}
    for part in _conjuncts(parse(logic, list(kinds)), kinds):
        parts[kinds[part if isinstance(part, str) else next(part.labels())]].append(part)
    same = {label: label for label in kinds}
    return {kind: Expression("and", tuple(each)).renamed(same) for kind, each in parts.items()}


def _conjuncts(part: Expression | str, kinds: Mapping[str, str]) -> Iterator[Expression | str]:
    """Yield the parts of one kind each that hold all at once."""
    if isinstance(part, str) or len({kinds[label] for label in part.labels()}) == 1:
        yield part
    elif part.operator == "and":
        for each in part.parts:
            yield from _conjuncts(each, kinds)
    else:
        raise LogicError("joins model and target conditions by 'or'; only 'and' can")


def _is_same(
    conditions: Sequence[tuple[str, JsonObject]], logic: str | None, model: JsonObject, target: JsonObject
) -> bool:
    """Say whether the older shape tells the same as the newer one: what a read showed may be sent back."""
    newer = [
        (kind, each)
        for kind, group in zip(_KINDS, (model, target), strict=True)
        for each in group["conditions"]
    ]
    told = sorted((kind, _unlabelled(each)) for kind, each in conditions)
    if told != sorted((kind, _unlabelled(each)) for kind, each in newer):
        return False
    return not logic or logic == show_filters(dict(zip(_KINDS, (model, target), strict=True)))[1]


def _unlabelled(condition: JsonObject) -> str:
    return json.dumps(
        {key: value for key, value in condition.items() if key != "label" and value is not None},
        sort_keys=True,
    )


def _read_model(condition: JsonObject, sources: Sources) -> JsonObject | None:
    field_id = condition.get("field_id")
    source = sources.named(field_id) if field_id else condition.get("field")
    return None if source is None else {"source": source, **_comparison(condition)}


def _read_target(condition: JsonObject) -> JsonObject | None:
    source: JsonObject = condition.get("field") or {}
    field: str | None = condition.get("field_id") or source.get("field")
    if field is None:
        return None
    read = {"field": field, **_comparison(condition)}
    return (
        read if condition.get("value_field") is None else {**read, "value_source": condition["value_field"]}
    )


def _comparison(condition: JsonObject) -> JsonObject:
    return {key: condition[key] for key in ("function", "value", "label") if condition.get(key) is not None}


def _show_old(condition: JsonObject, field_type: str, label: str) -> JsonObject:
    shown: JsonObject = {"field_type": field_type, "function": condition["function"], "label": label}
    if "value" in condition:
        shown["value"] = condition["value"]
    if field_type == "Model":
        return shown | {"field": condition["source"]}
    if value_source := condition.get("value_source"):
        shown["value_field"] = value_source
    return shown | {"field_id": condition["field"]}
