"""Executions of a bulk sync are canceled, before or while they run, as a whole or by schema."""

from typing import Any

import pytest

from tests.sandbox.conftest import InlineWorkers
from tests.sandbox.resources.bulk_syncs.conftest import Stage


def _call_after(stage: Stage, monkeypatch: pytest.MonkeyPatch, count: int, action: Any) -> None:
    """Call ``action`` when a run has read this number of rows of its source."""
    rows = stage.workspace.tables.rows

    def reading(table: Any) -> Any:
        for position, row in enumerate(rows(table)):
            if position == count and table.system == "mysql":
                action()
            yield row

    # A run reads its source without a break, so the test acts from within the source.
    monkeypatch.setattr(stage.workspace.tables, "rows", reading)


@pytest.mark.parametrize("by", ["id", "current", "deactivation", "update"])
async def test_an_execution_is_canceled_before_it_begins(
    stage: Stage, sync: dict[str, Any], queued: dict[str, Any], workers: InlineWorkers, by: str
) -> None:
    match by:
        case "id":
            answer = await stage.ask("POST", f"{sync['id']}/executions/{queued['id']}/cancel")
            assert "being canceled" in answer["message"]
        case "current":
            answer = await stage.ask("POST", f"{sync['id']}/cancel")
            assert "being canceled" in answer["message"]
        case "deactivation":
            await stage.ask("POST", f"{sync['id']}/activate", json={"active": False})
        case _:
            await stage.ask("PUT", sync["id"], json=await stage.body(active=False))

    workers.release()

    ended = await stage.ask("GET", f"{sync['id']}/executions/{queued['id']}")
    assert (ended["status"], ended["schemas"][0]["status"]) == ("canceled", "canceled")
    assert stage.workspace.tables.get("postgresql", "copy.shop_people") is None


async def test_deactivation_without_a_run_cancels_nothing(stage: Stage, sync: dict[str, Any]) -> None:
    answer = await stage.ask("POST", f"{sync['id']}/activate", json={"active": False})

    assert answer == {"id": sync["id"], "active": False}


async def test_a_cancellation_without_a_run_says_that_nothing_is_running(
    stage: Stage, sync: dict[str, Any]
) -> None:
    execution = await stage.start(sync)

    current = await stage.ask("POST", f"{sync['id']}/cancel")
    ended = await stage.ask("POST", f"{sync['id']}/executions/{execution['id']}/cancel")
    schema = await stage.ask("POST", f"{sync['id']}/schemas/shop.people/cancel")

    assert "not running" in current["message"]
    assert "is already completed" in ended["message"]
    assert "not running" in schema["message"]


async def test_a_canceled_run_stops_after_the_current_chunk(
    stage: Stage, people: Any, sync: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.workspace.tables.insert(people, ({"id": f"more-{n}"} for n in range(4_000)))

    def action() -> None:
        current = next(iter(stage.workspace.store.list("bulk_execution")))
        stage.workspace.store.put("bulk_execution", current["id"], current | {"status": "canceling"})

    _call_after(stage, monkeypatch, 2_500, action)

    execution = await stage.start(sync)

    assert (execution["status"], execution["record_count"]) == ("canceled", 2_000)
    assert len(stage.rows("copy.shop_people")) == 2_000


@pytest.mark.parametrize("mode", ["replicate", "snapshot", "append"])
async def test_a_canceled_schema_leaves_no_staging_table_and_does_not_stop_the_others(
    stage: Stage, people: Any, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.workspace.tables.insert(people, ({"id": f"more-{n}"} for n in range(4_000)))
    stage.table("shop.zebras", "id", [{"id": "1"}])
    sync = await stage.sync(to="snowflake", mode=mode)

    def action() -> None:
        current = next(iter(stage.workspace.store.list("bulk_execution")))
        canceling = {"_canceling": ["shop.people"]}
        stage.workspace.store.put("bulk_execution", current["id"], current | canceling)

    _call_after(stage, monkeypatch, 2_500, action)

    execution = await stage.start(sync)

    assert execution["status"] == "completed"
    assert [each["status"] for each in execution["schemas"]] == ["canceled", "completed"]
    with stage.workspace.store.transaction() as connection:
        aside = connection.execute("SELECT count(*) FROM rows WHERE source LIKE 'aside/%'").fetchone()
    assert aside == (0,)


async def test_a_schema_can_be_canceled_before_its_turn(
    stage: Stage, sync: dict[str, Any], queued: dict[str, Any], workers: InlineWorkers
) -> None:
    first = await stage.ask("POST", f"{sync['id']}/schemas/shop.people/cancel")
    workers.release()

    ended = await stage.ask("GET", f"{sync['id']}/executions/{queued['id']}")
    assert "being canceled" in first["message"]
    assert (ended["status"], ended["schemas"][0]["status"]) == ("completed", "canceled")


@pytest.mark.usefixtures("people")
async def test_a_schema_that_is_not_being_copied_cannot_be_canceled(
    stage: Stage, workers: InlineWorkers
) -> None:
    stage.table("shop.more", "id")
    sync = await stage.sync(schemas=["shop.people"])
    workers.is_holding = True
    await stage.ask("POST", f"{sync['id']}/executions", json={})

    answer = await stage.ask("POST", f"{sync['id']}/schemas/shop.more/cancel")

    assert "not being synced" in answer["message"]
