"""Who is calling: ``GET /api/me``."""

from typing import Any, Final

from polytomic_mcp.sandbox import organizations, users
from polytomic_mcp.sandbox.call import Call, Routes


def get(call: Call) -> dict[str, Any]:
    """Answer with the user the call's credential stands for."""
    credential = call.credential
    user = users.show(call.world.find(users.KIND, credential.user_id))
    organization = call.world.find(organizations.KIND, credential.organization_id)
    return {
        "data": {
            "id": user["id"],
            "email": user["email"],
            "organization_id": organization["id"],
            "organization_name": organization["name"],
            "role": user["role"],
            "is_user": True,
            "is_organization": False,
            "is_partner": organizations.is_partner(call),
            "is_system": False,
            "credential": {"method": credential.method, "mode": credential.mode},
        }
    }


ROUTES: Final[Routes] = {"GET /api/me": get}
