"""The administration toolset: an organization, its people, what they may do, and their keys."""

import json
import logging
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from tests.tools.conftest import Connect, ScriptedApi, Tools

OWN = "aaaaaaaa-0000-0000-0000-000000000001"
OTHER = "aaaaaaaa-0000-0000-0000-000000000002"
ADA = "bbbbbbbb-0000-0000-0000-000000000001"
ADMIN = "cccccccc-0000-0000-0000-000000000001"
READER = "cccccccc-0000-0000-0000-000000000002"
POLICY = "dddddddd-0000-0000-0000-000000000001"
EMAIL = "ada@acme.example"
ME = {"id": ADA, "email": EMAIL, "organization_id": OWN, "organization_name": "Acme", "is_user": True}
YES = ElicitResult(action="accept", content={"delete": True})
MODES = ["auto", "legacy"]
KINDS = {
    "user": (EMAIL, ADA, "organization/users", "their API keys stop working"),
    "role": (
        "Reader",
        READER,
        "permissions/roles",
        f"Users with this role: {EMAIL}. Policies that refer to it: Careful.",
    ),
    "policy": ("Careful", POLICY, "permissions/policies", "no longer allows anything"),
}


@pytest.fixture
def staff(api: ScriptedApi) -> Any:
    """A Polytomic with two organizations, a user, two roles and a policy; what is written comes back."""
    own, other = {"id": OWN, "name": "Acme"}, {"id": OTHER, "name": "Other"}
    ada = {"id": ADA, "email": EMAIL, "role": "admin", "role_ids": [READER], "organization_id": OWN}
    actions = [{"action": "create", "role_ids": [ADMIN]}, {"action": "delete", "role_ids": [READER]}]
    policy = {"id": POLICY, "name": "Careful", "policy_actions": actions, "system": False}
    api["GET /api/me"] = {"data": ME}
    api["GET /api/organization"] = {"data": own | {"sso_domain": "acme.example"}}
    api.holds("organizations", own, other)
    api.holds(
        "permissions/roles", {"id": ADMIN, "name": "Admin", "system": True}, {"id": READER, "name": "Reader"}
    )
    api.holds("permissions/policies", policy)
    for place, user in (
        ("organization", ada),
        (f"organizations/{OWN}", ada),
        (f"organizations/{OTHER}", ada),
    ):
        api.holds(f"{place}/users", user)
        answer = keeping(user)
        api[f"POST /api/{place}/users"] = api[f"PUT /api/{place}/users/{ADA}"] = answer
        api[f"DELETE /api/{place}/users/{ADA}"] = {"data": user}
    for path, stored in (("roles", {"id": READER}), ("policies", policy)):
        answer = keeping(stored)
        api[f"POST /api/permissions/{path}"] = api[f"PUT /api/permissions/{path}/{stored['id']}"] = answer
        api[f"DELETE /api/permissions/{path}/{stored['id']}"] = httpx.Response(204)
    return api


def keeping(stored: dict[str, Any]) -> Any:
    return lambda request: {"data": stored | json.loads(request.content)}


@pytest.mark.usefixtures("staff")
async def test_the_organization_says_who_asks_and_where_else_they_reach(tools: Tools) -> None:
    answer = await tools("get_organization")

    assert answer == {
        "id": OWN,
        "name": "Acme",
        "sso_domain": "acme.example",
        "me": {"id": ADA, "email": EMAIL, "is_user": True},
        "organizations": [{"id": OWN, "name": "Acme"}, {"id": OTHER, "name": "Other"}],
    }


@pytest.mark.parametrize("others", [{"data": [{"id": OWN, "name": "Acme"}]}, httpx.Response(403)])
async def test_an_organization_among_no_others_is_told_by_who_asks(
    tools: Tools, staff: ScriptedApi, others: Any
) -> None:
    staff["GET /api/organization"] = httpx.Response(404)
    staff["GET /api/organizations"] = others

    answer = await tools("get_organization")

    assert (answer["id"], answer["name"]) == (OWN, "Acme")
    assert "organizations" not in answer


