"""Connections: created, updated without loss, tested, and never revealing a secret."""

import copy
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


def hold(api: ScriptedApi, **parts: Any) -> dict[str, Any]:
    """Serve one connection, and echo what is written to it."""
    connection = {"id": api.WAREHOUSE, "name": "Warehouse", "type": {"id": "snowflake"}} | parts
    api.holds("connections", connection)
    api.echoes(f"PUT /api/connections/{api.WAREHOUSE}", id=api.WAREHOUSE)
    return connection


async def test_omitted_arguments_are_not_sent(tools: Tools, api: ScriptedApi) -> None:
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
    ("type_", "status", "told"),
    [
        ("snowflke", 400, "Unknown connection type 'snowflke'. Did you mean 'snowflake'?"),
        ("Snowflake", 422, "'Snowflake' is the name of a connection type. Send its id instead: 'snowflake'."),
        ("snowflake", 422, "POST /api/connections was refused: 422 account is missing"),
        ("snowflke", 403, "POST /api/connections was refused: 403 account is missing"),
    ],
)
async def test_a_type_that_is_not_an_id_is_refused_with_the_probable_one(
    type_: str, status: int, told: str, tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/connection_types"] = {"data": [{"id": "snowflake", "name": "Snowflake"}]}
    api["POST /api/connections"] = httpx.Response(status, json={"message": "account is missing"})

    text = await tools.refused("create_connection", name="n", type=type_, configuration={})

    assert told in text


async def test_an_oauth_type_returns_where_to_consent(tools: Tools, api: ScriptedApi) -> None:
    answered = {
        "id": "c",
        "auth_url": "https://x.example",
        "saved": False,
        "type": {"id": "gong", "name": "Gong"},
    }
    api["POST /api/connections"] = {"data": answered}

    made = await tools(
        "create_connection", name="n", type="gong", configuration={}, redirect_url="https://back"
    )

    (step,) = made.pop("next_steps")
    assert (step["tool"], step["arguments"]) == ("get_connection", {"connection_id": "c"})
    assert made == {"id": "c", "type": "gong", "saved": False, "auth_url": "https://x.example"}
    assert api.bodies("POST /api/connections")[0]["redirect_url"] == "https://back"


@settings(
    max_examples=settings().max_examples * 3 // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stored=CONFIGURATIONS, change=CONFIGURATIONS, name=st.none() | st.text(min_size=1, max_size=5))
async def test_an_update_sends_the_stored_object_with_the_change_applied(
    stored: dict[str, Any], change: dict[str, Any], name: str | None, tools: Tools, api: ScriptedApi
) -> None:
    before = copy.deepcopy(hold(api, configuration=stored, policies=["p"], healthcheck_interval="1h"))
    api.requests.clear()
    named = {} if name is None else {"name": name}

    updated = await tools("update_connection", connection_id=api.WAREHOUSE, configuration=change, **named)

    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    kept = {key: before[key] for key in ("name", "policies", "healthcheck_interval")} | {"type": "snowflake"}
    assert body == kept | named | {"configuration": stored | change}
    differing = {key for key in ("name", "configuration") if body[key] != before[key]}
    assert updated["changed"].keys() == differing


@pytest.mark.parametrize(
    "configuration", [{"password": MASK}, {"ssh": {"key": MASK}}, {"keys": [{"a": MASK}]}]
)
async def test_a_masked_secret_is_not_sent_back_unless_allowed(
    configuration: Any, tools: Tools, api: ScriptedApi
) -> None:
    hold(api, configuration=configuration | {"account": "a"})
    (name,) = configuration

    text = await tools.refused("update_connection", connection_id="Warehouse", name="New")
    assert f"Polytomic masks {name} and might store the mask" in text
    assert api.written() == []

    await tools("update_connection", connection_id="Warehouse", name="New", keep_masked=True)
    (body,) = api.bodies(f"PUT /api/connections/{api.WAREHOUSE}")
    assert body["configuration"] == configuration | {"account": "a"}


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

    assert "Polytomic masks password" in refused
    assert updated["changed"] == {"name": {"before": "W", "after": "W2"}}
    assert updated["configuration"]["account"] == "acme-x"
    assert health == {"ok": True}
