"""A Harbor's activity: an event for each call that its credentials made."""

from datetime import datetime, timedelta
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.resources.harbors.access import REQUEST_ID, is_restricted
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_activity"

_DAY: Final = timedelta(hours=24)
_NOUNS: Final = {
    "contexts": "context",
    "saved-queries": "saved_query",
    "query": "query",
    "connections": "connection",
    "schemas": "schema",
    "record-view-links": "record_view_link",
    "actions": "action",
}
_SUBJECTS: Final = ("context_id", "connection_id", "saved_query_id", "schema_id")


def record(call: Call) -> None:
    """Record a call of a Harbor's credential without its content; refused calls are not recorded."""
    if not is_restricted(call):
        return
    workspace, credential = call.workspace, call.credential
    now = workspace.now()
    event: JsonObject = {
        "id": workspace.new_id(),
        "event_type": _event_type(call.operation),
        "harbor_id": credential.harbor_id,
        "operation_id": call.operation,
        "outcome": "succeeded",
        "occurred_at": now,
        "recorded_at": now,
        "attempt_id": call.headers.get(REQUEST_ID),
        "actor": {"id": credential.user_id, "type": "user"},
        "credential": {"id": credential.credential_id},
        "connection_id": call.arguments.get("connection_id"),
        "context_id": call.arguments.get("context_id"),
        "metadata": {},
        "targets": [
            {"type": name.removesuffix("_id"), "id": call.arguments[name]}
            for name in _SUBJECTS
            if name in call.arguments
        ],
    }
    workspace.store.put(KIND, event["id"], event)


def recent_calls(workspace: Workspace, key_id: str) -> int:
    """Return how many calls a key made in the last 24 hours."""
    events = workspace.store.list(KIND, {"credential.id": key_id})
    since = workspace.clock() - _DAY
    return sum(datetime.fromisoformat(event["recorded_at"]) > since for event in events)


def _event_type(operation: str) -> str:
    """Return a name such as ``saved_query.fetched`` (seen in the API's documentation; others are guesses)."""
    method, _, path = operation.partition(" ")
    parts = [part for part in path.split("/") if part in _NOUNS]
    action = "deleted" if method == "DELETE" else "fetched" if method == "GET" else "submitted"
    is_list = method == "GET" and not path.endswith("}")
    return f"{_NOUNS[parts[-1]] if parts else 'request'}.{'listed' if is_list else action}"
