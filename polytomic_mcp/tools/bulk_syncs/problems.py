"""The problems of a bulk sync that its source and its destination need not be asked about."""

from collections.abc import Iterator, Sequence
from typing import Final

from polytomic_mcp.catalogue.rules import filter_functions, frequencies, outputs
from polytomic_mcp.catalogue.rules.modes import (
    DISCOVERY,
    NORMALIZATIONS,
    SCHEDULE_RESYNC_MODES,
    SELECTIVE_MODES,
)
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.bulk_syncs.requests import BulkSchedule, BulkSyncRequest, SchemaChoice
from polytomic_mcp.tools.framework.requests import Draft, Part

_SETTINGS: Final = {
    "automatically_add_new_objects": DISCOVERY,
    "automatically_add_new_fields": DISCOVERY,
    "normalize_names": NORMALIZATIONS,
}
_SELECTIONS: Final = {"selective_mode": SELECTIVE_MODES, "resync_mode": SCHEDULE_RESYNC_MODES}
LIMITS: Final = ("concurrency_limit", "resync_concurrency_limit")
"""Settings of which 0 means Polytomic's own; the API takes no 0."""


def check_settings(request: BulkSyncRequest, draft: Draft) -> None:
    """Add what is wrong with the settings and the schedules."""
    for name, known in _SETTINGS.items():
        _check_choice(request, name, known, name, draft)
    for name in LIMITS:
        limit = getattr(request, name)
        if limit is not None and not 0 <= limit <= outputs.HIGHEST_LIMIT:
            draft.problems.append(
                f"{name}: must be from 1 to {outputs.HIGHEST_LIMIT}, or 0 for Polytomic's own limit."
            )
    draft.problems += _cutoff_problems(request.data_cutoff_timestamp, "data_cutoff_timestamp")
    for path, schedule in request.all_schedules:
        _check_times(schedule, path, draft)
    for path, selection in request.all_selections:
        for name, known in _SELECTIONS.items():
            _check_choice(selection, name, known, f"{path}.{name}", draft)


def check_schema(schema: SchemaChoice, path: str, draft: Draft) -> None:
    """Add what is wrong with a schema's filters and with its cutoff; an empty one is none."""
    for at, condition in enumerate(schema.filters or ()):
        place = f"{path}.filters[{at}]"
        if condition.field_id is None:
            draft.problems.append(f"{place}.field_id is required: the field that is compared.")
        if problem := filter_functions.condition_problem(condition.function, condition.value):
            draft.problems.append(f"{place}.{problem}")
    draft.problems += _cutoff_problems(schema.data_cutoff_timestamp or None, f"{path}.data_cutoff_timestamp")


def _check_choice(part: Part, name: str, known: Sequence[str], path: str, draft: Draft) -> None:
    value = getattr(part, name)
    if value is not None and value not in known:
        draft.problems.append(f"{path}: {unknown('value', value, known)}")


def _check_times(schedule: BulkSchedule, path: str, draft: Draft) -> None:
    for part, text in frequencies.schedule_problems(schedule.body(), frequencies.BULK_FREQUENCIES):
        draft.problems.append(f"{path}.{part}: {text}" if part else f"{path}: {text}")


def _cutoff_problems(cutoff: str | None, path: str) -> Iterator[str]:
    if problem := outputs.cutoff_problem(cutoff):
        yield f"{path}: {problem}"
