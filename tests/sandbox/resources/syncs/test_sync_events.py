"""The events of a sync's runs: one for each start and each end."""

import json
from typing import Any

import pytest

from polytomic_mcp.sandbox.resources.events import events
from polytomic_mcp.sandbox.resources.syncs import executions
from tests.sandbox.conftest import InlineWorkers
from tests.sandbox.resources.syncs.conftest import Stage


@pytest.fixture
def recorded(stage: Stage) -> Any:
    """Return a function that returns the content of all events by type."""
    return lambda: {event["type"]: event["event"] for event in events.recent(stage.workspace)}


@pytest.fixture
async def sync(stage: Stage, model: str) -> dict[str, Any]:
    made: dict[str, Any] = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    return made


def ids(sync: dict[str, Any], execution: dict[str, Any]) -> dict[str, Any]:
    return {
        "sync_id": sync["id"],
        "sync_name": "My sync",
        "execution_id": execution["id"],
        "target_connection_id": sync["target"]["connection_id"],
        "organization_id": sync["organization_id"],
    }


async def test_a_run_records_its_start_and_its_counts(
    stage: Stage, sync: dict[str, Any], recorded: Any
) -> None:
    execution = await stage.start(sync)

    run = f"/api/syncs/{sync['id']}/executions/{execution['id']}"
    assert recorded() == {
        "sync.running": ids(sync, execution),
        "sync.completed": {
            **ids(sync, execution),
            "status": "completed",
            "trigger": "manual",
            "schedule": {"frequency": "manual"},
            "inserted_count": 1,
            "updated_count": 0,
            "upserted_count": 0,
            "error_count": 0,
            "warning_count": 0,
            "record_count": 1,
            "total_records": [f"{run}/records/part-0.jsonl"],
            "inserted_records": [f"{run}/inserts/part-0.jsonl"],
            "updated_records": [],
            "deleted_records": [],
            "errored_records": [],
            "warnings": [],
            "logs_url": f"{run}/logs",
        },
    }


async def test_a_completion_links_to_the_records_that_were_written(
    stage: Stage, sync: dict[str, Any], recorded: Any
) -> None:
    await stage.start(sync)

    (link,) = recorded()["sync.completed"]["inserted_records"]
    file = await stage.http.get(link, follow_redirects=True)

    assert [json.loads(line)["id"] for line in file.text.splitlines()] == ["1"]


async def test_a_run_with_record_errors_records_their_number(stage: Stage, recorded: Any) -> None:
    model = await stage.model("people", "id name", [{"id": None, "name": "Nobody"}])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert recorded()["sync.completed_with_errors"] == {
        **ids(sync, execution),
        "error": "Record 1: the identity id has no value",
        "number_of_errors": 1,
        "number_of_warnings": 0,
    }


async def test_a_failed_run_records_the_reason(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers, recorded: Any
) -> None:
    workers.is_holding = True
    execution = await stage.start(sync)
    stage.workspace.tables.drop(stage.stored_table("public.people"))
    workers.release()

    failed = await stage.execution(sync, execution["id"])

    assert recorded()["sync.failed"] == ids(sync, execution) | {"error": failed["errors"][0]}


async def test_a_canceled_run_records_its_cancellation(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers, recorded: Any
) -> None:
    workers.is_holding = True
    execution = await stage.start(sync)
    await stage.http.post(f"/api/syncs/{sync['id']}/cancel")
    workers.release()

    assert recorded() == {"sync.canceled": ids(sync, execution) | {"status": "canceled"}}


async def test_an_interrupted_run_records_nothing(
    stage: Stage, sync: dict[str, Any], workers: InlineWorkers, recorded: Any
) -> None:
    workers.is_holding = True
    await stage.start(sync)

    executions.interrupt_all(stage.workspace)

    assert recorded() == {}


async def test_a_run_of_a_deleted_sync_records_nothing(
    stage: Stage, sync: dict[str, Any], recorded: Any
) -> None:
    execution = executions.create(stage.workspace, sync["id"], {})
    stage.workspace.store.delete("sync", sync["id"])

    executions.finish(stage.workspace, execution, "completed")

    assert recorded() == {}
