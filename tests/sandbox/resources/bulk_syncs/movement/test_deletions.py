"""A row that is gone from the source stays in the output with the time at which it went, or is removed."""

import io
import json
import zipfile
from typing import Any

import pytest

from tests.sandbox.conftest import Clock
from tests.sandbox.resources.bulk_syncs.conftest import Stage

HARD = {"schema": "copy", "advanced": {"hard_deletes": True}}
OUTPUT = "copy.shop_people"
EVERYTHING = ["id", "n", "_polytomic_created_at", "_polytomic_updated_at", "_polytomic_deleted_at"]
NINE, TEN = "2026-01-15T09:00:00Z", "2026-01-15T10:00:00Z"


def deletions(stage: Stage, name: str = OUTPUT) -> dict[str, Any]:
    """Return when each row was deleted."""
    return {row["id"]: row["_polytomic_deleted_at"] for row in stage.rows(name, stamped=True)}


async def test_a_row_that_is_gone_is_marked_once_and_kept(stage: Stage, people: Any, clock: Clock) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    before = stage.rows(OUTPUT, stamped=True)
    stage.remove(people, "1")
    clock.advance(hours=1)

    counts = [await stage.copied(sync)]
    clock.advance(hours=1)
    counts.append(await stage.copied(sync))

    after = stage.rows(OUTPUT, stamped=True)
    assert [list(row) for row in before] == [EVERYTHING] * 3
    assert counts == [1, 0]
    assert after[1] == before[1] | {"_polytomic_updated_at": TEN, "_polytomic_deleted_at": TEN}
    assert [after[0], after[2]] == [before[0], before[2]]


@pytest.mark.parametrize("row", [{"id": "1", "n": 1}, {"id": "1", "n": 5}])
async def test_a_row_that_comes_back_is_no_longer_marked(
    stage: Stage, people: Any, clock: Clock, row: dict[str, Any]
) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    stage.remove(people, "1")
    await stage.copied(sync)
    stage.put(people, row)
    clock.advance(hours=1)

    counts = [await stage.copied(sync), await stage.copied(sync)]

    back = stage.rows(OUTPUT, stamped=True)[1]
    assert counts == [1, 0]
    assert back == row | dict(zip(EVERYTHING[2:], (NINE, TEN, None), strict=True))


async def test_a_marked_row_is_known_after_another_writer_changed_the_output(
    stage: Stage, people: Any
) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    stage.remove(people, "1")
    await stage.copied(sync)
    stage.workspace.tables.insert(stage.stored_table(OUTPUT, system="postgresql"), [{"id": "9", "n": 9}])

    count = await stage.copied(sync)

    assert (count, deletions(stage)) == (1, {"0": None, "1": NINE, "2": None, "9": NINE})


async def test_hard_deletes_remove_rows_and_add_no_column(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[people.name], destination_configuration=HARD)
    await stage.copied(sync)
    stage.remove(people, "1")

    count = await stage.copied(sync)

    assert count == 1
    assert [list(row) for row in stage.rows(OUTPUT, stamped=True)] == [EVERYTHING[:-1]] * 2


async def test_hard_deletes_also_remove_what_was_marked_before(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    stage.remove(people, "1")
    await stage.copied(sync)
    await stage.ask("PUT", sync["id"], json=await stage.body(destination_configuration=HARD))

    await stage.copied(sync)

    assert deletions(stage) == {"0": None, "2": None}


async def test_an_output_of_hard_deletes_receives_the_column_when_they_become_soft(
    stage: Stage, people: Any
) -> None:
    sync = await stage.sync(schemas=[people.name], destination_configuration=HARD)
    await stage.copied(sync)
    await stage.ask("PUT", sync["id"], json=await stage.body())
    stage.remove(people, "1")

    await stage.copied(sync)

    assert deletions(stage) == {"0": None, "1": NINE, "2": None}


async def test_without_record_timestamps_rows_are_removed(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[people.name], disable_record_timestamps=True)
    await stage.copied(sync)
    stage.remove(people, "1")

    await stage.copied(sync)

    assert stage.rows(OUTPUT, stamped=True) == [{"id": "0", "n": 0}, {"id": "2", "n": 2}]


async def test_a_row_that_leaves_the_filter_is_marked(stage: Stage, people: Any) -> None:
    positive = {"id": people.name, "filters": [{"field_id": "n", "function": "GreaterThan", "value": 0}]}
    sync = await stage.sync(schemas=[positive])
    await stage.copied(sync)
    stage.put(people, {"id": "1", "n": 0})

    await stage.copied(sync)

    assert deletions(stage) == {"1": NINE, "2": None}


async def test_a_tracked_source_notices_deletions_when_it_is_read_in_full(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[{"id": people.name, "tracking_field": "n"}])
    await stage.copied(sync)
    stage.remove(people, "1")

    await stage.copied(sync)
    before = deletions(stage)
    await stage.copied(sync, resync_mode="refetch")

    assert (before["1"], deletions(stage)["1"]) == (None, NINE)


@pytest.mark.parametrize("resync_mode", ["resync", "rebuild"])
async def test_a_resync_forgets_the_rows_that_are_gone(stage: Stage, people: Any, resync_mode: str) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    stage.remove(people, "1")
    await stage.copied(sync)

    await stage.copied(sync, resync_mode=resync_mode)

    assert deletions(stage) == {"0": None, "2": None}


@pytest.mark.parametrize("mode", ["snapshot", "append"])
async def test_other_modes_mark_nothing(stage: Stage, people: Any, mode: str) -> None:
    sync = await stage.sync(schemas=[people.name], mode=mode, to="snowflake")

    await stage.copied(sync)

    assert [list(row) for row in stage.rows(OUTPUT, system="snowflake", stamped=True)] == [
        EVERYTHING[:-1]
    ] * 3


async def test_a_deletion_is_in_the_log_of_deletes(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[people.name])
    await stage.copied(sync)
    stage.remove(people, "1")

    execution = await stage.start(sync)

    path = f"/api/bulk/syncs/{sync['id']}/executions/{execution['id']}/logs/export"
    job_id = (await stage.http.post(path)).json()["job"]["job_id"]
    job = (await stage.http.get(f"/api/jobs/exportlogs/{job_id}")).json()["data"]
    archive = (await stage.http.get(job["result"]["url"], headers={"Authorization": ""})).content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (line,) = opened.read("deletes.jsonl").splitlines()
        assert opened.namelist() == ["deletes.jsonl"]
    assert json.loads(line)["row"]["_polytomic_deleted_at"] == NINE


async def test_a_file_of_a_bucket_marks_deletions_too(stage: Stage, people: Any) -> None:
    sync = await stage.sync(to="s3", schemas=[people.name], destination_configuration={"format": "csv"})
    await stage.copied(sync)
    stage.remove(people, "1")

    await stage.copied(sync)

    rows = stage.rows("shop_people.csv", system="s3", stamped=True)
    assert [row["_polytomic_deleted_at"] is None for row in rows] == [True, False, True]
