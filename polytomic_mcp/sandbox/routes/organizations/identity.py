"""Who is calling: ``GET /api/me``."""

from typing import Any, Final

from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.organizations import organizations, users


def get(call: Call) -> dict[str, Any]:
    """Answer with the user the call's credential stands for, or the organization (a guess: as its Admin)."""
    credential = call.credential
    organization = call.workspace.find(organizations.KIND, credential.organization_id)
    is_organization = credential.holder == "organization"
    if is_organization:
        caller = {"id": organization["id"], "email": None, "role": "admin"}
    else:
        user = users.show(call.workspace.find(users.KIND, credential.user_id))
        caller = {key: user[key] for key in ("id", "email", "role")}
    return {
        "data": {
            **caller,
            "organization_id": organization["id"],
            "organization_name": organization["name"],
            "is_user": not is_organization,
            "is_organization": is_organization,
            "is_partner": organizations.is_partner(call),
            "is_system": False,
            "credential": {"method": credential.method, "mode": credential.mode, **_harbor(call)},
        }
    }


def _harbor(call: Call) -> dict[str, Any]:
    """Return what a Harbor's own credential says of its Harbor."""
    if call.credential.harbor_id is None:
        return {}
    harbor = call.workspace.find(harbors.KIND, call.credential.harbor_id)
    shown = {name: harbor[name] for name in ("id", "name", "description", "mcp_server_url")}
    return {"harbor": shown | {"actions_enabled": False}}


ROUTES: Final[Routes] = {"GET /api/me": get}
