"""Entities: objects of any kind, found by id, and the objects that they refer to."""

from collections.abc import Iterator
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.organizations.organizations import has_access

_PATHS: Final = {
    "connection": "/api/connections/{id}",
    "model": "/api/models/{id}",
    "sync": "/api/syncs/{id}",
    "execution": "/api/syncs/{_sync_id}/executions/{id}",
    "bulk_sync": "/api/bulk/syncs/{id}",
    "bulk_execution": "/api/bulk/syncs/{_sync_id}/executions/{id}",
    "harbor": "/api/harbors/{id}",
    "harbor_context": "/api/harbors/{_harbor_id}/contexts/{id}",
    "organization": "/api/organizations/{id}",
    "user": "/api/organizations/{organization_id}/users/{id}",
    "role": "/api/permissions/roles/{id}",
    "policy": "/api/permissions/policies/{id}",
    "webhook": "/api/webhooks/{id}",
}
"""The path that reads each kind; that roles, policies and webhooks are entities is a guess."""

_TYPES: Final = {"execution": "sync_execution", "bulk_execution": "bulk_sync_execution"}
"""The API's names of kinds that the sandbox calls something else, seen in the 2025-09-18 SDK."""

_PARENTS: Final = {
    "execution": ("sync", "_sync_id"),
    "bulk_execution": ("bulk_sync", "_sync_id"),
    "harbor_context": ("harbor", "_harbor_id"),
}
"""The kinds that belong to another, and the key that has the other's id."""

_RELATIONS: Final = (
    ("connection", "connection", "connection_id"),
    ("sync", "sync", "_sync_id"),
    ("bulk_sync", "bulk_sync", "_sync_id"),
    ("harbor", "harbor", "_harbor_id"),
    ("source_connection", "connection", "source_connection_id"),
    ("destination_connection", "connection", "destination_connection_id"),
)
"""A relation's name, the kind of the related object, and the key that has its id."""


def get(call: Call) -> JsonObject:
    """Return an object's type, the path that reads it, and its relations."""
    id_ = call.arguments["id"]
    for kind, path in _PATHS.items():
        document = call.workspace.store.get(kind, id_)
        if document is not None and _is_visible(call, kind, document):
            return {
                "data": {
                    "id": id_,
                    "type": _TYPES.get(kind, kind),
                    "organization_id": _organization(call, kind, document),
                    "canonical_path": path.format_map(document),
                    "context": {"name": document["name"]} if "name" in document else {},
                    "relationships": dict(_relations(call, document)),
                }
            }
    raise not_found("entity", id_)


def _is_visible(call: Call, kind: str, document: JsonObject) -> bool:
    """Return whether the caller can read an object, or the object that it belongs to."""
    if kind in _PARENTS:
        parent, key = _PARENTS[kind]
        return call.workspace.store.get(parent, document[key]) is not None
    return has_access(call, _organization(call, kind, document))


def _organization(call: Call, kind: str, document: JsonObject) -> str:
    if kind == "organization":
        return document["id"]
    return document.get("organization_id", call.credential.organization_id)


def _relations(call: Call, document: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    flat = document | {"target_connection_id": document.get("target", {}).get("connection_id")}
    for name, kind, key in (*_RELATIONS, ("target_connection", "connection", "target_connection_id")):
        related = call.workspace.store.get(kind, str(flat.get(key)))
        if related is not None:
            yield name, {"id": related["id"], "path": _PATHS[kind].format_map(related)}


ROUTES: Final[Routes] = {
    "GET /api/entities/{id}": get,
    "GET /api/organizations/entities/{id}": get,
}
