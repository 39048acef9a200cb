"""Events: what happened in the last 48 hours, and the types of events."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.calls.time_window import Window
from polytomic_mcp.sandbox.resources.events import events
from polytomic_mcp.sandbox.resources.organizations.organizations import has_access

LARGEST_PAGE: Final = 100
USUAL_PAGE: Final = 10


def list_all(call: Call) -> JsonObject:
    """List events of a type and a time window, both ends exclusive, in pages, newest first.

    The API's text calls the filter ``event_type``, its parameters ``type``; both are accepted.
    """
    window = Window.of(call, "starting_after", "ending_before")
    type_ = call.arguments.get("type") or call.arguments.get("event_type")
    organization = call.arguments.get("organization_id", call.workspace.organization_id)
    found = [
        event
        for event in events.recent(call.workspace)
        if type_ in (None, event["type"])
        and has_access(call, event["organization_id"])
        and organization == event["organization_id"]
        and window.holds(event["created_at"])
    ]
    shown, page = pagination.page(
        call,
        found,
        lambda event: (event["created_at"], event["id"]),
        usual=USUAL_PAGE,
        largest=LARGEST_PAGE,
    )
    return {"data": shown, "pagination": page}


def list_types(call: Call) -> JsonObject:
    """List the types of events."""
    del call
    return {"data": list(events.TYPES)}


ROUTES: Final[Routes] = {"GET /api/events": list_all, "GET /api/events_types": list_types}