@pytest.mark.usefixtures("staff")
async def test_another_organization_is_found_by_name(tools: Tools) -> None:
    assert await tools("get_organization", organization_id="other") == {"id": OTHER, "name": "Other"}
    assert "Valid values: 'Acme'" in await tools.refused("get_organization", organization_id="Third")


@pytest.mark.parametrize("elsewhere", [{}, {"organization_id": "Other"}])
async def test_users_are_rows_with_the_names_of_their_roles(
    tools: Tools, staff: ScriptedApi, elsewhere: Any
) -> None:
    answer = await tools("list_users", query="ada", **elsewhere)

    assert answer == {"items": [{"id": ADA, "email": EMAIL, "roles": ["Reader"]}]}
    place = "organization" if not elsewhere else f"organizations/{OTHER}"
    assert len(staff.asked(f"GET /api/{place}/users")) == 1


async def test_where_roles_may_not_be_listed_their_ids_are_shown(tools: Tools, staff: ScriptedApi) -> None:
    staff["GET /api/permissions/roles"] = httpx.Response(403)

    (ada,) = (await tools("list_users"))["items"]

    assert ada["roles"] == [READER]


async def test_somebody_is_invited_with_roles_by_name(tools: Tools, staff: ScriptedApi) -> None:
    answer = await tools("invite_user", email="eve@acme.example", roles=["reader", ADMIN])
    await tools("invite_user", email="eve@acme.example", organization_id=OTHER)

    assert staff.bodies("POST /api/organization/users") == [
        {"email": "eve@acme.example", "role_ids": [READER, ADMIN]}
    ]
    assert staff.bodies(f"POST /api/organizations/{OTHER}/users") == [{"email": "eve@acme.example"}]
    assert (answer["email"], answer["roles"]) == ("eve@acme.example", ["Reader", "Admin"])


async def test_a_role_that_there_is_not_is_refused_before_anything_is_sent(
    tools: Tools, staff: ScriptedApi
) -> None:
    text = await tools.refused("invite_user", email="eve@acme.example", roles=["Owner"])

    assert "Unknown role 'Owner'. Valid values: 'Admin'" in text
    assert "list_roles" in text
    assert staff.written() == []


@pytest.mark.parametrize("role", ["Viewer", "read-only", "Read", "guest"])
async def test_a_role_that_only_reads_is_not_guessed_and_the_ways_to_it_are_named(
    tools: Tools, staff: ScriptedApi, role: str
) -> None:
    member = {"id": OTHER, "name": "Member", "system": True}
    staff.holds("permissions/roles", {"id": ADMIN, "name": "Admin", "system": True}, member)

    invited = await tools.refused("invite_user", email="eve@acme.example", roles=["member", role, ADMIN])
    updated = await tools.refused("update_user", user_id=EMAIL, roles=[role])

    for text in (invited, updated):
        assert f"Unknown role {role!r}. Valid values: " in text
        assert "Did you mean" not in text
        assert "No role only reads by itself: policies say what each role may do" in text
        assert "create_temporary_credential gives a user a token that only reads" in text
        steps = json.loads(text.splitlines()[-1])["next_steps"]
        assert [(step["tool"], step["arguments"]) for step in steps] == [
            ("list_roles", {}),
            ("save_role", {"name": role}),
        ]
    assert staff.written() == []


async def test_a_misspelt_role_is_only_said_to_be_misspelt(tools: Tools, staff: ScriptedApi) -> None:
    text = await tools.refused("invite_user", email="eve@acme.example", roles=["Raeder"])

    assert "Unknown role 'Raeder'. Did you mean 'Reader'?" in text
    assert "save_role" not in text
    assert staff.written() == []


async def test_a_colleague_gets_a_role_of_their_own_in_two_calls(open_sandbox: Connect) -> None:
    async with open_sandbox(toolsets=("administration",)) as tools:
        role = await tools("save_role", name="Viewer")
        user = await tools("invite_user", email="eve@acme.example", roles=["viewer"])

    assert "policies say what each role may do" in role["note"]
    assert user["roles"] == ["Viewer"]


