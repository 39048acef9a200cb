"""Organizations: the caller's own with its record logging, and for partners every organization."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.organizations import organizations

_SHOWN: Final = ("issuer", "name", "sso_domain", "sso_org_id")
"""The arguments that a response repeats: the identity provider's client is never returned."""

_RECORD_LOGGING: Final = "record_logging"
"""The kind of the setting, which changes nothing here: runs always write logs and never deliver them."""


def get_current(call: Call) -> JsonObject:
    """Return the caller's organization."""
    return _response(call, organizations.require_access(call))


def list_all(call: Call) -> JsonObject:
    """List the organizations that the caller has access to, oldest first."""
    found = call.workspace.store.list(organizations.KIND)
    return {"data": [each for each in found if organizations.has_access(call, each["id"])]}


def create(call: Call) -> JsonObject:
    """Create an organization without users."""
    organizations.require_partner(call)
    return _save(call, call.workspace.new_id())


def get(call: Call) -> JsonObject:
    """Return one organization."""
    return _response(call, organizations.require_access(call, call.arguments["id"]))


def update(call: Call) -> JsonObject:
    """Replace an organization's name and single sign-on."""
    return _save(call, organizations.require_access(call, call.arguments["id"]))


def delete(call: Call) -> Answer:
    """Delete an organization and everything in it; the sandbox's own organization cannot be deleted."""
    organizations.require_partner(call)
    id_ = organizations.require_access(call, call.arguments["id"])
    if id_ == ORGANIZATION_ID:
        raise RefusalError(403, "The sandbox's own organization cannot be deleted.", key="forbidden")
    organizations.delete(call.workspace, id_)
    return Answer(status=204)


def get_record_logging(call: Call) -> JsonObject:
    """Return the record logging setting; by default it is on, without delivery (a guess)."""
    setting = call.workspace.store.get(_RECORD_LOGGING, call.credential.organization_id)
    return {"data": setting or {"enabled": True}}


def replace_record_logging(call: Call) -> JsonObject:
    """Replace the record logging setting; an omitted delivery is removed."""
    setting: JsonObject = {"enabled": call.arguments["enabled"]}
    if "deliveryPrefix" in call.arguments:
        setting["deliveryPrefix"] = call.arguments["deliveryPrefix"]
    if "deliveryConnectionId" in call.arguments:
        connection = call.workspace.find("connection", call.arguments["deliveryConnectionId"])
        setting |= {"deliveryConnectionId": connection["id"], "deliveryConnectionName": connection["name"]}
    call.workspace.store.put(_RECORD_LOGGING, call.credential.organization_id, setting)
    return {"data": setting}


def _save(call: Call, id_: str) -> JsonObject:
    name = call.arguments["name"]
    others = [each for each in call.workspace.store.list(organizations.KIND) if each["id"] != id_]
    if name in [each["name"] for each in others]:
        raise RefusalError(
            409, f"An organization named {name} already exists; choose another name.", key="name_taken"
        )
    shown = {key: call.arguments[key] for key in _SHOWN if key in call.arguments}
    call.workspace.store.put(organizations.KIND, id_, {"id": id_, **shown})
    return _response(call, id_)


def _response(call: Call, id_: str) -> JsonObject:
    return {"data": call.workspace.find(organizations.KIND, id_)}


ROUTES: Final[Routes] = {
    "GET /api/organization": get_current,
    "GET /api/organization/record-logging": get_record_logging,
    "PUT /api/organization/record-logging": replace_record_logging,
    "GET /api/organizations": list_all,
    "POST /api/organizations": create,
    "GET /api/organizations/{id}": get,
    "PUT /api/organizations/{id}": update,
    "DELETE /api/organizations/{id}": delete,
}
