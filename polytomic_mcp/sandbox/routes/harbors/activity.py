"""The activity of Harbors: what their credentials did, for administrators."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NoReturn

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.calls.pagination import page
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request, not_found
from polytomic_mcp.sandbox.common.times import read_time
from polytomic_mcp.sandbox.resources.harbors.activity import KIND
from polytomic_mcp.sandbox.resources.organizations import users

LONGEST: Final = timedelta(days=90)
USUAL_PAGE: Final = 50
LARGEST_PAGE: Final = 100

_FILTERS: Final = (
    "harbor_id", "event_type", "outcome", "operation_id", "session_id", "actor_id", "credential_id",
    "connection_id",
)  # fmt: skip


def list_all(call: Call) -> JsonObject:
    """List the events of a time window, newest first by default."""
    _require_administrator(call)
    start, end = _time(call, "start_time"), _time(call, "end_time")
    if not start <= end <= start + LONGEST:
        raise bad_request(call.operation, f"end_time must be at most {LONGEST.days} days after start_time")
    order = call.arguments.get("order", "desc")
    if order not in ("asc", "desc"):
        raise bad_request(call.operation, unknown("order", order, ("asc", "desc")))
    filters = {name: call.arguments[name] for name in _FILTERS if call.arguments.get(name)}
    found = [
        event
        for event in call.workspace.store.list(KIND)
        if start <= datetime.fromisoformat(event["recorded_at"]) < end
        and all(_part(event, name) in values for name, values in filters.items())
    ]
    shown, pagination = page(
        call,
        found,
        lambda event: (event["recorded_at"], event["id"]),
        usual=USUAL_PAGE,
        largest=LARGEST_PAGE,
        ascending=order == "asc",
    )
    return {"data": shown, "pagination": pagination}


def get(call: Call) -> JsonObject:
    """Return one event."""
    _require_administrator(call)
    return {"data": call.workspace.find(KIND, call.arguments["event_id"])}


def get_session(call: Call) -> NoReturn:
    """Refuse to show a session.

    Raises:
        RefusalError: 404, as only Polytomic's own service registers sessions, there are none.
    """
    _require_administrator(call)
    raise not_found("session", call.arguments["session_id"])


def _part(event: Mapping[str, object], name: str) -> object:
    noun = name.removesuffix("_id")
    return as_object(event[noun]).get("id") if noun in ("actor", "credential") else event.get(name)


def _time(call: Call, name: str) -> datetime:
    try:
        return read_time(call.arguments[name])
    except ValueError as error:
        raise bad_request(call.operation, f"{name} must be a time such as 2026-01-31T12:00:00Z") from error


def _require_administrator(call: Call) -> None:
    user = call.workspace.find(users.KIND, call.credential.user_id)
    if call.credential.holder == "user" and not users.is_admin(user):
        raise RefusalError(
            403, f"Only administrators can call {call.operation}; use an Admin's key.", key="forbidden"
        )


ROUTES: Final[Routes] = {
    "GET /api/organization/harbor-activity": list_all,
    "GET /api/organization/harbor-activity/{event_id}": get,
    "GET /api/organization/harbor-activity/sessions/{session_id}": get_session,
}
