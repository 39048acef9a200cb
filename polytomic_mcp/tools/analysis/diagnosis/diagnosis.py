"""The tool that explains in one call why a sync fails, or shows that it is healthy."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.scalars import moment_text
from polytomic_mcp.common.spelling import shortened
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause
from polytomic_mcp.tools.analysis.diagnosis.causes import blockers_of, left_out_by, problems_of
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence, gather
from polytomic_mcp.tools.analysis.diagnosis.row_errors import RowErrors
from polytomic_mcp.tools.analysis.health.states import condition_of, schedules_of
from polytomic_mcp.tools.answers.results import Answer
from polytomic_mcp.tools.answers.schedules import describe, next_run
from polytomic_mcp.tools.api_access.gathering import Gathering, Unavailable
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.framework.arguments import SyncId, TheCaller, refuse_boolean

_EVENTS_SHOWN: Final = 6
_LONGEST_TEXT: Final = 200


class Diagnosis(Answer):
    """The causes of a sync's problems, and what they were worked out from."""

    id: str
    name: str | None = None
    verdict: str
    causes: Annotated[list[Cause], Field(description="Most certain and blocking first")]
    state: JsonObject
    executions: Annotated[list[JsonObject] | None, Field(description="Newest first")] = None
    row_errors: RowErrors | None = None
    connections: list[JsonObject] | None = None
    events: Annotated[list[JsonObject] | None, Field(description="Of the last 48 hours, newest first")] = None
    unavailable: list[Unavailable] | None = None


async def diagnose_sync(
    caller: TheCaller,
    sync_id: SyncId,
    executions: Annotated[
        int, Field(ge=1, le=50, description="How many runs to show"), BeforeValidator(refuse_boolean)
    ] = 5,
) -> Diagnosis:
    """Explain why a sync fails, rejects rows or does not run: ranked causes with evidence and the next call.

    Checks its runs, row errors, fields, connections and events.
    """
    sync = await find(caller.api, SYNC, sync_id)
    gathering = Gathering()
    evidence = await gather(caller, sync, gathering)
    problems, left_out = problems_of(evidence), left_out_by(evidence)
    return Diagnosis(
        id=sync["id"],
        name=sync.get("name"),
        verdict=_verdict(problems, left_out, is_partial=bool(gathering.unavailable)),
        causes=_without_hidden_steps([*problems, *left_out], caller.tools),
        state=_state(evidence),
        executions=_first(executions, evidence.executions, _execution),
        row_errors=evidence.row_errors,
        connections=[_connection(evidence, id_) for id_ in evidence.connections] or None,
        events=_first(_EVENTS_SHOWN, evidence.events, _event),
        unavailable=gathering.unavailable or None,
    )


def _first(
    most: int, items: list[JsonObject] | None, show: Callable[[JsonObject], JsonObject]
) -> list[JsonObject] | None:
    """Return the first items as they are shown; None if they could not be read, which is not "none"."""
    return None if items is None else [show(item) for item in items[:most]]


def _without_hidden_steps(causes: list[Cause], shown: AbstractSet[str]) -> list[Cause]:
    for cause in causes:
        cause.next_steps = [each for each in cause.next_steps or () if each.tool in shown] or None
    return causes


def _verdict(problems: list[Cause], left_out: list[Cause], *, is_partial: bool) -> str:
    within = " in what could be read" if is_partial else ""
    if problems:
        return f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'} found{within}"
    if left_out:
        return f"nothing failed, but rows were left out{within}: see causes"
    return f"no problem found{within}"


def _state(evidence: Evidence) -> JsonObject:
    sync, schedules = evidence.sync, schedules_of(evidence.sync)
    condition = condition_of(sync, evidence.runs, evidence.now, blockers_of(evidence))
    current = as_object(evidence.status.get("current_execution"))
    return given(
        state=condition.state,
        detail=shortened(condition.detail, _LONGEST_TEXT) or None,
        active=sync.get("active"),
        schedule="; ".join(map(describe, schedules)) or None,
        next_run=next_run(schedules, evidence.now, is_active=bool(sync.get("active"))),
        mode=sync.get("mode"),
        target=evidence.target_object or None,
        target_name=as_object(evidence.target).get("name"),
        running=current.get("id"),
        last_success=moment_text(condition.last_success) or None,
        next_execution=evidence.status.get("next_execution_time"),
        checked=_checked(evidence),
    )


def _checked(evidence: Evidence) -> str | None:
    """Summarize the check of the fields; None if a model or the target could not be read."""
    if not evidence.target or not all(evidence.models.values()):
        return None
    broken = len(evidence.broken_fields())
    fields = "1 broken field" if broken == 1 else f"{broken} broken fields"
    models = "1 model" if len(evidence.models) == 1 else f"{len(evidence.models)} models"
    return f"{fields}; checked against {models} and the target"


def _execution(item: JsonObject) -> JsonObject:
    counts = {name: count for name, count in as_object(item.get("counts")).items() if count}
    kept = {name: item.get(name) for name in ("id", "status", "started_at", "completed_at")}
    type_ = item.get("type")
    return given(**kept, type=type_ if type_ in ("test", "resync") else None, counts=counts or None)


def _connection(evidence: Evidence, id_: str) -> JsonObject:
    connection = evidence.connections[id_]
    limit = as_object(connection.get("rate_limit"))
    return given(
        id=id_,
        name=connection.get("name"),
        role=evidence.role_of(id_),
        type=as_object(connection.get("type")).get("id"),
        status=connection.get("status") if connection else "gone",
        status_error=shortened(str(connection.get("status_error") or ""), _LONGEST_TEXT) or None,
        rate_limit=limit or None,
    )


def _event(event: JsonObject) -> JsonObject:
    about = as_object(event.get("event"))
    return given(
        type=event.get("type"),
        created_at=event.get("created_at"),
        execution_id=about.get("execution_id"),
        error=shortened(str(about.get("error") or ""), _LONGEST_TEXT) or None,
    )
