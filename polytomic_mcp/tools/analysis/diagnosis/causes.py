"""Why a sync fails, rejects rows, writes nothing or does not run: all causes, ranked."""

from typing import Final

from polytomic_mcp.tools.analysis.diagnosis.cause import CERTAINTIES, Cause, Rule
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.diagnosis.rules.arrivals import missing_rows, rows_left_out
from polytomic_mcp.tools.analysis.diagnosis.rules.connections import (
    limited_connections,
    missing_objects,
    unhealthy_connections,
    unreachable_sources,
)
from polytomic_mcp.tools.analysis.diagnosis.rules.references import (
    broken_queries,
    column_changes,
    problems,
    type_mismatches,
)
from polytomic_mcp.tools.analysis.diagnosis.rules.runs import failed_run, rejected_rows, state, switched_off

_BLOCKING_RULES: Final[tuple[Rule, ...]] = (
    unhealthy_connections,
    unreachable_sources,
    missing_objects,
    broken_queries,
    column_changes,
    problems,
)
_OTHER_RULES: Final[tuple[Rule, ...]] = (
    failed_run,
    rejected_rows,
    missing_rows,
    switched_off,
    state,
    limited_connections,
    type_mismatches,
)
"""Equally certain causes are reported in the order of the rules: those that explain others come first."""


def problems_of(evidence: Evidence) -> list[Cause]:
    """Return all problems: the most certain first and, of equally certain ones, those that block the sync."""
    blocking = [cause for rule in _BLOCKING_RULES for cause in rule(evidence)]
    others = [cause for rule in _OTHER_RULES for cause in rule(evidence)]
    if any(cause.blocks for cause in blocking):
        others = [_without_a_start(cause) for cause in others]
    found = [*blocking, *others]
    return sorted(found, key=lambda cause: (CERTAINTIES.index(cause.certainty), not cause.blocks))


def _without_a_start(cause: Cause) -> Cause:
    """Return a cause without a run as its only remedy, which would be refused or fail."""
    only_starts = all(each.tool == "start_sync" for each in cause.next_steps or ())
    return cause.model_copy(update={"next_steps": None}) if only_starts else cause


def left_out_by(evidence: Evidence) -> list[Cause]:
    """Return why rows did not arrive although nothing is wrong."""
    return [*rows_left_out(evidence)]


def blockers_of(evidence: Evidence) -> list[str]:
    """Return what keeps the sync from running, regardless of its runs."""
    return [cause.cause for rule in _BLOCKING_RULES for cause in rule(evidence) if cause.blocks]
