"""The guide "Adding contacts from Snowflake to Gong Engage": its bodies pass through the tools as printed."""

import json
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

# The six requests as the guide prints them; MODEL and GONG are the ids its earlier steps answered.
SNOWFLAKE = {
    "name": "Snowflake connection",
    "type": "snowflake",
    "configuration": {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"},
}
GONG = {"name": "Gong Engage connection", "type": "gong", "configuration": {"auth_method": "oauth"}}
QUERY = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'pro'"
MODEL = {"name": "Contacts", "configuration": {"query": QUERY}}
SYNC = {
    "name": "Contacts to Gong Engage",
    "mode": "updateOrCreate",
    "identity": {"target": "Id", "function": "equality"},
    "schedule": {"frequency": "manual"},
    "target": {"object": "my-gong-engage-flow"},
}


def model_of(connection_id: str) -> dict[str, Any]:
    return {**MODEL, "connection_id": connection_id}


def sync_of(model_id: str, connection_id: str) -> dict[str, Any]:
    identity = SYNC["identity"] | {"source": {"field": "contact_id", "model_id": model_id}}
    return {**SYNC, "identity": identity, "target": SYNC["target"] | {"connection_id": connection_id}}


async def follow(tools: Tools, snowflake: str, gong: str, model: str) -> None:
    """Make the guide's six calls; the ids are those its steps answered."""
    await tools("create_connection", **SNOWFLAKE)
    await tools("create_connection", **GONG)
    await tools("create_model", **model_of(snowflake))
    await tools("list_target_objects", connection_id=gong)
    await tools("list_target_fields", connection_id=gong, target="my-gong-engage-flow")
    await tools("create_sync", **sync_of(model, gong))


@pytest.fixture
async def followed(tools: Tools, company: ScriptedApi) -> Any:
    """The scripted API after the guide's six calls."""
    company.echoes("POST /api/connections", id="c")
    company.echoes("POST /api/models", id="m", fields=[])
    await follow(tools, company.WAREHOUSE, company.GONG, company.MODEL)
    return company


async def test_the_bodies_leave_as_they_were_printed(followed: Any) -> None:
    assert followed.bodies("POST /api/connections") == [SNOWFLAKE, GONG]
    assert followed.bodies("POST /api/models") == [model_of(followed.WAREHOUSE)]


async def test_the_sync_leaves_with_the_gaps_filled(followed: Any) -> None:
    printed = sync_of(followed.MODEL, followed.GONG)

    (body,) = followed.bodies("POST /api/syncs")

    assert body == printed | {"fields": [], "identity": printed["identity"] | {"function": "Equality"}}


async def test_a_sync_without_a_schedule_leaves_with_a_manual_one(tools: Tools, company: ScriptedApi) -> None:
    printed = sync_of(company.MODEL, company.GONG)
    del printed["schedule"]

    await tools("create_sync", **printed)

    assert company.bodies("POST /api/syncs")[0]["schedule"] == {"frequency": "manual"}


async def test_target_objects_and_fields_are_asked_for_with_get_and_no_body(followed: Any) -> None:
    path = f"/api/connections/{followed.GONG}/modelsync"
    asked = [request for request in followed.requests if request.url.path.startswith(path)]

    assert {request.method for request in asked} == {"GET"}
    assert {request.content for request in asked} == {b""}
    fields = followed.asked(f"GET {path}/target/fields")
    assert {str(request.url.query, "ascii") for request in fields} == {"target=my-gong-engage-flow"}


async def test_every_request_carries_the_version_and_the_key(followed: Any) -> None:
    assert {request.headers["X-Polytomic-Version"] for request in followed.requests} == {"2025-09-18"}
    assert {request.headers["Authorization"] for request in followed.requests} == {"Bearer a-very-secret-key"}


async def test_each_post_carries_an_idempotency_key_of_its_own(followed: Any) -> None:
    keys = [request.headers["Idempotency-Key"] for request in followed.requests if request.method == "POST"]

    assert len(set(keys)) == len(keys) == 4


async def test_bodies_pasted_as_json_text_with_a_comma_too_many_pass_too(
    tools: Tools, company: ScriptedApi
) -> None:
    company.echoes("POST /api/models", id="m", fields=[])
    pasted = sync_of(company.MODEL, company.GONG)
    texts = {key: json.dumps(pasted[key])[:-1] + ", }" for key in ("identity", "schedule", "target")}

    await tools("create_model", **model_of("Warehouse") | {"configuration": f'{{"query": "{QUERY}",\n}}'})
    await tools("create_sync", **pasted | texts | {"fields": "[ ]"})

    assert company.bodies("POST /api/models") == [model_of(company.WAREHOUSE)]
    (body,) = company.bodies("POST /api/syncs")
    assert body == pasted | {"fields": [], "identity": pasted["identity"] | {"function": "Equality"}}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_the_guide_runs_from_end_to_end_on_the_sandbox(
    mode: str, api_version: str, open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox(mode=mode, api_version=api_version) as tools:
        snowflake = await tools("create_connection", **SNOWFLAKE)
        gong = await tools("create_connection", **GONG)
        assert gong["status"] != "healthy"
        async with httpx.AsyncClient(transport=sandbox) as browser:
            await browser.post(gong["auth_url"], data={"decision": "allow"})
        assert (await tools("get_connection", connection_id=GONG["name"]))["status"] == "healthy"
        model = await tools("create_model", **model_of(snowflake["id"]))
        objects = await tools("list_target_objects", connection_id=gong["id"])
        fields = await tools("list_target_fields", connection_id=gong["id"], target="my-gong-engage-flow")
        sync = await tools("create_sync", **sync_of(model["id"], gong["id"]))
        run = await tools("start_sync", sync_id=sync["id"], wait_seconds=60)
        inserted = await tools("get_sync_execution", sync_id=sync["name"], log="inserts", limit=1000)
        refused = await tools("get_sync_execution", sync_id=sync["name"], log="errors", limit=1000)

    assert [field["name"] for field in model["fields"]] == ["contact_id"]
    assert "my-gong-engage-flow" in {item["id"] for item in objects["items"]}
    assert "Id" in {field["id"] for field in fields["fields"]}
    assert sync["identity"]["function"] == "Equality"
    assert run["status"] == "completed"
    assert run["counts"]["insert"] == len(inserted["log"]) > 0
    assert run["counts"]["error"] == len(refused["log"])
    counts = run["counts"]
    assert counts["total"] == counts["insert"] + counts["update"] + counts["error"]


async def test_names_alone_carry_the_guide(open_sandbox: Connect, sandbox: httpx.ASGITransport) -> None:
    async with open_sandbox() as tools:
        await tools("create_connection", **SNOWFLAKE)
        gong = await tools("create_connection", **GONG)
        async with httpx.AsyncClient(transport=sandbox) as browser:
            await browser.post(gong["auth_url"], data={"decision": "allow"})
        await tools("create_model", **model_of("snowflake CONNECTION"))
        flows = (await tools("list_target_objects", connection_id=GONG["name"], query="my-gong"))["items"]
        sync = sync_of("contacts", GONG["name"]) | {
            "target": {"connection_id": GONG["name"], "object": flows[0]["name"]}
        }
        made = await tools("create_sync", **sync)

    assert made["target"]["connection_id"] == gong["id"]
    assert made["target"]["object"] == "my-gong-engage-flow"
