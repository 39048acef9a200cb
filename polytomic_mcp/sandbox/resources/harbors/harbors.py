"""Harbors: a store to query and the context that explains it, for agents.

A managed Harbor's store is a MotherDuck connection of its own over the sandbox's shared tables (a
guess: the API's own store type is not published). It is ``provisioning`` until somebody looks at it
(a choice, so that waiting loops are exercised and no test sleeps).
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.api.pagination import LARGEST_PAGE, page
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import described, system_of
from polytomic_mcp.sandbox.resources.connections.configuration import complete
from polytomic_mcp.sandbox.resources.connections.dependents import dependents
from polytomic_mcp.sandbox.resources.models.models import require_healthy
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor"
MODES: Final = ("managed", "customer_managed")
STORE: Final = "motherduck"

PARTS: Final = (
    "harbor_key",
    "harbor_user",
    "harbor_context",
    "harbor_context_draft",
    "harbor_context_version",
    "harbor_saved_query",
    "harbor_saved_query_draft",
)
"""The kinds that belong to a Harbor and go with it; each names it as ``_harbor_id``."""


def find(call: Call) -> JsonObject:
    """Return the Harbor a call names, ready by now; a Harbor's own credential finds that one alone."""
    id_: str = call.arguments["harbor_id"]
    if call.credential.harbor_id not in (None, id_):
        raise not_found("harbor", id_)
    harbor = call.workspace.find(KIND, id_)
    return _finish(call.workspace, id_) if harbor["status"] == "provisioning" else harbor


def require_own(call: Call) -> JsonObject:
    """Return the Harbor of the credential, which must be one; refuse all others with 403."""
    if call.credential.harbor_id is None:
        raise RefusalError(
            403,
            f"{call.operation} wants a Harbor's credential: mint a key of it, or a temporary credential "
            "with the Harbor as its subject.",
            key="forbidden",
        )
    return call.workspace.find(KIND, call.credential.harbor_id)


def require_within(call: Call, connection_id: str) -> None:
    """Refuse with 403 a Harbor's credential that reaches for another connection than its store."""
    if call.credential.harbor_id is not None and require_own(call)["backing_connection_id"] != connection_id:
        raise RefusalError(403, "A Harbor's credential reaches its own store only.", key="forbidden")


def require_managed(harbor: JsonObject) -> None:
    """Refuse with 422 what only managed Harbors can."""
    if harbor["backing_mode"] != "managed":
        raise RefusalError(
            422, "Saved queries want a Harbor that Polytomic manages.", key="unsupported_backing"
        )


def require_unbacked(workspace: Workspace, connection_id: str) -> None:
    """Refuse with 409 to delete a connection that backs a Harbor."""
    backed = workspace.store.list(KIND, {"backing_connection_id": connection_id})
    if backed:
        raise RefusalError(
            409,
            f"The connection backs Harbor {backed[0]['name']}; delete that first.",
            key="connection_backs_harbor",
        )


def create(call: Call) -> JsonObject:
    """Store a new Harbor with its backing connection and return it."""
    workspace, arguments = call.workspace, call.arguments
    name = _checked_name(call, None)
    mode: str = arguments["backing_mode"]
    backing: str | None = arguments.get("backing_connection_id")
    if mode not in MODES:
        raise unfit(call, f"backing_mode must be {' or '.join(MODES)}")
    if (mode == "managed") == (backing is not None):
        raise unfit(call, "backing_connection_id goes with customer_managed, and with that alone")
    harbor: JsonObject = {
        "id": workspace.new_id(),
        "name": name,
        "description": arguments.get("description"),
        "backing_mode": mode,
        "backing_connection_id": _store(call, name) if backing is None else _queryable(call, backing),
        "organization_id": call.credential.organization_id,
        "mcp_server_url": None,
        "status": "provisioning" if backing is None else "ready",
        "created_at": workspace.now(),
        "updated_at": workspace.now(),
    }
    workspace.store.put(KIND, harbor["id"], harbor)
    return harbor


