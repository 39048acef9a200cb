"""Harbors: for agents, a store to query and the context that explains it.

A managed Harbor's store is a separate MotherDuck connection over the sandbox's shared tables (a guess:
the API does not publish the type of its stores). A managed Harbor is ``provisioning`` until it is first
read (a choice, so that waiting loops are exercised and no test sleeps).
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.pagination import page
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found, unprocessable
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import described, system_of
from polytomic_mcp.sandbox.resources.connections import connections
from polytomic_mcp.sandbox.resources.connections.configuration import with_defaults
from polytomic_mcp.sandbox.resources.connections.dependents import find_dependents
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
"""The kinds that belong to a Harbor, by ``_harbor_id``, and are deleted with it."""


def find(call: Call) -> JsonObject:
    """Return the call's Harbor, which is ready from now on.

    Raises:
        RefusalError: 404 if it does not exist, or if the credential is another Harbor's.
    """
    id_: str = call.arguments["harbor_id"]
    if call.credential.harbor_id not in (None, id_):
        raise not_found("harbor", id_)
    harbor = call.workspace.find(KIND, id_)
    return _finish(call.workspace, id_) if harbor["status"] == "provisioning" else harbor


def require_own(call: Call) -> JsonObject:
    """Return the Harbor of the caller's credential.

    Raises:
        RefusalError: 403 if it is not a Harbor's credential.
    """
    if call.credential.harbor_id is None:
        raise RefusalError(
            403,
            f"{call.operation} needs a Harbor's credential: create a key of the Harbor, or a temporary "
            "credential with the Harbor as its subject.",
            key="forbidden",
        )
    return call.workspace.find(KIND, call.credential.harbor_id)


def require_within(call: Call, connection_id: str) -> None:
    """Raise a 403 refusal if a Harbor's credential asks for a connection other than its store."""
    if call.credential.harbor_id is not None and require_own(call)["backing_connection_id"] != connection_id:
        raise RefusalError(
            403,
            "A Harbor's credential has access to its own store only; GET /api/harbor/connections returns it.",
            key="forbidden",
        )


def require_managed(harbor: JsonObject) -> None:
    """Raise a 422 refusal unless Polytomic manages the Harbor's store."""
    if harbor["backing_mode"] != "managed":
        raise RefusalError(422, "Saved queries need a managed Harbor.", key="unsupported_backing")


def require_own_connection(workspace: Workspace, connection_id: str) -> None:
    """Raise a 409 refusal if the connection, which is to be changed, is a managed Harbor's."""
    backed = workspace.store.list(KIND, {"backing_connection_id": connection_id, "backing_mode": "managed"})
    if backed:
        raise RefusalError(
            409,
            f"The connection is managed by Harbor {backed[0]['name']}. Update the Harbor to rename it.",
            key="connection_backs_harbor",
        )


def require_unbacked(workspace: Workspace, connection_id: str) -> None:
    """Raise a 409 refusal if the connection, which is to be deleted, backs a Harbor."""
    backed = workspace.store.list(KIND, {"backing_connection_id": connection_id})
    if backed:
        raise RefusalError(
            409,
            f"The connection backs Harbor {backed[0]['name']}; delete the Harbor first.",
            key="connection_backs_harbor",
        )


def create(call: Call) -> JsonObject:
    """Create a Harbor, and the store of a managed one, and return it.

    Raises:
        RefusalError: 409 if the name is taken, 422 for arguments that do not go together.
    """
    workspace, arguments = call.workspace, call.arguments
    name = _unused_name(call, None)
    mode: str = arguments["backing_mode"]
    backing: str | None = arguments.get("backing_connection_id")
    if mode not in MODES:
        raise unprocessable(call.operation, unknown("backing_mode", mode, MODES))
    if (mode == "managed") == (backing is not None):
        raise unprocessable(
            call.operation,
            "backing_connection_id is required for customer_managed and not allowed for managed",
        )
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
    """Replace a Harbor's name and description, rename a managed store too, and return the Harbor."""
    name = _unused_name(call, harbor["id"])
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
    """Delete a Harbor and its parts, and a managed store that nothing else depends on."""
    for kind in PARTS:
        for part in workspace.store.list(kind, {"_harbor_id": harbor["id"]}):
            workspace.store.delete(kind, part["_key"])
    workspace.store.delete(KIND, harbor["id"])
    backing = harbor["backing_connection_id"]
    if harbor["backing_mode"] == "managed" and not find_dependents(workspace.store, backing):
        schema_cache.forget(workspace, backing)
        workspace.store.delete("connection", backing)


def page_of(call: Call, items: Sequence[JsonObject]) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the page that the call requests, oldest items first, and its pagination."""
    return page(
        call,
        [item | {"_position": position} for position, item in enumerate(items)],
        lambda item: (item["created_at"], item["_position"]),
        ascending=True,
    )


def require_lengths(call: Call, **limits: int) -> None:
    """Raise a 422 refusal if a text among the call's arguments is longer than its limit."""
    for name, limit in limits.items():
        if len(call.arguments.get(name) or "") > limit:
            raise unprocessable(call.operation, f"{name} must have at most {limit} characters")


def _finish(workspace: Workspace, id_: str) -> JsonObject:
    """Finish provisioning in one transaction, so that a concurrently deleted Harbor stays deleted."""
    with workspace.store.transaction():
        harbor = workspace.find(KIND, id_) | {"status": "ready"}
        workspace.store.put(KIND, id_, harbor)
    return harbor


def _unused_name(call: Call, id_: str | None) -> str:
    require_lengths(call, name=200, description=1_000)
    name: str = call.arguments["name"].strip()
    taken = [each for each in call.workspace.store.list(KIND) if each["id"] != id_]
    if name.casefold() in [each["name"].casefold() for each in taken]:
        raise RefusalError(
            409, f"A Harbor named {name} already exists; choose another name.", key="name_taken"
        )
    return name


def _queryable(call: Call, connection_id: str) -> str:
    connection = require_healthy(call.workspace, connection_id)
    if described(system_of(connection)).query is None:
        raise unprocessable(
            call.operation, f"connection {connection['name']} cannot be queried, so it cannot back a Harbor"
        )
    return connection["id"]


def _store(call: Call, name: str) -> str:
    """Create the connection of a managed Harbor and return its id."""
    type_ = load_connection_types()[STORE]
    given: dict[str, Any] = {"database": "harbor", "access_token": secrets.token_hex(16)}
    document: JsonObject = {
        **connections.new_document(call.workspace, type_),
        "name": name,
        "configuration": with_defaults(type_, given),
        "organization_id": call.credential.organization_id,
        "healthcheck_interval": None,
        "policies": [],
        "status": connections.HEALTHY,
        "status_error": None,
        "saved": True,
        "updated_at": call.workspace.now(),
        "updated_by": ACTOR,
    }
    call.workspace.store.put("connection", document["id"], document)
    schema_cache.start(call.workspace, document["id"])
    return document["id"]
