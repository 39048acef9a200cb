"""Roles: assigned to users, and allowed to do things by policies."""

from collections.abc import Sequence
from typing import Annotated, Final

from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_objects
from polytomic_mcp.common.spelling import near
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page, Refusal, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.names import POLICY, ROLE, USER, every, find, is_id
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.framework.arguments import Api, ConfirmName, Fields, Limit, Name, PageToken, Query
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.references import Refers, resolve_names
from polytomic_mcp.tools.framework.requests import Draft, Request

RoleId = Annotated[str, Refers(ROLE)]

_BY_POLICIES: Final = (
    "No role only reads by itself: policies say what each role may do, and only on the objects that list "
    "them (save_policy)."
)
_ONLY_READING: Final = (
    "create_temporary_credential gives a user a token that only reads, for up to four hours."
)


class RoleRequest(Request):
    """A role as a caller writes it."""

    name: Name


class Role(Result):
    """A role."""

    id: str
    name: str | None = None
    note: str | None = None


async def list_roles(
    api: Api,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List roles: id, name, system (true for Admin and Member, which cannot be changed)."""
    return await list_page(
        api, ROLE.list, row=_row, query=query, fields=fields, limit=limit, page_token=page_token
    )


async def save_role(
    api: Api,
    request: RoleRequest,
    creation: Creation,
    role_id: Annotated[str | None, Field(description="Role to rename: id or name; omit to create")] = None,
) -> Role:
    """Create or rename a role. Policies determine what a role allows: see save_policy."""
    draft = Draft(request.body())
    if role_id is None:
        await creation.check_name(api, ROLE, request.name, draft, lambda id_: _renaming(id_, request.name))
        draft.refuse_if_wrong("save_role")
        created = await data_of(api, "POST /api/permissions/roles", headers=creation.headers, **draft.body)
        return Role.model_validate(created | {"note": _BY_POLICIES})
    creation.refuse_for_update("role_id")
    role = await find(api, ROLE, role_id)
    renamed = await data_of(api, "PUT /api/permissions/roles/{id}", id=role["id"], **draft.body)
    return Role.model_validate(renamed)


async def resolve_roles(api: Polytomic, request: Request, roles: Sequence[str] | None) -> None:
    """Replace the names of roles in a request by ids.

    Raises:
        Refusal: There is no such role. If none is near, the text says what roles do not do, and how to
            create one.
    """
    try:
        await resolve_names(api, request)
    except Refusal as refused:
        known = (await role_names(api)).values()
        missing = [role for role in roles or () if not (is_id(role) or near(role, known))]
        if not missing:
            raise
        steps = [_creation(role) for role in missing]
        text = f"{refused}\n{_BY_POLICIES} {_ONLY_READING} Nothing was changed."
        raise Refusal(text, *refused.next_steps, *steps) from None


async def role_deletion(api: Api, role_id: str) -> Deletion:
    """Return which users have a role, and which policies refer to it."""
    role = await find(api, ROLE, role_id)
    users = [user for user in await every(api, USER.list) if role["id"] in as_list(user.get("role_ids"))]
    policies = [
        policy
        for policy in await every(api, POLICY.list)
        for action in as_objects(policy.get("policy_actions"))
        if role["id"] in as_list(action.get("role_ids"))
    ]
    who = ", ".join(str(user.get("email")) for user in users) or "none"
    what = ", ".join(dict.fromkeys(str(policy.get("name")) for policy in policies)) or "none"
    consequence = f"Users with this role: {who}. Policies that refer to it: {what}."
    return Deletion(ROLE, role["id"], str(role.get("name")), consequence)


async def delete_role(
    api: Api,
    role_id: Annotated[str, Field(description="Id or exact name")],
    deletion: Annotated[Deletion, Resolve(role_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(role_deletion))],
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a role. A person is asked first, and shown who has it."""
    del role_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/permissions/roles/{id}", lambda: role_deletion(api, deletion.id)
    )


async def role_names(api: Polytomic) -> dict[str, str]:
    """Return the names of all roles by id; empty if the caller may not list them."""
    try:
        return {role["id"]: str(role.get("name")) for role in await every(api, ROLE.list)}
    except PolytomicError:
        return {}


def named(ids: Sequence[str], names: dict[str, str]) -> list[str]:
    """Return the names of ids; an unknown id is returned as it is."""
    return [names.get(id_, id_) for id_ in ids]


def _creation(name: str) -> NextStep:
    return NextStep(tool="save_role", arguments={"name": name}, reason="creates the role")


def _renaming(id_: str, name: str) -> NextStep:
    return NextStep(
        tool="save_role", arguments={"role_id": id_, "name": name}, reason="renames the existing role"
    )


def _row(role: JsonObject) -> JsonObject:
    return {key: role.get(key) for key in ("id", "name", "system")}
