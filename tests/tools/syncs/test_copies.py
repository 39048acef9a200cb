"""Copying a sync: what is kept, what may differ, what is not copied, and what is refused."""

from typing import Any

import httpx
import pytest

from tests.tools.bulk_syncs.conftest import BULK
from tests.tools.conftest import Connect, Hold, ScriptedApi, Tools

COPY = "33333333-0000-0000-0000-000000000009"
OTHER = "22222222-0000-0000-0000-000000000002"
HOURLY = {"frequency": "hourly", "minute": "15"}


@pytest.fixture
def copying(company: ScriptedApi, hold: Hold) -> ScriptedApi:
    """The scripted API with a scheduled sync; what is created is answered with an id."""
    hold(schedule=HOURLY)
    company.echoes("POST /api/syncs", id=COPY)
    return company


async def test_a_copy_is_like_the_sync_but_inactive_and_named_after_it(
    tools: Tools, copying: ScriptedApi
) -> None:
    copy = await tools("copy_sync", sync_id="Plans to Gong")

    (body,) = copying.bodies("POST /api/syncs")
    assert body == {
        "name": "Copy of Plans to Gong",
        "active": False,
        "mode": "updateOrCreate",
        "schedule": HOURLY,
        "target": {"connection_id": copying.GONG, "object": copying.FLOW},
        "fields": [],
        "identity": {
            "source": {"model_id": copying.MODEL, "field": "contact_id"},
            "target": "Id",
            "function": "Equality",
        },
    }
    assert (copy["id"], copy["copied_from"]) == (COPY, copying.SYNC)
    assert "history" in copy["note"]
    assert [step["tool"] for step in copy["next_steps"]] == ["update_sync", "start_sync"]


async def test_a_copy_is_answered_like_a_new_sync(tools: Tools, copying: ScriptedApi, hold: Hold) -> None:
    hold(schedule={"frequency": "manual"})

    copy = await tools("copy_sync", sync_id="Plans to Gong")
    planned = await tools("copy_sync", sync_id="Plans to Gong", name="Second", dry_run=True)

    names = {"target_connection_name": "Gong", "model_name": "Plans"}
    assert names.items() <= copy.items()
    assert names.items() <= planned.items()
    assert (copy["next_run"], copy["model_id"]) == ("only when started", copying.MODEL)
    assert copy["identity"]["source"] == {"field": "contact_id"}
    assert [step["tool"] for step in copy["next_steps"]] == ["start_sync"]


async def test_a_dry_run_shows_the_request_and_creates_nothing(tools: Tools, copying: ScriptedApi) -> None:
    answer = await tools("copy_sync", sync_id="Plans to Gong", name="Second", dry_run=True)

    assert answer["request"]["name"] == "Second"
    assert answer["dry_run"] is True
    assert copying.written() == []


async def test_a_copy_may_write_to_another_object(tools: Tools, copying: ScriptedApi) -> None:
    flows = [{"id": each, "modes": [{"id": "updateOrCreate"}]} for each in (copying.FLOW, "summer")]
    copying[f"GET /api/connections/{copying.GONG}/modelsync/targetobjects"] = {"data": flows}

    await tools("copy_sync", sync_id="Plans to Gong", target={"object": "summer"})

    (body,) = copying.bodies("POST /api/syncs")
    assert body["target"] == {"connection_id": copying.GONG, "object": "summer"}


async def test_a_copy_may_read_another_model(tools: Tools, copying: ScriptedApi) -> None:
    fields = [{"id": "g1", "name": "contact_id", "type": "string"}]
    second = {"id": OTHER, "name": "Trials", "connection_id": copying.WAREHOUSE, "fields": fields}
    first = copying.answers[f"GET /api/models/{copying.MODEL}"]["data"]
    copying.holds("models", first, second)

    await tools("copy_sync", sync_id="Plans to Gong", model_id="trials")

    (body,) = copying.bodies("POST /api/syncs")
    assert body["identity"]["source"] == {"model_id": OTHER, "field": "contact_id"}


