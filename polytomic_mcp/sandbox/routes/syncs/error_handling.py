"""How a sync's and a bulk sync's errors are handled: kept, and shown again.

The sandbox writes to nobody and tries no record again. What is left out of a change stays, unlike with
other PUTs (the API's documentation); the defaults are a guess.
"""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.resources.events import notifications

_DEFAULTS: Final = MappingProxyType(
    {
        "sync": {
            "auto_retry_record_errors": False,
            "notify_on_record_errors": False,
            "warning_notifications": False,
        },
        "bulk_sync": {"ingestion_failure_threshold": 0},
    }
)


def get(kind: str, call: Call) -> JsonObject:
    """Answer with the settings of a sync of this kind."""
    sync = call.workspace.find(kind, call.arguments["id"])
    kept = call.workspace.store.get(_kept_as(kind), sync["id"])
    return {"data": kept or {**_DEFAULTS[kind], "subscribers": []}}


def update(kind: str, call: Call) -> JsonObject:
    """Change the settings that are given."""
    settings: JsonObject = get(kind, call)["data"]
    settings |= {name: call.arguments[name] for name in _DEFAULTS[kind] if name in call.arguments}
    if "subscribers" in call.arguments:
        settings["subscribers"] = notifications.read_subscribers(call, "subscribers")
    call.workspace.store.put(_kept_as(kind), call.arguments["id"], settings)
    return {"data": settings}


def _kept_as(kind: str) -> str:
    return f"{kind}_error_handling"


def _of(kind: str, handler: Callable[[str, Call], JsonObject]) -> Callable[[Call], JsonObject]:
    return partial(handler, kind)


ROUTES: Final[Routes] = {
    "GET /api/syncs/{id}/error-handling": _of("sync", get),
    "PUT /api/syncs/{id}/error-handling": _of("sync", update),
    "GET /api/bulk/syncs/{id}/error-handling": _of("bulk_sync", get),
    "PUT /api/bulk/syncs/{id}/error-handling": _of("bulk_sync", update),
}
