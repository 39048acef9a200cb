"""Organizations, and which of them a caller can access.

The sandbox's own key belongs to the first organization and, like a partner's key, has access to all
others (a choice: one key shows the whole API), or to one only if the request names it. A user's key has
access to that user's organization. Connections, models, syncs and what depends on them belong to one
organization and are visible only there; the rows that they read and write are shared, by system.
"""

from dataclasses import replace
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections.dependents import Dependents
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "organization"

_SHARED_KINDS: Final = ("user", "role", "policy", "webhook")
"""The kinds that every organization's view of the store shows; each document has an ``organization_id``."""

_OBJECTS: Final = ("connection", "model", "sync", "bulk_sync")
"""The kinds that only their own organization's view of the store shows."""

_CREATING: Final = tuple(
    f"{method} /api/{noun}"
    for method in ("POST", "PUT")
    for noun in ("bulk/syncs", "connections", "connections/connect/", "model-preview", "models", "syncs")
)
"""The operations whose body may name the organization to act in."""


def seed(workspace: Workspace) -> None:
    """Create the first organization if it does not exist."""
    if workspace.store.get(KIND, ORGANIZATION_ID) is None:
        name = "Acme (sandbox)"
        workspace.store.put(KIND, ORGANIZATION_ID, {"id": ORGANIZATION_ID, "name": name})


def require_access(call: Call, id_: str | None = None) -> str:
    """Return the id of the organization that the call acts in: ``id_``, or the caller's by default.

    Raises:
        RefusalError: 403 if the caller has no access to it, 404 if it does not exist.
    """
    id_ = id_ or call.credential.organization_id
    call.workspace.find(KIND, id_)
    if not has_access(call, id_):
        raise RefusalError(
            403,
            f"This credential has no access to organization {id_}; GET /api/organizations lists valid ones.",
            key="forbidden",
        )
    return id_


def in_named_organization(call: Call) -> Call:
    """Return the call in the organization of its ``organization_id``, if its operation accepts one."""
    if call.operation.partition("/{")[0] not in _CREATING or "organization_id" not in call.arguments:
        return call
    organization_id = require_access(call, call.arguments["organization_id"])
    return replace(call, workspace=call.workspace.within(organization_id))


def has_access(call: Call, id_: str) -> bool:
    """Return whether the caller may act in an organization."""
    return is_partner(call) or call.credential.organization_id == id_


def is_partner(call: Call) -> bool:
    """Return whether the caller has access to every organization."""
    return call.credential.holder == "partner"


def require_partner(call: Call) -> None:
    """Raise a 403 refusal if the caller is not a partner."""
    if not is_partner(call):
        raise RefusalError(
            403, f"Only partners can call {call.operation}; use a partner's key.", key="forbidden"
        )


def find(call: Call, kind: str, id_: str) -> JsonObject:
    """Return a document of one of the shared kinds.

    Raises:
        RefusalError: 403 if the caller has no access to its organization, 404 if it does not exist.
    """
    document = call.workspace.find(kind, id_)
    require_access(call, document["organization_id"])
    return document


def accessible(call: Call, kind: str) -> list[JsonObject]:
    """Return the documents of one of the shared kinds that the caller has access to, oldest first."""
    return [each for each in call.workspace.store.list(kind) if has_access(call, each["organization_id"])]


def delete(workspace: Workspace, id_: str) -> None:
    """Delete an organization and everything in it."""
    inside = workspace.within(id_)
    Dependents({kind: inside.store.list(kind) for kind in _OBJECTS}).delete(inside)
    for kind in _SHARED_KINDS:
        for document in workspace.store.list(kind):
            if document["organization_id"] == id_:
                workspace.store.delete(kind, document["id"])
    workspace.store.delete(KIND, id_)