async def test_a_users_roles_are_replaced(tools: Tools, staff: ScriptedApi) -> None:
    answer = await tools("update_user", user_id=EMAIL, roles=["Admin"])

    assert staff.bodies(f"PUT /api/organization/users/{ADA}") == [{"role_ids": [ADMIN]}]
    assert answer["roles"] == ["Admin"]


async def test_an_address_is_changed_with_the_roles_kept(tools: Tools, staff: ScriptedApi) -> None:
    await tools("update_user", user_id=EMAIL, email="a@acme.example")

    body = {"email": "a@acme.example", "role_ids": [READER]}
    assert staff.bodies(f"PUT /api/organizations/{OWN}/users/{ADA}") == [body]


async def test_elsewhere_the_address_is_kept_with_the_roles(tools: Tools, staff: ScriptedApi) -> None:
    await tools("update_user", user_id=ADA, roles=["Admin"], organization_id="Other")

    body = {"email": EMAIL, "role_ids": [ADMIN]}
    assert staff.bodies(f"PUT /api/organizations/{OTHER}/users/{ADA}") == [body]


async def test_a_user_without_ids_of_roles_keeps_the_older_role(tools: Tools, staff: ScriptedApi) -> None:
    path = f"organizations/{OWN}/users"
    staff.holds(path, {"id": ADA, "email": EMAIL, "role": "admin"})

    answer = await tools("update_user", user_id=ADA, email="a@acme.example")

    assert staff.bodies(f"PUT /api/{path}/{ADA}") == [{"email": "a@acme.example", "role": "admin"}]
    assert answer["roles"] == ["Reader"]


async def test_the_older_role_is_shown_where_there_is_no_other(tools: Tools, staff: ScriptedApi) -> None:
    staff.holds("organization/users", {"id": ADA, "email": EMAIL, "role": "admin"}, {"id": "2"})

    rows = (await tools("list_users"))["items"]

    assert [row["roles"] for row in rows] == [["admin"], []]


async def test_roles_are_listed_made_and_renamed(tools: Tools, staff: ScriptedApi) -> None:
    listed = await tools("list_roles", query="adm")
    await tools("save_role", name="Analyst")
    await tools("save_role", name="Looker", role_id="reader")

    assert listed["items"] == [{"id": ADMIN, "name": "Admin", "system": True}]
    assert staff.bodies("POST /api/permissions/roles") == [{"name": "Analyst"}]
    assert staff.bodies(f"PUT /api/permissions/roles/{READER}") == [{"name": "Looker"}]


@pytest.mark.parametrize(
    ("tool", "given", "change"),
    [
        ("save_role", {"name": "READER"}, {"role_id": READER, "name": "READER"}),
        ("save_policy", {"name": "careful"}, {"policy_id": POLICY}),
        (
            "save_policy",
            {"name": "Careful", "actions": {"delete": ["Admin"]}},
            {"policy_id": POLICY, "actions": {"delete": ["Admin"]}},
        ),
    ],
)
async def test_a_second_of_the_same_name_is_not_made(
    tool: str, given: Any, change: Any, tools: Tools, staff: ScriptedApi
) -> None:
    text = await tools.refused(tool, **given)

    assert f"name: A {tool.removeprefix('save_')} with that name exists: " in text
    assert next(iter(change.values())) in text.splitlines()[1]
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert (step["tool"], step["arguments"]) == (tool, change)
    assert staff.written() == []


@pytest.mark.parametrize("tool", ["save_role", "save_policy"])
async def test_a_second_of_the_same_name_is_made_if_that_is_said(
    tool: str, tools: Tools, staff: ScriptedApi
) -> None:
    kind = {"save_role": "roles", "save_policy": "policies"}[tool]
    name = {"save_role": "reader", "save_policy": "careful"}[tool]

    await tools(tool, name=name, allow_duplicate_name=True)
    await tools(tool, name=name, idempotency_key="my-own-key")

    first, second = staff.asked(f"POST /api/permissions/{kind}")
    assert "Idempotency-Key" not in first.headers or first.headers["Idempotency-Key"] != "my-own-key"
    assert second.headers["Idempotency-Key"] == "my-own-key"


