"""A connection's proxy: its settings, its limits, and the calls it made.

Names are seen in the 2025-09-18 SDK. The limits of bodies and time are those of the migration guide; how many
calls a minute may have is a guess.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import described, system_of
from polytomic_mcp.sandbox.resources.connections.configuration import MASK
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
MOST_A_MINUTE: Final = 60
LARGEST_REQUEST: Final = 256 * 1024
LARGEST_RESPONSE: Final = 1024 * 1024
"""Bytes of a body: a larger request is refused, a larger response is truncated."""

BLOCKED_HEADERS: Final = ("authorization", "connection", "content-length", "cookie", "host")

_SETTINGS: Final = "proxy_settings"
_CALL: Final = "proxy_call"
_DAY: Final = timedelta(hours=24)
_SECONDS: Final = 30


def is_supported(workspace: Workspace, connection: JsonObject) -> bool:
    """Return whether the sandbox can proxy the connection: to an application that has data (a guess)."""
    system = system_of(connection)
    return not described(system).is_warehouse and bool(workspace.tables.list(system))


def is_enabled(workspace: Workspace, connection: JsonObject) -> bool:
    """Return whether the proxy is on; it is off by default."""
    return bool((workspace.store.get(_SETTINGS, _parent(connection)) or {}).get("enabled"))


def settings(workspace: Workspace, connection: JsonObject) -> JsonObject:
    """Return the settings as the API shows them; a shared connection has its parent's."""
    parent = connection.get("parent_connection_id")
    return {
        "connectionId": connection["id"],
        "backendType": connection["type"]["id"],
        "supported": is_supported(workspace, connection),
        "enabled": is_enabled(workspace, connection),
        **({"parentConnectionId": parent} if parent else {}),
    }


def set_enabled(workspace: Workspace, connection: JsonObject, *, enabled: bool) -> None:
    """Switch the proxy on or off.

    Raises:
        RefusalError: 400 if the sandbox cannot proxy the connection's type.
    """
    if enabled and not is_supported(workspace, connection):
        raise RefusalError(
            400,
            f"Connection {connection['name']} is of type {system_of(connection)}, which the sandbox cannot "
            "proxy. It proxies applications that have sample data; query a warehouse instead.",
            key="proxy_unsupported",
        )
    workspace.store.put(_SETTINGS, _parent(connection), {"enabled": enabled})


def describe(workspace: Workspace, connection: JsonObject, calls: int) -> JsonObject:
    """Return the proxy's base URL, locked headers, limits and statistics.

    ``calls`` is the number of calls to the system in the last 24 hours, through the proxy or otherwise.
    """
    return {
        "connectionId": connection["id"],
        "backendType": connection["type"]["id"],
        "inheritedBase": {
            "baseUrl": f"https://{connection['type']['id']}.sandbox.invalid",
            "lockedHeaders": [{"name": "Authorization", "value": MASK, "redacted": True}],
            "lockedQuery": {},
        },
        "mergeRules": {
            "headers": "The caller's headers are added; locked headers are unchanged.",
            "query": "The caller's parameters are added; locked parameters are unchanged.",
        },
        "requestContract": _limits(),
        "stats": _stats(workspace, connection, calls),
    }


def require_allowed(workspace: Workspace, connection: JsonObject) -> None:
    """Require that the proxy may make a call now.

    Raises:
        RefusalError: 403 if the proxy is off, 429 over the rate limit, 502 if the system is unavailable.
    """
    if not is_enabled(workspace, connection):
        raise RefusalError(
            403,
            f"The proxy of connection {connection['name']} is off; switch it on with "
            "PUT /api/connections/{id}/proxy/settings.",
            key="proxy_disabled",
        )
    now = workspace.clock()
    minute = now.replace(second=0, microsecond=0)
    if len(calls_since(workspace, connection["id"], minute)) >= MOST_A_MINUTE:
        raise RefusalError(
            429,
            f"A connection's proxy accepts {MOST_A_MINUTE} calls per minute; retry in the next minute.",
            key="rate_limited",
            headers={"Retry-After": str(60 - now.second)},
        )
    if connection["status"] != "healthy":
        raise RefusalError(
            502,
            f"Connection {connection['name']} is {connection['status']}: its system rejects its credentials.",
            key="upstream_error",
        )
    if reason := workspace.faults.outage(connection):
        raise RefusalError(502, f"Connection {connection['name']}: {reason}.", key="upstream_error")


def record_call(workspace: Workspace, connection_id: str, call_id: str, status: int) -> None:
    """Record a call for the rate limit and the statistics."""
    delete_expired(workspace, _CALL, "at")
    call = {"_connection_id": connection_id, "status": status, "at": workspace.now()}
    workspace.store.put(_CALL, call_id, call)


def calls_since(workspace: Workspace, connection_id: str, since: datetime) -> list[JsonObject]:
    """Return the calls made since a time, oldest first."""
    found = workspace.store.list(_CALL, {"_connection_id": connection_id})
    return [each for each in found if datetime.fromisoformat(each["at"]) >= since]


def recent_calls(workspace: Workspace, connection_id: str) -> list[JsonObject]:
    """Return the calls of the last 24 hours, oldest first."""
    return calls_since(workspace, connection_id, workspace.clock() - _DAY)


def _limits() -> JsonObject:
    return {
        "allowedMethods": list(METHODS),
        "blockedRequestHeaders": list(BLOCKED_HEADERS),
        "blockedResponseHeaders": ["set-cookie"],
        "bodyTypes": ["object", "array", "string", "null"],
        "maxRequestBodyBytes": LARGEST_REQUEST,
        "maxResponseBodyBytes": LARGEST_RESPONSE,
        "pathRule": "Relative to the base URL; starts with exactly one slash.",
        "queryModes": ["query", "rawQuery"],
        "queryValueTypes": ["string", "number", "boolean", "array"],
        "rateLimitPerMinute": MOST_A_MINUTE,
        "rawQueryRule": "Appended unchanged; the caller encodes it.",
        "timeoutMs": _SECONDS * 1_000,
    }


def _stats(workspace: Workspace, connection: JsonObject, calls: int) -> Mapping[str, Any]:
    proxied = recent_calls(workspace, connection["id"])
    by_class = {each: sum(call["status"] // 100 == each for call in proxied) for each in (2, 4, 5)}
    return {
        "proxyCallsLast24h": len(proxied),
        "callsLast24h": calls,
        "lastProxyCallAt": proxied[-1]["at"] if proxied else None,
        **{f"proxy{each}xxLast24h": count for each, count in by_class.items()},
    }


def _parent(connection: JsonObject) -> str:
    return connection.get("parent_connection_id") or connection["id"]
