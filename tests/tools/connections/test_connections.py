"""Connections: created, updated without loss, tested, and never revealing a secret."""

import copy
import json
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Connect, ScriptedApi, Tools

MASK = "********"
NAMES = st.sampled_from(["account", "port", "warehouse", "ssl"])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.text(max_size=5)
    | st.lists(st.integers(0, 9), max_size=2)
)
CONFIGURATIONS = st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=2), max_size=4)


SCHEMA = {
    "required": ["dbname", "passwd"],
    "properties": {
        "hostname": {"type": "string"},
        "port": {"type": "integer"},
        "dbname": {"type": "string"},
        "passwd": {"type": "string", "sensitive": True},
        "mode": {"type": "string", "enum": [{"value": "ro", "label": "Read only"}, "rw"]},
    },
}


def serve(api: ScriptedApi, *types: dict[str, Any]) -> None:
    """Serve these connection types."""
    api["GET /api/connection_types"] = {"data": list(types)}


def hold(api: ScriptedApi, **parts: Any) -> dict[str, Any]:
    """Serve one connection, and echo what is written to it."""
    connection = {"id": api.WAREHOUSE, "name": "Warehouse", "type": {"id": "snowflake"}} | parts
    api.holds("connections", connection)
    api.echoes(f"PUT /api/connections/{api.WAREHOUSE}", id=api.WAREHOUSE)
    return connection


