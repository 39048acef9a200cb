"""Users of an organization: their email addresses and roles."""

from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.tools.administration.organizations import OrganizationId, own_id
from polytomic_mcp.tools.administration.roles import RoleId, named, resolve_roles, role_names
from polytomic_mcp.tools.answers.results import Deleted, Page, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import USER, USER_ELSEWHERE, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    Name,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.requests import Changes, Request

UserId = Annotated[str, Field(description="User: id or email")]


class UserRequest(Request):
    """A user as a caller writes it."""

    email: Annotated[Name, Field(description="Email address")]
    roles: Annotated[list[RoleId] | None, Field(description="Roles: ids or names; replaces all roles")] = None


class User(Result):
    """A user."""

    id: str
    email: str | None = None
    roles: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The organization whose users are meant; the caller's own has separate routes."""

    within: dict[str, Any]

    @classmethod
    async def of(cls, api: Polytomic, organization_id: str | None) -> "_Place":
        if organization_id is None:
            return cls({})
        return cls({"org_id": await own_id(api, organization_id)})

    async def find(self, api: Polytomic, reference: str) -> JsonObject:
        """Return the user with that id or email address."""
        return await find(api, USER_ELSEWHERE if self.within else USER, reference, **self.within)

    def operation(self, method: str, tail: str = "/{id}") -> str:
        """Return the id of an operation on users."""
        base = "/api/organizations/{org_id}/users" if self.within else "/api/organization/users"
        return f"{method} {base}{tail}"


async def list_users(
    api: Api,
    query: Query = None,
    organization_id: OrganizationId = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List users: id, email, roles."""
    place = await _Place.of(api, organization_id)
    names = await role_names(api)
    return await list_page(
        api,
        place.operation("GET", ""),
        row=lambda item: _row(item, names),
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
        **place.within,
    )


async def invite_user(
    api: Api,
    request: UserRequest,
    organization_id: OrganizationId = None,
) -> User:
    """Invite a user by email. No role only reads by itself: policies say what a role may do."""
    place = await _Place.of(api, organization_id)
    await resolve_roles(api, request, request.roles)
    body = {"email": request.email, **given(role_ids=request.roles)}
    made = await data_of(api, place.operation("POST", ""), **place.within, **body)
    return User.model_validate(_row(made, await role_names(api)))


async def update_user(
    caller: TheCaller,
    user_id: UserId,
    changes: Annotated[UserRequest, Changes("invite_user")],
    organization_id: OrganizationId = None,
) -> User:
    """Update a user's roles or email address. Omitted arguments are unchanged."""
    api = caller.api
    email = changes.email if "email" in changes.model_fields_set else None
    if changes.roles == []:
        raise ToolError(
            "update_user: roles is empty, but Polytomic keeps a user's roles if none are sent. Send the "
            "roles that the user should have, or omit the argument. Nothing was changed."
        )
    await resolve_roles(api, changes, changes.roles)
    async with caller.updating:
        own = None if email is None else await own_id(api, organization_id)
        place = await _Place.of(api, own or organization_id)
        stored = await place.find(api, user_id)
        body: JsonObject = _roles(stored) if changes.roles is None else {"role_ids": changes.roles}
        if place.within:
            body["email"] = email or stored.get("email")
        after = await data_of(api, place.operation("PUT"), id=stored["id"], **place.within, **body)
    return User.model_validate(_row(after, await role_names(api)))


async def user_deletion(api: Api, user_id: str, organization_id: str | None) -> Deletion:
    """Return what deleting a user affects."""
    user = await (await _Place.of(api, organization_id)).find(api, user_id)
    consequence = "They can no longer sign in, and their API keys stop working."
    return Deletion(USER, user["id"], str(user.get("email")), consequence)


async def delete_user(
    api: Api,
    user_id: UserId,
    deletion: Annotated[Deletion, Resolve(user_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(user_deletion))],
    organization_id: OrganizationId = None,
    confirm_name: Annotated[
        ConfirmName, Field(description="User's email; only if the client cannot ask a person")
    ] = None,
) -> Deleted:
    """Delete a user. A person is asked first."""
    del user_id, confirm_name
    place = await _Place.of(api, organization_id)
    return await deletion.carry_out(
        answer,
        api,
        place.operation("DELETE"),
        lambda: user_deletion(api, deletion.id, organization_id),
        **place.within,
    )


def _roles(user: JsonObject) -> JsonObject:
    """Return a user's roles as an update sends them: as ids or, if there are none, as the older ``role``."""
    ids = as_list(user.get("role_ids"))
    return {"role_ids": ids} if ids else given(role=user.get("role"))


def _row(user: JsonObject, names: dict[str, str]) -> JsonObject:
    ids = [str(id_) for id_ in as_list(user.get("role_ids"))]
    roles = named(ids, names) or [str(role) for role in given(role=user.get("role")).values()]
    return {"id": user.get("id"), "email": user.get("email"), "roles": roles}
