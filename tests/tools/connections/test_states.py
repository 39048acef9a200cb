"""The states of a connection: each answer says what it waits for, and leads out by calls that work."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import Receiver
from tests.tools.conftest import KEY, Clock, Connect, ScriptedApi, Tools

MASK = "********"
GONG = {"name": "Calls", "type": "gong", "configuration": {"auth_method": "oauth"}}
CODE = {"domain": "https://acme.my.salesforce.com", "connect_mode": "code"}
LINK = "https://polytomic.example/consent"


def steps_in(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(step["tool"], step["arguments"]) for step in answer.get("next_steps", [])]


def wait(id_: str) -> list[tuple[str, dict[str, Any]]]:
    return [("get_connection", {"connection_id": id_})]


def hold(api: ScriptedApi, **parts: Any) -> str:
    """Serve an unhealthy connection; return its id."""
    api.holds("connections", {"id": api.GONG, "name": "Gong", "type": {"id": "gong"}} | parts)
    return api.GONG


async def decide(sandbox: httpx.ASGITransport, link: str, decision: str) -> int:
    async with httpx.AsyncClient(transport=sandbox) as browser:
        return (await browser.post(link, data={"decision": decision})).status_code


async def advance(sandbox: httpx.ASGITransport, duration: str) -> None:
    async with httpx.AsyncClient(transport=sandbox, base_url="http://sandbox") as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        (await http.post("/sandbox/clock", json={"advance": duration}, headers=headers)).raise_for_status()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_connection_that_waits_for_consent_shows_its_link_until_it_is_used(
    mode: str, open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox(mode=mode) as tools:
        made = await tools("create_connection", **GONG)
        seen = await tools("get_connection", connection_id="Calls")
        listed = await tools("list_connections", query="Calls")
        tested = await tools("test_connection", connection_id="Calls")
        assert await decide(sandbox, made["auth_url"], "allow") == 200
        consented = await tools("get_connection", connection_id="Calls")

    assert seen["auth_url"] == made["auth_url"]
    for answer in (made, seen):
        assert answer["note"] == "Waiting for consent. A person must open auth_url."
        assert steps_in(answer) == wait(made["id"])
    (row,) = listed["items"]
    assert row["note"] == "waiting for consent"
    assert tested["ok"] is False
    assert (
        f"Waiting for consent. A person must open auth_url. auth_url: {made['auth_url']}" in tested["reason"]
    )
    assert steps_in(tested) == wait(made["id"])
    assert consented["status"] == "healthy"
    assert not consented.keys() & {"auth_url", "note", "next_steps"}


async def test_a_rename_does_not_end_the_link_that_a_person_holds(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        made = await tools("create_connection", **GONG)
        renamed = await tools("update_connection", connection_id="Calls", name="Gong calls")
        assert await decide(sandbox, made["auth_url"], "allow") == 200
        consented = await tools("get_connection", connection_id="Gong calls")

    assert renamed["auth_url"] == made["auth_url"]
    assert steps_in(renamed) == wait(made["id"])
    assert consented["status"] == "healthy"


async def test_a_code_to_enter_is_shown_with_its_link(open_sandbox: Connect) -> None:
    crm = {"name": "CRM", "type": "salesforce", "configuration": CODE}
    async with open_sandbox() as tools:
        made = await tools("create_connection", **crm)
        seen = await tools("get_connection", connection_id="CRM")
        tested = await tools("test_connection", connection_id="CRM")

    assert made["auth_code"]
    assert seen["auth_code"] == made["auth_code"]
    assert seen["note"] == "Waiting for consent. A person must open auth_url and enter auth_code."
    assert f"auth_code: {made['auth_code']}" in tested["reason"]


async def test_who_starts_consent_again_is_told_that_the_earlier_link_ends(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        made = await tools("create_connection", **GONG)
        again = await tools("update_connection", connection_id="Calls", reconnect=True)
        seen = await tools("get_connection", connection_id="Calls")

    assert again["note"].endswith("Earlier links no longer work.")
    assert seen["auth_url"] == again["auth_url"] != made["auth_url"]
    assert await decide(sandbox, made["auth_url"], "allow") == 404


async def test_a_link_that_write_operation_answers_is_shown_too(open_sandbox: Connect) -> None:
    create = {"operation": "POST /api/connections", "arguments": GONG}
    async with open_sandbox() as tools:
        made = (await tools("write_operation", **create))["result"]["data"]
        seen = await tools("get_connection", connection_id="Calls")
        again = {"id": made["id"], "name": "Calls", "configuration": GONG["configuration"], "reconnect": True}
        renewed = await tools("write_operation", operation="PUT /api/connections/{id}", arguments=again)
        latest = await tools("get_connection", connection_id="Calls")

    assert seen["auth_url"] == made["auth_url"]
    assert latest["auth_url"] == renewed["result"]["data"]["auth_url"] != made["auth_url"]


@pytest.mark.parametrize("end", ["denied", "expired"])
async def test_a_link_that_has_ended_leads_to_a_new_one(
    end: str, open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        made = await tools("create_connection", **GONG)
        if end == "denied":
            await decide(sandbox, made["auth_url"], "deny")
        else:
            await advance(sandbox, "1d")
        seen = await tools("get_connection", connection_id="Calls")
        tested = await tools("test_connection", connection_id="Calls")
        ((tool, arguments),) = steps_in(seen)
        renewed = await tools(tool, **arguments)
        assert await decide(sandbox, renewed["auth_url"], "allow") == 200
        consented = await tools("get_connection", connection_id="Calls")

    assert "auth_url" not in seen
    assert seen["note"] == "A person must consent again."
    assert (tool, arguments) == ("update_connection", {"connection_id": made["id"], "reconnect": True})
    assert steps_in(tested) == steps_in(seen)
    assert consented["status"] == "healthy"


@pytest.mark.parametrize(
    "error", [None, "Waiting for a person to sign in", "pending: the token expired; sign in again"]
)
async def test_a_link_that_is_not_known_here_is_not_ended_either(
    error: str | None, tools: Tools, api: ScriptedApi
) -> None:
    id_ = hold(api, status="unhealthy", saved=False, status_error=error, updated_at="2026-03-04T11:59:00Z")

    seen = await tools("get_connection", connection_id="Gong")

    assert steps_in(seen) == wait(id_)
    assert seen["note"].startswith("Waiting for consent. Polytomic showed auth_url once")
    assert "Only if nobody has it" in seen["note"]


@pytest.mark.parametrize(
    "parts",
    [
        {"saved": False, "updated_at": "2026-03-03T12:00:00Z"},
        {"saved": False, "status_error": "Access was denied on the consent page"},
        {"saved": True, "status_error": "oauth2: invalid_grant"},
        {"status_error": "Please sign in again"},
    ],
)
async def test_a_consent_that_has_ended_leads_to_a_new_link(
    parts: dict[str, Any], tools: Tools, api: ScriptedApi
) -> None:
    id_ = hold(api, status="unhealthy", **parts)

    seen = await tools("get_connection", connection_id="Gong")

    assert steps_in(seen) == [("update_connection", {"connection_id": id_, "reconnect": True})]


async def test_a_link_outlives_the_reason_that_led_to_it_and_ends_with_another(
    tools: Tools, api: ScriptedApi
) -> None:
    revoked = {"status": "unhealthy", "saved": True, "status_error": "invalid_grant: revoked"}
    id_ = hold(api, configuration={}, **revoked)
    api[f"PUT /api/connections/{id_}"] = {"data": {"id": id_, "status": "unhealthy", "auth_url": LINK}}
    await tools("update_connection", connection_id="Gong", reconnect=True)

    seen = await tools("get_connection", connection_id="Gong")
    assert (seen["auth_url"], steps_in(seen)) == (LINK, wait(id_))

    hold(api, configuration={}, **revoked | {"status_error": "consent was denied"})
    ended = await tools("get_connection", connection_id="Gong")
    assert "auth_url" not in ended
    assert steps_in(ended) == [("update_connection", {"connection_id": id_, "reconnect": True})]


async def test_a_link_is_not_shown_after_a_day_or_after_one_that_is_not_known(
    tools: Tools, api: ScriptedApi, clock: Clock
) -> None:
    id_ = hold(api, configuration={}, status="unhealthy", saved=False)
    api[f"PUT /api/connections/{id_}"] = {"data": {"id": id_, "status": "unhealthy", "auth_url": LINK}}
    await tools("update_connection", connection_id="Gong", reconnect=True)
    clock.time += timedelta(days=1).total_seconds()
    assert "auth_url" not in await tools("get_connection", connection_id="Gong")

    await tools("update_connection", connection_id="Gong", reconnect=True)
    assert "auth_url" in await tools("get_connection", connection_id="Gong")
    api[f"PUT /api/connections/{id_}"] = {"data": {"id": id_, "status": "unhealthy"}}
    await tools("update_connection", connection_id="Gong", name="Calls")
    assert "auth_url" in await tools("get_connection", connection_id="Gong")
    await tools("update_connection", connection_id="Gong", reconnect=True)
    assert "auth_url" not in await tools("get_connection", connection_id="Gong")


async def test_a_link_of_a_connection_that_is_healthy_already_is_no_wait(
    tools: Tools, api: ScriptedApi
) -> None:
    id_ = hold(api, configuration={}, status="healthy")
    api[f"PUT /api/connections/{id_}"] = {"data": {"id": id_, "status": "healthy", "auth_url": LINK}}

    updated = await tools("update_connection", connection_id="Gong", name="Calls")

    assert not updated.keys() & {"note", "next_steps"}


async def test_credentials_that_were_never_saved_need_no_consent(tools: Tools, api: ScriptedApi) -> None:
    hold(
        api, status="unhealthy", saved=False, configuration={"password": MASK}, status_error="wrong password"
    )
    seen = await tools("get_connection", connection_id="Gong")
    assert [tool for tool, _ in steps_in(seen)] == ["test_connection", "update_connection"]

    hold(api, status="unhealthy", saved=False, configuration={"client_id": "c", "client_secret": MASK})
    assert steps_in(await tools("get_connection", connection_id="Gong")) == wait(api.GONG)


async def test_a_new_consent_sends_the_masks_that_the_update_requires(tools: Tools, api: ScriptedApi) -> None:
    id_ = hold(api, status="unhealthy", status_error="revoked consent", configuration={"client_secret": MASK})
    api.echoes(f"PUT /api/connections/{id_}", id=id_)

    seen = await tools("get_connection", connection_id="Gong")

    ((tool, arguments),) = steps_in(seen)
    assert arguments == {"connection_id": id_, "reconnect": True, "keep_masked": True}
    assert "if Polytomic stores them, send the secrets" in seen["next_steps"][0]["reason"]
    await tools(tool, **arguments)
    (body,) = api.bodies(f"PUT /api/connections/{id_}")
    assert body["configuration"] == {"client_secret": MASK}


async def test_a_shared_connection_is_repaired_by_its_owner_alone(tools: Tools, api: ScriptedApi) -> None:
    id_ = hold(api, status="unhealthy", parent_connection_id="p", configuration={})

    assert steps_in(await tools("get_connection", connection_id="Gong")) == [
        ("test_connection", {"connection_id": id_})
    ]


@pytest.mark.parametrize("auth_method", ["polytomic_secret", "header"])
async def test_an_endpoint_that_is_back_is_healthy_after_the_call_that_its_test_suggests(
    auth_method: str, open_sandbox: Connect, sandbox: Any, web_receiver: Receiver
) -> None:
    configuration = {"url": web_receiver.url, "auth_method": auth_method}
    if auth_method == "header":
        configuration |= {"header": {"name": "X-Key", "value": "hunter2"}}
    async with open_sandbox() as tools:
        made = await tools("create_connection", name="Hook", type="webhook", configuration=configuration)
        store = sandbox.app.state.workspace.store
        down = store.get("connection", made["id"]) | {"status": "unhealthy", "status_error": "refused"}
        store.put("connection", made["id"], down)
        seen = await tools("get_connection", connection_id="Hook")
        tested = await tools("test_connection", connection_id="Hook")
        changed = await tools("test_connection", connection_id="Hook", configuration={"headers": []})
        ((tool, arguments),) = steps_in(tested)
        repaired = await tools(tool, **arguments)

    assert (tested["ok"], tested["reason"]) == (
        True,
        "The test passes, but the stored status is still 'unhealthy'.",
    )
    assert steps_in(seen) == [("test_connection", {"connection_id": made["id"]}), (tool, arguments)]
    assert "Send this configuration to update_connection" in changed["reason"]
    assert "next_steps" not in changed
    assert repaired["status"] == "healthy"
    assert "next_steps" not in repaired
    kept = store.get("connection", made["id"])["configuration"]
    assert kept == down["configuration"]


async def test_an_update_whose_test_fails_does_not_lead_to_itself(tools: Tools, api: ScriptedApi) -> None:
    id_ = hold(api, configuration={}, status="unhealthy")
    api.echoes(f"PUT /api/connections/{id_}", id=id_, status="unhealthy", status_error="no route to host")

    updated = await tools("update_connection", connection_id="Gong", validate=True)

    assert steps_in(updated) == [("test_connection", {"connection_id": id_})]


async def test_a_test_that_passes_does_not_end_a_link(tools: Tools, api: ScriptedApi) -> None:
    id_ = hold(api, status="unhealthy", saved=False)
    api["POST /api/connections/test"] = httpx.Response(200)

    tested = await tools("test_connection", connection_id="Gong")

    assert tested["ok"] is True
    assert tested["reason"].startswith("Waiting for consent.")
    assert steps_in(tested) == wait(id_)


async def test_a_test_that_fails_for_another_reason_says_that_alone(tools: Tools, api: ScriptedApi) -> None:
    hold(api, status="healthy")
    api["POST /api/connections/test"] = httpx.Response(400, content=json.dumps({"message": "no route"}))

    assert await tools("test_connection", connection_id="Gong") == {"ok": False, "reason": "no route"}


async def test_a_test_that_is_not_allowed_is_no_result(tools: Tools, api: ScriptedApi) -> None:
    hold(api, status="healthy")
    api["POST /api/connections/test"] = httpx.Response(403, json={"message": "not yours"})

    assert "403 not yours" in await tools.refused("test_connection", connection_id="Gong")


async def test_a_test_that_finds_a_revoked_consent_leads_to_a_new_one(tools: Tools, api: ScriptedApi) -> None:
    id_ = hold(api, status="healthy")
    api["POST /api/connections/test"] = httpx.Response(400, json={"message": "invalid_grant: revoked"})

    tested = await tools("test_connection", connection_id="Gong")
    of_another_configuration = await tools("test_connection", connection_id="Gong", configuration={"a": 1})

    assert tested["reason"] == "invalid_grant: revoked A person must consent again."
    assert steps_in(tested) == [("update_connection", {"connection_id": id_, "reconnect": True})]
    assert of_another_configuration == {"ok": False, "reason": "invalid_grant: revoked"}


async def test_a_system_that_does_not_answer_is_waited_for(tools: Tools, api: ScriptedApi) -> None:
    hold(api, status="healthy")
    api["POST /api/connections/test"] = httpx.Response(400, json={"message": "connection timed out."})

    tested = await tools("test_connection", connection_id="Gong")

    assert tested["reason"].startswith("connection timed out. Polytomic could not reach the system")
    assert "call again when that system answers" in tested["reason"]


async def test_what_a_pending_consent_blocks_leads_to_the_connection(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        made = await tools("create_connection", **GONG)
        listed = await tools.refused("list_target_objects", connection_id="Calls")
        refused = await tools.refused(
            "create_sync", name="Flow", mode="create", target={"connection_id": "Calls", "object": "people"}
        )

    assert "Nothing is wrong with the call: the connection does not work." in listed
    assert "Correct the problem" not in listed + refused
    step = json.loads(refused.splitlines()[-1])["next_steps"][0]
    assert (step["tool"], step["arguments"]) == ("get_connection", {"connection_id": made["id"]})


async def test_an_outage_while_a_draft_is_checked_has_no_way_around(
    tools: Tools, company: ScriptedApi
) -> None:
    path = f"GET /api/connections/{company.GONG}/modelsync/targetobjects"
    company[path] = httpx.Response(503, json={"message": "down"})

    refused = await tools.refused(
        "create_sync",
        name="Flow",
        mode="create",
        target={"connection_id": "Gong", "object": "people"},
        fields=[{"source": {"model_id": "Plans", "field": "plan"}, "target": "Note"}],
    )

    assert "Nothing is wrong with the call: call again in a minute." in refused
    assert "write_operation" not in refused
    assert "next_steps" not in refused
