"""Why a sync does not do what it should: each cause with its evidence and the call that comes next."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from pydantic import BaseModel

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.health.blockers import (
    MODEL_GONE,
    connection_fault,
    unhealthy_reason,
    waits_for_consent,
)
from polytomic_mcp.tools.answers.results import NextStep

Certainty = Literal["certain", "likely", "possible"]
Rule = Callable[[Evidence], Iterator["Cause"]]

_CERTAINTIES: Final[tuple[Certainty, ...]] = ("certain", "likely", "possible")
_MOST_LINES: Final = 5
_LONGEST_LINE: Final = 160
_LONGEST_TITLE: Final = 240


class Cause(BaseModel):
    """One reason, how sure it is, and whether nothing moves until it is gone."""

    cause: str
    certainty: Certainty
    blocks: bool
    evidence: list[str]
    next_step: NextStep | None = None


def causes_of(evidence: Evidence) -> list[Cause]:
    """Return what is wrong, the most certain first and, of those, what blocks the sync."""
    found = [cause for rule in (*_FAULTS, *_RULES) for cause in rule(evidence)]
    return sorted(found, key=lambda cause: (_CERTAINTIES.index(cause.certainty), not cause.blocks))


def faults_of(evidence: Evidence) -> list[str]:
    """Return what keeps the sync from running, whatever its runs were."""
    return [cause.cause for rule in _FAULTS for cause in rule(evidence) if cause.blocks]


def _ill_connections(evidence: Evidence) -> Iterator[Cause]:
    for id_, connection in evidence.connections.items():
        fault = connection_fault(evidence.role_of(id_), connection)
        if not connection:
            step = _step("list_connections", "find what takes its place")
            yield _cause(fault, "certain", [f"no connection {id_}"], step)
        elif fault:
            told = [f"status {connection.get('status')}", unhealthy_reason(connection)]
            yield _cause(fault, "certain", list(dict.fromkeys(told)), _cure(id_, connection))


def _cure(id_: str, connection: JsonObject) -> NextStep:
    if waits_for_consent(connection):
        reason = "gives the auth_url where a person signs in"
        return _step("update_connection", reason, connection_id=id_, reconnect=True)
    return _step("test_connection", "see whether it is still so", connection_id=id_)


def _limited_connections(evidence: Evidence) -> Iterator[Cause]:
    for id_, connection in evidence.connections.items():
        limit = as_object(connection.get("rate_limit"))
        if limit.get("currently_limited"):
            name = quoted(str(connection.get("name")))
            step = _step("get_connection", "see when the limit ends", connection_id=id_)
            told = [f"{part} {limit[part]}" for part in ("limited_since", "expires_at") if limit.get(part)]
            yield _cause(f"{name} limits the rate of requests", "likely", told, step, blocks=False)


def _lost_objects(evidence: Evidence) -> Iterator[Cause]:
    for id_, model in evidence.models.items():
        if not model:
            step = _step("list_models", "find what takes its place")
            yield _cause(MODEL_GONE, "certain", [f"no model {id_}"], step)
    aim = evidence.target_connection_id
    if evidence.target == {} and evidence.connections.get(aim):
        step = _step("list_target_objects", "find what takes its place", connection_id=aim)
        told = [f"no target object {evidence.target_object}"]
        yield _cause("The target object no longer exists", "certain", told, step)


def _problems(evidence: Evidence) -> Iterator[Cause]:
    """Bring Polytomic's own findings and ours together, by the side where they have to be looked at."""
    theirs = [
        f"{item.get('path')}: {item.get('message')}" for item in as_objects(evidence.sync.get("problems"))
    ]
    ours = [line for line in evidence.broken_fields() if not _is_told(line, theirs)]
    by_side: dict[str, list[str]] = {}
    for line in [*theirs, *ours]:
        by_side.setdefault(_side(line), []).append(line)
    for side, lines in by_side.items():
        title, step = _titles(evidence)[side]
        yield _cause(title, "certain", lines, step)


def _is_told(line: str, theirs: list[str]) -> bool:
    path = line.partition(": ")[0]
    return any(known.startswith((f"{path}:", f"{path}.")) for known in theirs)


def _side(line: str) -> str:
    path = line.partition(": ")[0]
    if path.startswith(("schedule", "name", "policies")):
        return "sync"
    return "model" if "source" in path or path.startswith(("overrides", "model", "filters")) else "target"


def _titles(evidence: Evidence) -> dict[str, tuple[str, NextStep]]:
    sync_id, model_ids = evidence.sync["id"], [id_ for id_, model in evidence.models.items() if model]
    see_sync = _step("get_sync", "see the whole sync", sync_id=sync_id)
    see_model = _step("get_model", "see its fields; then update_sync", model_id=(model_ids or [""])[0])
    aim = {"connection_id": evidence.target_connection_id, "target": evidence.target_object}
    see_target = _step("list_target_fields", "see its fields; then update_sync", **aim, refresh=True)
    return {
        "sync": ("The sync's settings are not valid", see_sync),
        "model": ("The sync reads what its models no longer have", see_model if model_ids else see_sync),
        "target": ("The sync no longer fits its target", see_target),
    }


