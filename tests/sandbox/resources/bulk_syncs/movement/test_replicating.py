"""In mode replicate, the output equals the source after every run, and a run copies only what changed."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import STAMPS
from tests.sandbox.conftest import Clock
from tests.sandbox.resources.bulk_syncs.conftest import Stage

ADA = {"id": "1", "name": "Ada", "at": "2026-01-01T00:00:00"}
BOB = {"id": "2", "name": "Bob", "at": "2026-01-02T00:00:00"}
CYD = {"id": "3", "name": "Cyd", "at": "2026-01-03T00:00:00"}
COLUMNS = "id name at:datetime"


@pytest.fixture
def people(stage: Stage) -> Any:
    return stage.table("shop.people", COLUMNS, [ADA, BOB])


@pytest.mark.usefixtures("people")
async def test_a_second_run_copies_nothing_if_nothing_changed(stage: Stage) -> None:
    sync = await stage.sync()

    first, second = await stage.copied(sync), await stage.copied(sync)

    assert (first, second) == (2, 0)
    assert stage.rows("copy.shop_people") == [ADA, BOB]


async def test_a_run_inserts_updates_and_deletes_rows_as_the_source_did(stage: Stage, people: Any) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    stage.remove(people, "1")
    stage.put(people, {"id": "2", "name": "Robert"})
    stage.put(people, CYD)

    count = await stage.copied(sync)

    assert count == 3
    assert stage.rows("copy.shop_people") == [BOB | {"name": "Robert"}, CYD]


async def test_a_run_with_a_tracking_field_reads_from_where_the_last_one_ended(
    stage: Stage, people: Any
) -> None:
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.copied(sync)
    stage.put(people, ADA | {"name": "changed, though no later than the mark"})
    stage.put(people, BOB | {"name": "changed at the mark"})
    stage.put(people, CYD)

    count = await stage.copied(sync)

    assert count == 2
    assert stage.rows("copy.shop_people") == [ADA, BOB | {"name": "changed at the mark"}, CYD]


async def test_a_row_without_a_value_in_the_tracking_field_is_always_read(stage: Stage, people: Any) -> None:
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.copied(sync)
    stage.put(people, CYD | {"at": None})

    assert await stage.copied(sync) == 1


@pytest.mark.parametrize("request_", [{"resync_mode": "refetch"}, {"fetch_mode": "full"}])
async def test_a_source_with_a_tracking_field_can_be_read_in_full(
    stage: Stage, people: Any, request_: dict[str, str]
) -> None:
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.copied(sync)
    stage.put(people, ADA | {"name": "Late"})
    stage.remove(people, "2")

    count = await stage.copied(sync, **request_)

    assert count == 2
    assert stage.rows("copy.shop_people") == [ADA | {"name": "Late"}]


@pytest.mark.usefixtures("people")
async def test_a_change_of_fields_reads_the_source_in_full(stage: Stage) -> None:
    selected = {"id": "shop.people", "tracking_field": "at", "fields": ["id", "at"]}
    sync = await stage.sync(schemas=[selected])
    await stage.copied(sync)
    await stage.ask("PATCH", f"{sync['id']}/schemas", json={"schemas": [{"id": "shop.people"}]})

    count = await stage.copied(sync)

    assert count == 2
    assert [row["name"] for row in stage.rows("copy.shop_people")] == ["Ada", "Bob"]


@pytest.mark.usefixtures("people")
async def test_a_new_output_receives_all_rows_of_a_source_with_a_tracking_field(
    stage: Stage, workspace: Any
) -> None:
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.copied(sync)
    workspace.tables.drop(workspace.tables.get("postgresql", "copy.shop_people"))

    assert await stage.copied(sync) == 2
    assert stage.rows("copy.shop_people") == [ADA, BOB]


@pytest.mark.usefixtures("people")
async def test_a_renamed_output_receives_all_rows_of_a_source_with_a_tracking_field(stage: Stage) -> None:
    stage.table("copy.others", "id name at:datetime", system="postgresql")
    sync = await stage.sync(schemas=[{"id": "shop.people", "tracking_field": "at"}])
    await stage.copied(sync)
    change = {"tracking_field": "at", "user_output_name": "others"}
    await stage.ask("PUT", f"{sync['id']}/schemas/shop.people", json=change)

    assert await stage.copied(sync) == 2
    assert stage.rows("copy.others") == [ADA, BOB]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("mode", ["resync", "rebuild"])
async def test_a_resync_replaces_all_rows(stage: Stage, workspace: Any, mode: str) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    output = workspace.tables.get("postgresql", "copy.shop_people")
    workspace.tables.insert(output, [{"id": "9", "name": "a stranger"}])

    execution = await stage.start(sync, resync_mode=mode)

    assert execution["record_count"] == 2
    assert execution["is_resync"]
    assert execution["output_disposition"] == {"resync": "truncate", "rebuild": "rebuild"}[mode]
    assert stage.rows("copy.shop_people") == [ADA, BOB]
    assert await stage.copied(sync) == 0


@pytest.mark.usefixtures("people")
async def test_a_rebuild_drops_columns_that_are_no_longer_copied(stage: Stage, workspace: Any) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    change = {"schemas": [{"id": "shop.people", "fields": [{"id": "id"}, {"id": "name"}]}]}
    await stage.ask("PATCH", f"{sync['id']}/schemas", json=change)

    await stage.copied(sync)
    kept = [column.name for column in workspace.tables.get("postgresql", "copy.shop_people").columns]
    await stage.copied(sync, resync_mode="rebuild")
    left = [column.name for column in workspace.tables.get("postgresql", "copy.shop_people").columns]

    assert kept[:3] == ["id", "name", "at"]
    assert left == ["id", "name", *(column.name for column in STAMPS)]


async def test_all_rows_of_a_table_without_a_key_are_replaced(stage: Stage) -> None:
    log = stage.table("shop.log", "text", [{"text": "same"}, {"text": "same"}], key=None)
    sync = await stage.sync()
    await stage.copied(sync)
    stage.workspace.tables.insert(log, [{"text": "new"}])

    count = await stage.copied(sync)

    assert count == 3
    assert [row["text"] for row in stage.rows("copy.shop_log")] == ["same", "same", "new"]


async def test_rows_are_matched_by_a_primary_key_that_a_user_chose(stage: Stage) -> None:
    log = stage.table("shop.log", "day line text", [{"day": "1", "line": "1", "text": "a"}], key=None)
    source = await stage.connection("mysql")
    keys = {"fields": [{"field_id": name, "is_primary_key": True} for name in ("day", "line")]}
    path = f"/api/connections/{source}/schemas/shop.log/primary_keys"
    assert (await stage.http.put(path, json=keys)).is_success
    sync = await stage.sync()
    await stage.copied(sync)
    stage.workspace.tables.insert(log, [{"day": "1", "line": "2", "text": "b"}])

    assert await stage.copied(sync) == 1
    assert len(stage.rows("copy.shop_log")) == 2


@pytest.mark.usefixtures("people")
async def test_rows_from_another_writer_are_matched_by_their_key(stage: Stage) -> None:
    stage.table("copy.shop_people", "ID name", [{"ID": "1", "name": "Old"}], system="postgresql", key="ID")
    sync = await stage.sync(disable_record_timestamps=True)

    count = await stage.copied(sync)

    assert count == 2
    assert [row["ID"] for row in stage.rows("copy.shop_people")] == ["1", "2"]
    assert [row["name"] for row in stage.rows("copy.shop_people")] == ["Ada", "Bob"]


@pytest.mark.usefixtures("people")
async def test_a_row_deleted_from_the_output_is_inserted_again(stage: Stage, workspace: Any) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    stage.remove(workspace.tables.get("postgresql", "copy.shop_people"), "1")

    assert await stage.copied(sync) == 1
    assert stage.rows("copy.shop_people") == [BOB, ADA]


async def test_of_rows_with_the_same_key_the_last_one_is_written(stage: Stage) -> None:
    stage.table("shop.people", "id name", [{"id": "1", "name": "a"}, {"id": "1", "name": "b"}])
    sync = await stage.sync()

    await stage.copied(sync)

    assert stage.rows("copy.shop_people") == [{"id": "1", "name": "b"}]


async def test_rows_have_the_times_of_their_insertion_and_last_update(
    stage: Stage, people: Any, clock: Clock
) -> None:
    sync = await stage.sync()
    await stage.copied(sync)
    clock.advance(hours=1)
    stage.put(people, ADA | {"name": "Augusta"})

    await stage.copied(sync)

    ada, bob = stage.rows("copy.shop_people", stamped=True)
    assert (ada["_polytomic_created_at"], ada["_polytomic_updated_at"]) == (
        "2026-01-15T09:00:00Z",
        "2026-01-15T10:00:00Z",
    )
    assert bob["_polytomic_updated_at"] == "2026-01-15T09:00:00Z"


@pytest.mark.usefixtures("people")
async def test_rows_have_no_times_if_the_sync_disables_them(stage: Stage) -> None:
    sync = await stage.sync(disable_record_timestamps=True)

    await stage.copied(sync)

    assert stage.rows("copy.shop_people", stamped=True) == [ADA, BOB]


async def test_many_rows_are_copied_in_chunks_and_counted_once(stage: Stage) -> None:
    people = stage.table("shop.people", "id n:number", ({"id": str(n), "n": n} for n in range(4_500)))
    sync = await stage.sync()

    first = await stage.copied(sync)
    stage.workspace.tables.clear(people)
    second = await stage.copied(sync)

    assert (first, second) == (4_500, 4_500)
    assert stage.rows("copy.shop_people") == []
