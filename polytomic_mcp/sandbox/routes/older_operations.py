"""What 2024-02-08 has and the current version dropped, as the 2024-02-08 SDK and Terraform call it."""

from dataclasses import replace
from typing import Final

from polytomic_mcp.catalogue import Operation, Parameter
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes, public
from polytomic_mcp.sandbox.common.refusals import bad_request
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.routes.connections import sharing
from polytomic_mcp.sandbox.routes.syncs import targets

_TEXT: Final = {"type": "string"}

OPERATIONS: Final = (
    Operation(
        "PUT /api/syncs/{sync_id}/executions/{id}",
        "PUT",
        "/api/syncs/{sync_id}/executions/{id}",
        "Change the status of an execution: cancel it.",
        "write",
        (
            Parameter("sync_id", "path", True, _TEXT),  # noqa: FBT003 - a field of the catalogue's table
            Parameter("id", "path", True, _TEXT),  # noqa: FBT003 - the same
            Parameter("status", "body", True, _TEXT),  # noqa: FBT003 - the same
        ),
        has_body=True,
    ),
    Operation(
        "GET /api/connections/{id}/modelsync/target",
        "GET",
        "/api/connections/{id}/modelsync/target",
        "List the objects a connection can be written to.",
        "read",
        (
            Parameter("id", "path", True, _TEXT),  # noqa: FBT003 - a field of the catalogue's table
            Parameter("type", "query", False, _TEXT),  # noqa: FBT003 - the same
            Parameter("search", "query", False, _TEXT),  # noqa: FBT003 - the same
        ),
    ),
    Operation(
        "POST /api/connections/{parent_connection_id}/share",
        "POST",
        "/api/connections/{parent_connection_id}/share",
        "Share a connection with another organization.",
        "write",
        (
            Parameter("parent_connection_id", "path", True, _TEXT),  # noqa: FBT003 - the same
            Parameter("child_organization_id", "body", True, _TEXT),  # noqa: FBT003 - the same
            Parameter("name", "body", False, _TEXT),  # noqa: FBT003 - the same
        ),
        has_body=True,
    ),
)


def update_execution(call: Call) -> JsonObject:
    """Cancel an execution; that no other status can be asked for is a guess."""
    execution = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    if call.arguments["status"] not in ("canceling", "canceled"):
        raise bad_request(call.operation, "status can be set to canceled only")
    executions.request_cancel(call.workspace, execution)
    found = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    return {"data": public(found)}


def get_target(call: Call) -> JsonObject:
    """List the target objects whose id or name holds ``search``, in the shape of a model's sources.

    That ``type`` changes nothing is a guess.
    """
    text = call.arguments.get("search", "").lower()
    found = [
        each["id"]
        for each in targets.list_objects(call)["data"]
        if text in f"{each['id']}\n{each['name']}".lower()
    ]
    objects = {"items": found, "has_items": bool(found), "requires_one_of": None}
    return {"data": {"items": {"object": objects}, "requires_one_of": ["object"], "configuration": {}}}


def share(call: Call) -> JsonObject:
    """Lend a connection of the caller's own organization, as the current version does by its full path."""
    arguments = dict(call.arguments)
    own = {"org_id": call.workspace.organization_id, "connection_id": arguments.pop("parent_connection_id")}
    return sharing.create(replace(call, arguments={**arguments, **own}))


ROUTES: Final[Routes] = {
    "POST /api/connections/{parent_connection_id}/share": share,
    "PUT /api/syncs/{sync_id}/executions/{id}": update_execution,
    "GET /api/connections/{id}/modelsync/target": get_target,
}
