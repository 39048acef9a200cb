"""The administration toolset: an organization, its people, what they may do, and their keys."""

from typing import Final

from polytomic_mcp.tools.administration.credentials import create_api_key, create_temporary_credential
from polytomic_mcp.tools.administration.organizations import get_organization
from polytomic_mcp.tools.administration.policies import delete_policy, list_policies, save_policy
from polytomic_mcp.tools.administration.roles import delete_role, list_roles, save_role
from polytomic_mcp.tools.administration.users import delete_user, invite_user, list_users, update_user
from polytomic_mcp.tools.framework.toolset import Toolset

TOOLSET: Final = Toolset(
    "administration",
    reads=(get_organization, list_users, list_roles, list_policies),
    writes=(invite_user, update_user, save_role, save_policy, create_temporary_credential),
    destroys=(create_api_key, delete_user, delete_role, delete_policy),
)
