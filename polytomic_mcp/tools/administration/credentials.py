"""API keys and temporary credentials: secrets that are returned once, by the call that creates them."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BeforeValidator, Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.administration.organizations import OrganizationId, own_id
from polytomic_mcp.tools.administration.users import UserId
from polytomic_mcp.tools.answers.results import Result
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import USER, USER_ELSEWHERE, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.framework.arguments import Api, refuse_boolean
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.framework.references import Refers, resolve_names
from polytomic_mcp.tools.framework.requests import Request

_ONCE: Final = "Polytomic does not show it again. Pass it on now, and do not store it anywhere else."


class ApiKey(Result):
    """An API key, shown once."""

    user: str
    value: str
    note: str = _ONCE


class CredentialRequest(Request):
    """A temporary credential as a caller writes it."""

    read_only: Annotated[bool, Field(description="false: also allow writes")] = True
    duration_seconds: Annotated[
        int, Field(ge=600, le=14_400, description="Lifetime"), BeforeValidator(refuse_boolean)
    ] = 3_600
    user_id: Annotated[str | None, Refers(USER), Field(description="Id or email; default: yourself")] = None
    session_name: Annotated[str | None, Field(description="Purpose")] = None

    def body(self) -> JsonObject:
        """Return the request as the API names it: for whom, and what they may do."""
        mode = "read_only" if self.read_only else "user"
        return {
            "subject": {"type": "user", "mode": mode, **given(user_id=self.user_id)},
            "duration_seconds": self.duration_seconds,
            **given(session_name=self.session_name),
        }


class TemporaryCredential(Result):
    """A token, shown once."""

    access_token: str
    expires_at: str | None = None
    read_only: bool
    note: str = _ONCE


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The user that an API key is for."""

    org_id: str
    id: str
    email: str


async def key_holder(api: Api, user_id: str, organization_id: str | None) -> KeyHolder:
    """Find the user before a person is asked about their key."""
    org_id = await own_id(api, organization_id)
    user = await find(api, USER_ELSEWHERE, user_id, org_id=org_id)
    return KeyHolder(org_id, user["id"], str(user.get("email")))


async def consent_to_revoke(
    context: Context,
    holder: Annotated[KeyHolder, Resolve(key_holder)],
    force: bool,
    confirm_name: str | None,
) -> Consent | Elicit[Consent]:
    """Ask before a user's current key is revoked."""
    if not force:
        return Consent(proceed=True)
    return await ask(
        context,
        f"Revoke the API key of {holder.email!r} and create a new one? The old key stops working.",
        Consent(proceed=True),
        confirmed=confirm_name == holder.email,
        how="call again with confirm_name set to the user's email. Nothing was changed.",
    )


async def create_api_key(
    api: Api,
    user_id: UserId,
    holder: Annotated[KeyHolder, Resolve(key_holder)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_revoke)],
    organization_id: OrganizationId = None,
    force: Annotated[bool, Field(description="Revoke the current key; a person is asked first")] = False,
    confirm_name: Annotated[
        str | None, Field(description="User's email; only for force if the client cannot ask a person")
    ] = None,
) -> ApiKey:
    """For partners: create an API key for a user. The secret is returned once: do not repeat it."""
    del user_id, organization_id, confirm_name
    if not has_consent(answer):
        raise ToolError("Not confirmed; nothing was changed.")
    operation = "POST /api/organizations/{org_id}/users/{id}/keys"
    key = await data_of(api, operation, org_id=holder.org_id, id=holder.id, **given(force=force or None))
    return ApiKey.model_validate({"user": holder.email, **key})


async def create_temporary_credential(api: Api, request: CredentialRequest) -> TemporaryCredential:
    """Create a temporary token that acts for a user. The secret is returned once: do not repeat it."""
    await resolve_names(api, request)
    created = await data_of(api, "POST /api/temporary-credentials", **request.body())
    return TemporaryCredential.model_validate(created | {"read_only": request.read_only})
