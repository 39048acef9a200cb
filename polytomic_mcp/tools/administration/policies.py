"""Policies: which roles may do what to the objects that a policy applies to."""

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_list, as_objects
from polytomic_mcp.tools.administration.roles import named, role_ids, role_names
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Page, Result
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import POLICY, find, refuse_taken
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion, confirming
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)

_UPDATE: Final = "PUT /api/permissions/policies/{id}"


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
    actions: Annotated[
        dict[str, list[str]] | None,
        Field(description='Roles by action, such as {"delete": ["Admin"]}; omitted actions are unchanged'),
    ] = None,
    name: str | None = None,
    policy_id: Annotated[
        str | None, Field(description="Policy to update: id or name; omit to create")
    ] = None,
) -> Policy:
    """Create or update a policy. Actions are create, delete, apply_policy and others.

    It applies to objects that list it in policies: see update_connection, update_model.
    """
    api = caller.api
    role_ids_of = {action: await role_ids(api, roles) for action, roles in (actions or {}).items()}
    async with caller.updating:
        if policy_id is None:
            if name is None:
                raise ToolError("save_policy: A new policy needs a name. To update one, send policy_id.")
            await refuse_taken(api, POLICY, name, lambda id_: _change(id_, actions))
            body = {"name": name, "policy_actions": _listed(role_ids_of)}
            saved = await data_of(api, "POST /api/permissions/policies", **body)
        else:
            stored = await find(api, POLICY, policy_id)
            body = {
                "name": name or stored.get("name"),
                "policy_actions": _listed(_actions(stored) | role_ids_of),
            }
            saved = await data_of(api, _UPDATE, id=stored["id"], **body)
    return Policy.model_validate(_shown(saved, await role_names(api)))


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


def _change(id_: str, actions: dict[str, list[str]] | None) -> NextStep:
    arguments = {"policy_id": id_, **given(actions=actions)}
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
