"""A run as a whole: concurrent runs, cancellation, failures, and many records."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.resources.syncs.movement.record_writer import RecordWriter
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from tests.sandbox.conftest import InlineWorkers
from tests.sandbox.resources.syncs.conftest import Stage


@pytest.mark.parametrize("mode", ["updateOrCreate", "replace"])
async def test_a_test_run_reads_five_records_and_writes_none(stage: Stage, mode: str) -> None:
    model = await stage.model("people", "id name", [{"id": str(each), "name": None} for each in range(9)])
    stage.table("public.arrivals", "id name", stage.HELD)
    sync = await stage.sync(model, "public.arrivals", mode=mode, **stage.MAPPED)

    execution = await stage.start(sync, test=True)

    assert execution["type"] == "test"
    assert execution["counts"] == stage.counts(total=5)
    assert stage.rows("public.arrivals") == stage.HELD


async def test_rows_that_another_run_writes_between_two_chunks_are_found(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A chunk has 10,000 records; with smaller chunks a few records are enough.
    monkeypatch.setattr(runner, "CHUNK", 1)
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    table = stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    act_after_first_write(stage, monkeypatch, lambda: stage.workspace.tables.insert(table, [stage.ROBERT]))

    execution = await stage.start(sync)

    assert execution["counts"] == stage.counts(insert=1, update=1, total=2)
    assert stage.rows("public.arrivals") == [stage.ADA, stage.BOB]


async def test_a_cancellation_between_two_chunks_keeps_the_rows_written_so_far(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1)
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    def cancel() -> None:
        (execution,) = executions.of_sync(stage.workspace, sync["id"])
        executions.request_cancel(stage.workspace, execution)

    act_after_first_write(stage, monkeypatch, cancel)

    execution = await stage.start(sync)

    assert execution["status"] == "canceled"
    assert execution["counts"] == stage.counts(insert=1, total=1)
    assert stage.rows("public.arrivals") == [stage.ADA]


async def test_a_canceled_replacement_leaves_the_target_unchanged(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    stage.table("public.arrivals", "id name", stage.HELD)
    sync = await stage.sync(model, "public.arrivals", mode="replace", **stage.MAPPED)
    write = RecordWriter.write

    def cancel_and_write(self: Any, *arguments: Any) -> Any:
        (execution,) = executions.of_sync(stage.workspace, sync["id"])
        executions.request_cancel(stage.workspace, execution)
        return write(self, *arguments)

    # A replacement is one transaction: only from within can a test act before its end.
    monkeypatch.setattr(RecordWriter, "write", cancel_and_write)

    execution = await stage.start(sync)

    assert execution["status"] == "canceled"
    assert stage.rows("public.arrivals") == stage.HELD


def act_after_first_write(stage: Stage, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    insert, acts = Tables.insert, [act]

    def insert_and_act(self: Tables, *arguments: Any) -> Any:
        answer = insert(self, *arguments)
        if acts:
            stage.workspace.store.after_commit(acts.pop())
        return answer

    # A run goes from chunk to chunk without a break, so the test acts from within its first write.
    monkeypatch.setattr(Tables, "insert", insert_and_act)


async def test_a_run_whose_model_cannot_be_read_fails_with_the_reason(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    source = stage.stored_table("public.people")
    stage.workspace.tables.drop(source)

    execution = await stage.start(sync)

    assert execution["status"] == "failed"
    assert "people" in execution["errors"][0]
    assert logs.console(stage.workspace, execution["id"])[-1]["level"] == "error"


async def test_an_internal_error_fails_the_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    # No request makes the sandbox itself fail.
    monkeypatch.setattr(runner, "make_plan", None)

    execution = await stage.start(sync)

    assert execution["errors"] == ["The sandbox failed. This is a bug in the sandbox."]


FULL = "The sandbox's state file cannot be used: the disk is full. Free some space, and try again."
READ_ONLY = (
    "The sandbox's state file cannot be used: it cannot be written. Make it and its folder writable, and try "
    "again."
)


async def test_a_run_that_fills_the_disk_fails_with_a_sentence_and_the_next_one_is_good(
    stage: Stage, workers: InlineWorkers
) -> None:
    model = await stage.model("people", "id name", [{"id": "1", "name": "x" * 500_000}])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    workers.is_holding = True
    waiting = await stage.start(sync)
    connection = stage.workspace.store.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 40}")  # too few for the row, enough for its log
    workers.release()
    failed = await stage.execution(sync, waiting["id"])

    connection.execute("PRAGMA max_page_count = 100000")
    workers.is_holding = False
    good = await stage.start(sync)

    assert (failed["status"], failed["errors"]) == ("failed", [FULL])
    assert (good["status"], good["counts"]["insert"]) == ("completed", 1)


async def test_a_run_whose_end_cannot_be_stored_ends_as_soon_as_it_can(
    stage: Stage, workers: InlineWorkers
) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    workers.is_holding = True
    waiting = await stage.start(sync)
    stage.workspace.store.connection.execute("PRAGMA query_only = ON")
    workers.release()
    stage.workspace.finish_rest()
    under_way = await stage.execution(sync, waiting["id"])

    stage.workspace.store.connection.execute("PRAGMA query_only = OFF")
    Scheduler(stage.workspace).run_due()
    ended = await stage.execution(sync, waiting["id"])

    assert under_way["status"] == waiting["status"]
    assert (ended["status"], ended["errors"]) == ("failed", [READ_ONLY])
    assert not stage.workspace.unfinished


async def test_deleting_a_sync_deletes_its_waiting_run(stage: Stage, workers: InlineWorkers) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    workers.is_holding = True
    await stage.start(sync)
    await stage.http.delete(f"/api/connections/{sync['target']['connection_id']}?force=true")

    workers.release()

    assert stage.rows("public.arrivals") == []
    assert stage.workspace.store.list("execution") == []


async def test_a_run_fails_if_its_target_is_deleted_first(stage: Stage, workers: InlineWorkers) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    table = stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    workers.is_holding = True
    started = await stage.start(sync)
    stage.workspace.tables.drop(table)

    workers.release()

    execution = await stage.execution(sync, started["id"])
    assert execution["status"] == "failed"
    assert "no target object 'public.arrivals'" in execution["errors"][0]


async def test_one_run_writes_a_hundred_thousand_records(stage: Stage) -> None:
    people = ({"id": str(each), "name": f"Person {each}"} for each in range(100_000))
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name")

    counts = await asyncio.wait_for(stage.moved(model, "public.arrivals", **stage.MAPPED), 60)

    assert counts == {"insert": 100_000, "total": 100_000}


async def test_a_sync_that_adds_to_its_source_reads_only_the_initial_rows(stage: Stage) -> None:
    total = 2 * runner.CHUNK + 1
    model = await stage.model("people", "id name", ({"id": str(n), "name": "Ada"} for n in range(total)))

    counts = await stage.moved(model, "public.people", mode="create", fields="id>id name>name")

    assert counts == {"insert": total, "total": total}
    assert len(stage.rows("public.people")) == 2 * total
