"""Models: create, read, replace, preview, sample and delete."""

from collections.abc import Callable
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.resources.models.models import compose, require_healthy
from polytomic_mcp.sandbox.resources.models.reading import LOOKING_SECONDS, read_model
from polytomic_mcp.sandbox.resources.runs import jobs

SAMPLE: Final = 10
"""Rows of a sample; a guess, the API states no number."""


def list_all(call: Call) -> JsonObject:
    """Answer with every model, the last changed first; in pages since 2025-09-18."""
    store = call.workspace.store
    if call.version < CURRENT:
        return {"data": sorted(store.list("model"), key=_order, reverse=True)}
    limit = call.arguments.get("limit", pagination.LARGEST_PAGE)
    shown, page = pagination.newest(store, "model", {}, token=call.arguments.get("page_token"), limit=limit)
    return {"data": shown, "pagination": page}


def get(call: Call) -> JsonObject:
    """Answer with one model; at once even with ``async``, since there is nothing to wait for."""
    return {"data": call.workspace.find("model", call.arguments["id"])}


def create(call: Call) -> JsonObject:
    """Create a model; its query runs once, so that one that cannot is never stored."""
    now, owner = call.workspace.now(), call.workspace.organization_id
    made = {"organization_id": owner, "created_at": now, "created_by": ACTOR, "version": 1}
    return _answer(call, "createmodel", lambda: _save(call, call.workspace.new_id(), made))


def update(call: Call) -> JsonObject:
    """Replace a model whole; its fields are read again, whether ``refresh`` asks for it or not."""
    stored = call.workspace.find("model", call.arguments["id"])
    kept = {name: stored[name] for name in ("organization_id", "created_at", "created_by")}
    made = kept | {"version": stored["version"] + 1}
    return _answer(call, "updatemodel", lambda: _save(call, stored["id"], made))


def preview(call: Call) -> JsonObject:
    """Answer with the model that would be created; nothing is stored."""
    return _answer(
        call, "previewmodel", lambda: compose(call.workspace, call.workspace.new_id(), call.arguments)
    )


def sample(call: Call) -> JsonObject:
    """Answer with a few rows, each under its model's id, where enrichments would have theirs."""
    model = call.workspace.find("model", call.arguments["id"])
    return _answer(call, "samplemodel", lambda: _sample(call, model))


def delete(call: Call) -> Answer:
    """Delete a model; syncs that read it are left, and broken."""
    call.workspace.find("model", call.arguments["id"])
    call.workspace.store.delete("model", call.arguments["id"])
    return Answer(status=204)


def _order(model: JsonObject) -> tuple[str, str]:
    return (model["updated_at"], model["id"])


def _answer(call: Call, job_type: str, work: Callable[[], JsonObject]) -> JsonObject:
    if call.arguments.get("async"):
        return {"job": jobs.start(call.workspace, job_type, work)}
    return {"data": work()}


def _save(call: Call, id_: str, made: JsonObject) -> JsonObject:
    model = compose(call.workspace, id_, call.arguments) | made
    model |= {"updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put("model", id_, model)
    return model


def _sample(call: Call, model: JsonObject) -> JsonObject:
    require_healthy(call.workspace, model["connection_id"])
    rows = read_model(call.workspace, model, limit=SAMPLE, seconds=LOOKING_SECONDS).rows
    return {"records": [{model["id"]: row} for row in rows], "warnings": []}


ROUTES: Final[Routes] = {
    "GET /api/models": list_all,
    "POST /api/models": create,
    "GET /api/models/{id}": get,
    "PUT /api/models/{id}": update,
    "DELETE /api/models/{id}": delete,
    "GET /api/models/{id}/sample": sample,
    "POST /api/model-preview": preview,
}
