"""Who is calling: ``GET /api/me``."""

from typing import Any, Final

from polytomic_mcp.sandbox.call import Call, Routes
from polytomic_mcp.sandbox.identity import ORGANIZATION_ID, USER_ID

CREDENTIAL: Final = {"method": "api_key", "mode": "user"}
"""How the caller signed in: the names are seen in the 2025-09-18 SDK, the two values are a guess."""


def get(call: Call) -> dict[str, Any]:
    """Answer with the sandbox's one user."""
    del call
    return {
        "data": {
            "id": USER_ID,
            "email": "ada@acme.example",
            "organization_id": ORGANIZATION_ID,
            "organization_name": "Acme (sandbox)",
            "role": "admin",
            "is_user": True,
            "is_organization": False,
            "is_partner": False,
            "is_system": False,
            "credential": CREDENTIAL,
        }
    }


ROUTES: Final[Routes] = {"GET /api/me": get}
