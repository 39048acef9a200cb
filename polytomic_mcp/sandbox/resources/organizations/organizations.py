"""Organizations, and who reaches which.

The sandbox's own key acts for the first organization and, as a partner's key would, in all others
(a choice: one key shows the whole API); in one alone where the request names it. A key minted for a
user reaches that user's organization. Connections, models, syncs and what hangs on them belong to
one organization and are seen within it only; the rows they reach are the sandbox's, by system.
"""

from dataclasses import replace
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections.dependents import Dependents
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "organization"
_NAMING: Final = ("user", "role", "policy", "webhook")
"""The kinds whose documents say themselves whose they are."""

_OBJECTS: Final = ("connection", "model", "sync", "bulk_sync")
"""The kinds that belong to an organization, and stay where the call that makes them says."""


_PLACED: Final = tuple(
    f"{method} /api/{noun}"
    for method in ("POST", "PUT")
    for noun in ("bulk/syncs", "connections", "connections/connect/", "model-preview", "models", "syncs")
)


def seed(workspace: Workspace) -> None:
    """Bring the first organization where it is missing."""
    if workspace.store.get(KIND, ORGANIZATION_ID) is None:
        name = "Acme (sandbox)"
        workspace.store.put(KIND, ORGANIZATION_ID, {"id": ORGANIZATION_ID, "name": name})


def act_in(call: Call, id_: str | None = None) -> str:
    """Return the id of the organization the call acts in: the one it names, or else the caller's.

    Raises:
        RefusalError: 404, there is none of that id; 403, the caller does not reach it.
    """
    id_ = id_ or call.credential.organization_id
    call.workspace.find(KIND, id_)
    if not is_reached(call, id_):
        raise RefusalError(403, f"This credential does not reach organization {id_}.", key="forbidden")
    return id_


def place(call: Call) -> Call:
    """Return the call as one within the organization whose object it makes or changes.

    A body may name it as ``organization_id``; else it is the caller's.
    """
    if call.operation.partition("/{")[0] not in _PLACED or "organization_id" not in call.arguments:
        return call
    return replace(call, workspace=call.workspace.within(act_in(call, call.arguments["organization_id"])))


def is_reached(call: Call, id_: str) -> bool:
    """Say whether the caller may act in an organization."""
    return is_partner(call) or call.credential.organization_id == id_


def is_partner(call: Call) -> bool:
    """Say whether the caller reaches every organization."""
    return call.credential.holder == "partner"


def require_partner(call: Call) -> None:
    """Refuse with 403 whoever may not make or remove organizations."""
    if not is_partner(call):
        raise RefusalError(403, f"{call.operation} is for partners.", key="forbidden")


def find(call: Call, kind: str, id_: str) -> JsonObject:
    """Return a document of an organization the caller reaches, or refuse with 404."""
    document = call.workspace.find(kind, id_)
    act_in(call, document["organization_id"])
    return document


def listed(call: Call, kind: str) -> list[JsonObject]:
    """Return the documents of the organizations that the caller reaches, oldest first."""
    return [each for each in call.workspace.store.list(kind) if is_reached(call, each["organization_id"])]


def remove(workspace: Workspace, id_: str) -> None:
    """Remove an organization with all that is in it."""
    inside = workspace.within(id_)
    Dependents({kind: inside.store.list(kind) for kind in _OBJECTS}).delete(inside)
    for kind in _NAMING:
        for document in workspace.store.list(kind):
            if document["organization_id"] == id_:
                workspace.store.delete(kind, document["id"])
    workspace.store.delete(KIND, id_)
