"""Pausing and resuming several syncs: what changes, what does not, and the call that undoes it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import TOOLSETS
from tests.tools.conftest import Connect, ScriptedApi, Tools, stored_sync

HOURLY = {"frequency": "hourly", "minute": "15"}
OTHER = "33333333-0000-0000-0000-000000000002"
OUT = "33333333-0000-0000-0000-000000000003"
BULK = "55555555-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000007"

Switches = Callable[[ScriptedApi], dict[str, bool]]


@pytest.fixture
def fleet(company: ScriptedApi) -> ScriptedApi:
    """Two syncs from the warehouse to Gong, one of them inactive; one back; a bulk sync into it."""
    elsewhere = {"source": {"model_id": "another", "field": "a"}, "target": "b"}
    back = {"target": {"connection_id": company.WAREHOUSE, "object": "t"}, "identity": elsewhere}
    company.holds(
        "syncs",
        stored_sync() | {"schedule": HOURLY},
        stored_sync() | {"id": OTHER, "name": "More plans to Gong", "active": False},
        stored_sync() | {"id": OUT, "name": "Back", "model_ids": ["another"], **back},
    )
    company["GET /api/bulk/syncs"] = {
        "data": [
            {
                "id": BULK,
                "name": "Copy",
                "active": True,
                "source_connection_id": "another",
                "destination_connection_id": company.WAREHOUSE,
                "default_schedule": HOURLY,
            }
        ]
    }
    for id_ in (company.SYNC, OTHER, OUT):
        company.echoes(f"POST /api/syncs/{id_}/activate", id=id_)
        company[f"GET /api/syncs/{id_}/status"] = {"data": {"current_execution": None}}
    company.echoes(f"POST /api/bulk/syncs/{BULK}/activate", id=BULK)
    return company


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["result"] for row in answer["syncs"]}


async def test_all_syncs_into_a_connection_are_paused_and_the_undoing_call_names_only_those_that_changed(
    tools: Tools, fleet: ScriptedApi
) -> None:
    answer = await tools("set_syncs_active", active=False, connection_id="Gong", direction="into")

    assert states(answer) == {"Plans to Gong": "paused", "More plans to Gong": "already inactive"}
    assert fleet.written() == [f"POST /api/syncs/{fleet.SYNC}/activate"]
    assert fleet.bodies(f"POST /api/syncs/{fleet.SYNC}/activate") == [{"active": False}]
    (undo,) = answer["next_steps"]
    assert (undo["tool"], undo["arguments"]) == (
        "set_syncs_active",
        {"active": True, "sync_ids": [fleet.SYNC]},
    )


async def test_a_dry_run_shows_what_would_change_and_gives_the_call_that_does_it(
    tools: Tools, fleet: ScriptedApi
) -> None:
    answer = await tools("set_syncs_active", active=False, connection_id="Gong", dry_run=True)

    assert states(answer)["Plans to Gong"] == "would be paused"
    assert answer["dry_run"] is True
    assert fleet.written() == []
    assert answer["next_steps"][0]["arguments"] == {"active": False, "sync_ids": [fleet.SYNC]}


@pytest.mark.parametrize(
    ("direction", "names"),
    [
        (None, {"Plans to Gong", "More plans to Gong", "Back", "Copy"}),
        ("into", {"Back", "Copy"}),
        ("out_of", {"Plans to Gong", "More plans to Gong"}),
    ],
)
async def test_a_connection_has_syncs_that_write_to_it_and_syncs_that_read_from_it(
    tools: Tools, fleet: ScriptedApi, direction: str | None, names: set[str]
) -> None:
    del fleet

    answer = await tools(
        "set_syncs_active", active=False, connection_id="warehouse", direction=direction, dry_run=True
    )

    assert states(answer).keys() == names


async def test_a_bulk_sync_that_reads_from_the_connection_counts_too(
    tools: Tools, fleet: ScriptedApi
) -> None:
    fleet["GET /api/models"] = {"data": []}
    fleet["GET /api/bulk/syncs"] = {
        "data": [{"id": BULK, "name": "Copy", "active": True, "source_connection_id": fleet.GONG}]
    }

    answer = await tools("set_syncs_active", active=False, connection_id="Gong", direction="out_of")

    assert states(answer) == {"Copy": "paused"}
    assert answer["note"] == "Pausing a bulk sync cancels its run in progress."


async def test_syncs_of_both_kinds_are_named_and_resuming_says_when_each_runs_next(
    tools: Tools, fleet: ScriptedApi
) -> None:
    fleet["GET /api/bulk/syncs"] = {
        "data": [{"id": BULK, "name": "Copy", "active": False, "default_schedule": HOURLY}]
    }

    answer = await tools("set_syncs_active", active=True, sync_ids=["copy", OTHER, "Copy"])

    rows = {row["name"]: row for row in answer["syncs"]}
    assert (rows["Copy"]["kind"], rows["Copy"]["next_run"]) == ("bulk_sync", "2026-03-04T12:15:00Z")
    assert (rows["More plans to Gong"]["kind"], rows["More plans to Gong"]["result"]) == ("sync", "resumed")
    assert rows["More plans to Gong"]["next_run"] == "only when started"
    assert set(answer["next_steps"][0]["arguments"]["sync_ids"]) == {BULK, OTHER}


async def test_a_run_in_progress_goes_on_and_the_call_that_cancels_it_is_named(
    tools: Tools, fleet: ScriptedApi
) -> None:
    fleet[f"GET /api/syncs/{fleet.SYNC}/status"] = {"data": {"current_execution": {"id": RUN}}}

    answer = await tools("set_syncs_active", active=False, sync_ids=["Plans to Gong"])

    assert answer["note"] == "Runs in progress continue: Plans to Gong. cancel_sync stops one."
    assert answer["next_steps"][1]["tool"] == "cancel_sync"
    assert answer["next_steps"][1]["arguments"] == {"sync_id": fleet.SYNC, "execution_id": RUN}


async def test_a_sync_that_cannot_be_switched_is_reported_and_the_others_are(
    tools: Tools, fleet: ScriptedApi
) -> None:
    busy = httpx.Response(409, json={"message": "It is running."})
    fleet[f"POST /api/bulk/syncs/{BULK}/activate"] = busy

    answer = await tools("set_syncs_active", active=False, sync_ids=["Copy", "Plans to Gong"])

    rows = {row["name"]: row for row in answer["syncs"]}
    assert states(answer) == {"Plans to Gong": "paused", "Copy": "failed"}
    assert "It is running." in rows["Copy"]["reason"]
    assert answer["note"] == "Not changed: Copy; their reason says why."
    assert answer["next_steps"][0]["arguments"]["sync_ids"] == [fleet.SYNC]


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (httpx.ReadTimeout("lost"), "unknown"),
        (httpx.ConnectError("away"), "failed"),
        (httpx.Response(502), "unknown"),
        (httpx.Response(200, text="<html>"), "unknown"),
    ],
)
async def test_a_sync_that_may_have_been_switched_is_in_doubt_and_undone_too(
    failure: Any, state: str, tools: Tools, fleet: ScriptedApi
) -> None:
    fleet[f"POST /api/syncs/{fleet.SYNC}/activate"] = failure

    answer = await tools("set_syncs_active", active=False, sync_ids=["Copy", "Plans to Gong"])

    is_unsure = state == "unknown"
    assert states(answer) == {"Copy": "paused", "Plans to Gong": state}
    assert f"{'Perhaps' if is_unsure else 'Not'} changed: Plans to Gong;" in answer["note"]
    undo, *rest = (step["arguments"] for step in answer["next_steps"])
    assert undo == {"active": True, "sync_ids": [BULK, fleet.SYNC] if is_unsure else [BULK]}
    assert rest == ([{"active": False, "sync_ids": [fleet.SYNC]}] if is_unsure else [])


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ({"sync_ids": ["More plans to Gong"]}, "Nothing to change: all are inactive."),
        (
            {"connection_id": "Gong", "direction": "out_of"},
            "No matching sync or bulk sync uses the connection.",
        ),
    ],
)
async def test_what_is_as_it_should_be_is_left_alone(
    tools: Tools, fleet: ScriptedApi, arguments: Any, note: str
) -> None:
    answer = await tools("set_syncs_active", active=False, **arguments)

    assert answer["note"] == note
    assert "next_steps" not in answer
    assert fleet.written() == []


async def test_bulk_syncs_that_cannot_be_listed_are_said_to_be_missing(
    tools: Tools, fleet: ScriptedApi
) -> None:
    fleet["GET /api/bulk/syncs"] = httpx.Response(403, json={"message": "no"})

    answer = await tools("set_syncs_active", active=False, connection_id="Gong")

    assert [each["source"] for each in answer["unavailable"]] == ["bulk syncs"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "Send connection_id for all syncs of a connection, or sync_ids for some."),
        ({"sync_ids": []}, "Send connection_id for all syncs of a connection, or sync_ids for some."),
        ({"sync_ids": ["Back"], "connection_id": "Gong"}, "Send connection_id for all syncs"),
        ({"sync_ids": ["Back"], "direction": "into"}, "direction is for a connection_id."),
        ({"sync_ids": ["Bakc"]}, "No sync or bulk sync has the id or name 'Bakc'. Did you mean 'Back'?"),
        ({"sync_ids": ["Twin"]}, "2 syncs have the id or name 'Twin'. Send the id of one of them: 'Twin' ("),
    ],
)
async def test_what_does_not_say_which_syncs_is_refused(
    tools: Tools, fleet: ScriptedApi, arguments: Any, problem: str
) -> None:
    twins = [{"id": each, "name": "Twin", "active": True} for each in (BULK, BULK.replace("5", "6"))]
    fleet["GET /api/bulk/syncs"] = {"data": twins}

    text = await tools.refused("set_syncs_active", active=False, **arguments)

    assert text.startswith(f"set_syncs_active: {problem}")
    assert "Nothing was changed." in text
    assert fleet.written() == []


async def test_five_syncs_are_paused_and_resumed_on_the_sandbox(open_sandbox: Connect) -> None:
    snowflake = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    postgresql = {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "p"}
    async with open_sandbox(toolsets=TOOLSETS) as tools:
        await tools("create_connection", name="Warehouse", type="snowflake", configuration=snowflake)
        await tools("create_connection", name="App", type="postgresql", configuration=postgresql)
        query = {"query": "SELECT email FROM customers"}
        await tools("create_model", name="People", connection_id="Warehouse", configuration=query)
        target = (await tools("list_target_objects", connection_id="App"))["items"][0]["id"]
        field = (await tools("list_target_fields", connection_id="App", target=target))["fields"][0]["id"]
        mapping = {"source": {"model_id": "People", "field": "email"}, "target": field}
        for number in range(5):
            sync = {"name": f"S{number}", "mode": "insert", "active": number > 0, "fields": [mapping]}
            await tools("create_sync", **sync, target={"connection_id": "App", "object": target})
        paused = await tools("set_syncs_active", active=False, connection_id="App", direction="into")
        after = await tools("list_syncs", active=True)
        await tools("set_syncs_active", **paused["next_steps"][0]["arguments"])
        undone = await tools("list_syncs", active=True)

    assert sorted(states(paused).values()) == ["already inactive", *["paused"] * 4]
    assert after["items"] == []
    assert {row["name"] for row in undone["items"]} == {"S1", "S2", "S3", "S4"}
