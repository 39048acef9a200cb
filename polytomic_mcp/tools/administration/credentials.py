"""Keys and temporary credentials: secrets that are shown once, in the answer of the call that mints them."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BeforeValidator, Field

from polytomic_mcp.tools.administration.organizations import OrganizationId, own_id
from polytomic_mcp.tools.administration.users import UserId
from polytomic_mcp.tools.answers.results import Result
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import USER, USER_ELSEWHERE, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.framework.arguments import Api, refuse_boolean
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent

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


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The user a key is for."""

    org_id: str
    id: str
    email: str


async def key_holder(api: Api, user_id: str, organization_id: str | None) -> KeyHolder:
    """Find the user before anybody is asked about their key."""
    org_id = await own_id(api, organization_id)
    user = await find(api, USER_ELSEWHERE, user_id, org_id=org_id)
    return KeyHolder(org_id, user["id"], str(user.get("email")))


async def consent_to_revoke(
    context: Context,
    holder: Annotated[KeyHolder, Resolve(key_holder)],
    force: bool,
    confirm_name: str | None,
) -> Consent | Elicit[Consent]:
    """Ask before the key somebody has stops working."""
    if not force:
        return Consent(proceed=True)
    return ask(
        context,
        f"Revoke the API key of {holder.email!r} and mint another? What uses the old one stops working.",
        Consent(proceed=True),
        confirmed=confirm_name == holder.email,
        how="confirm_name set to their e-mail. Nothing was changed.",
    )


async def create_api_key(
    api: Api,
    user_id: UserId,
    holder: Annotated[KeyHolder, Resolve(key_holder)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_revoke)],
    organization_id: OrganizationId = None,
    force: Annotated[bool, Field(description="Revoke the key they have; a person is asked first")] = False,
    confirm_name: Annotated[
        str | None, Field(description="Their e-mail; only for force where nobody can be asked")
    ] = None,
) -> ApiKey:
    """For partners: mint an API key for a user. The answer holds the secret, once: do not repeat it."""
    del user_id, organization_id, confirm_name
    if not has_consent(answer):
        raise ToolError(f"Nobody said yes, so the key of {holder.email!r} was not revoked.")
    operation = "POST /api/organizations/{org_id}/users/{id}/keys"
    key = await data_of(api, operation, org_id=holder.org_id, id=holder.id, **given(force=force or None))
    return ApiKey.model_validate({"user": holder.email, **key})


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
