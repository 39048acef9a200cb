"""Executions of a bulk sync are started, listed and read, and end with a status."""

from typing import Any

import pytest

from polytomic_mcp.sandbox import create_sandbox
from tests.sandbox.conftest import Clock, InlineWorkers
from tests.sandbox.resources.bulk_syncs.conftest import Stage


async def test_a_start_returns_the_queued_execution(queued: dict[str, Any]) -> None:
    assert (queued["status"], queued["type"], queued["fetch_mode"]) == ("created", "manual", "none")
    assert [(each["schema"], each["status"]) for each in queued["schemas"]] == [("shop.people", "created")]
    assert not any(key.startswith("_") for key in queued)


@pytest.mark.usefixtures("queued")
async def test_a_second_start_during_an_execution_is_refused(stage: Stage, sync: dict[str, Any]) -> None:
    answer = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/executions", json={})

    assert answer.status_code == 409


@pytest.mark.usefixtures("people")
async def test_the_counts_of_an_execution_are_the_sums_of_its_schemas(stage: Stage) -> None:
    stage.table("shop.more", "id", [{"id": "1"}])
    sync = await stage.sync()

    execution = await stage.start(sync)

    assert execution["record_count"] == 4
    assert [each["record_count"] for each in execution["schemas"]] == [3, 1]
    assert all(each["started_at"] and each["completed_at"] for each in execution["schemas"])


async def test_executions_are_listed_newest_first_in_pages_of_up_to_a_hundred(
    stage: Stage, sync: dict[str, Any]
) -> None:
    ids = [(await stage.start(sync))["id"] for _ in range(3)]
    path = f"/api/bulk/syncs/{sync['id']}/executions"

    whole = (await stage.http.get(path, params={"limit": 100})).json()
    ascending = (await stage.http.get(path, params={"ascending": True, "limit": 2})).json()
    ended = (await stage.http.get(path, params={"only_terminal": True})).json()
    too_many = (await stage.http.get(path, params={"limit": 101})).json()

    assert [each["id"] for each in whole["data"]] == ids[::-1]
    assert [each["id"] for each in ascending["data"]] == ids[:2]
    assert [each["id"] for each in ended["data"]] == ids[::-1]
    assert ascending["pagination"]["next_page_token"]
    assert [each["id"] for each in too_many["data"]] == ids[::-1]


@pytest.mark.usefixtures("queued")
async def test_terminal_executions_exclude_the_one_under_way(stage: Stage, sync: dict[str, Any]) -> None:
    listed = await stage.ask("GET", f"{sync['id']}/executions", params={"only_terminal": True})

    assert listed == []


@pytest.mark.usefixtures("sync")
async def test_an_execution_of_another_sync_is_not_found(stage: Stage, queued: dict[str, Any]) -> None:
    other = await stage.sync(name="other")

    answer = await stage.http.get(f"/api/bulk/syncs/{other['id']}/executions/{queued['id']}")

    assert answer.status_code == 404


@pytest.mark.parametrize("by", ["activation", "update"])
async def test_a_running_bulk_sync_cannot_be_changed(
    stage: Stage, sync: dict[str, Any], queued: dict[str, Any], workers: InlineWorkers, by: str
) -> None:
    path = f"/api/bulk/syncs/{sync['id']}"
    if by == "activation":
        answer = await stage.http.post(f"{path}/activate", json={"active": True})
    else:
        answer = await stage.http.put(path, json=await stage.body(name="Other", active=sync["active"]))
    workers.release()

    assert (answer.status_code, answer.json()["key"]) == (409, "sync_running")
    assert await stage.ask("GET", sync["id"]) == sync
    assert (await stage.ask("GET", f"{sync['id']}/executions/{queued['id']}"))["status"] == "completed"


@pytest.mark.usefixtures("queued")
async def test_a_run_whose_sync_is_deleted_ends_quietly(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers
) -> None:
    await stage.http.delete(f"/api/bulk/syncs/{sync['id']}")

    workers.release()

    assert stage.workspace.store.list("bulk_execution") == []


@pytest.mark.usefixtures("people")
async def test_a_missing_schema_fails_and_the_others_are_copied(stage: Stage, workspace: Any) -> None:
    more = stage.table("shop.more", "id")
    sync = await stage.sync()
    workspace.tables.drop(more)

    execution = await stage.start(sync)

    assert execution["status"] == "errors"
    assert [each["status"] for each in execution["schemas"]] == ["completed", "failed"]
    assert "no longer has the schema shop.more" in execution["status_message"]


