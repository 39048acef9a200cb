"""Organizations: the caller's own, and for partners all of them."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.organizations import organizations

_SHOWN: Final = ("issuer", "name", "sso_domain", "sso_org_id")
"""What an answer holds of what a request gives: the identity provider's client stays inside."""


def get_current(call: Call) -> JsonObject:
    """Answer with the caller's organization."""
    return _answer(call, organizations.act_in(call))


def list_all(call: Call) -> JsonObject:
    """List the organizations the caller reaches, the first one first."""
    found = call.workspace.store.list(organizations.KIND)
    return {"data": [each for each in found if organizations.is_reached(call, each["id"])]}


def create(call: Call) -> JsonObject:
    """Create an organization that has nobody in it."""
    organizations.require_partner(call)
    return _save(call, call.workspace.new_id())


def get(call: Call) -> JsonObject:
    """Answer with one organization."""
    return _answer(call, organizations.act_in(call, call.arguments["id"]))


def update(call: Call) -> JsonObject:
    """Replace an organization's name and sign-on."""
    return _save(call, organizations.act_in(call, call.arguments["id"]))


def delete(call: Call) -> Answer:
    """Delete an organization and who is in it; the sandbox's own stays."""
    organizations.require_partner(call)
    id_ = organizations.act_in(call, call.arguments["id"])
    if id_ == ORGANIZATION_ID:
        raise RefusalError(403, "The sandbox's own organization cannot be deleted.", key="forbidden")
    organizations.remove(call.workspace, id_)
    return Answer(status=204)


def _save(call: Call, id_: str) -> JsonObject:
    name = call.arguments["name"]
    others = [each for each in call.workspace.store.list(organizations.KIND) if each["id"] != id_]
    if name in [each["name"] for each in others]:
        raise RefusalError(409, f"There is an organization named {name} already.", key="name_taken")
    kept = {key: call.arguments[key] for key in _SHOWN if key in call.arguments}
    call.workspace.store.put(organizations.KIND, id_, {"id": id_, **kept})
    return _answer(call, id_)


def _answer(call: Call, id_: str) -> JsonObject:
    return {"data": call.workspace.find(organizations.KIND, id_)}


ROUTES: Final[Routes] = {
    "GET /api/organization": get_current,
    "GET /api/organizations": list_all,
    "POST /api/organizations": create,
    "GET /api/organizations/{id}": get,
    "PUT /api/organizations/{id}": update,
    "DELETE /api/organizations/{id}": delete,
}