@pytest.mark.parametrize("more", [{"allow_duplicate_name": True}, {"idempotency_key": "my-own-key"}])
@pytest.mark.parametrize("reference", [{"role_id": "Reader"}, {"policy_id": "Careful"}])
async def test_what_is_for_a_new_object_is_refused_for_an_update(
    more: Any, reference: Any, tools: Tools, staff: ScriptedApi
) -> None:
    (argument,) = reference
    text = await tools.refused(f"save_{argument.removesuffix('_id')}", name="New", **reference, **more)

    assert f"Omit them, or omit {argument} to create one." in text
    assert staff.written() == []


@pytest.mark.parametrize("reference", [{}, {"policy_id": "Careful"}])
async def test_an_action_that_there_is_not_is_refused_with_the_nearest(
    reference: Any, tools: Tools, staff: ScriptedApi
) -> None:
    actions = {"delte": ["Admin"], "DELETE": ["Owner"]}

    text = await tools.refused("save_policy", name="New", actions=actions, **reference)

    lines = text.splitlines()
    assert lines[1] == (
        "- actions.delte: unknown name. Did you mean 'delete'? Valid values: delete, create, apply_policy."
    )
    assert lines[2].startswith("- actions.DELETE[0]: Unknown role 'Owner'")
    assert staff.written() == []


async def test_an_action_is_taken_in_any_case_and_as_other_policies_have_it(
    tools: Tools, staff: ScriptedApi
) -> None:
    seen = {"id": "p", "name": "Seen", "policy_actions": [{"action": "pause_sync", "role_ids": None}]}
    staff.holds("permissions/policies", seen)

    await tools("save_policy", name="New", actions='{"Apply policy": ["reader"], "PAUSE_SYNC": "[]"}')

    (body,) = staff.bodies("POST /api/permissions/policies")
    assert body["policy_actions"] == [
        {"action": "apply_policy", "role_ids": [READER]},
        {"action": "pause_sync", "role_ids": []},
    ]


async def test_an_action_that_is_written_twice_is_refused(tools: Tools, staff: ScriptedApi) -> None:
    text = await tools.refused("save_policy", name="New", actions={"delete": [], "Delete": []})

    assert "- actions.delete: delete is there twice.\n- actions.Delete: delete is there twice." in text
    assert staff.written() == []


@pytest.mark.usefixtures("staff")
async def test_policies_show_roles_by_name(tools: Tools) -> None:
    (policy,) = (await tools("list_policies"))["items"]

    assert policy == {
        "id": POLICY,
        "name": "Careful",
        "system": False,
        "actions": {"create": ["Admin"], "delete": ["Reader"]},
    }


async def test_a_policy_is_changed_without_loss(tools: Tools, staff: ScriptedApi) -> None:
    saved = await tools("save_policy", policy_id="careful", actions={"delete": ["Admin"], "apply_policy": []})

    assert staff.bodies(f"PUT /api/permissions/policies/{POLICY}") == [
        {
            "name": "Careful",
            "policy_actions": [
                {"action": "create", "role_ids": [ADMIN]},
                {"action": "delete", "role_ids": [ADMIN]},
                {"action": "apply_policy", "role_ids": []},
            ],
        }
    ]
    assert saved["actions"]["delete"] == ["Admin"]


async def test_a_policy_is_renamed_with_its_actions_kept(tools: Tools, staff: ScriptedApi) -> None:
    await tools("save_policy", policy_id=POLICY, name="Strict")

    (body,) = staff.bodies(f"PUT /api/permissions/policies/{POLICY}")
    assert body["name"] == "Strict"
    assert len(body["policy_actions"]) == 2