async def test_a_run_fails_if_no_schema_can_be_copied(
    stage: Stage, people: Any, sync: dict[str, Any], workspace: Any
) -> None:
    workspace.tables.drop(people)

    assert (await stage.start(sync))["status"] == "failed"


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize(
    ("fault", "message"),
    [(RuntimeError("boom"), "The sandbox failed. This is a bug in the sandbox."), (None, "sync")],
)
async def test_an_error_ends_the_run_as_failed(
    stage: Stage,
    sync: dict[str, Any],
    workers: InlineWorkers,
    fault: Exception | None,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fault is None:
        stage.workspace.store.delete("bulk_sync", sync["id"])
    else:
        # No request makes the sandbox itself fail.
        monkeypatch.setattr(stage.workspace.tables, "rows", _failing(fault))

    workers.release()

    (execution,) = stage.workspace.store.list("bulk_execution")
    assert execution["status"] == "failed"
    assert message in execution["status_message"]


def _failing(fault: Exception) -> Any:
    def rows(_table: Any) -> Any:
        raise fault

    return rows


async def test_the_status_shows_the_runs_and_the_change_stream(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers
) -> None:
    first = await stage.start(sync)
    workers.is_holding = True
    second = await stage.ask("POST", f"{sync['id']}/executions", json={})

    status = await stage.ask("GET", f"{sync['id']}/status")

    assert status["current_execution"]["id"] == second["id"]
    assert status["last_execution"] == first
    assert status["ingestion_status"]["status"] == "ok"


async def test_a_sync_without_executions_has_an_empty_status(stage: Stage, sync: dict[str, Any]) -> None:
    status = await stage.ask("GET", f"{sync['id']}/status")

    assert (status["current_execution"], status["last_execution"]) == (None, None)


@pytest.mark.usefixtures("people")
async def test_the_dashboard_shows_each_schema_by_its_latest_run(stage: Stage) -> None:
    stage.table("shop.more", "id", [{"id": "1"}])
    busy = await stage.sync(active=True, default_schedule={"frequency": "hourly", "minute": "5"})
    idle = await stage.sync(name="idle")
    first = await stage.start(busy)
    second = await stage.start(busy, schemas=["shop.more"])

    named = await stage.ask("GET", "status", params={"sync_id": [busy["id"], idle["id"]]})
    active = await stage.ask("GET", "status", params={"active": True})
    whole = await stage.ask("GET", "status", params={"all": True})

    assert named == whole
    assert active == whole[:1]
    assert whole[0]["nextExecutionTime"] == "2026-01-15T09:05:00Z"
    assert {each["schema"]: each["execution_id"] for each in whole[0]["schemas"]} == {
        "shop.people": first["id"],
        "shop.more": second["id"],
    }
    assert whole[1] == {"sync_id": idle["id"], "status": None, "nextExecutionTime": None, "schemas": []}


@pytest.mark.parametrize(
    ("more", "end"),
    [([], "bulk_sync.completed"), ([{"id": None}], "bulk_sync.completed_with_error")],
)
async def test_a_run_records_an_event_when_it_begins_and_when_it_ends(
    stage: Stage, people: Any, sync: dict[str, Any], more: list[dict[str, Any]], end: str
) -> None:
    stage.workspace.tables.insert(people, more)

    execution = await stage.start(sync)

    events = (await stage.http.get("/api/events")).json()["data"]
    assert {each["type"] for each in events} == {"bulk_sync.running", end}
    ended = next(each["event"] for each in events if each["type"] == end)
    assert (ended["execution_id"], ended["trigger_source"]) == (execution["id"], "manual")
    assert ended["schedule"]["frequency"] == "manual"


@pytest.mark.usefixtures("stage")
async def test_the_event_of_a_failed_run_has_the_reason(
    stage: Stage, people: Any, sync: dict[str, Any], workspace: Any
) -> None:
    workspace.tables.drop(people)

    await stage.start(sync)

    events = (await stage.http.get("/api/events", params={"type": "bulk_sync.failed"})).json()["data"]
    assert "no longer has the schema shop.people" in events[0]["event"]["error"]


async def test_a_restart_during_a_run_interrupts_it(tmp_path: Any, clock: Clock) -> None:
    state = tmp_path / "state"
    first = create_sandbox(state=state, clock=clock)
    workspace = first.state.workspace
    workspace.store.put("bulk_sync", "s", {"id": "s"})
    (people,) = [each for each in workspace.tables.list("hubspot") if each.name == "contacts"]
    entry = {
        "schema": "contacts",
        "status": "running",
        "record_count": 1,
        "error_count": 0,
        "warning_count": 0,
    }
    running = {"id": "e", "_sync_id": "s", "status": "running", "schemas": [entry], "type": "manual"}
    workspace.store.put("bulk_execution", "e", running)
    workspace.store.put("bulk_execution", "d", running | {"id": "d", "status": "completed"})
    aside = type(people)(people.system, "x", "x", "table", people.columns, None, "aside/e/x")
    workspace.tables.insert(aside, [{}])
    workspace.close()

    second = create_sandbox(state=state, clock=clock)

    workspace = second.state.workspace
    execution, ended = (workspace.store.get("bulk_execution", id_) for id_ in ("e", "d"))
    left = list(workspace.tables.read(aside))
    workspace.close()
    assert (execution["status"], execution["schemas"][0]["status"]) == ("interrupted", "interrupted")
    assert ended["status"] == "completed"
    assert left == []
