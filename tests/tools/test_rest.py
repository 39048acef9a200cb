"""Objects too long for a context window: what was cut is got by following the call that comes with it."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import ScriptedApi, Tools

LINES = [f"an item that says little, number {number}" for number in range(900)]


async def rest_of(tools: Tools, answer: Any, pointer: str) -> list[Any]:
    """Follow the calls that get the rest of a list, literally, to its end."""
    items: list[Any] = []
    cut = next(cut for cut in answer["truncated"] if cut["pointer"] == pointer)
    for _ in range(50):
        reading = await tools(cut["rest"]["tool"], **cut["rest"]["arguments"])
        items += reading["result"]
        if "truncated" not in reading:
            return items
        (cut,) = reading["truncated"]
    pytest.fail("the rest does not end")


@pytest.mark.parametrize(
    ("kind", "tool", "argument", "part"),
    [
        ("connections", "get_connection", "connection_id", "notes"),
        ("models", "get_model", "model_id", "fields"),
        ("syncs", "get_sync", "sync_id", "fields"),
        ("syncs", "get_sync", "sync_id", "problems"),
    ],
)
async def test_the_rest_of_an_object_is_got_by_following_its_call(
    kind: str, tool: str, argument: str, part: str, tools: Tools, company: ScriptedApi
) -> None:
    whole = [{"name": line} for line in LINES]
    id_ = {"connections": company.WAREHOUSE, "models": company.MODEL, "syncs": company.SYNC}[kind]
    company.holds(kind, {"id": id_, "name": "Long", part: whole})

    answer = await tools(tool, **{argument: "Long"})

    assert answer[part] + await rest_of(tools, answer, f"/{part}") == whole


async def test_the_rest_of_a_runs_errors_is_got_by_following_its_call(
    tools: Tools, company: ScriptedApi
) -> None:
    errors = [line * 200 for line in LINES[:5]]
    company[f"GET /api/syncs/{company.SYNC}/executions/{company.EXECUTION}"] = {
        "data": {"id": company.EXECUTION, "status": "failed", "errors": errors}
    }

    answer = await tools("get_sync_execution", sync_id="Plans to Gong", execution_id=company.EXECUTION)

    assert all(cut["rest"]["arguments"]["pointer"].startswith("/data/errors") for cut in answer["truncated"])


async def test_a_long_dry_run_has_no_rest_to_be_read(tools: Tools, company: ScriptedApi) -> None:
    source = {"model_id": "Plans", "field": "plan"}
    overrides = [{"field": source, "override": line} for line in LINES]
    identity = {"source": {"model_id": "Plans", "field": "contact_id"}, "target": "Id"}

    shown = await tools(
        "create_sync",
        name="S",
        mode="updateOrCreate",
        target={"connection_id": "Gong", "object": company.FLOW},
        identity=identity,
        overrides=overrides,
        dry_run=True,
    )

    assert [cut.keys() for cut in shown["truncated"]] == [{"pointer", "shown", "total"}]


async def test_a_filter_that_nothing_can_have_is_refused_with_the_nearest(
    tools: Tools, company: ScriptedApi
) -> None:
    company["GET /api/connection_types"] = {"data": [{"id": "snowflake", "name": "Snowflake"}]}
    company["GET /api/syncs"] = {"data": []}

    assert "'snowflake'" in await tools.refused("list_connections", type="snowflak")
    assert "Did you mean 'updateOrCreate'?" in await tools.refused("list_syncs", mode="updateOrCreat")
    assert (await tools("list_syncs", mode="remove"))["items"] == []


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_connection", {"type": "snowflake", "configuration": {}}),
        ("create_model", {"connection_id": "Warehouse", "configuration": {}}),
        ("update_sync", {"sync_id": "Plans to Gong"}),
    ],
)
async def test_a_name_that_shows_nothing_is_refused(
    tool: str, arguments: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    text = await tools.refused(tool, name=" ", **arguments)

    assert "name: must not be empty" in text
    assert company.written() == []


async def test_a_schedule_that_is_off_leads_to_switching_it_on(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/syncs", id=company.SYNC, active=False)
    body = {
        "name": "S",
        "mode": "updateOrCreate",
        "target": {"connection_id": "Gong", "object": company.FLOW},
        "identity": {"source": {"model_id": "Plans", "field": "contact_id"}, "target": "Id"},
    }

    daily = await tools("create_sync", **body, schedule={"frequency": "daily", "hour": "5", "minute": "00"})
    by_hand = await tools("create_sync", **body)

    assert [step["tool"] for step in daily["next_steps"]] == ["update_sync", "start_sync"]
    assert [step["tool"] for step in by_hand["next_steps"]] == ["start_sync"]


@pytest.mark.parametrize(
    ("status", "tool"), [(409, "get_sync_execution"), (422, "diagnose_sync"), (403, None)]
)
async def test_a_start_that_is_refused_leads_on(
    status: int, tool: str | None, tools: Tools, company: ScriptedApi
) -> None:
    refusal = httpx.Response(status, json={"message": "not now"})
    company[f"POST /api/syncs/{company.SYNC}/executions"] = refusal

    text = await tools.refused("start_sync", sync_id="Plans to Gong")

    assert "not now" in text
    assert (f'"tool":"{tool}"' in text) == (tool is not None)
    assert ("next_steps" in text) == (tool is not None)


async def test_a_model_whose_fields_changed_leads_to_what_reads_it(
    tools: Tools, company: ScriptedApi
) -> None:
    after = {"id": company.MODEL, "name": "Plans", "fields": [{"name": "contact_id"}]}
    company[f"PUT /api/models/{company.MODEL}"] = {"data": after}

    updated = await tools("update_model", model_id="Plans", configuration={"query": "SELECT 2"})

    (step,) = updated["next_steps"]
    assert (step["tool"], step["arguments"]) == ("trace_lineage", {"model_id": company.MODEL})