def _failed_run(evidence: Evidence) -> Iterator[Cause]:
    run = evidence.judged_run
    if run is None or evidence.condition.state != "failing":
        return
    runs = [each for each in evidence.runs or () if each.is_over]
    told = [f"run {run.id} {run.status}", run.failure]
    told.append(f"{sum(bool(each.failure) for each in runs)} of the last {len(runs)} runs failed")
    told += [str(as_object(each.get("event")).get("error") or "") for each in evidence.events[:3]]
    see = _step("get_sync_execution", "see this run", sync_id=evidence.sync["id"], execution_id=run.id)
    lines = [line for line in dict.fromkeys(told) if line]
    title = "did not get to its end" if run.is_failed else "wrote nothing"
    yield _cause(f"The last run {title}: {run.failure}", "certain", lines, see)


def _refused_rows(evidence: Evidence) -> Iterator[Cause]:
    errors = evidence.row_errors
    if errors is None:
        return
    log = {"sync_id": evidence.sync["id"], "execution_id": errors.execution_id, "log": "errors"}
    if not errors.causes:
        told = [f"{errors.total} rows; neither the log nor the run says why"]
        yield _cause(
            "Rows are refused",
            "certain",
            told,
            _step("get_sync_execution", "see the run", **log),
            blocks=False,
        )
    for group in errors.causes:
        told = [
            f"{group.count} of {errors.read} refused rows that were read",
            str(group.examples[0]["error"]),
        ]
        about = f" ({group.field})" if group.field and group.field not in group.cause else ""
        title = f"Rows are refused{about}: {group.cause}"
        yield _cause(title, "certain", told, _step("get_sync_execution", "see the rows", **log), blocks=False)


def _drifts(evidence: Evidence) -> Iterator[Cause]:
    """Name columns that their source no longer has, and those that have another type there."""
    found = evidence.drifts()
    gone, changed = [each for each in found if not each.now], [each for each in found if each.now]
    if gone:
        step = _step("update_model", "read its columns anew", model_id=gone[0].model_id, refresh=True)
        title = "The source no longer has columns that the sync reads"
        yield _cause(title, "certain", [str(each) for each in gone], step)
    if changed:
        step = _step("update_model", "read its columns anew", model_id=changed[0].model_id, refresh=True)
        title = "Columns have another type at their source"
        yield _cause(title, "possible", [str(each) for each in changed], step, blocks=False)


def _misfits(evidence: Evidence) -> Iterator[Cause]:
    """Name types that do not fit, where something went wrong or the field changed after the sync.

    Of a field that changed and ran well since, only types that hardly can fit are worth a word.
    """
    groups = evidence.row_errors.causes if evidence.row_errors else []
    errors = {group.field for group in groups}
    is_failing = evidence.condition.state == "failing"
    well = evidence.last_clean_run
    by_certainty: dict[Certainty, list[str]] = {}
    for each in evidence.misfits():
        is_new = each.changed is not None and (well is None or each.changed > well)
        if is_failing or is_new or errors & {each.field, each.target}:
            by_certainty.setdefault("likely", []).append(str(each))
        elif each.changed is not None and each.is_gross:
            by_certainty.setdefault("possible", []).append(str(each))
    for certainty, lines in by_certainty.items():
        model_id = next(id_ for id_, model in evidence.models.items() if model)
        step = _step("get_model", "see its fields and their types", model_id=model_id)
        yield _cause("Types do not fit", certainty, lines, step, blocks=False)


def _standing(evidence: Evidence) -> Iterator[Cause]:
    """Name a state of the sync as a whole that is a cause in itself."""
    state, detail, sync_id = evidence.condition.state, evidence.condition.detail, evidence.sync["id"]
    steps = {
        "inactive": _step("update_sync", "switch it on", sync_id=sync_id, active=True),
        "never_run": _step("start_sync", "run it", sync_id=sync_id),
        "canceled": _step("start_sync", "run it again", sync_id=sync_id),
        "late": _step("start_sync", "run it now", sync_id=sync_id),
        "stuck": _step("cancel_sync", "stop the run; then start_sync", sync_id=sync_id),
        "no_rows": _step("preview_model", "see what it reads", model_id=next(iter(evidence.models), "")),
    }
    if state in steps:
        title, certainty, blocks = _STANDINGS[state]
        yield _cause(title, certainty, [detail] if detail else [], steps[state], blocks=blocks)


_STANDINGS: Final[dict[str, tuple[str, Certainty, bool]]] = {
    "inactive": ("The sync is switched off, so its schedule does not run it", "certain", True),
    "never_run": ("The sync has never run", "certain", False),
    "canceled": ("The last run was canceled before its end", "certain", False),
    "late": ("No run started when one was due", "likely", True),
    "stuck": ("The run lasts far longer than usual", "likely", True),
    "no_rows": ("The last run moved no rows, though those before did", "likely", False),
}
_FAULTS: Final[tuple[Rule, ...]] = (_ill_connections, _lost_objects, _drifts, _problems)
_RULES: Final[tuple[Rule, ...]] = (
    _failed_run,
    _refused_rows,
    _standing,
    _limited_connections,
    _misfits,
)
"""As those before in the order in which equally certain causes are told: what explains others first."""


def _step(tool: str, reason: str, **arguments: Any) -> NextStep:
    return NextStep(tool=tool, arguments=arguments, reason=reason)


def _cause(
    title: str, certainty: Certainty, told: list[str], step: NextStep, *, blocks: bool = True
) -> Cause:
    lines = [line[:_LONGEST_LINE] for line in told[:_MOST_LINES]]
    if len(told) > _MOST_LINES:
        lines.append(f"and {len(told) - _MOST_LINES} more")
    return Cause(
        cause=title[:_LONGEST_TITLE], certainty=certainty, blocks=blocks, evidence=lines, next_step=step
    )
