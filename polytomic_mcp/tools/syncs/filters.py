"""The filters of a sync: what is wrong with their functions, values, labels and logic."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from polytomic_mcp.catalogue.rules import filter_functions
from polytomic_mcp.catalogue.rules.filter_logic import LogicError, default_label, label_problem, split
from polytomic_mcp.catalogue.rules.modes import FIELD_TYPES
from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.tools.syncs.requests import (
    Condition,
    OldCondition,
    Source,
    SyncRequest,
)
from polytomic_mcp.tools.syncs.subject import Tested


def filter_problems(
    sync: SyncRequest, fields: Mapping[str, Source], type_of: Callable[[Tested], str | None]
) -> Iterator[str]:
    """Yield what is wrong with filters and overrides.

    ``fields`` are the fields of models by id; ``type_of`` returns the type of the field that is tested, if it
    is known.
    """
    for path, condition in sync.all_conditions:
        yield from _value_problems(path, condition, type_of(condition))
    for name, filters in (("model_filters", sync.model_filters), ("target_filters", sync.target_filters)):
        if filters is not None:
            conditions = filters.conditions or []
            yield from _logic_problems(f"{name}.conditions", f"{name}.logic", conditions, filters.logic)
    yield from _old_form_problems(sync, fields)
    for at, override in enumerate(sync.overrides or []):
        path = f"overrides[{at}]"
        if override.field is None and override.field_id not in fields:
            yield f"{path}.field: is missing. Send a source: {{model_id, field}}."
        if override.function and (
            problem := filter_functions.condition_problem(
                override.function, override.value, type_of(override)
            )
        ):
            yield f"{path}.{problem}"


def _value_problems(path: str, condition: Condition, field_type: str | None) -> Iterator[str]:
    compared = condition.compared
    if compared is None:
        if problem := filter_functions.condition_problem(condition.function, condition.value, field_type):
            yield f"{path}.{problem}"
    elif not filter_functions.can_compare_fields(condition.function):
        yield f"{path}.function: {quoted(condition.function)} cannot compare with a field. Send value."
    elif condition.value is not None:
        yield f"{path}: Send either value or the field to compare with."


def _logic_problems(
    path: str, logic_path: str, conditions: Sequence[Condition], logic: str | None
) -> Iterator[str]:
    labels = [condition.label for condition in conditions]
    if any(labels) and (reason := label_problem(labels)):
        yield f"{path}: {reason}"
        return
    kinds = {
        condition.label or default_label(at): isinstance(condition, OldCondition) and condition.is_of_target
        for at, condition in enumerate(conditions)
    }
    try:
        split(logic or "", kinds)
    except LogicError as error:
        yield f"{logic_path}: {quoted(logic)} {error}."


def _old_form_problems(sync: SyncRequest, fields: Mapping[str, Source]) -> Iterator[str]:
    filters = sync.filters or []
    if filters and (sync.model_filters or sync.target_filters):
        yield "filters: Send model_filters and target_filters, or filters, not both forms."
    for at, condition in enumerate(filters):
        yield from _old_condition_problems(f"filters[{at}]", condition, fields)
    if filters:
        yield from _logic_problems("filters", "filter_logic", filters, sync.filter_logic)


def _old_condition_problems(
    path: str, condition: OldCondition, fields: Mapping[str, Source]
) -> Iterator[str]:
    if condition.field_type not in (None, *FIELD_TYPES):
        yield f"{path}.field_type: {unknown('type of field', condition.field_type, FIELD_TYPES)}"
    if not condition.is_of_target and condition.field_id and condition.field_id not in fields:
        yield f"{path}.field_id: No model has a field with the id {quoted(condition.field_id)}."
    elif condition.field is None and not condition.field_id:
        yield f"{path}.field: is missing. Send a source: {{model_id, field}}."
