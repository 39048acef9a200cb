"""Who is calling: ``GET /api/me``."""

from typing import Any, Final

from polytomic_mcp.sandbox import organizations, users
from polytomic_mcp.sandbox.call import Call, Routes


def get(call: Call) -> dict[str, Any]:
    """Answer with the user the call's credential stands for, or the organization (a guess: as its Admin)."""
    credential = call.credential
    organization = call.world.find(organizations.KIND, credential.organization_id)
    is_organization = credential.holder == "organization"
    if is_organization:
        caller = {"id": organization["id"], "email": None, "role": "admin"}
    else:
        user = users.show(call.world.find(users.KIND, credential.user_id))
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
            "credential": {"method": credential.method, "mode": credential.mode},
        }
    }


ROUTES: Final[Routes] = {"GET /api/me": get}
