"""Users: people of an organization, by their e-mail addresses, with the roles they have."""

from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.tools.administration.organizations import OrganizationId, own_id
from polytomic_mcp.tools.administration.roles import RoleNames, named, role_ids, role_names
from polytomic_mcp.tools.answers.results import Deleted, Page, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import USER, USER_ELSEWHERE, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.deletions.dependants import Dependants
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)

UserId = Annotated[str, Field(description="User: id or e-mail")]


class User(Result):
    """A user."""

    id: str
    email: str | None = None
    roles: list[str] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The organization whose users are meant; the caller's own has routes of its own."""

    within: dict[str, Any]

    @classmethod
    async def of(cls, api: Polytomic, organization_id: str | None) -> "_Place":
        if organization_id is None:
            return cls({})
        return cls({"org_id": await own_id(api, organization_id)})

    async def find(self, api: Polytomic, reference: str) -> JsonObject:
        """Return the user of that id or e-mail address."""
        return await find(api, USER_ELSEWHERE if self.within else USER, reference, **self.within)

    def operation(self, method: str, tail: str = "/{id}") -> str:
        """Name an operation on users."""
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
    email: Annotated[str, Field(description="Their address")],
    roles: RoleNames = None,
    organization_id: OrganizationId = None,
) -> User:
    """Invite somebody by e-mail."""
    place = await _Place.of(api, organization_id)
    body = {} if roles is None else {"role_ids": await role_ids(api, roles)}
    made = await data_of(api, place.operation("POST", ""), email=email, **place.within, **body)
    return User.model_validate(_row(made, await role_names(api)))


async def update_user(
    caller: TheCaller,
    user_id: UserId,
    roles: RoleNames = None,
    email: Annotated[str | None, Field(description="Their new address")] = None,
    organization_id: OrganizationId = None,
) -> User:
    """Change a user's roles or e-mail address. What is not given stays."""
    api = caller.api
    if roles == []:
        raise ToolError(
            "update_user: roles is empty, and Polytomic keeps those a user has where none are sent. Name the "
            "roles they are to have, or leave it out. Nothing was changed."
        )
    async with caller.updating:
        own = None if email is None else await own_id(api, organization_id)
        place = await _Place.of(api, own or organization_id)
        stored = await place.find(api, user_id)
        body: JsonObject = _roles(stored) if roles is None else {"role_ids": await role_ids(api, roles)}
        if place.within:
            body["email"] = email or stored.get("email")
        after = await data_of(api, place.operation("PUT"), id=stored["id"], **place.within, **body)
    return User.model_validate(_row(after, await role_names(api)))


async def user_deletion(api: Api, user_id: str, organization_id: str | None) -> Deletion:
    """Work out what deleting a user takes along."""
    user = await (await _Place.of(api, organization_id)).find(api, user_id)
    consequence = "They can sign in no more, and their API keys stop working."
    return Deletion(USER, user["id"], str(user.get("email")), consequence, Dependants())


async def delete_user(
    api: Api,
    user_id: UserId,
    deletion: Annotated[Deletion, Resolve(user_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(user_deletion))],
    organization_id: OrganizationId = None,
    confirm_name: Annotated[ConfirmName, Field(description="Their e-mail, where nobody can be asked")] = None,
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
    """Return a user's roles as a change takes them: by ids or, where there are none, the older way."""
    ids = as_list(user.get("role_ids"))
    return {"role_ids": ids} if ids else given(role=user.get("role"))


def _row(user: JsonObject, names: dict[str, str]) -> JsonObject:
    ids = [str(id_) for id_ in as_list(user.get("role_ids"))]
    roles = named(ids, names) or [str(role) for role in given(role=user.get("role")).values()]
    return {"id": user["id"], "email": user.get("email"), "roles": roles}
