"""The context documents of Harbors: read, publish, draft and promote them."""

from collections.abc import Sequence
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
from polytomic_mcp.sandbox.resources.harbors import contexts as harbor_contexts
from polytomic_mcp.sandbox.resources.harbors import harbors


def list_all(call: Call) -> JsonObject:
    """List the published documents without their content."""
    return _page(call, harbor_contexts.published(call.workspace, harbors.find(call)))


def create(call: Call) -> JsonObject:
    """Publish a new document."""
    texts = harbor_contexts.texts(call)
    context = harbor_contexts.create(call, harbors.find(call))
    return {"data": public(harbor_contexts.publish(call, context, texts)[0])}


def get(call: Call) -> JsonObject:
    """Return one published document."""
    return {"data": public(harbor_contexts.find(call, harbors.find(call)))}


def update(call: Call) -> JsonObject:
    """Publish the next version; a draft is unchanged."""
    context = harbor_contexts.find(call, harbors.find(call))
    return {"data": public(harbor_contexts.publish(call, context, harbor_contexts.texts(call))[0])}


def delete(call: Call) -> JsonObject:
    """Delete a document with its draft and versions."""
    context = harbor_contexts.find(call, harbors.find(call))
    harbor_contexts.delete(call.workspace, context)
    return {"data": {"id": context["id"]}}


def list_drafts(call: Call) -> JsonObject:
    """List the drafts without their content."""
    return _page(call, harbor_contexts.drafts(call.workspace, harbors.find(call)))


def create_draft(call: Call) -> JsonObject:
    """Create a document that has only a draft."""
    context = harbor_contexts.create(call, harbors.find(call))
    return {"data": public(harbor_contexts.save_draft(call, context))}


def get_draft(call: Call) -> JsonObject:
    """Return a document's draft."""
    return {"data": public(harbor_contexts.find_draft(call, _find_with_draft(call)))}


def save_draft(call: Call) -> JsonObject:
    """Create or replace a document's draft."""
    return {"data": public(harbor_contexts.save_draft(call, _find_with_draft(call)))}


def delete_draft(call: Call) -> JsonObject:
    """Delete a document's draft."""
    context = _find_with_draft(call)
    harbor_contexts.discard(call, context)
    return {"data": {"id": context["id"]}}


def promote(call: Call) -> JsonObject:
    """Publish a document's draft."""
    return {"data": _version(harbor_contexts.promote(call, _find_with_draft(call)))}


def list_versions(call: Call) -> JsonObject:
    """List the versions of a document without their content."""
    context = harbor_contexts.find(call, harbors.find(call))
    return _page(call, harbor_contexts.versions(call.workspace, context), "created_at")


def get_version(call: Call) -> JsonObject:
    """Return one version as it was published."""
    context = harbor_contexts.find(call, harbors.find(call))
    return {"data": _version(harbor_contexts.find_version(call, context))}


def _find_with_draft(call: Call) -> JsonObject:
    return harbor_contexts.find(call, harbors.find(call), is_published=False)


def _version(version: JsonObject) -> JsonObject:
    return {name: value for name, value in public(version).items() if name != "created_at"}


def _page(call: Call, items: Sequence[JsonObject], *omitted: str) -> JsonObject:
    shown, pagination = harbors.page_of(call, items)
    hidden = ("content", *omitted)
    data = [{name: each for name, each in public(item).items() if name not in hidden} for item in shown]
    return {"data": data, "pagination": pagination}


_CONTEXTS: Final = "/api/harbors/{harbor_id}/contexts"
_CONTEXT: Final = f"{_CONTEXTS}/{{context_id}}"

ROUTES: Final[Routes] = {
    f"GET {_CONTEXTS}": list_all,
    f"POST {_CONTEXTS}": create,
    f"GET {_CONTEXTS}/drafts": list_drafts,
    f"POST {_CONTEXTS}/drafts": create_draft,
    f"GET {_CONTEXT}": get,
    f"PUT {_CONTEXT}": update,
    f"DELETE {_CONTEXT}": delete,
    f"GET {_CONTEXT}/draft": get_draft,
    f"PUT {_CONTEXT}/draft": save_draft,
    f"DELETE {_CONTEXT}/draft": delete_draft,
    f"POST {_CONTEXT}/draft/promote": promote,
    f"GET {_CONTEXT}/versions": list_versions,
    f"GET {_CONTEXT}/versions/{{version_id}}": get_version,
}
