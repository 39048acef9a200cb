"""The call in each row that mends a sync, and the cause that its runs do not tell."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from polytomic_mcp import Settings
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.settings import Secret
from tests.tools.analysis.overview.conftest import append_people
from tests.tools.conftest import KEY, Connect, ScriptedApi, Tools

SYNC = "/api/syncs/33333333-0000-0000-0000-000000000001"
MODEL = "/api/models/22222222-0000-0000-0000-000000000001"
HOURLY = {"frequency": "hourly", "minute": "0"}
DONE = {
    "id": "r",
    "status": "completed",
    "started_at": "2026-03-04T11:00:00Z",
    "counts": {"insert": 1, "total": 1},
}


@pytest.fixture
def scripted(company: ScriptedApi) -> ScriptedApi:
    """The scripted API with one sync, which is listed in full and doing well."""
    company["GET /api/bulk/syncs"] = {"data": []}
    company["GET /api/events"] = {"data": []}
    company[f"GET {SYNC}/status"] = {"data": {}}
    company[f"GET {SYNC}/executions"] = {"data": [DONE]}
    company[f"GET {MODEL}/sample"] = httpx.Response(403, json={"message": "no right"})
    return company


def change(api: ScriptedApi, **parts: Any) -> None:
    api.holds("syncs", api.answers[f"GET {SYNC}"]["data"] | parts)


async def row_of(tools: Tools) -> Any:
    (row,) = (await tools("sync_overview"))["items"]
    return row


@pytest.mark.parametrize(
    ("parts", "runs", "state", "step"),
    [
        ({"schedule": HOURLY, "active": False}, [DONE], "inactive", ("update_sync", {"active": True})),
        ({"schedule": HOURLY}, [], "late", ("start_sync", {})),
        ({}, [DONE | {"status": "canceled"}], "canceled", ("start_sync", {})),
        (
            {},
            [DONE | {"status": "running", "started_at": "2026-03-01T00:00:00Z"}],
            "stuck",
            ("cancel_sync", {}),
        ),
        ({}, [DONE], "ok", None),
        ({}, [], "never_run", None),
        ({}, [DONE | {"status": "failed", "errors": ["no table"]}], "failing", ("start_sync", {})),
    ],
)
async def test_each_state_has_the_call_that_mends_it(
    parts: Any, runs: Any, state: str, step: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, **parts)
    scripted[f"GET {SYNC}/executions"] = {"data": runs}

    row = await row_of(tools)

    given = row.get("next_step") and (row["next_step"]["tool"], row["next_step"]["arguments"])
    expected = step and (step[0], {"sync_id": scripted.SYNC, **step[1]})
    assert (row["state"], given) == (state, expected)
    assert "cause" not in row or state in ("inactive", "late")


async def test_an_inactive_bulk_sync_is_switched_on_by_a_tool_that_is_always_shown(
    tools: Tools, scripted: ScriptedApi
) -> None:
    copy = {"id": "b", "name": "Copy", "active": False, "default_schedule": HOURLY}
    scripted["GET /api/syncs"] = {"data": []}
    scripted["GET /api/bulk/syncs"] = {"data": [copy]}
    scripted["GET /api/bulk/syncs/b/executions"] = {"data": []}

    row = await row_of(tools)

    assert row["state"] == "inactive"
    assert row["next_step"]["tool"] == "set_syncs_active"
    assert row["next_step"]["arguments"] == {"active": True, "sync_ids": ["b"]}


async def test_a_failing_sync_says_the_cause_that_its_run_does_not_tell(
    tools: Tools, scripted: ScriptedApi
) -> None:
    failed = DONE | {"status": "failed", "errors": ["it failed"]}
    scripted[f"GET {SYNC}/executions"] = {"data": [failed]}
    scripted["POST /api/model-preview"] = httpx.Response(422, json={"message": "no column plan"})

    row = await row_of(tools)

    assert (row["detail"], row["cause"]) == (
        "it failed",
        "The query of the model 'Plans' does not run: no column plan",
    )
    assert row["next_step"]["arguments"] == {"model_id": scripted.MODEL}


async def test_a_diagnosis_that_finds_nothing_leaves_the_next_step_to_the_diagnosis(
    tools: Tools, scripted: ScriptedApi
) -> None:
    empty = DONE | {"counts": {"insert": 0, "total": 0}}
    looks = iter([[empty, DONE], [DONE]])  # it has run once more in between
    scripted[f"GET {SYNC}/executions"] = lambda _: {"data": next(looks)}

    overview = await tools("sync_overview")

    assert "next_step" not in overview["items"][0]
    assert [step["tool"] for step in overview["next_steps"]] == ["diagnose_sync"]


@pytest.mark.parametrize("version", ["problems", "fields"])
async def test_a_sync_whose_model_changed_since_its_last_success_is_read_and_found_broken(
    version: str, tools: Tools, scripted: ScriptedApi
) -> None:
    model = scripted.answers[f"GET {MODEL}"]["data"]
    changed = model | {"updated_at": "2026-03-04T11:30:00Z"}
    problem = {"path": "identity.source", "message": "no field contact_id"}
    if version == "problems":
        change(scripted, problems=[problem])
    else:
        changed["fields"] = [{"name": "plan"}]
    scripted.holds("models", changed)

    row = await row_of(tools)

    assert row["state"] == "broken"
    assert row["detail"].startswith("The sync cannot run: ")
    assert row["cause"] == "The sync reads fields that its models no longer have"
    assert row["next_step"]["tool"] == "get_model"


@pytest.mark.parametrize("updated_at", ["2026-03-04T10:30:00Z", None])
async def test_a_model_that_changed_before_the_last_success_costs_no_request(
    updated_at: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    scripted.holds("models", scripted.answers[f"GET {MODEL}"]["data"] | {"updated_at": updated_at})

    assert (await row_of(tools))["state"] == "ok"
    assert scripted.asked(f"GET {SYNC}") == []


async def test_a_model_that_changed_without_harm_leaves_the_sync_well(
    tools: Tools, scripted: ScriptedApi
) -> None:
    scripted.holds(
        "models", scripted.answers[f"GET {MODEL}"]["data"] | {"updated_at": "2026-03-04T11:30:00Z"}
    )

    assert (await row_of(tools))["state"] == "ok"


async def test_a_call_of_a_hidden_tool_is_not_in_a_row(connect: Connect, scripted: ScriptedApi) -> None:
    change(scripted, schedule=HOURLY, active=False)

    async with connect(settings=Settings(api_key=Secret("k"), access_mode="read-only")) as tools:
        row = await row_of(tools)

    assert "next_step" not in row


async def test_a_call_that_mends_several_syncs_is_said_once(tools: Tools, scripted: ScriptedApi) -> None:
    gong = scripted.answers[f"GET /api/connections/{scripted.GONG}"]["data"]
    ill = gong | {"status": "unhealthy", "status_error": "Please sign in again"}
    scripted.holds("connections", ill)
    sync = scripted.answers[f"GET {SYNC}"]["data"] | {"model_ids": [], "identity": None}
    syncs = [
        sync | {"id": f"33333333-0000-0000-0000-00000000000{n}", "name": f"Sync {n}"} for n in range(1, 4)
    ]
    scripted.holds("syncs", *syncs)
    for each in syncs:
        scripted[f"GET /api/syncs/{each['id']}/executions"] = {"data": [DONE]}

    rows = (await tools("sync_overview"))["items"]

    assert [row["state"] for row in rows] == ["broken"] * 3
    assert [row.get("next_step", {}).get("tool") for row in rows] == ["update_connection", None, None]


@pytest.fixture(params=[-7, 7], ids=["a week behind", "a week ahead"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[httpx.ASGITransport]:
    """A sandbox whose clock differs from this machine's by some days."""
    app = create_sandbox(key=KEY, start=datetime.now(UTC) + timedelta(days=request.param))
    yield httpx.ASGITransport(app)
    app.state.workspace.close()


async def test_syncs_are_judged_by_the_date_of_the_api(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        hourly = {"frequency": "hourly", "minute": "00"}
        await append_people(tools, schedule=hourly, active=True)
        async with httpx.AsyncClient(transport=sandbox, base_url="http://sandbox") as http:
            headers = {"Authorization": f"Bearer {KEY}"}
            await http.post("/sandbox/clock", json={"advance": "1h"}, headers=headers)
        row = await row_of(tools)
        diagnosis = await tools("diagnose_sync", sync_id="Users")
        ran = await tools("sync_overview", since="90 minutes")

    assert row["state"] == "ok"
    assert diagnosis["verdict"] == "no problem found"
    assert diagnosis["events"]
    assert [each["name"] for each in ran["items"]] == ["Users"]
