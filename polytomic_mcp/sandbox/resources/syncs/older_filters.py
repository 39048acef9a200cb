"""The older shape of a sync's filters: one list for both kinds of conditions, with one logic.

A field's type is the model's unless it is ``Target`` (seen in the 2025-09-18 SDK).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from polytomic_mcp.catalogue.rules.filter_logic import (
    LogicError,
    default_label,
    label_problem,
    relabeled,
)
from polytomic_mcp.catalogue.rules.filter_logic import (
    split as split_logic,
)
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.models.source_fields import Sources

KINDS: Final[tuple[str, str]] = ("model_filters", "target_filters")
"""Where the newer shape has the conditions of each kind."""

LOGIC: Final = "filter_logic"
"""Where a sync has the logic of this shape; one that was sent in the newer shape has none of its own."""

_WRITES: Final = ("POST /api/syncs", "PUT /api/syncs/{id}")

Condition = tuple[str, JsonObject]
"""One of ``KINDS``, and a condition in the newer shape."""


def read(filters: Sequence[JsonObject], sources: Sources, problems: list[Problem]) -> Iterator[Condition]:
    """Yield the conditions in the newer shape, each with its kind."""
    for position, each in enumerate(filters):
        is_target = each.get("field_type") == "Target"
        condition = _read_target(each) if is_target else _read_model(each, sources)
        if condition is None:
            message = "A filter needs field, with model_id and field, or field_id."
            problems.append(Problem("unknown_source_field", message, f"filters[{position}]"))
        else:
            yield KINDS[is_target], condition


def split(conditions: Sequence[Condition], logic: str, problems: list[Problem]) -> dict[str, JsonObject]:
    """Return the conditions and the logic of each kind; a logic over both kinds is split at its ``and``."""
    present = {kind for kind, _ in conditions}
    logics = dict.fromkeys(present, logic)
    if logic.strip() and len(present) > 1:
        conditions = _with_labels(conditions)
        try:
            logics = _split_logic(conditions, logic)
        except LogicError as error:
            problems.append(Problem("invalid_filter_logic", f"{quoted(logic)} {error}.", "filter_logic"))
            logics = {}
    return {
        kind: {"conditions": [each for of, each in conditions if of == kind], "logic": logics.get(kind)}
        for kind in KINDS
    }


def show(sync: Mapping[str, Any]) -> tuple[list[JsonObject], str | None]:
    """Return a sync's filters in the older shape, with the logic that combines them.

    A logic that was sent in this shape is shown as it was written; None if none was sent.
    """
    shown: list[JsonObject] = []
    logics: list[str] = []
    for kind, field_type in zip(KINDS, ("Model", "Target"), strict=True):
        conditions: list[JsonObject] = sync[kind]["conditions"]
        names = {each["label"]: default_label(len(shown) + at) for at, each in enumerate(conditions)}
        if conditions:
            logics.append(relabeled(sync[kind]["logic"] or " and ".join(names), names))
        shown += [_show_condition(each, field_type, names[each["label"]]) for each in conditions]
    if LOGIC in sync or not any(sync[kind]["logic"] for kind in KINDS):
        return shown, sync.get(LOGIC)
    return shown, " and ".join(f"({each})" if len(logics) > 1 else each for each in logics)


def as_shown(conditions: Sequence[Condition], logic: str) -> str:
    """Return a logic as it is written, with the labels that ``show`` gives the conditions."""
    in_order = sorted(_with_labels(conditions), key=lambda each: KINDS.index(each[0]))
    names = {str(each.get("label")): default_label(at) for at, (_, each) in enumerate(in_order)}
    return relabeled(logic, names)


def current(operation: str, arguments: JsonObject, version: str) -> JsonObject:
    """Return the arguments of a sync with at most one name of each filter's field, as 2025-09-18 reads them.

    On 2024-02-08 ``field_id`` is ignored beside ``field`` (the npm SDK's docstring), since answers have both;
    on 2025-09-18 it is the other way round.
    """
    if operation not in _WRITES or version >= CURRENT:
        return arguments
    filters: Any = arguments.get("filters")
    if not isinstance(filters, list):
        return arguments
    return {**arguments, "filters": [_without_id(each) for each in cast(list[Any], filters)]}


def with_field_ids(sync: JsonObject, sources: Sources) -> JsonObject:
    """Return a sync as 2024-02-08 shows it: its filters and overrides have ``field_id`` beside ``field``."""
    for name in ("filters", "overrides"):
        sync[name] = [_with_field_id(each, sources) for each in sync[name]]
    return sync


def _without_id(condition: Any) -> Any:
    """Return a filter without ``field_id`` if it names a model's field by ``field``."""
    parts = as_object(condition)
    if not parts.get("field") or parts.get("field_type") == "Target":
        return condition
    return {key: value for key, value in parts.items() if key != "field_id"}


def _with_field_id(condition: JsonObject, sources: Sources) -> JsonObject:
    """Return a filter or override with its field's id, or with the field's name if the model lacks it."""
    source: dict[str, str] | None = condition.get("field")
    if source is None:
        return condition
    field = sources.field(source)
    return {**condition, "field_id": field["id"] if field else source["field"]}


def _with_labels(conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Return the conditions labeled by position across both kinds, unless they have labels."""
    if any(each.get("label") for _, each in conditions):
        return conditions
    return [(kind, {**each, "label": default_label(at)}) for at, (kind, each) in enumerate(conditions)]


def _split_logic(conditions: Sequence[Condition], logic: str) -> dict[str, str]:
    """Return the logic of each kind.

    Raises:
        LogicError: If it is malformed, or combines a model and a target condition with ``or``.
    """
    labels = [each.get("label") for _, each in conditions]
    if reason := label_problem(labels):
        raise LogicError(f"cannot be read: {reason.removesuffix('.')}")
    kinds = {str(each["label"]): kind for kind, each in conditions}
    same = {label: label for label in kinds}
    return {kind: each.flat().renamed(same) for kind, each in split_logic(logic, kinds).items()}


def _read_model(condition: JsonObject, sources: Sources) -> JsonObject | None:
    field_id = condition.get("field_id")
    source = sources.find_by_id(field_id) if field_id else condition.get("field")
    return None if source is None else {"source": source, **_comparison(condition)}


def _read_target(condition: JsonObject) -> JsonObject | None:
    source: JsonObject = condition.get("field") or {}
    field: str | None = condition.get("field_id") or source.get("field")
    if field is None:
        return None
    read_condition = {"field": field, **_comparison(condition)}
    if condition.get("value_field") is None:
        return read_condition
    return {**read_condition, "value_source": condition["value_field"]}


def _comparison(condition: JsonObject) -> JsonObject:
    return {key: condition[key] for key in ("function", "value", "label") if condition.get(key) is not None}


def _show_condition(condition: JsonObject, field_type: str, label: str) -> JsonObject:
    shown: JsonObject = {"field_type": field_type, "function": condition["function"], "label": label}
    if "value" in condition:
        shown["value"] = condition["value"]
    if field_type == "Model":
        return shown | {"field": condition["source"]}
    if value_source := condition.get("value_source"):
        shown["value_field"] = value_source
    return shown | {"field_id": condition["field"]}