async def test_a_policy_is_made_with_a_name(tools: Tools, staff: ScriptedApi) -> None:
    text = await tools.refused("save_policy", actions={"create": ["Admin"]})
    await tools("save_policy", name="New", actions={"create": ["Admin"]})

    assert "A new policy needs a name" in text
    assert staff.bodies("POST /api/permissions/policies") == [
        {"name": "New", "policy_actions": [{"action": "create", "role_ids": [ADMIN]}]}
    ]


@pytest.mark.parametrize(
    ("arguments", "query"), [({}, {}), ({"force": True, "confirm_name": EMAIL}, {"force": "true"})]
)
async def test_a_key_is_shown_once_with_a_word_of_care(
    tools: Tools, staff: ScriptedApi, arguments: Any, query: Any
) -> None:
    path = f"POST /api/organizations/{OWN}/users/{ADA}/keys"
    staff[path] = {"data": {"value": "the-key"}}

    answer = await tools("create_api_key", user_id=EMAIL, **arguments)

    assert (answer["user"], answer["value"]) == (EMAIL, "the-key")
    assert "does not show it again" in answer["note"]
    assert dict(staff.asked(path)[0].url.params) == query


@pytest.mark.parametrize("mode", MODES)
async def test_a_key_is_revoked_only_after_confirmation(
    mode: str, connect: Connect, staff: ScriptedApi
) -> None:
    path = f"POST /api/organizations/{OWN}/users/{ADA}/keys"
    staff[path] = {"data": {"value": "the-key"}}
    revoking = {"user_id": EMAIL, "force": True}
    yes = ElicitResult(action="accept", content={"proceed": True})
    answers = [ElicitResult(action="decline"), yes]
    questions: list[str] = []

    async def person(context: Any, params: Any) -> ElicitResult:
        del context
        questions.append(params.message)
        return answers.pop(0)

    async with connect(mode=mode, elicitation_callback=person) as tools:
        declined = await tools.refused("create_api_key", **revoking, confirm_name=EMAIL)
        assert staff.written() == []
        await tools("create_api_key", **revoking)
        await tools("create_api_key", user_id=EMAIL)
    async with connect(mode=mode) as tools:
        unasked = await tools.refused("create_api_key", **revoking)

    assert declined == "Not confirmed; nothing was changed."
    assert len(questions) == 2
    assert "call again with confirm_name set to the user's email" in unasked
    assert staff.written() == [path, path]


