"""Models: list, get, create, replace, preview, sample and delete."""

from collections.abc import Callable
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls import pagination
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.resources.models.models import compose, require_healthy
from polytomic_mcp.sandbox.resources.models.reading import PREVIEW_SECONDS, read_model
from polytomic_mcp.sandbox.resources.runs import jobs

SAMPLE: Final = 10
"""How many rows a sample has; a guess, since the API documents no number."""


def list_all(call: Call) -> JsonObject:
    """List all models, last changed first; in pages on 2025-09-18."""
    if call.version < CURRENT:
        stored = sorted(call.workspace.store.list("model"), key=_order, reverse=True)
        return {"data": [*map(public, stored)]}
    stored, page = pagination.newest(call, "model", {})
    return {"data": [*map(public, stored)], "pagination": page}


def get(call: Call) -> JsonObject:
    """Return one model; ``async`` is ignored, since nothing takes long."""
    return {"data": public(call.workspace.find("model", call.arguments["id"]))}


def create(call: Call) -> JsonObject:
    """Create a model. Its query is run once, so that a model whose query fails is not stored."""
    now, owner = call.workspace.now(), call.workspace.organization_id
    created = {"organization_id": owner, "created_at": now, "created_by": ACTOR, "version": 1}
    return _respond(call, "createmodel", lambda: _save(call, call.workspace.new_id(), created))


def update(call: Call) -> JsonObject:
    """Replace a whole model. Its fields are read again, with or without ``refresh``."""
    stored = call.workspace.find("model", call.arguments["id"])
    created = {name: stored[name] for name in ("organization_id", "created_at", "created_by")}
    created["version"] = stored["version"] + 1
    return _respond(call, "updatemodel", lambda: _save(call, stored["id"], created))


def preview(call: Call) -> JsonObject:
    """Return the model that would be created, without storing it."""
    return _respond(
        call, "previewmodel", lambda: public(compose(call.workspace, call.workspace.new_id(), call.arguments))
    )


def sample(call: Call) -> JsonObject:
    """Return a few rows, each under the ID of its model, as enrichments are under theirs."""
    model = call.workspace.find("model", call.arguments["id"])
    return _respond(call, "samplemodel", lambda: _sample(call, model))


def delete(call: Call) -> Answer:
    """Delete a model. Syncs that read it remain, with a problem."""
    call.workspace.find("model", call.arguments["id"])
    call.workspace.store.delete("model", call.arguments["id"])
    return Answer(status=204)


def _order(model: JsonObject) -> tuple[str, str]:
    return (model["updated_at"], model["id"])


def _respond(call: Call, job_type: str, work: Callable[[], JsonObject]) -> JsonObject:
    if call.arguments.get("async"):
        return {"job": jobs.start(call.workspace, job_type, work)}
    return {"data": work()}


def _save(call: Call, id_: str, created: JsonObject) -> JsonObject:
    model = compose(call.workspace, id_, call.arguments) | created
    model |= {"updated_at": call.workspace.now(), "updated_by": ACTOR}
    call.workspace.store.put("model", id_, model)
    return public(model)


def _sample(call: Call, model: JsonObject) -> JsonObject:
    require_healthy(call.workspace, model["connection_id"])
    rows = read_model(call.workspace, model, limit=SAMPLE, seconds=PREVIEW_SECONDS).rows
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
