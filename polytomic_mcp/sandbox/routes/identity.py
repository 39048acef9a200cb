"""Who is calling: ``GET /api/me``."""

from typing import Any, Final

from polytomic_mcp.sandbox.call import Call, Routes

ORGANIZATION_ID: Final = "0d1e2f30-4a5b-4c6d-8e7f-90a1b2c3d4e5"
USER_ID: Final = "1f2e3d4c-5b6a-4798-8a7b-6c5d4e3f2a1b"

ACTOR: Final = {"id": USER_ID, "name": "Ada", "type": "user"}
"""How an answer names the user who made or changed something."""

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
