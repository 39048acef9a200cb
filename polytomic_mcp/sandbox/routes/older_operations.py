"""The operations that only API version 2024-02-08 has, as its SDK and Terraform provider call them."""

from dataclasses import replace
from typing import Final

from polytomic_mcp.catalogue import Operation, Parameter
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
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
        "Cancel an execution by changing its status.",
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
        "List the target objects of a connection.",
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
    """Cancel an execution; that it can be set to no other status is a guess."""
    execution = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    if call.arguments["status"] not in ("canceling", "canceled"):
        raise bad_request(call.operation, f"status must be canceled, not {quoted(call.arguments['status'])}")
    executions.request_cancel(call.workspace, execution)
    found = executions.find(call.workspace, call.arguments["sync_id"], call.arguments["id"])
    return {"data": public(found)}


def get_target(call: Call) -> JsonObject:
    """List the target objects whose id or name contains ``search``, in the shape of a model's sources.

    That ``type`` has no effect is a guess.
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
    """Share a connection of the caller's organization, as the current version does with a longer path."""
    arguments = dict(call.arguments)
    own = {"org_id": call.workspace.organization_id, "connection_id": arguments.pop("parent_connection_id")}
    return sharing.create(replace(call, arguments={**arguments, **own}))


ROUTES: Final[Routes] = {
    "POST /api/connections/{parent_connection_id}/share": share,
    "PUT /api/syncs/{sync_id}/executions/{id}": update_execution,
    "GET /api/connections/{id}/modelsync/target": get_target,
}