async def test_a_model_without_the_fields_that_the_sync_reads_is_refused_like_in_a_new_sync(
    tools: Tools, copying: ScriptedApi
) -> None:
    second = {"id": OTHER, "name": "Trials", "connection_id": copying.WAREHOUSE, "fields": [{"name": "x"}]}
    first = copying.answers[f"GET /api/models/{copying.MODEL}"]["data"]
    copying.holds("models", first, second)

    text = await tools.refused("copy_sync", sync_id="Plans to Gong", model_id="Trials")

    assert text.startswith(
        "copy_sync: Nothing was written. Problems:\n- identity.source: the model 'Trials' has no field"
    )
    assert copying.written() == []


async def test_only_the_one_model_of_a_sync_is_replaced(
    tools: Tools, copying: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[{"source": {"model_id": OTHER, "field": "plan"}, "target": "Note"}])

    text = await tools.refused("copy_sync", sync_id="Plans to Gong", model_id="Plans")

    assert "this one reads 2" in text
    assert "Nothing was created." in text
    assert copying.written() == []


async def test_a_name_that_is_in_use_is_refused(tools: Tools, copying: ScriptedApi) -> None:
    text = await tools.refused("copy_sync", sync_id="Plans to Gong", name="plans to gong")

    assert "name: A sync with that name exists: 'Plans to Gong' (" in text
    assert "Choose another name." in text
    assert copying.written() == []


async def test_encrypted_fields_are_copied_only_with_the_passphrase(
    tools: Tools, copying: ScriptedApi, hold: Hold
) -> None:
    source = {"model_id": copying.MODEL, "field": "plan"}
    hold(fields=[{"source": source, "target": "Note", "encryption_enabled": True}])
    this: dict[str, Any] = {"sync_id": "Plans to Gong"}

    text = await tools.refused("copy_sync", **this)
    shown = await tools("copy_sync", **this, encryption_passphrase="open sesame", dry_run=True)
    await tools("copy_sync", **this, encryption_passphrase="open sesame")

    assert "Send encryption_passphrase for the copy. Nothing was created." in text
    assert shown["request"]["encryption_passphrase"] == "********"
    (body,) = copying.bodies("POST /api/syncs")
    assert body["encryption_passphrase"] == "open sesame"


async def test_a_bulk_sync_is_refused_with_the_way_to_copy_it(tools: Tools, copying: ScriptedApi) -> None:
    bulk = {"id": BULK, "name": "Nightly"}
    copying["GET /api/bulk/syncs"] = {"data": [bulk]}

    text = await tools.refused("copy_sync", sync_id="Nightly")

    assert "'Nightly' is a bulk sync, not a sync" in text
    assert "send what that answers to create_bulk_sync with another name." in text
    assert '"tool":"get_bulk_sync"' in text


async def test_an_unknown_sync_is_refused_as_everywhere(tools: Tools, copying: ScriptedApi) -> None:
    del copying

    text = await tools.refused("copy_sync", sync_id="Plans to Gogn")

    assert text.startswith("Unknown sync 'Plans to Gogn'. Did you mean 'Plans to Gong'?")


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_a_copy_runs_on_the_sandbox(
    open_sandbox: Connect, sandbox: httpx.ASGITransport, api_version: str
) -> None:
    snowflake = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    async with open_sandbox(api_version=api_version) as tools:
        await tools("create_connection", name="Warehouse", type="snowflake", configuration=snowflake)
        gong = await tools(
            "create_connection", name="Gong", type="gong", configuration={"auth_method": "oauth"}
        )
        async with httpx.AsyncClient(transport=sandbox) as browser:
            await browser.post(gong["auth_url"], data={"decision": "allow"})
        query = {"query": "SELECT contact_id FROM salesforce_contacts"}
        await tools("create_model", name="Contacts", connection_id="Warehouse", configuration=query)
        flow = (await tools("list_target_objects", connection_id="Gong", query="flow"))["items"][0]["id"]
        identity = {"source": {"model_id": "Contacts", "field": "contact_id"}, "target": "Id"}
        target = {"connection_id": "Gong", "object": flow}
        await tools("create_sync", name="A", mode="upsert", identity=identity, target=target, active=True)
        copy = await tools("copy_sync", sync_id="A", name="B")
        run = await tools("start_sync", sync_id="B", wait_seconds=60)

    assert (copy["active"], copy["target"]["object"]) == (False, flow)
    assert run["status"] == "completed"
    assert run["counts"]["total"] > 0