async def test_a_temporary_credential_only_reads_unless_asked(tools: Tools, staff: ScriptedApi) -> None:
    created = {
        "id": "t",
        "access_token": "token",
        "token_type": "Bearer",
        "expires_at": "2026-01-15T10:00:00Z",
    }
    staff["POST /api/temporary-credentials"] = {"data": created}

    answer = await tools("create_temporary_credential")
    await tools(
        "create_temporary_credential",
        read_only=False,
        user_id=EMAIL,
        duration_seconds=600,
        session_name="nightly",
    )

    assert (answer["access_token"], answer["read_only"]) == ("token", True)
    assert staff.bodies("POST /api/temporary-credentials") == [
        {"subject": {"type": "user", "mode": "read_only"}, "duration_seconds": 3600},
        {
            "subject": {"type": "user", "mode": "user", "user_id": ADA},
            "duration_seconds": 600,
            "session_name": "nightly",
        },
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
async def test_a_confirmation_deletes(mode: str, kind: str, connect: Connect, staff: ScriptedApi) -> None:
    name, id_, path, consequence = KINDS[kind]
    questions = []

    async def person(context: Any, params: Any) -> ElicitResult:
        del context
        questions.append(params.message)
        return YES

    async with connect(mode=mode, elicitation_callback=person) as tools:
        deleted = await tools(f"delete_{kind}", **{f"{kind}_id": name})

    assert (deleted["id"], deleted["name"]) == (id_, name)
    assert staff.written() == [f"DELETE /api/{path}/{id_}"]
    assert questions[0].startswith(f"Delete the {kind} '{name}' ({id_})?")
    assert consequence in questions[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
async def test_where_nobody_can_be_asked_the_name_stands_for_the_yes(
    mode: str, kind: str, connect: Connect, staff: ScriptedApi
) -> None:
    name, id_, path, _ = KINDS[kind]

    async with connect(mode=mode) as tools:
        text = await tools.refused(f"delete_{kind}", **{f"{kind}_id": id_, "confirm_name": "no"})
        assert staff.written() == []
        await tools(f"delete_{kind}", **{f"{kind}_id": id_, "confirm_name": name})

    assert "Nothing was deleted." in text
    assert staff.written() == [f"DELETE /api/{path}/{id_}"]


async def test_a_role_without_users_is_reported_as_unused(tools: Tools, staff: ScriptedApi) -> None:
    staff.holds("organization/users")
    staff.holds("permissions/policies")

    text = await tools.refused("delete_role", role_id="Reader")

    assert "Users with this role: none. Policies that refer to it: none." in text


async def test_a_user_of_another_organization_is_deleted_there(tools: Tools, staff: ScriptedApi) -> None:
    await tools("delete_user", user_id=EMAIL, organization_id="Other", confirm_name=EMAIL)

    assert staff.written() == [f"DELETE /api/organizations/{OTHER}/users/{ADA}"]


@pytest.mark.parametrize("mode", MODES)
async def test_the_sandbox_plays_along(mode: str, open_sandbox: Connect) -> None:
    eve = "eve@acme.example"
    async with open_sandbox(mode=mode, toolsets=("administration",)) as tools:
        me = (await tools("get_organization"))["me"]
        role = await tools("save_role", name="Analyst")
        await tools("invite_user", email=eve, roles=["Analyst"])
        updated = await tools("update_user", user_id=eve, roles=["Admin", "Analyst"])
        policy = await tools("save_policy", name="P", actions={"create": ["Analyst"]})
        key = await tools("create_api_key", user_id=eve)
        token = await tools("create_temporary_credential", user_id=eve)
        await tools("delete_role", role_id="Analyst", confirm_name="Analyst")
        policies = (await tools("list_policies"))["items"]
        await tools("delete_user", user_id=eve, confirm_name=eve)
        await tools("delete_policy", policy_id="P", confirm_name="P")
        users = (await tools("list_users"))["items"]

    assert me["email"] == "ada@acme.example"
    assert updated["roles"] == ["Admin", "Analyst"]
    assert policy["actions"] == {"create": ["Analyst"]}
    assert key["value"] != token["access_token"]
    assert policies[0]["actions"] == {"create": [role["id"]]}
    assert [user["email"] for user in users] == ["ada@acme.example"]


async def test_an_older_version_shows_the_organization_by_who_asks(open_sandbox: Connect) -> None:
    async with open_sandbox(api_version="2024-02-08", toolsets=("administration",)) as tools:
        organization = await tools("get_organization")

    assert organization["name"] == "Acme (sandbox)"
    assert organization["me"]["email"] == "ada@acme.example"


async def test_no_roles_at_all_are_refused(tools: Tools, staff: ScriptedApi) -> None:
    text = await tools.refused("update_user", user_id=EMAIL, roles=[])

    assert "roles is empty" in text
    assert staff.written() == []


async def test_created_secrets_do_not_appear_in_a_log(
    open_sandbox: Connect, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for logger in ("polytomic_mcp", "mcp", "httpx"):
        caplog.set_level(logging.DEBUG, logger=logger)

    async with open_sandbox(toolsets=("administration",)) as tools:
        key = (await tools("create_api_key", user_id="ada@acme.example"))["value"]
        again = await tools.refused("create_api_key", user_id="ada@acme.example")
        token = (await tools("create_temporary_credential"))["access_token"]
    told = [again, *(record.getMessage() for record in caplog.records), *capfd.readouterr()]

    assert "force=true" in again
    assert not any(secret in text for secret in (key, token) for text in told)
