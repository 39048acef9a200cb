"""Harbors, their keys and users, and the pipelines that fill their stores."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.calls.credentials import OWNER
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.harbors import harbors, pipelines
from polytomic_mcp.sandbox.resources.harbors import keys as harbor_keys
from polytomic_mcp.sandbox.resources.harbors import users as harbor_users


def list_all(call: Call) -> JsonObject:
    """List the organization's Harbors in pages, oldest first."""
    return _page(call, call.workspace.store.list(harbors.KIND))


def create(call: Call) -> Answer:
    """Create a Harbor and, by default, its first key."""
    _require_permanent(call)
    harbor = harbors.create(call)
    with_key = call.arguments.get("generate_api_key", True)
    key = harbor_keys.create(call, harbor) if with_key else None
    return Answer({"data": {"harbor": public(harbor), "api_key": key}}, is_secret=with_key)


def get(call: Call) -> JsonObject:
    """Return one Harbor."""
    return {"data": public(harbors.find(call))}


def update(call: Call) -> JsonObject:
    """Replace a Harbor's name and description."""
    return {"data": public(harbors.update(call, harbors.find(call)))}


def delete(call: Call) -> JsonObject:
    """Delete a Harbor, whose credentials stop working."""
    harbor = harbors.find(call)
    harbors.delete(call.workspace, harbor)
    return {"data": {"id": harbor["id"]}}


def get_status(call: Call) -> JsonObject:
    """Return the syncs that fill the Harbor's store, and how fresh their data is."""
    return {"data": pipelines.describe(call.workspace, harbors.find(call))}


def list_keys(call: Call) -> JsonObject:
    """List a Harbor's keys without their values."""
    return _page(call, harbor_keys.listed(call.workspace, harbors.find(call)))


def create_key(call: Call) -> Answer:
    """Create a key, which is shown only once."""
    _require_permanent(call)
    return Answer({"data": harbor_keys.create(call, harbors.find(call))}, is_secret=True)


def delete_key(call: Call) -> JsonObject:
    """Revoke a key."""
    id_: str = call.arguments["key_id"]
    harbor_keys.revoke(call.workspace, harbors.find(call), id_)
    return {"data": {"id": id_}}


def list_users(call: Call) -> JsonObject:
    """List the users assigned to the Harbor."""
    return _page(call, harbor_users.listed(call.workspace, harbors.find(call)))


def invite_user(call: Call) -> JsonObject:
    """Add a Harbor-only user and assign the Harbor."""
    return {"data": harbor_users.invite(call, harbors.find(call))}


def assign_user(call: Call) -> JsonObject:
    """Assign a Harbor to a Harbor-only user."""
    return {"data": harbor_users.assign(call, harbors.find(call), harbor_users.find(call))}


def unassign_user(call: Call) -> JsonObject:
    """Remove a user's assignment to the Harbor."""
    id_: str = call.arguments["user_id"]
    harbor_users.unassign(call.workspace, harbors.find(call), id_)
    return {"data": {"id": id_}}


def resolve_sources(call: Call) -> JsonObject:
    """Return the names in the Harbor's store of the schemas that bulk syncs copied there."""
    return {"data": pipelines.resolve_sources(call, harbors.find(call))}


def _page(call: Call, items: list[JsonObject]) -> JsonObject:
    shown, pagination = harbors.page_of(call, items)
    return {"data": [public(item) for item in shown], "pagination": pagination}


def _require_permanent(call: Call) -> None:
    if call.credential.method != OWNER.method and call.arguments.get("generate_api_key", True):
        raise RefusalError(
            403, "A temporary credential cannot create a key; use an API key.", key="forbidden"
        )


_HARBOR: Final = "/api/harbors/{harbor_id}"

ROUTES: Final[Routes] = {
    "GET /api/harbors": list_all,
    "POST /api/harbors": create,
    f"GET {_HARBOR}": get,
    f"PUT {_HARBOR}": update,
    f"DELETE {_HARBOR}": delete,
    f"GET {_HARBOR}/status": get_status,
    f"GET {_HARBOR}/keys": list_keys,
    f"POST {_HARBOR}/keys": create_key,
    f"DELETE {_HARBOR}/keys/{{key_id}}": delete_key,
    f"GET {_HARBOR}/users": list_users,
    f"POST {_HARBOR}/users": invite_user,
    f"PUT {_HARBOR}/users/{{user_id}}": assign_user,
    f"DELETE {_HARBOR}/users/{{user_id}}": unassign_user,
    f"POST {_HARBOR}/source-mappings/resolve": resolve_sources,
}
