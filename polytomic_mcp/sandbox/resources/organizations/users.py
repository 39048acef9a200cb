"""Users: the people of an organization, with their roles."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.resources.organizations.roles import ADMIN
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "user"


def seed(workspace: Workspace) -> None:
    """Create the user of the sandbox's key if it does not exist."""
    if workspace.store.get(KIND, USER_ID) is None:
        ada = {"id": USER_ID, "email": "ada@acme.example", "organization_id": ORGANIZATION_ID}
        workspace.store.put(KIND, USER_ID, ada | {"role_ids": [ADMIN]})


def find(workspace: Workspace, organization_id: str, id_: str) -> JsonObject:
    """Return a user of an organization.

    Raises:
        RefusalError: 404 if the organization has no such user.
    """
    user = workspace.find(KIND, id_)
    if user["organization_id"] != organization_id:
        raise not_found(KIND, id_)
    return user


def is_admin(user: JsonObject) -> bool:
    """Return whether the user has the Admin role."""
    return ADMIN in user["role_ids"]


def show(user: JsonObject) -> JsonObject:
    """Return the user with the deprecated ``role``, which follows from the roles."""
    return user | {"role": "admin" if is_admin(user) else "user"}
