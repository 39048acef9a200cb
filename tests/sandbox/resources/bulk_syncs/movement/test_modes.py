"""The modes other than replicate, test runs, and invalid starts."""

from typing import Any

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage


@pytest.fixture
def people(stage: Stage) -> Any:
    rows = [{"id": str(number), "at": number} for number in range(1, 8)]
    return stage.table("shop.people", "id at:number name", rows)


async def test_a_snapshot_has_exactly_the_rows_of_its_source(stage: Stage, people: Any) -> None:
    sync = await stage.sync(to="snowflake", mode="snapshot")
    await stage.copied(sync)
    stage.remove(people, "1")

    count = await stage.copied(sync)

    assert count == 6
    rows = stage.rows("copy.shop_people", system="snowflake")
    assert [row["id"] for row in rows] == ["2", "3", "4", "5", "6", "7"]


async def test_an_append_keeps_every_version_of_a_row(stage: Stage, people: Any) -> None:
    sync = await stage.sync(mode="append")
    await stage.copied(sync)
    stage.put(people, {"id": "1", "name": "Ada"})
    stage.remove(people, "2")

    counts = [await stage.copied(sync), await stage.copied(sync)]

    rows = stage.rows("copy.shop_people")
    assert counts == [1, 0]
    assert [row["name"] for row in rows if row["id"] == "1"] == [None, "Ada"]
    assert len(rows) == 8


async def test_an_append_without_a_key_continues_after_the_last_tracked_value(stage: Stage) -> None:
    log = stage.table("shop.log", "at:number text", [{"at": 1, "text": "a"}], key=None)
    sync = await stage.sync(mode="append", schemas=[{"id": "shop.log", "tracking_field": "at"}])
    await stage.copied(sync)
    stage.workspace.tables.insert(log, [{"at": 2, "text": "b"}])

    assert await stage.copied(sync) == 1
    assert [row["text"] for row in stage.rows("copy.shop_log")] == ["a", "b"]


async def test_an_append_without_key_and_tracking_field_inserts_every_row_again(stage: Stage) -> None:
    stage.table("shop.log", "text", [{"text": "a"}], key=None)
    sync = await stage.sync(mode="append")
    await stage.copied(sync)

    assert await stage.copied(sync) == 1
    assert len(stage.rows("copy.shop_log")) == 2


@pytest.mark.usefixtures("people")
async def test_a_test_reads_five_rows_and_writes_none(stage: Stage, workspace: Any) -> None:
    sync = await stage.sync()

    execution = await stage.start(sync, test=True)

    assert (execution["status"], execution["is_test"], execution["record_count"]) == ("completed", True, 5)
    assert workspace.tables.get("postgresql", "copy.shop_people") is None


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"test": True, "resync_mode": "rebuild"}, "test"),
        ({"resync_mode": "again"}, "resync_mode"),
        ({"fetch_mode": "some"}, "fetch_mode"),
        ({"schemas": ["shop.nothing"]}, "schemas[0]"),
    ],
)
async def test_an_invalid_start_is_refused(stage: Stage, request_: dict[str, Any], place: str) -> None:
    sync = await stage.sync()

    answer = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/executions", json=request_)

    assert [path for _, path in stage.codes(answer, 400)] == [place]
