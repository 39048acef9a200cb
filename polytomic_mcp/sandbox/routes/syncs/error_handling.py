"""The error handling settings of model syncs and bulk syncs: stored and returned, without effect.

The sandbox notifies no one and retries no record. Unlike other PUTs, this one leaves omitted settings
unchanged (the API's documentation). The defaults are a guess.
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
    """Return the settings of a ``sync`` or ``bulk_sync``."""
    sync = call.workspace.find(kind, call.arguments["id"])
    stored = call.workspace.store.get(_store_kind(kind), sync["id"])
    return {"data": stored or {**_DEFAULTS[kind], "subscribers": []}}


def update(kind: str, call: Call) -> JsonObject:
    """Update the settings. Omitted ones are unchanged."""
    settings: JsonObject = get(kind, call)["data"]
    settings |= {name: call.arguments[name] for name in _DEFAULTS[kind] if name in call.arguments}
    if "subscribers" in call.arguments:
        settings["subscribers"] = notifications.read_subscribers(call, "subscribers")
    call.workspace.store.put(_store_kind(kind), call.arguments["id"], settings)
    return {"data": settings}


def _store_kind(kind: str) -> str:
    return f"{kind}_error_handling"


def _handle(kind: str, handler: Callable[[str, Call], JsonObject]) -> Callable[[Call], JsonObject]:
    return partial(handler, kind)


ROUTES: Final[Routes] = {
    "GET /api/syncs/{id}/error-handling": _handle("sync", get),
    "PUT /api/syncs/{id}/error-handling": _handle("sync", update),
    "GET /api/bulk/syncs/{id}/error-handling": _handle("bulk_sync", get),
    "PUT /api/bulk/syncs/{id}/error-handling": _handle("bulk_sync", update),
}
