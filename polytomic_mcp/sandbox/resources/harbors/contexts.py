"""A Harbor's context documents: their published, immutable versions, and a draft of each.

A draft has the revision it started from as its base. It can be promoted only while that revision is
still the published one.
"""

from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.harbors.harbors import require_lengths
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_context"
DRAFT: Final = "harbor_context_draft"
VERSION: Final = "harbor_context_version"

_TEXTS: Final = ("title", "description", "content")


def published(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the published documents, oldest first."""
    return [each for each in workspace.store.list(KIND, {"_harbor_id": harbor["id"]}) if each["version"]]


def drafts(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the drafts, oldest first."""
    return workspace.store.list(DRAFT, {"_harbor_id": harbor["id"]})


def versions(workspace: Workspace, context: JsonObject) -> list[JsonObject]:
    """Return the versions of a document, oldest first."""
    return workspace.store.list(VERSION, {"_context_id": context["id"]})


def find(call: Call, harbor: JsonObject, *, is_published: bool = True) -> JsonObject:
    """Return the call's document; an unpublished one only with ``is_published=False``."""
    context = call.workspace.find(KIND, call.arguments["context_id"])
    if context["_harbor_id"] != harbor["id"] or (is_published and not context["version"]):
        raise not_found("context", context["id"])
    return context


def find_draft(call: Call, context: JsonObject) -> JsonObject:
    """Return the draft of a document."""
    return call.workspace.find(DRAFT, context["id"])


def find_version(call: Call, context: JsonObject) -> JsonObject:
    """Return the call's version of a document."""
    version = call.workspace.find(VERSION, call.arguments["version_id"])
    if version["_context_id"] != context["id"]:
        raise not_found("version", version["id"])
    return version


def create(call: Call, harbor: JsonObject) -> JsonObject:
    """Create an unpublished document and return it."""
    now = call.workspace.now()
    id_ = call.workspace.new_id()
    context: JsonObject = {
        "id": id_,
        "version": 0,
        "revision_id": None,
        "created_at": now,
        "updated_at": now,
        "_key": id_,
        "_harbor_id": harbor["id"],
    }
    call.workspace.store.put(KIND, id_, context)
    return context


def texts(call: Call) -> JsonObject:
    """Return the call's texts after checking their lengths (the API's documentation)."""
    require_lengths(call, title=200, description=1_000, content=20_000, change_note=1_000)
    return {name: call.arguments.get(name) for name in (*_TEXTS, "change_note")}


def publish(call: Call, context: JsonObject, new_texts: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Publish texts as the next version of a document; return the document and the version."""
    workspace, now = call.workspace, call.workspace.now()
    id_ = workspace.new_id()
    shown: dict[str, Any] = {name: new_texts[name] for name in _TEXTS}
    version: JsonObject = {
        "id": id_,
        "version": context["version"] + 1,
        **shown,
        "change_note": new_texts["change_note"],
        "created_at": now,
        "published_at": now,
        "published_by": call.credential.user_id,
        "published_by_type": "user",
        "_key": id_,
        "_harbor_id": context["_harbor_id"],
        "_context_id": context["id"],
    }
    context = context | shown | {"version": version["version"], "revision_id": id_, "updated_at": now}
    workspace.store.put(VERSION, id_, version)
    workspace.store.put(KIND, context["id"], context)
    return context, version


def save_draft(call: Call, context: JsonObject) -> JsonObject:
    """Create or replace the draft of a document; a replaced draft keeps its id, creator and base."""
    workspace, now, user_id = call.workspace, call.workspace.now(), call.credential.user_id
    current = workspace.store.get(DRAFT, context["id"]) or {
        "id": workspace.new_id(),
        "context_id": context["id"],
        "base_revision_id": context["revision_id"],
        "created_at": now,
        "created_by": user_id,
        "created_by_type": "user",
        "_key": context["id"],
        "_harbor_id": context["_harbor_id"],
    }
    changed = {"updated_at": now, "updated_by": user_id, "updated_by_type": "user"}
    draft = {**current, **texts(call), **changed}
    workspace.store.put(DRAFT, context["id"], draft)
    return draft


def promote(call: Call, context: JsonObject) -> JsonObject:
    """Publish the draft and return the version.

    Raises:
        RefusalError: 404 if there is no draft, 409 if its base is no longer the published revision.
    """
    draft = find_draft(call, context)
    if draft["base_revision_id"] != context["revision_id"]:
        raise RefusalError(
            409,
            "Another version was published after this draft was created; discard it and create a new draft.",
            key="base_moved",
        )
    _, version = publish(call, context, draft)
    call.workspace.store.delete(DRAFT, context["id"])
    return version


def discard(call: Call, context: JsonObject) -> None:
    """Delete the draft, and the document too if it was never published."""
    find_draft(call, context)
    call.workspace.store.delete(DRAFT, context["id"])
    if not context["version"]:
        call.workspace.store.delete(KIND, context["id"])


def delete(workspace: Workspace, context: JsonObject) -> None:
    """Delete a document with its draft and versions."""
    for version in versions(workspace, context):
        workspace.store.delete(VERSION, version["id"])
    workspace.store.delete(DRAFT, context["id"])
    workspace.store.delete(KIND, context["id"])
