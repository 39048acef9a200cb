"""Entities: objects of any kind, found by id, and the objects that they belong to."""

from collections.abc import Iterator
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.data.store import Store
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
}
"""The path that reads each kind; the kinds are those of the 2025-09-18 SDK."""

_TYPES: Final = {"execution": "sync_execution", "bulk_execution": "bulk_sync_execution"}
"""The API's names of kinds that the sandbox calls something else, seen in the 2025-09-18 SDK."""

_PARENTS: Final = {
    "execution": ("sync", "_sync_id"),
    "bulk_execution": ("bulk_sync", "_sync_id"),
    "harbor_context": ("harbor", "_harbor_id"),
    "user": ("organization", "organization_id"),
}
"""The kinds that belong to another, and the key that has the other's id."""


def get(call: Call) -> JsonObject:
    """Return an object of the caller's organization: its type, the path that reads it, and its parents."""
    id_, own = call.arguments["id"], call.workspace.organization_id
    for kind, document in _found(call.workspace.store, id_):
        if _organization(call.workspace.store, kind, document) == own:
            return {"data": _show(kind, document)}
    raise not_found("entity", id_)


def get_for_partner(call: Call) -> JsonObject:
    """Return an object of any organization that the caller has access to, with the organization's id."""
    store, id_ = call.workspace.whole().store, call.arguments["id"]
    for kind, document in _found(store, id_):
        organization_id = _organization(store, kind, document)
        if organization_id is not None and has_access(call, organization_id):
            return {"data": {**_show(kind, document), "organization_id": organization_id}}
    raise not_found("entity", id_)


def _found(store: Store, id_: str) -> Iterator[tuple[str, JsonObject]]:
    """Yield the objects with an id, each with its kind; a context that was never published is none."""
    for kind in _PATHS:
        document = store.get(kind, id_)
        if document is not None and document.get("version") != 0:
            yield kind, document


def _organization(store: Store, kind: str, document: JsonObject) -> str | None:
    """Return the id of the organization that owns an object, or the object that it belongs to."""
    parent, key = _PARENTS.get(kind, (kind, "id"))
    return document[key] if parent == "organization" else store.owner(parent, document[key])


def _show(kind: str, document: JsonObject) -> JsonObject:
    return {
        "id": document["id"],
        "type": _TYPES.get(kind, kind),
        "canonical_path": _PATHS[kind].format_map(document),
        "context": _context(document),
        "relationships": _parents(kind, document),
    }


def _context(document: JsonObject) -> JsonObject:
    """Return the ids of the schemas of a bulk sync or its execution; that others have a name is a guess."""
    context = {"name": document["name"]} if "name" in document else {}
    for key, part in (("_schemas", "id"), ("schemas", "schema")):
        if key in document:
            context["schema_ids"] = [each[part] for each in document[key]]
    return context


def _parents(kind: str, document: JsonObject) -> JsonObject:
    if kind not in _PARENTS:
        return {}
    parent, key = _PARENTS[kind]
    return {parent: {"id": document[key], "path": _PATHS[parent].format(id=document[key])}}


ROUTES: Final[Routes] = {
    "GET /api/entities/{id}": get,
    "GET /api/organizations/entities/{id}": get_for_partner,
}
