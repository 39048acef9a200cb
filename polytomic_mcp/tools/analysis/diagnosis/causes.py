"""Why a sync fails, rejects rows or does not run: each cause with its evidence and the call to make next."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from pydantic import BaseModel

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.health.blockers import (
    MODEL_GONE,
    connection_blocker,
    needs_sign_in,
    unhealthy_reason,
)
from polytomic_mcp.tools.answers.results import NextStep

Certainty = Literal["certain", "likely", "possible"]
Rule = Callable[[Evidence], Iterator["Cause"]]

_CERTAINTIES: Final[tuple[Certainty, ...]] = ("certain", "likely", "possible")
_MOST_LINES: Final = 5
_LONGEST_LINE: Final = 160
_LONGEST_TITLE: Final = 240


class Cause(BaseModel):
    """One cause, its certainty, and whether it keeps every row from being written."""

    cause: str
    certainty: Certainty
    blocks: bool
    evidence: list[str]
    next_step: NextStep | None = None


def causes_of(evidence: Evidence) -> list[Cause]:
    """Return all causes: the most certain first and, of equally certain ones, those that block the sync."""
    found = [cause for rule in (*_BLOCKING_RULES, *_OTHER_RULES) for cause in rule(evidence)]
    return sorted(found, key=lambda cause: (_CERTAINTIES.index(cause.certainty), not cause.blocks))


def blockers_of(evidence: Evidence) -> list[str]:
    """Return what keeps the sync from running, regardless of its runs."""
    return [cause.cause for rule in _BLOCKING_RULES for cause in rule(evidence) if cause.blocks]


def _unhealthy_connections(evidence: Evidence) -> Iterator[Cause]:
    for id_, connection in evidence.connections.items():
        blocker = connection_blocker(evidence.role_of(id_), connection)
        if not connection:
            step = _step("list_connections", "find a replacement")
            yield _cause(blocker, "certain", [f"no connection {id_}"], step)
        elif blocker:
            lines = [f"status {connection.get('status')}", unhealthy_reason(connection)]
            yield _cause(blocker, "certain", list(dict.fromkeys(lines)), _remedy(id_, connection))


def _remedy(id_: str, connection: JsonObject) -> NextStep:
    if needs_sign_in(connection):
        reason = "returns the auth_url where a person signs in"
        return _step("update_connection", reason, connection_id=id_, reconnect=True)
    return _step("test_connection", "check whether it still fails", connection_id=id_)


def _limited_connections(evidence: Evidence) -> Iterator[Cause]:
    for id_, connection in evidence.connections.items():
        limit = as_object(connection.get("rate_limit"))
        if limit.get("currently_limited"):
            name = quoted(str(connection.get("name")))
            step = _step("get_connection", "see when the limit ends", connection_id=id_)
            lines = [f"{part} {limit[part]}" for part in ("limited_since", "expires_at") if limit.get(part)]
            yield _cause(f"{name} limits the rate of requests", "likely", lines, step, blocks=False)


def _missing_objects(evidence: Evidence) -> Iterator[Cause]:
    for id_, model in evidence.models.items():
        if not model:
            step = _step("list_models", "find a replacement")
            yield _cause(MODEL_GONE, "certain", [f"no model {id_}"], step)
    connection_id = evidence.target_connection_id
    if evidence.target == {} and evidence.connections.get(connection_id):
        step = _step("list_target_objects", "find a replacement", connection_id=connection_id)
        lines = [f"no target object {evidence.target_object}"]
        yield _cause("The target object no longer exists", "certain", lines, step)


def _problems(evidence: Evidence) -> Iterator[Cause]:
    """Merge the problems that Polytomic reports with those found here, by the object to look at."""
    theirs = [
        f"{item.get('path')}: {item.get('message')}" for item in as_objects(evidence.sync.get("problems"))
    ]
    ours = [line for line in evidence.broken_fields() if not _is_reported(line, theirs)]
    by_owner: dict[str, list[str]] = {}
    for line in [*theirs, *ours]:
        by_owner.setdefault(_owner(line), []).append(line)
    for owner, lines in by_owner.items():
        title, step = _titles(evidence)[owner]
        yield _cause(title, "certain", lines, step)


def _is_reported(line: str, theirs: list[str]) -> bool:
    path = line.partition(": ")[0]
    return any(known.startswith((f"{path}:", f"{path}.")) for known in theirs)


def _owner(line: str) -> str:
    path = line.partition(": ")[0]
    if path.startswith(("schedule", "name", "policies")):
        return "sync"
    return "model" if "source" in path or path.startswith(("overrides", "model", "filters")) else "target"


def _titles(evidence: Evidence) -> dict[str, tuple[str, NextStep]]:
    sync_id, model_ids = evidence.sync["id"], [id_ for id_, model in evidence.models.items() if model]
    see_sync = _step("get_sync", "see the whole sync", sync_id=sync_id)
    see_model = _step("get_model", "see its fields; then update_sync", model_id=(model_ids or [""])[0])
    target = {"connection_id": evidence.target_connection_id, "target": evidence.target_object}
    see_target = _step("list_target_fields", "see its fields; then update_sync", **target, refresh=True)
    return {
        "sync": ("The sync's settings are not valid", see_sync),
        "model": (
            "The sync reads fields that its models no longer have",
            see_model if model_ids else see_sync,
        ),
        "target": ("The sync no longer matches its target", see_target),
    }


def _failed_run(evidence: Evidence) -> Iterator[Cause]:
    run = evidence.decisive_run
    if run is None or evidence.condition.state != "failing":
        return
    runs = [each for each in evidence.runs or () if each.is_over]
    lines = [f"run {run.id} {run.status}", run.failure]
    lines.append(f"{sum(bool(each.failure) for each in runs)} of the last {len(runs)} runs failed")
    lines += [str(as_object(each.get("event")).get("error") or "") for each in (evidence.events or ())[:3]]
    step = _step("get_sync_execution", "see this run", sync_id=evidence.sync["id"], execution_id=run.id)
    title = "did not complete" if run.is_failed else "wrote nothing"
    unique = [line for line in dict.fromkeys(lines) if line]
    yield _cause(f"The last run {title}: {run.failure}", "certain", unique, step)


def _rejected_rows(evidence: Evidence) -> Iterator[Cause]:
    errors = evidence.row_errors
    if errors is None:
        return
    log = {"sync_id": evidence.sync["id"], "execution_id": errors.execution_id, "log": "errors"}
    if not errors.causes:
        lines = [f"{errors.total} rows; neither the log nor the run gives a reason"]
        step = _step("get_sync_execution", "see the run", **log)
        yield _cause("Rows are rejected", "certain", lines, step, blocks=False)
    for group in errors.causes:
        lines = [f"{group.count} of {errors.read} rejected rows read", str(group.examples[0]["error"])]
        field = f" ({group.field})" if group.field and group.field not in group.cause else ""
        step = _step("get_sync_execution", "see the rows", **log)
        yield _cause(f"Rows are rejected{field}: {group.cause}", "certain", lines, step, blocks=False)


def _column_changes(evidence: Evidence) -> Iterator[Cause]:
    """Report columns that their source no longer has, and those whose type changed there."""
    found = evidence.column_changes()
    gone, changed = [each for each in found if not each.now], [each for each in found if each.now]
    if gone:
        step = _step("update_model", "reload its columns", model_id=gone[0].model_id, refresh=True)
        title = "The source no longer has columns that the sync reads"
        yield _cause(title, "certain", [str(each) for each in gone], step)
    if changed:
        step = _step("update_model", "reload its columns", model_id=changed[0].model_id, refresh=True)
        title = "Columns have a different type in their source"
        yield _cause(title, "possible", [str(each) for each in changed], step, blocks=False)


def _type_mismatches(evidence: Evidence) -> Iterator[Cause]:
    """Report types that do not match, if something went wrong or the field changed after the sync.

    If the sync ran without errors since the change, only types that almost never match are reported.
    """
    groups = evidence.row_errors.causes if evidence.row_errors else []
    errors = {group.field for group in groups}
    is_failing = evidence.condition.state == "failing"
    last_clean = evidence.last_clean_run
    by_certainty: dict[Certainty, list[str]] = {}
    for each in evidence.type_mismatches():
        is_new = each.changed is not None and (last_clean is None or each.changed > last_clean)
        if is_failing or is_new or errors & {each.field, each.target}:
            by_certainty.setdefault("likely", []).append(str(each))
        elif each.changed is not None and each.is_severe:
            by_certainty.setdefault("possible", []).append(str(each))
    for certainty, lines in by_certainty.items():
        model_id = next(id_ for id_, model in evidence.models.items() if model)
        step = _step("get_model", "see its fields and their types", model_id=model_id)
        yield _cause("Types do not match", certainty, lines, step, blocks=False)


def _state(evidence: Evidence) -> Iterator[Cause]:
    """Report the state of the sync, if the state is a cause in itself."""
    state, detail, sync_id = evidence.condition.state, evidence.condition.detail, evidence.sync["id"]
    steps = {
        "inactive": _step("update_sync", "switch it on", sync_id=sync_id, active=True),
        "never_run": _step("start_sync", "run it", sync_id=sync_id),
        "canceled": _step("start_sync", "run it again", sync_id=sync_id),
        "late": _step("start_sync", "run it now", sync_id=sync_id),
        "stuck": _step("cancel_sync", "cancel the run; then start_sync", sync_id=sync_id),
        "no_rows": _step("preview_model", "see what it reads", model_id=next(iter(evidence.models), "")),
    }
    if state in steps:
        title, certainty, blocks = _STATE_CAUSES[state]
        yield _cause(title, certainty, [detail] if detail else [], steps[state], blocks=blocks)


_STATE_CAUSES: Final[dict[str, tuple[str, Certainty, bool]]] = {
    "inactive": ("The sync is switched off, so its schedule does not run it", "certain", True),
    "never_run": ("The sync has never run", "certain", False),
    "canceled": ("The last run was canceled before it completed", "certain", False),
    "late": ("No run started when one was due", "likely", True),
    "stuck": ("The current run is taking far longer than usual", "likely", True),
    "no_rows": ("The last run moved no rows, but earlier runs did", "likely", False),
}
_BLOCKING_RULES: Final[tuple[Rule, ...]] = (
    _unhealthy_connections,
    _missing_objects,
    _column_changes,
    _problems,
)
_OTHER_RULES: Final[tuple[Rule, ...]] = (
    _failed_run,
    _rejected_rows,
    _state,
    _limited_connections,
    _type_mismatches,
)
"""Equally certain causes are reported in the order of the rules: those that explain others come first."""


def _step(tool: str, reason: str, **arguments: Any) -> NextStep:
    return NextStep(tool=tool, arguments=arguments, reason=reason)


def _cause(
    title: str, certainty: Certainty, evidence: list[str], step: NextStep, *, blocks: bool = True
) -> Cause:
    lines = [line[:_LONGEST_LINE] for line in evidence[:_MOST_LINES]]
    if len(evidence) > _MOST_LINES:
        lines.append(f"and {len(evidence) - _MOST_LINES} more")
    return Cause(
        cause=title[:_LONGEST_TITLE], certainty=certainty, blocks=blocks, evidence=lines, next_step=step
    )
