"""The states of an execution as callers see them, from start to end."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.resources.syncs import executions
from tests.sandbox.conftest import InlineWorkers
from tests.sandbox.resources.syncs.conftest import Stage


@pytest.fixture
async def sync(stage: Stage) -> dict[str, Any]:
    model = await stage.model("people", "id name", [{"id": "1", "name": "Ada"}])
    stage.table("public.arrivals", "id name")
    made: dict[str, Any] = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    return made


async def test_a_start_returns_before_the_run_and_a_second_start_is_refused(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers
) -> None:
    workers.is_holding = True

    first = await stage.http.post(f"/api/syncs/{sync['id']}/executions", json={})
    second = await stage.http.post(f"/api/syncs/{sync['id']}/executions", json={})

    assert first.json()["data"].keys() == {"id", "status", "created_at"}
    assert first.json()["data"]["status"] == "created"
    assert second.status_code == 409
    assert second.json()["key"] == "already_running"
    assert "already running" in second.json()["message"]


async def test_status_has_the_current_the_last_and_the_next_execution(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers
) -> None:
    ended = await stage.start(sync)
    workers.is_holding = True
    running = await stage.start(sync)
    body = {**sync, "active": True, "schedule": {"frequency": "daily", "hour": "10", "minute": "00"}}
    sendable = ("name", "mode", "fields", "target", "identity", "active", "schedule")
    updated = await stage.http.put(f"/api/syncs/{sync['id']}", json={key: body[key] for key in sendable})

    answer = await stage.http.get(f"/api/syncs/{sync['id']}/status")

    data = answer.json()["data"]
    assert updated.status_code == 200
    assert data["current_execution"]["id"] == running["id"]
    assert data["last_execution"]["id"] == ended["id"]
    assert data["next_execution_time"] == "2026-01-15T10:00:00Z"


async def test_the_status_of_a_sync_that_never_ran_is_empty(stage: Stage, sync: dict[str, Any]) -> None:
    answer = await stage.http.get(f"/api/syncs/{sync['id']}/status")

    assert set(answer.json()["data"].values()) == {None}


@pytest.mark.parametrize("by", ["sync", "execution"])
async def test_a_cancellation_stops_a_run_before_it_writes(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers, by: str
) -> None:
    workers.is_holding = True
    started = await stage.start(sync)
    path = "" if by == "sync" else f"/executions/{started['id']}"

    answer = await stage.http.post(f"/api/syncs/{sync['id']}{path}/cancel")
    canceling = await stage.execution(sync, started["id"])
    workers.release()
    ended = await stage.execution(sync, started["id"])

    assert "is being canceled" in answer.json()["data"]["message"]
    assert [canceling["status"], ended["status"]] == ["canceling", "canceled"]
    assert stage.rows("public.arrivals") == []


async def test_a_cancellation_after_the_end_changes_nothing(stage: Stage, sync: dict[str, Any]) -> None:
    ended = await stage.start(sync)

    by_sync = await stage.http.post(f"/api/syncs/{sync['id']}/cancel")
    by_execution = await stage.http.post(f"/api/syncs/{sync['id']}/executions/{ended['id']}/cancel")

    assert "is not running" in by_sync.json()["data"]["message"]
    assert "is already completed" in by_execution.json()["data"]["message"]
    assert (await stage.execution(sync, ended["id"]))["status"] == "completed"


async def test_executions_are_listed_in_pages_newest_first(stage: Stage, sync: dict[str, Any]) -> None:
    ids = [executions.create(stage.workspace, sync["id"], {})["id"] for _ in range(51)]
    path = f"/api/syncs/{sync['id']}/executions"

    first = (await stage.http.get(path)).json()
    token = first["pagination"]["next_page_token"]
    second = (await stage.http.get(path, params={"page_token": token})).json()
    oldest = (await stage.http.get(path, params={"ascending": "true"})).json()
    completed = (await stage.http.get(path, params={"only_completed": "true"})).json()

    assert [each["id"] for each in first["data"] + second["data"]] == ids[::-1]
    assert second["pagination"] == {}
    assert [each["id"] for each in oldest["data"]] == ids[:50]
    assert completed["data"] == []
    assert not any(key.startswith("_") for each in first["data"] for key in each)


async def test_ascending_pages_continue_where_the_last_one_ended(stage: Stage, sync: dict[str, Any]) -> None:
    ids = [executions.create(stage.workspace, sync["id"], {})["id"] for _ in range(51)]
    path = f"/api/syncs/{sync['id']}/executions?ascending=true"

    token = (await stage.http.get(path)).json()["pagination"]["next_page_token"]
    second = (await stage.http.get(path, params={"ascending": "true", "page_token": token})).json()

    assert [each["id"] for each in second["data"]] == ids[50:]


async def test_a_page_token_of_another_list_is_refused(stage: Stage, sync: dict[str, Any]) -> None:
    executions.create(stage.workspace, sync["id"], {})

    answer = await stage.http.get(f"/api/syncs/{sync['id']}/executions?page_token=WyJhIl0")

    assert answer.status_code == 400
    assert "page_token" in answer.text


async def test_an_execution_of_another_sync_is_not_found(stage: Stage, sync: dict[str, Any]) -> None:
    execution = await stage.start(sync)
    other = await stage.sync(sync["model_ids"][0], "public.arrivals", **stage.MAPPED)

    answer = await stage.http.get(f"/api/syncs/{other['id']}/executions/{execution['id']}")

    assert answer.status_code == 404


async def test_a_sync_with_problems_does_not_start(stage: Stage, sync: dict[str, Any]) -> None:
    stage.workspace.store.delete("model", sync["model_ids"][0])

    answer = await stage.http.post(f"/api/syncs/{sync['id']}/executions", json={})

    assert answer.status_code == 422
    assert f"Unknown model {sync['model_ids'][0]}." in answer.json()["message"]


async def test_a_start_with_records_of_another_model_is_refused(stage: Stage, sync: dict[str, Any]) -> None:
    other = await stage.model("others", "id")
    groups = [
        [{"source": {"model_id": other, "field": "id"}, "value": "1"}],
        [{"source": {"model_id": sync["model_ids"][0], "field": "idd"}, "value": "1"}],
    ]

    answer = await stage.http.post(
        f"/api/syncs/{sync['id']}/executions", json={"source_identities": groups * 501}
    )

    assert answer.status_code == 422
    codes = [problem["code"] for problem in answer.json()["metadata"]["problems"][:3]]
    assert codes == ["too_many", "unrelated_model", "unknown_source_field"]


async def test_a_start_may_select_a_value_that_no_record_has(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": None, "name": "Nobody"}])
    stage.table("public.arrivals", "id name")
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(made, identities=["None"])

    assert execution["counts"]["total"] == 0


async def test_a_sync_with_an_unhealthy_connection_does_not_start(stage: Stage, sync: dict[str, Any]) -> None:
    id_ = sync["target"]["connection_id"]
    stage.workspace.store.put(
        "connection", id_, stage.workspace.find("connection", id_) | {"status": "unhealthy"}
    )

    answer = await stage.http.post(f"/api/syncs/{sync['id']}/executions", json={})

    assert answer.status_code == 422
    assert "is unhealthy" in answer.json()["message"]


async def test_a_sync_whose_target_connection_is_not_authorized_does_not_start(
    stage: Stage, model: str
) -> None:
    made = await stage.sync(model, "http", system="webhook", fields="name>record")
    id_ = made["target"]["connection_id"]
    stage.workspace.store.put("connection", id_, stage.workspace.find("connection", id_) | {"status": ""})

    answer = await stage.http.post(f"/api/syncs/{made['id']}/executions", json={})

    assert (answer.status_code, answer.json()["key"]) == (422, "not_a_destination")
    assert "My webhook is not authorized yet" in answer.json()["message"]


async def test_a_running_execution_is_interrupted_by_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    first = create_sandbox(state=state).state.workspace
    first.store.put("sync", "s", {"id": "s", "name": "s"})
    running = executions.create(first, "s", {})
    ended = executions.create(first, "s", {})
    executions.save(first, ended | {"status": "completed"})
    first.close()

    app = create_sandbox(state=state)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://sandbox",
        headers={"Authorization": "Bearer sandbox-key"},
    ) as http:
        answer = await http.get("/api/syncs/s/executions")
    app.state.workspace.close()

    found = {each["id"]: each for each in answer.json()["data"]}
    assert found[running["id"]]["status"] == "interrupted"
    assert "restarted" in found[running["id"]]["errors"][0]
    assert found[ended["id"]]["status"] == "completed"


async def test_a_sync_with_an_unhealthy_source_connection_does_not_start_or_fails(
    stage: Stage, workers: InlineWorkers
) -> None:
    base = await stage.model("base", "id name", [stage.ADA])
    relation = {"from": "id", "to": {"model_id": base, "field": "id"}}
    far = await stage.model("far", "id title", [{"id": "1", "title": "Countess"}], [relation])
    unhealthy = await stage.connection("snowflake")
    stage.workspace.store.put("model", far, stage.workspace.find("model", far) | {"connection_id": unhealthy})
    stage.table("public.arrivals", "id name")
    fields = [{"source": {"model_id": far, "field": "title"}, "target": "name"}]
    made = await stage.sync(base, "public.arrivals", fields=fields, identity="id>id")

    workers.is_holding = True
    started = await stage.start(made)
    stage.workspace.store.put(
        "connection", unhealthy, stage.workspace.find("connection", unhealthy) | {"status": "unhealthy"}
    )
    workers.release()
    failed = await stage.execution(made, started["id"])
    refused = await stage.http.post(f"/api/syncs/{made['id']}/executions", json={})

    assert failed["status"] == "failed"
    assert "My snowflake is unhealthy" in failed["errors"][0]
    assert refused.status_code == 422
    assert "My snowflake is unhealthy" in refused.json()["message"]
