"""Runs move new and changed records only, in every mode and whatever happened to the run before."""

from collections.abc import Iterable
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Row, Tables
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from tests.sandbox.resources.syncs.conftest import Stage

PEOPLE = "public.people"
ARRIVALS = "public.arrivals"


def change(stage: Stage, rows: Iterable[Row], name: str = PEOPLE) -> None:
    """Replace the rows of a source."""
    table = stage.stored_table(name)
    stage.workspace.tables.clear(table)
    stage.workspace.tables.insert(table, rows)


@pytest.fixture
async def sync(stage: Stage) -> dict[str, Any]:
    """Create a sync of two people into an empty table."""
    return await prepared(stage)


async def prepared(stage: Stage, *, system: str = "postgresql", **more: Any) -> dict[str, Any]:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    stage.table(ARRIVALS, "id name", system=system)
    return await stage.sync(model, ARRIVALS, system=system, **{**stage.MAPPED, **more})


async def moved(stage: Stage, sync: dict[str, Any], **request: Any) -> dict[str, int]:
    """Run the sync and return the counts that are not zero."""
    execution = await stage.start(sync, **request)
    assert execution["status"] == "completed", execution
    return {name: count for name, count in execution["counts"].items() if count}


async def saved(stage: Stage, sync: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Send a sync back with changes."""
    body = {key: value for key, value in sync.items() if key not in stage.SHOWN_ONLY} | changes
    answer = await stage.http.put(f"/api/syncs/{sync['id']}", json=body)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def remembered(stage: Stage) -> int:
    with stage.workspace.store.transaction() as connection:
        (count,) = connection.execute("SELECT count(*) FROM moved").fetchone()
    return count


async def test_a_second_run_with_nothing_changed_moves_nothing(stage: Stage, sync: dict[str, Any]) -> None:
    first = await moved(stage, sync)
    second = await stage.start(sync)

    assert first == {"insert": 2, "total": 2}
    assert second["counts"] == stage.counts()
    assert set(logs.counts(stage.workspace, second["id"]).values()) == {0}
    last = logs.console(stage.workspace, second["id"])[-1]
    assert last["message"] == "Completed: 0 skipped, 2 not changed since they were last synced"


async def test_a_run_moves_what_is_new_or_changed(stage: Stage, sync: dict[str, Any]) -> None:
    await moved(stage, sync)
    change(stage, [stage.ADA, stage.ROBERT, stage.CYD])

    assert await moved(stage, sync) == {"update": 1, "insert": 1, "total": 2}
    assert await moved(stage, sync) == {}
    assert stage.rows(ARRIVALS) == [stage.ADA, stage.ROBERT, stage.CYD]


async def test_a_resync_moves_everything_once(stage: Stage, sync: dict[str, Any]) -> None:
    await moved(stage, sync)

    assert await moved(stage, sync, resync=True) == {"update": 2, "total": 2}
    assert await moved(stage, sync) == {}


async def test_a_sync_of_all_records_moves_everything_until_that_is_switched_off(stage: Stage) -> None:
    sync = await prepared(stage, sync_all_records=True)
    await moved(stage, sync)

    assert await moved(stage, sync) == {"update": 2, "total": 2}
    await saved(stage, sync, sync_all_records=False)
    assert await moved(stage, sync) == {}


async def test_an_update_that_changes_nothing_moves_nothing(stage: Stage, sync: dict[str, Any]) -> None:
    await moved(stage, sync)

    await saved(stage, sync, name="Renamed", fields=[{**sync["fields"][0], "new": False}])

    assert await moved(stage, sync) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "update"},
        {"override_fields": [{"target": "id", "override_value": "x"}]},
        {"target": {"object": "public.others"}},
        {"overrides": [{"field": "name", "function": "IsNull", "override": "nobody"}]},
    ],
    ids=["mode", "field", "target", "override"],
)
async def test_another_mapping_mode_or_target_moves_everything(
    changes: dict[str, Any], stage: Stage, sync: dict[str, Any]
) -> None:
    stage.table("public.others", "id name")
    await moved(stage, sync)
    if "target" in changes:
        changes = {"target": sync["target"] | changes["target"]}
    if "overrides" in changes:
        changes = {"overrides": [{**changes["overrides"][0], "field": sync["fields"][0]["source"]}]}

    await saved(stage, sync, **changes)

    assert (await moved(stage, sync))["total"] == 2


async def test_a_record_that_failed_is_tried_again(stage: Stage) -> None:
    model = await stage.model("people", "id age", [{"id": "1", "age": "old"}, {"id": "2", "age": "7"}])
    stage.table(ARRIVALS, "id age:number")
    sync = await stage.sync(model, ARRIVALS, fields="age>age", identity="id>id")

    assert await moved(stage, sync) == {"insert": 1, "error": 1, "total": 2}
    assert await moved(stage, sync) == {"error": 1, "total": 1}
    change(stage, [{"id": "1", "age": "8"}, {"id": "2", "age": "7"}])
    assert await moved(stage, sync) == {"insert": 1, "total": 1}
    assert await moved(stage, sync) == {}


async def test_a_record_that_left_the_filter_and_came_back_moves_again(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    stage.table(ARRIVALS, "id name")
    condition = {
        "source": {"model_id": model, "field": "id"},
        "function": "StringOneOf",
        "value": ["1", "2"],
    }
    sync = await stage.sync(model, ARRIVALS, **stage.MAPPED, model_filters={"conditions": [condition]})
    await moved(stage, sync)

    await saved(stage, sync, model_filters={"conditions": [condition | {"value": ["1"]}]}, filters=[])
    assert await moved(stage, sync) == {}
    await saved(stage, sync, filters=[])
    assert await moved(stage, sync) == {"update": 1, "total": 1}


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        ("create", {"insert": 1, "total": 2}, {}),
        ("update", {"update": 1, "total": 2}, {}),
        ("updateOrCreate", {"insert": 1, "update": 1, "total": 2}, {}),
        ("append", {"insert": 2, "total": 2}, {}),
        ("remove", {"delete": 1, "total": 2}, {}),
        ("replace", {"insert": 2, "delete": 2, "total": 2}, {"insert": 2, "delete": 2, "total": 2}),
    ],
)
async def test_each_mode_but_replace_leaves_out_what_has_not_changed(
    mode: str, first: dict[str, int], second: dict[str, int], stage: Stage
) -> None:
    sync = await prepared(stage, mode=mode, system="snowflake")
    stage.workspace.tables.insert(stage.stored_table(ARRIVALS, system="snowflake"), stage.HELD)

    assert await moved(stage, sync) == first
    assert await moved(stage, sync) == second


async def test_a_webhook_gets_what_is_new_or_changed(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    sync = await stage.sync(model, "http", system="webhook", fields="id>record name>record")
    await moved(stage, sync)
    change(stage, [stage.ADA, stage.ROBERT])

    assert await moved(stage, sync) == {"upserts": 1, "total": 1}


@pytest.mark.parametrize("name", ["identities", "source_identities"])
async def test_a_run_of_named_records_moves_these_and_forgets_no_other(
    name: str, stage: Stage, sync: dict[str, Any]
) -> None:
    await moved(stage, sync)
    source = {"source": sync["identity"]["source"], "value": "1"}
    named: list[Any] = ["1"] if name == "identities" else [[source]]

    assert await moved(stage, sync, **{name: named}) == {"update": 1, "total": 1}
    assert await moved(stage, sync) == {}


async def test_a_record_that_a_named_run_moved_moves_again_when_it_changes_back(
    stage: Stage, sync: dict[str, Any]
) -> None:
    await moved(stage, sync)
    change(stage, [stage.ADA, stage.ROBERT])
    await moved(stage, sync, identities=["2"])
    change(stage, [stage.ADA, stage.BOB])

    assert await moved(stage, sync) == {"update": 1, "total": 1}
    assert stage.rows(ARRIVALS) == [stage.ADA, stage.BOB]


async def test_a_test_run_remembers_nothing(stage: Stage, sync: dict[str, Any]) -> None:
    assert await moved(stage, sync, test=True) == {"total": 2}
    assert await moved(stage, sync) == {"insert": 2, "total": 2}
    assert await moved(stage, sync, test=True) == {"total": 2}
    assert await moved(stage, sync) == {}


async def test_a_skipped_backfill_moves_only_what_comes_after_the_first_run(stage: Stage) -> None:
    sync = await prepared(stage, skip_initial_backfill=True)
    await moved(stage, sync, test=True)

    first = await stage.start(sync)
    change(stage, [stage.ADA, stage.ROBERT, stage.CYD])

    assert first["counts"] == stage.counts()
    last = logs.console(stage.workspace, first["id"])[-1]
    assert last["message"] == "Completed: the initial backfill of 2 records was skipped"
    assert await moved(stage, sync) == {"insert": 2, "total": 2}
    assert stage.rows(ARRIVALS) == [stage.ROBERT, stage.CYD]


async def test_a_resync_moves_the_backfill_that_is_skipped(stage: Stage) -> None:
    sync = await prepared(stage, skip_initial_backfill=True)

    assert await moved(stage, sync, resync=True) == {"insert": 2, "total": 2}


@pytest.mark.parametrize(("only_base", "counts"), [(False, {"update": 1, "total": 1}), (True, {})])
async def test_a_change_of_a_joined_model_moves_the_record_unless_only_the_base_counts(
    counts: dict[str, int], stage: Stage, *, only_base: bool
) -> None:
    cities = await stage.model("cities", "id city", [{"id": "1", "city": "Oslo"}])
    relation = {"from": "id", "to": {"model_id": cities, "field": "id"}}
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB], [relation])
    stage.table(ARRIVALS, "id name city")
    fields = [
        {"source": {"model_id": of, "field": name}, "target": name}
        for of, name in ((model, "name"), (cities, "city"))
    ]
    more = {"fields": fields, "identity": "id>id", "only_enrich_updates": only_base}
    sync = await stage.sync(model, ARRIVALS, **more)
    await moved(stage, sync)
    change(stage, [{"id": "1", "city": "Bergen"}], "public.cities")

    assert await moved(stage, sync) == counts


async def test_a_tracking_column_tells_whether_a_record_has_changed(stage: Stage) -> None:
    rows = [{"id": str(each), "name": "Ada", "at": "2026-01-01"} for each in (1, 2, 3)]
    model = await stage.model("people", "id name at", rows)
    document = stage.workspace.store.get("model", model) or {}
    stage.workspace.store.put("model", model, document | {"tracking_columns": ["AT"]})
    stage.table(ARRIVALS, "id name")
    sync = await stage.sync(model, ARRIVALS, **stage.MAPPED)
    await moved(stage, sync)

    change(stage, [rows[0] | {"name": "Not seen"}, rows[1] | {"name": "Seen", "at": "2026-01-02"}, rows[2]])

    assert await moved(stage, sync) == {"update": 1, "total": 1}
    assert [row["name"] for row in stage.rows(ARRIVALS)] == ["Ada", "Seen", "Ada"]


@pytest.mark.parametrize("identifier", [None, "ID"])
async def test_records_without_an_identity_are_known_by_their_identifier_or_all_values(
    identifier: str | None, stage: Stage
) -> None:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    document = stage.workspace.store.get("model", model) or {}
    more = {"identifier": identifier, "tracking_columns": [] if identifier else ["id"]}
    stage.workspace.store.put("model", model, document | more)
    stage.table(ARRIVALS, "name", system="snowflake")
    sync = await stage.sync(model, ARRIVALS, system="snowflake", mode="append", fields="name>name")
    await moved(stage, sync)
    change(stage, [stage.ADA, stage.ROBERT])

    assert await moved(stage, sync) == {"insert": 1, "total": 1}
    assert await moved(stage, sync) == {}


async def test_a_run_after_a_canceled_one_moves_the_rest_and_what_changed_back(
    stage: Stage, sync: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A chunk has 10,000 records; with smaller chunks a few records are enough.
    monkeypatch.setattr(runner, "CHUNK", 1)
    await moved(stage, sync)
    change(stage, [stage.ADA | {"name": "Adele"}, stage.ROBERT, stage.CYD])
    cancel_after_first_update(stage, sync, monkeypatch)
    assert (await stage.start(sync))["status"] == "canceled"

    change(stage, [stage.ADA, stage.ROBERT, stage.CYD])

    assert await moved(stage, sync) == {"update": 2, "insert": 1, "total": 3}
    assert await moved(stage, sync) == {}
    assert stage.rows(ARRIVALS) == [stage.ADA, stage.ROBERT, stage.CYD]


def cancel_after_first_update(stage: Stage, sync: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    update, times = Tables.update, [1]

    def cancel() -> None:
        current = executions.current(stage.workspace, sync["id"])
        assert current is not None
        executions.request_cancel(stage.workspace, current)

    def update_and_cancel(self: Tables, *arguments: Any) -> None:
        update(self, *arguments)
        if times:
            times.pop()
            stage.workspace.store.after_commit(cancel)

    # A run goes from chunk to chunk without a break, so the test acts from within its first write.
    monkeypatch.setattr(Tables, "update", update_and_cancel)


async def test_a_run_after_a_failed_one_moves_what_that_did_not_commit(
    stage: Stage, sync: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1)
    insert = Tables.insert

    def insert_once(self: Tables, *arguments: Any) -> Any:
        monkeypatch.setattr(Tables, "insert", None)  # the second write is an error
        return insert(self, *arguments)

    monkeypatch.setattr(Tables, "insert", insert_once)
    assert (await stage.start(sync))["status"] == "failed"
    monkeypatch.setattr(Tables, "insert", insert)

    assert await moved(stage, sync) == {"insert": 1, "total": 1}
    assert stage.rows(ARRIVALS) == [stage.ADA, stage.BOB]


async def test_records_that_share_an_identity_move_once(stage: Stage, sync: dict[str, Any]) -> None:
    change(stage, [stage.BOB, stage.ROBERT, stage.ROBERT])

    assert await moved(stage, sync) == {"insert": 1, "update": 2, "total": 3}
    assert await moved(stage, sync) == {}


async def test_what_a_sync_moved_is_deleted_with_it(stage: Stage, sync: dict[str, Any]) -> None:
    await moved(stage, sync)
    before = remembered(stage)

    await stage.http.delete(f"/api/syncs/{sync['id']}")

    assert (before, remembered(stage)) == (1, 0)
