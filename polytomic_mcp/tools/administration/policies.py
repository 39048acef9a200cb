"""Policies: which roles may do what to the objects that a policy applies to."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_objects
from polytomic_mcp.common.spelling import canonical, valid_values
from polytomic_mcp.tools.administration.roles import RoleId, named, role_names
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import POLICY, every, find
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
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.references import References
from polytomic_mcp.tools.framework.requests import Draft, Request
from polytomic_mcp.tools.framework.validation import path_of

_UPDATE: Final = "PUT /api/permissions/policies/{id}"
_ACTIONS: Final = ("create", "delete", "apply_policy")
"""The actions in the API's documentation; an organization's policies may have others."""

Actions = dict[str, list[RoleId]]


class PolicyRequest(Request):
    """A policy as a caller writes it."""

    name: Name | None = None
    actions: Annotated[
        Actions | None,
        Field(description='Roles by action, such as {"delete": ["Admin"]}; omitted actions are unchanged'),
    ] = None


class Policy(Result):
    """A policy: the roles allowed to perform each action."""

    id: str
    name: str | None = None
    actions: dict[str, list[str]] | None = None


async def list_policies(
    api: Api,
    query: Query = None,
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List policies: id, name, and the roles allowed to perform each action."""
    names = await role_names(api)
    return await list_page(
        api,
        POLICY.list,
        row=lambda policy: _shown(policy, names),
        query=query,
        fields=fields,
        limit=limit,
        page_token=page_token,
    )


async def save_policy(
    caller: TheCaller,
    request: PolicyRequest,
    creation: Creation,
    policy_id: Annotated[
        str | None, Field(description="Policy to update: id or name; omit to create")
    ] = None,
) -> Policy:
    """Create or update a policy. Actions are create, delete, apply_policy, and those of other policies.

    It applies to objects that list it in policies: see update_connection, update_model.
    """
    api, change = caller.api, given(actions=request.actions)
    async with caller.updating:
        draft = await _draft(api, request)
        if policy_id is None:
            await _check_name(api, request, creation, draft, change)
            draft.refuse_if_wrong("save_policy")
            body = {"name": request.name, "policy_actions": _listed(draft.body)}
            saved = await data_of(api, "POST /api/permissions/policies", headers=creation.headers, **body)
        else:
            creation.refuse_for_update("policy_id")
            draft.refuse_if_wrong("save_policy")
            stored = await find(api, POLICY, policy_id)
            body = {
                "name": request.name or stored.get("name"),
                "policy_actions": _listed(_actions(stored) | draft.body),
            }
            saved = await data_of(api, _UPDATE, id=stored["id"], **body)
    return Policy.model_validate(_shown(saved, await role_names(api)))


async def _draft(api: Polytomic, request: PolicyRequest) -> Draft:
    """Return the ids of roles by action, as the API spells it, and what is wrong with either."""
    references = References(api)
    await references.resolve(request)
    actions = request.actions or {}
    known = await _known_actions(api, actions)
    spelled = {name: canonical(name, known) or name for name in actions}
    problems = [*_action_problems(spelled, known), *references.problems]
    return Draft({spelled[name]: roles for name, roles in actions.items()}, problems)


async def _check_name(
    api: Polytomic, request: PolicyRequest, creation: Creation, draft: Draft, change: JsonObject
) -> None:
    if request.name is None:
        draft.problems.append("name: A new policy needs a name. To update one, send policy_id.")
        return
    await creation.check_name(api, POLICY, request.name, draft, lambda id_: _change(id_, change))


async def _known_actions(api: Polytomic, names: Iterable[str]) -> list[str]:
    """Return the documented actions and, if one is not among them, those of the organization's policies."""
    if all(canonical(name, _ACTIONS) for name in names):
        return list(_ACTIONS)
    used = [action for policy in await every(api, POLICY.list) for action in _actions(policy)]
    return list(dict.fromkeys([*_ACTIONS, *used]))


def _action_problems(spelled: dict[str, str], known: list[str]) -> Iterator[str]:
    """Yield a problem for each action that is unknown, or that two of the names spell."""
    names = list(spelled.values())
    for name, action in spelled.items():
        path = path_of(["actions", name])
        if action not in known:
            yield f"{path}: unknown name.{valid_values(name, known)}"
        elif names.count(action) > 1:
            yield f"{path}: {action} is there twice."


async def policy_deletion(api: Api, policy_id: str) -> Deletion:
    """Return what deleting a policy affects."""
    policy = await find(api, POLICY, policy_id)
    consequence = "It no longer allows anything on the objects that it applies to."
    return Deletion(POLICY, policy["id"], str(policy.get("name")), consequence)


async def delete_policy(
    api: Api,
    policy_id: Annotated[str, Field(description="Id or exact name")],
    deletion: Annotated[Deletion, Resolve(policy_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirming(policy_deletion))],
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a policy. A person is asked first."""
    del policy_id, confirm_name
    return await deletion.carry_out(
        answer, api, "DELETE /api/permissions/policies/{id}", lambda: policy_deletion(api, deletion.id)
    )


def _change(id_: str, change: JsonObject) -> NextStep:
    arguments = {"policy_id": id_, **change}
    return NextStep(tool="save_policy", arguments=arguments, reason="updates the existing policy")


def _actions(policy: JsonObject) -> dict[str, list[str]]:
    """Return the ids of the roles by action."""
    return {
        str(each.get("action")): [str(id_) for id_ in as_list(each.get("role_ids"))]
        for each in as_objects(policy.get("policy_actions"))
    }


def _listed(actions: dict[str, list[str]]) -> list[JsonObject]:
    return [{"action": action, "role_ids": roles} for action, roles in actions.items()]


def _shown(policy: JsonObject, names: dict[str, str]) -> JsonObject:
    actions = {action: named(ids, names) for action, ids in _actions(policy).items()}
    return {key: policy.get(key) for key in ("id", "name", "system")} | {"actions": actions}
