"""Users: people of an organization, with the roles they have."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "user"


def seed(workspace: Workspace) -> None:
    """Bring the user of the sandbox's key where they are missing."""
    if workspace.store.get(KIND, USER_ID) is None:
        ada = {"id": USER_ID, "email": "ada@acme.example", "organization_id": ORGANIZATION_ID}
        workspace.store.put(KIND, USER_ID, ada | {"role_ids": [ADMIN]})


def show(user: JsonObject) -> JsonObject:
    """Return the user with the deprecated ``role``, which follows from the roles."""
    return user | {"role": "admin" if ADMIN in user["role_ids"] else "user"}
