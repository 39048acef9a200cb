"""Keys and temporary credentials: secrets that are shown once, in the answer of the call that mints them."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from polytomic_mcp.tools.answers import data_of
from polytomic_mcp.tools.arguments import Api, refuse_boolean
from polytomic_mcp.tools.merging import given
from polytomic_mcp.tools.names import USER, USER_ELSEWHERE, find
from polytomic_mcp.tools.organizations import OrganizationId, own_id
from polytomic_mcp.tools.results import Result
from polytomic_mcp.tools.users import UserId

_ONCE: Final = "Polytomic does not show it again: hand it over now, and store it nowhere else."


class ApiKey(Result):
    """A key, shown once."""

    user: str
    value: str
    note: str = _ONCE


class TemporaryCredential(Result):
    """A token, shown once."""

    access_token: str
    expires_at: str | None = None
    read_only: bool
    note: str = _ONCE


async def create_api_key(
    api: Api,
    user_id: UserId,
    organization_id: OrganizationId = None,
    force: Annotated[bool, Field(description="Revoke the key they have")] = False,
) -> ApiKey:
    """For partners: mint an API key for a user. The answer holds the secret, once: do not repeat it."""
    org_id = await own_id(api, organization_id)
    user = await find(api, USER_ELSEWHERE, user_id, org_id=org_id)
    operation = "POST /api/organizations/{org_id}/users/{id}/keys"
    key = await data_of(api, operation, org_id=org_id, id=user["id"], **given(force=force or None))
    return ApiKey.model_validate({"user": str(user.get("email")), **key})


async def create_temporary_credential(
    api: Api,
    read_only: Annotated[bool, Field(description="false: it may write too")] = True,
    duration_seconds: Annotated[
        int, Field(ge=600, le=14_400, description="How long it works"), BeforeValidator(refuse_boolean)
    ] = 3_600,
    user_id: Annotated[str | None, Field(description="Id or e-mail; none: yourself")] = None,
    session_name: Annotated[str | None, Field(description="What it is for")] = None,
) -> TemporaryCredential:
    """Mint a token that acts for a user for a while. The answer holds the secret, once: do not repeat it."""
    subject: dict[str, Any] = {"type": "user", "mode": "read_only" if read_only else "user"}
    if user_id is not None:
        subject["user_id"] = (await find(api, USER, user_id))["id"]
    minted = await data_of(
        api,
        "POST /api/temporary-credentials",
        subject=subject,
        duration_seconds=duration_seconds,
        **given(session_name=session_name),
    )
    return TemporaryCredential.model_validate(minted | {"read_only": read_only})