def update(call: Call, harbor: JsonObject) -> JsonObject:
    """Rename a Harbor, and with a managed one its store, and return it."""
    name = _checked_name(call, harbor["id"])
    workspace = call.workspace
    harbor |= {"name": name, "description": call.arguments.get("description"), "updated_at": workspace.now()}
    workspace.store.put(KIND, harbor["id"], harbor)
    if harbor["backing_mode"] == "managed":
        backing = workspace.find("connection", harbor["backing_connection_id"])
        workspace.store.put(
            "connection", backing["id"], backing | {"name": name, "updated_at": workspace.now()}
        )
    return harbor


def delete(workspace: Workspace, harbor: JsonObject) -> None:
    """Delete a Harbor with all it holds; a managed one's store goes too where nothing else stands on it."""
    for kind in PARTS:
        for part in workspace.store.list(kind, {"_harbor_id": harbor["id"]}):
            workspace.store.delete(kind, part["_key"])
    workspace.store.delete(KIND, harbor["id"])
    backing = harbor["backing_connection_id"]
    if harbor["backing_mode"] == "managed" and not dependents(workspace.store, backing):
        schema_cache.forget(workspace, backing)
        workspace.store.delete("connection", backing)


def listed(call: Call, items: Sequence[JsonObject]) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the page a call asks for, in the order in which the items were made."""
    return page(
        [item | {"_position": position} for position, item in enumerate(items)],
        lambda item: (item["created_at"], item["_position"]),
        token=call.arguments.get("page_token"),
        limit=call.arguments.get("limit", LARGEST_PAGE),
        ascending=True,
    )


def require_short(call: Call, **limits: int) -> None:
    """Refuse with 422 a text of the call that is longer than it may be."""
    for name, limit in limits.items():
        if len(call.arguments.get(name) or "") > limit:
            raise unfit(call, f"{name} may have {limit} characters")


def unfit(call: Call, message: str) -> RefusalError:
    """Return the 422 that says what is wrong with a call."""
    return RefusalError(422, f"{call.operation}: {message.removesuffix('.')}.", key="unprocessable")


def _finish(workspace: Workspace, id_: str) -> JsonObject:
    """End the provisioning, in one transaction: a Harbor deleted meanwhile must not come back."""
    with workspace.store.transaction():
        harbor = workspace.find(KIND, id_) | {"status": "ready"}
        workspace.store.put(KIND, id_, harbor)
    return harbor


def _checked_name(call: Call, id_: str | None) -> str:
    require_short(call, name=200, description=1_000)
    name: str = call.arguments["name"].strip()
    if not name:
        raise unfit(call, "name must not be empty")
    taken = [each for each in call.workspace.store.list(KIND) if each["id"] != id_]
    if name.casefold() in [each["name"].casefold() for each in taken]:
        raise RefusalError(409, f"There is a Harbor named {name} already.", key="name_taken")
    return name


def _queryable(call: Call, connection_id: str) -> str:
    connection = require_healthy(call.workspace, connection_id)
    if described(system_of(connection)).query is None:
        raise unfit(call, f"connection {connection['name']} takes no queries, so it cannot back a Harbor")
    return connection["id"]


def _store(call: Call, name: str) -> str:
    """Make the connection of a managed Harbor and return its id."""
    type_ = load_connection_types()[STORE]
    now = call.workspace.now()
    given: dict[str, Any] = {"database": "harbor", "access_token": secrets.token_hex(16)}
    document: JsonObject = {
        "id": call.workspace.new_id(),
        "name": name,
        "type": type_.brief(),
        "configuration": complete(type_, given),
        "organization_id": call.credential.organization_id,
        "api_calls_last_24_hours": 0,
        "rate_limit": None,
        "healthcheck_interval": None,
        "policies": [],
        "status": "healthy",
        "status_error": None,
        "saved": True,
        "created_at": now,
        "created_by": ACTOR,
        "updated_at": now,
        "updated_by": ACTOR,
        "_redirect_url": None,
        "_is_consented": False,
    }
    call.workspace.store.put("connection", document["id"], document)
    schema_cache.start(call.workspace, document["id"])
    return document["id"]
