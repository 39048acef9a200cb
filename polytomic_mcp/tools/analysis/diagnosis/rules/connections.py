"""Causes in connections and in objects that a sync needs: they are unhealthy, limited or gone."""

from collections.abc import Iterator, Sequence
from typing import Final

from polytomic_mcp.client.outages import is_system_out
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause, make_cause, step
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.health.blockers import (
    MODEL_GONE,
    connection_blocker,
    needs_sign_in,
    unhealthy_reason,
)
from polytomic_mcp.tools.answers.results import MASK, NextStep
from polytomic_mcp.tools.connections.states import State, state_of

_WAIT: Final = "if its settings are right, there is nothing to correct: wait until that system answers"


def unhealthy_connections(evidence: Evidence) -> Iterator[Cause]:
    """Report connections that are gone or not healthy."""
    for id_, connection in evidence.connections.items():
        blocker = connection_blocker(evidence.role_of(id_), connection)
        if not connection:
            find = step("list_connections", "find a replacement")
            yield make_cause(blocker, "certain", [f"no connection {id_}"], find)
        elif blocker:
            lines = [f"status {connection.get('status')}", unhealthy_reason(connection)]
            lines += [_WAIT] if is_system_out(unhealthy_reason(connection)) else []
            lines += _unknown_secrets(connection)
            state = state_of(connection, evidence.now, evidence.consent_links)
            lines += [state.note] if state.note else []
            steps = remedies(connection, state)
            yield make_cause(blocker, "certain", list(dict.fromkeys(lines)), *steps)


def remedies(connection: JsonObject, state: State) -> Sequence[NextStep]:
    """Return the calls that bring an unhealthy connection in this state back, in order."""
    test = step("test_connection", "check whether it still fails", connection_id=connection.get("id"))
    return state.next_steps or (test,)


def _unknown_secrets(connection: JsonObject) -> Iterator[str]:
    """Say which secrets only a person can supply, if new credentials are what helps."""
    configuration = as_object(connection.get("configuration"))
    names = [name for name, value in configuration.items() if value == MASK]
    if names and not needs_sign_in(connection) and not is_system_out(unhealthy_reason(connection)):
        yield f"if its credentials are wrong, only a person knows new ones: {', '.join(names)}"


def unreachable_sources(evidence: Evidence) -> Iterator[Cause]:
    """Report sources that Polytomic cannot reach now although their stored status is healthy."""
    for id_, reason in evidence.outages.items():
        connection_id = str(evidence.models[id_].get("connection_id"))
        connection = evidence.connections.get(connection_id, {})
        if not unhealthy_reason(connection):
            name = quoted(str(connection.get("name") or connection_id))
            test = step("test_connection", "shows whether it answers again", connection_id=connection_id)
            title = f"The source connection {name} does not answer"
            yield make_cause(title, "certain", [reason, _WAIT], test)


def limited_connections(evidence: Evidence) -> Iterator[Cause]:
    """Report connections that limit the rate of requests."""
    for id_, connection in evidence.connections.items():
        limit = as_object(connection.get("rate_limit"))
        if limit.get("currently_limited"):
            name = quoted(str(connection.get("name")))
            see = step("get_connection", "see when the limit ends", connection_id=id_)
            lines = [f"{part} {limit[part]}" for part in ("limited_since", "expires_at") if limit.get(part)]
            yield make_cause(f"{name} limits the rate of requests", "likely", lines, see, blocks=False)


def missing_objects(evidence: Evidence) -> Iterator[Cause]:
    """Report models and a target that no longer exist."""
    for id_, model in evidence.models.items():
        if not model:
            find = step("list_models", "find a replacement; then update_sync with its fields")
            yield make_cause(MODEL_GONE, "certain", [f"no model {id_}"], find)
    connection_id = evidence.target_connection_id
    if evidence.target == {} and evidence.connections.get(connection_id):
        find = step(
            "list_target_objects", "find a replacement; then update_sync", connection_id=connection_id
        )
        lines = [f"no {evidence.target_noun} {evidence.target_object}"]
        yield make_cause(f"The {evidence.target_noun} no longer exists", "certain", lines, find)
