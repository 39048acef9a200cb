"""Causes in the runs of a sync, and in its state."""

from collections.abc import Iterator
from typing import Final

from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause, Certainty, make_cause, step
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.diagnosis.mending import Mending, mend
from polytomic_mcp.tools.analysis.health.states import is_switched_off

_STATE_CAUSES: Final[dict[str, tuple[str, Certainty, bool]]] = {
    "never_run": ("The sync has never run", "certain", False),
    "canceled": ("The last run was canceled before it completed", "certain", False),
    "late": ("No run started when one was due", "likely", True),
    "stuck": ("The current run is taking far longer than usual", "likely", True),
    "no_rows": ("The last run moved no rows, but earlier runs did", "likely", False),
}


def failed_run(evidence: Evidence) -> Iterator[Cause]:
    """Report the failure that the state of the sync depends on."""
    run = evidence.decisive_run
    if run is None or evidence.condition.state != "failing":
        return
    runs = [each for each in evidence.runs or () if each.is_over]
    lines = [f"run {run.id} {run.status}", run.failure]
    lines.append(f"{sum(bool(each.failure) for each in runs)} of the last {len(runs)} runs failed")
    lines += [str(as_object(each.get("event")).get("error") or "") for each in (evidence.events or ())[:3]]
    this = {"sync_id": evidence.sync["id"]}
    see = step("get_sync_execution", "see this run", **this, execution_id=run.id)
    again = step("start_sync", "run it again once the cause is fixed", **this)
    title = "did not complete" if run.is_failed else "wrote nothing"
    unique = [line for line in dict.fromkeys(lines) if line]
    steps = (again, see) if run.is_failed else (see, again)
    yield make_cause(f"The last run {title}: {run.failure}", "certain", unique, *steps)


def rejected_rows(evidence: Evidence) -> Iterator[Cause]:
    """Report the reasons for which rows were rejected, most frequent first."""
    errors = evidence.row_errors
    if errors is None:
        return
    log = {"sync_id": evidence.sync["id"], "execution_id": errors.execution_id, "log": "errors"}
    if not errors.causes:
        lines = [f"{errors.total} rows; neither the log nor the run gives a reason"]
        see = step("get_sync_execution", "see the run", **log)
        yield make_cause("Rows are rejected", "certain", lines, see, blocks=False)
    for group in errors.causes:
        lines = [f"{group.count} of {errors.read} rejected rows read", str(group.examples[0]["error"])]
        field = f" ({group.field})" if group.field and group.field not in group.cause else ""
        see = step("get_sync_execution", "see the rows", **log)
        yield make_cause(f"Rows are rejected{field}: {group.cause}", "certain", lines, see, blocks=False)


def switched_off(evidence: Evidence) -> Iterator[Cause]:
    """Report a schedule that has no effect because the sync is inactive, whatever else is wrong.

    Polytomic refuses to change a sync that does not fit its models and its target: the call mends both.
    """
    if not is_switched_off(evidence.sync):
        return
    title, this = "The sync is switched off, so its schedule does not run it", evidence.sync["id"]
    mending = mend(evidence, evidence.models) if evidence.has_broken_references else Mending()
    words = "; ".join(["switches it on", *mending.words])
    on = step("update_sync", words, sync_id=this, active=True, **mending.changes)
    is_possible = mending.changes or not evidence.has_broken_references
    yield make_cause(title, "certain", [], *([on] if is_possible else []))


def state(evidence: Evidence) -> Iterator[Cause]:
    """Report the state of the sync, if the state is a cause in itself."""
    state, detail, sync_id = evidence.condition.state, evidence.condition.detail, evidence.sync["id"]
    steps = {
        "never_run": step("start_sync", "run it", sync_id=sync_id),
        "canceled": step("start_sync", "run it again", sync_id=sync_id),
        "late": step("start_sync", "run it now", sync_id=sync_id),
        "stuck": step("cancel_sync", "cancel the run; then start_sync", sync_id=sync_id),
        "no_rows": step("preview_model", "see what it reads", model_id=next(iter(evidence.models), "")),
    }
    if state in steps and not (state == "no_rows" and evidence.rows):  # measured rows say more
        title, certainty, blocks = _STATE_CAUSES[state]
        yield make_cause(title, certainty, [detail] if detail else [], steps[state], blocks=blocks)