def merged(stored: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Apply a change to a configuration, at every depth."""
    both = copy.deepcopy(stored)
    for name, value in change.items():
        is_part = isinstance(value, dict) and isinstance(stored.get(name), dict)
        both[name] = merged(stored[name], value) if is_part else value
    return both


async def test_omitted_arguments_are_not_sent(tools: Tools, api: ScriptedApi) -> None:
    api.holds("connections")
    api.echoes("POST /api/connections", id="c")

    await tools("create_connection", name="n", type="t", configuration={"a": None}, validate=False)

    body = {"name": "n", "type": "t", "configuration": {"a": None}, "validate": False}
    assert api.bodies("POST /api/connections") == [body]


async def test_a_secret_that_was_sent_is_reported_as_changed(tools: Tools, api: ScriptedApi) -> None:
    hold(api, configuration={"account": "a", "password": MASK})
    answer = {"id": api.WAREHOUSE, "configuration": {"account": "a", "password": MASK}}
    api[f"PUT /api/connections/{api.WAREHOUSE}"] = {"data": answer}

    updated = await tools(
        "update_connection", connection_id=api.WAREHOUSE, configuration={"password": "hunter2"}
    )

    assert updated["changed"]["configuration.password"] == {"before": MASK, "after": MASK}


async def test_concurrent_updates_lose_nothing(open_sandbox: Connect) -> None:
    configuration = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    async with open_sandbox() as tools:
        made = await tools("create_connection", name="W", type="snowflake", configuration=configuration)
        changes = [{"name": "New"}, {"configuration": {"warehouse": "BIG"}}, {"policies": []}]

        async with anyio.create_task_group() as group:
            for change in changes:
                arguments = {"connection_id": made["id"], "keep_masked": True, **change}
                group.start_soon(partial(tools, "update_connection", **arguments))
        after = await tools("get_connection", connection_id=made["id"])

    assert after["name"] == "New"
    assert after["configuration"]["warehouse"] == "BIG"


@pytest.mark.parametrize(
    ("status", "is_described"),
    [(422, True), (403, False)],
)
async def test_a_refused_configuration_leads_to_what_its_type_requires(
    *, status: int, is_described: bool, tools: Tools, api: ScriptedApi
) -> None:
    api.holds("connections")
    serve(api, {"id": "snowflake", "name": "Snowflake"})
    api["POST /api/connections"] = httpx.Response(status, json={"message": "account is missing"})

    text = await tools.refused("create_connection", name="n", type="snowflake", configuration={})

    assert f"POST /api/connections was refused: {status} account is missing" in text
    assert ("describe_connection_type" in text) == is_described


@pytest.mark.parametrize("type_", ["gong_engage", "Gong Engage", "GONG ENGAGE", "gong-engage"])
async def test_a_type_may_be_given_by_id_or_by_name_in_any_case(
    type_: str, tools: Tools, api: ScriptedApi
) -> None:
    hold(api, name="Calls", type={"id": "gong_engage"}, configuration={})
    serve(api, {"id": "gong_engage", "name": "Gong Engage"}, {"id": "gong", "name": "Gong"})
    api.echoes("POST /api/connections", id="c")
    api["POST /api/connections/test"] = httpx.Response(200)

    made = await tools("create_connection", name="n", type=type_, configuration={})
    listed = await tools("list_connections", type=type_)
    await tools("test_connection", type=type_, configuration={})

    assert made["type"] == "gong_engage"
    assert [row["name"] for row in listed["items"]] == ["Calls"]
    assert [body["type"] for body in api.bodies("POST /api/connections/test")] == ["gong_engage"]


async def test_an_unknown_type_is_refused_with_the_nearest_one_before_anything_is_sent(
    tools: Tools, api: ScriptedApi
) -> None:
    api.holds("connections", {"id": "c", "name": "CRM"})
    serve(api, {"id": "snowflake", "name": "Snowflake"})

    text = await tools.refused("create_connection", name="crm", type="snowflke", configuration={})

    assert "- type: Unknown connection type 'snowflke'. Did you mean 'snowflake'?" in text
    assert "- name: A connection with that name exists: 'CRM' (c)." in text
    assert api.written() == []


async def test_a_name_in_use_is_refused_unless_a_second_one_is_meant(tools: Tools, api: ScriptedApi) -> None:
    api.holds("connections", {"id": "c", "name": "CRM"})
    api.echoes("POST /api/connections", id="d")
    crm = {"name": "crm", "type": "hubspot", "configuration": {}}

    text = await tools.refused("create_connection", **crm)
    assert "A connection with that name exists: 'CRM' (c)." in text
    assert len(api.asked("GET /api/connections")) == 1
    assert api.written() == []

    await tools("create_connection", **crm, allow_duplicate_name=True)
    await tools("create_connection", **crm, idempotency_key="my-own-key")
    (first, second) = api.asked("POST /api/connections")
    assert "idempotency-key" in first.headers
    assert second.headers["idempotency-key"] == "my-own-key"
    assert len(api.asked("GET /api/connections")) == 1


async def test_all_problems_of_a_new_connection_come_at_once(tools: Tools, api: ScriptedApi) -> None:
    api.holds("connections")
    api["GET /api/permissions/policies"] = {"data": [{"id": "p", "name": "Sales"}]}
    serve(api, {"id": "mysql", "name": "MySQL"})
    api["GET /api/connection_types/mysql"] = SCHEMA
    wrong = {"port": "a secret", "dbname": "", "passwrd": "hunter2", "mode": "hunter2"}

    text = await tools.refused(
        "create_connection", name="n", type="mysql", configuration=wrong, policies=["Sale"]
    )

    for problem in (
        "- policies[0]: Unknown policy 'Sale'. Did you mean 'Sales'?",
        "- configuration.port must be of type integer.",
        "- configuration: Unknown field 'passwrd'. Did you mean 'passwd'?",
        "- configuration.mode: Unknown value. Valid values: ro (Read only), rw.",
        "- configuration.dbname is required.",
        "- configuration.passwd is required.",
    ):
        assert problem in text
    assert "secret" not in text
    assert "hunter2" not in text
    assert json.loads(text.splitlines()[-1])["next_steps"][-1]["arguments"] == {"type": "mysql"}
    assert api.written() == []


async def test_what_is_changed_of_a_configuration_is_checked_and_the_rest_is_not(
    tools: Tools, api: ScriptedApi
) -> None:
    hold(api, type={"id": "mysql"}, configuration={"unknown": 1, "dbname": None})
    api["GET /api/connection_types/mysql"] = SCHEMA
    api["POST /api/connections/test"] = httpx.Response(200)

    for tool in ("update_connection", "test_connection"):
        text = await tools.refused(tool, connection_id="Warehouse", configuration={"database": "x"})
        assert f"{tool}: " in text
        assert "- configuration: Unknown field 'database'. Did you mean 'dbname'?" in text
    assert api.written() == []

    sent = {"port": "3306", "mode": "READ ONLY", "dbname": None}
    await tools("update_connection", connection_id="Warehouse", configuration=sent)
    await tools("test_connection", connection_id="Warehouse", configuration=sent)
    checked = {"port": 3306, "mode": "ro", "dbname": None}
    assert [body["configuration"] for body in api.bodies("POST /api/connections/test")] == [checked]
    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == {"unknown": 1} | checked


@pytest.mark.parametrize(("status", "is_checked"), [(404, True), (403, False)])
async def test_a_type_without_its_own_schema_is_checked_against_its_form(
    *, status: int, is_checked: bool, tools: Tools, api: ScriptedApi
) -> None:
    hold(api, type={"id": "mysql"}, configuration={})
    serve(api, {"id": "mysql", "configurationForm": {"jsonschema": SCHEMA}})
    api["GET /api/connection_types/mysql"] = httpx.Response(status)

    is_error, _ = await tools.try_(
        "update_connection", {"connection_id": "Warehouse", "configuration": {"host": "x"}}
    )

    assert is_error == is_checked


async def test_policies_and_the_interval_of_health_checks_can_be_cleared(
    tools: Tools, api: ScriptedApi
) -> None:
    hold(api, configuration={}, policies=["p"], healthcheck_interval="1h")

    await tools("update_connection", connection_id="Warehouse", clear=["policies", "healthcheck_interval"])

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body == {"name": "Warehouse", "type": "snowflake", "configuration": {}}
    text = await tools.refused("update_connection", connection_id="Warehouse", clear=["type"])
    assert "'type' cannot be reset. Valid values: healthcheck_interval, policies." in text


async def test_a_policy_may_be_given_by_name(tools: Tools, api: ScriptedApi) -> None:
    hold(api, configuration={})
    id_ = "88888888-0000-0000-0000-000000000001"
    api.holds("permissions/policies", {"id": id_, "name": "Sales"})

    await tools("update_connection", connection_id="Warehouse", policies=["sales"])

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["policies"] == [id_]


async def test_policies_are_named_beside_their_ids(tools: Tools, api: ScriptedApi) -> None:
    hold(api, policies=["p", "gone"])
    assert "policy_names" not in await tools("get_connection", connection_id="Warehouse")

    api.holds("permissions/policies", {"id": "p", "name": "Sales"})
    seen = await tools("get_connection", connection_id="Warehouse")
    assert (seen["policies"], seen["policy_names"]) == (["p", "gone"], ["Sales", "gone"])


async def test_an_oauth_type_returns_where_to_consent(tools: Tools, api: ScriptedApi) -> None:
    answered = {
        "id": "c",
        "auth_url": "https://x.example",
        "saved": False,
        "type": {"id": "gong", "name": "Gong"},
    }
    api.holds("connections")
    api["POST /api/connections"] = {"data": answered}

    made = await tools(
        "create_connection", name="n", type="gong", configuration={}, redirect_url="https://back"
    )

    (step,) = made.pop("next_steps")
    assert (step["tool"], step["arguments"]) == ("get_connection", {"connection_id": "c"})
    assert made.pop("note") == "Waiting for consent. A person must open auth_url."
    assert made == {"id": "c", "type": "gong", "saved": False, "auth_url": "https://x.example"}
    assert api.bodies("POST /api/connections")[0]["redirect_url"] == "https://back"


@settings(
    max_examples=settings().max_examples * 3 // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stored=CONFIGURATIONS, change=CONFIGURATIONS, name=st.none() | st.text(max_size=5).filter(str.strip))
async def test_an_update_sends_the_stored_object_with_the_change_applied(
    stored: dict[str, Any], change: dict[str, Any], name: str | None, tools: Tools, api: ScriptedApi
) -> None:
    before = copy.deepcopy(hold(api, configuration=stored, policies=["p"], healthcheck_interval="1h"))
    api.requests.clear()
    named = {} if name is None else {"name": name}

    updated = await tools("update_connection", connection_id=api.WAREHOUSE, configuration=change, **named)

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    kept = {key: before[key] for key in ("name", "policies", "healthcheck_interval")} | {"type": "snowflake"}
    assert body == kept | named | {"configuration": merged(stored, change)}
    differing = {key for key in ("name", "configuration") if body[key] != before[key]}
    assert updated["changed"].keys() == differing


@pytest.mark.parametrize(
    ("configuration", "path"),
    [
        ({"password": MASK}, "password"),
        ({"ssh": {"key": MASK}}, "ssh.key"),
        ({"keys": [{"a": MASK}]}, "keys[0].a"),
        ({"password": MASK, "ssh": {"key": MASK}}, "password, ssh.key"),
    ],
)
@pytest.mark.parametrize("change", [{"name": "New"}, {"healthcheck_interval": "2h"}, {"clear": ["policies"]}])
async def test_a_masked_secret_is_not_sent_back_unless_allowed(
    configuration: Any, path: str, change: Any, tools: Tools, api: ScriptedApi
) -> None:
    hold(api, configuration=configuration | {"account": "a"}, policies=["p"])

    text = await tools.refused("update_connection", connection_id="Warehouse", **change)
    choices = [text.index(f"1. Send {path} again"), text.index("2. Set keep_masked")]
    assert choices == sorted(choices)
    assert "the secret would be lost" in text
    assert api.written() == []

    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["arguments"] == {"connection_id": api.WAREHOUSE, "keep_masked": True, **change}
    updated = await tools(step["tool"], **step["arguments"])
    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == configuration | {"account": "a"}
    assert updated["note"].startswith(f"Sent back as masks: {path}.")


async def test_one_secret_of_two_is_replaced_and_what_becomes_of_the_other_is_said(
    tools: Tools, api: ScriptedApi
) -> None:
    hold(api, configuration={"password": MASK, "ssh": {"host": "h", "key": MASK}}, status="healthy")
    new = {"connection_id": "Warehouse", "configuration": {"password": "hunter2"}}

    text = await tools.refused("update_connection", **new)
    assert "shows only the mask of ssh.key" in text
    assert "hunter2" not in text
    assert "next_steps" not in text

    api[f"PUT /api/connections/{api.WAREHOUSE}"] = {
        "data": {"id": api.WAREHOUSE, "status": "healthy", "configuration": {"password": MASK}}
    }
    updated = await tools("update_connection", **new, keep_masked=True)
    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == {"password": "hunter2", "ssh": {"host": "h", "key": MASK}}
    assert updated["note"] == "Sent back as masks: ssh.key. The test that followed passed."
    assert "configuration.password" in updated["changed"]


@pytest.mark.parametrize(
    ("before", "after", "options", "end"),
    [
        ("healthy", "unhealthy", {}, "the connection was healthy before. Send them again."),
        ("unhealthy", "unhealthy", {}, "send them again if test_connection fails."),
        ("healthy", "healthy", {"validate": False}, "send them again if test_connection fails."),
    ],
)
async def test_a_mask_that_may_have_been_stored_is_reported(
    before: str, after: str, options: dict[str, Any], end: str, tools: Tools, api: ScriptedApi
) -> None:
    hold(api, configuration={"password": MASK}, status=before)
    api.echoes(f"PUT /api/connections/{api.WAREHOUSE}", id=api.WAREHOUSE, status=after)

    updated = await tools("update_connection", connection_id="Warehouse", keep_masked=True, **options)

    assert updated["note"].startswith("Sent back as masks: password. Polytomic may have stored the mask")
    assert updated["note"].endswith(end)


async def test_what_a_change_omits_of_a_part_of_the_configuration_is_unchanged(
    tools: Tools, api: ScriptedApi
) -> None:
    stored = {"basic": {"username": "a", "password": MASK}}
    hold(api, configuration=stored)
    body = {"id": api.WAREHOUSE, "name": "Warehouse", "configuration": stored}
    api[f"PUT /api/connections/{api.WAREHOUSE}"] = {"data": body}

    text = await tools.refused(
        "update_connection", connection_id="Warehouse", configuration={"basic": {"username": "b"}}
    )
    assert "basic.password" in text

    rotated = {"basic": {"password": "hunter2"}}
    updated = await tools("update_connection", connection_id="Warehouse", configuration=rotated)
    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == {"basic": {"username": "a", "password": "hunter2"}}
    assert updated["changed"] == {"configuration.basic.password": {"before": MASK, "after": MASK}}


async def test_a_secret_that_only_polytomic_sets_is_not_in_the_way(tools: Tools, api: ScriptedApi) -> None:
    hold(api, type={"id": "webhook"}, configuration={"url": "https://x", "secret": MASK})
    secret = {"type": "string", "sensitive": True, "readOnly": True}
    api["GET /api/connection_types/webhook"] = {"properties": {"url": {"type": "string"}, "secret": secret}}

    await tools("update_connection", connection_id="Warehouse", name="New")

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == {"url": "https://x"}


async def test_a_secret_sent_again_replaces_the_mask(tools: Tools, api: ScriptedApi) -> None:
    hold(api, configuration={"password": MASK, "account": "a"})

    await tools("update_connection", connection_id="Warehouse", configuration={"password": "new"})

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == {"password": "new", "account": "a"}


async def test_consent_can_be_started_again(tools: Tools, api: ScriptedApi) -> None:
    hold(api, configuration={})

    updated = await tools("update_connection", connection_id="Warehouse", reconnect=True, validate=False)

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["reconnect"] is True
    assert body["validate"] is False
    assert updated["changed"] == {}


async def test_a_stored_connection_can_be_tested_with_changes(tools: Tools, api: ScriptedApi) -> None:
    hold(api)
    api["POST /api/connections/test"] = httpx.Response(200)

    assert await tools("test_connection", connection_id="Warehouse", configuration={"a": 1}) == {"ok": True}

    body = {"type": "snowflake", "connection_id": api.WAREHOUSE, "configuration": {"a": 1}}
    assert api.bodies("POST /api/connections/test") == [body]


async def test_a_configuration_that_does_not_work_is_a_result_with_its_reason(
    tools: Tools, api: ScriptedApi
) -> None:
    api["POST /api/connections/test"] = httpx.Response(400, json={"message": "wrong password"})

    health = await tools("test_connection", type="snowflake", configuration='{"account": "a",}')

    assert health == {"ok": False, "reason": "wrong password"}


async def test_a_test_requires_a_connection_or_a_type(tools: Tools, api: ScriptedApi) -> None:
    text = await tools.refused("test_connection", configuration={})

    assert "Send connection_id, or type and configuration" in text
    assert api.requests == []


async def test_a_type_that_the_api_answers_as_text_is_accepted(tools: Tools, api: ScriptedApi) -> None:
    api.holds("connections", {"id": "c", "name": "n", "type": "csv"})

    assert (await tools("get_connection", connection_id="n"))["type"] == "csv"


async def test_the_sandbox_keeps_what_an_update_omits(open_sandbox: Connect) -> None:
    configuration = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="W", type="snowflake", configuration=configuration)
        refused = await tools.refused("update_connection", connection_id="w", name="W2")
        updated = await tools("update_connection", connection_id="w", name="W2", keep_masked=True)
        health = await tools("test_connection", connection_id="W2")

    assert "shows only the mask of password" in refused
    assert updated["note"] == "Sent back as masks: password. The test that followed passed."
    assert updated["changed"] == {"name": {"before": "W", "after": "W2"}}
    assert updated["configuration"]["account"] == "acme-x"
    assert health == {"ok": True}
