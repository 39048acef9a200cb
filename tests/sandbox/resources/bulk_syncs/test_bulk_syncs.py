"""Bulk syncs are created, listed, read, replaced, activated, deactivated and deleted."""

from typing import Any

import pytest

from tests.sandbox.conftest import Clock, Connect
from tests.sandbox.resources.bulk_syncs.conftest import Stage

OLD = {"X-Polytomic-Version": "2024-02-08"}


@pytest.fixture(autouse=True)
def people(stage: Stage) -> Any:
    return stage.table("shop.people", "id name", [{"id": "1", "name": "Ada"}])


async def test_omitted_arguments_have_defaults(stage: Stage) -> None:
    sync = await stage.sync()

    assert {key: sync[key] for key in ("active", "mode", "normalize_names", "policies")} == {
        "active": False,
        "mode": "replicate",
        "normalize_names": "enabled",
        "policies": [],
    }
    assert sync["automatically_add_new_objects"] == "none"
    assert sync["automatically_add_new_fields"] == "all"
    assert sync["default_schedule"]["frequency"] == "manual"
    assert await stage.ask("GET", sync["id"]) == sync


async def test_an_update_replaces_everything_except_the_schemas(stage: Stage) -> None:
    stage.table("shop.orders", "id")
    sync = await stage.sync(active=True, mode="append", schemas=["shop.people"], policies=["p"])

    updated = await stage.ask("PUT", sync["id"], json=await stage.body(name="Other"))

    enabled = await stage.ask("GET", f"{sync['id']}/schemas", params={"filters[enabled]": "true"})
    assert (updated["name"], updated["mode"], updated["active"], updated["policies"]) == (
        "Other",
        "replicate",
        False,
        [],
    )
    assert [each["id"] for each in enabled] == ["shop.people"]
    assert updated["default_schedule"]["id"] == sync["default_schedule"]["id"]


async def test_an_update_with_schemas_disables_the_others(stage: Stage) -> None:
    stage.table("shop.orders", "id")
    sync = await stage.sync(schemas=["shop.people"])

    await stage.ask("PUT", sync["id"], json=await stage.body(schemas=["shop.orders"]))

    listed = await stage.ask("GET", f"{sync['id']}/schemas")
    assert {each["id"]: each["enabled"] for each in listed} == {"shop.people": False, "shop.orders": True}


async def test_an_update_to_another_source_enables_all_of_its_schemas(stage: Stage) -> None:
    sync = await stage.sync()

    await stage.ask("PUT", sync["id"], json=await stage.body(source="hubspot"))

    listed = await stage.ask("GET", f"{sync['id']}/schemas")
    assert {each["id"] for each in listed} >= {"Contact", "Company"}
    assert all(each["enabled"] for each in listed)


async def test_the_list_has_pages_and_can_be_limited_to_active_syncs(stage: Stage, clock: Clock) -> None:
    ids: list[str] = []
    for name in ("a", "b", "c"):
        ids.append((await stage.sync(name=name, active=name == "b"))["id"])
        clock.advance(seconds=1)

    first = (await stage.http.get("/api/bulk/syncs", params={"limit": 2})).json()
    rest = {"limit": 2, "page_token": first["pagination"]["next_page_token"]}
    second = (await stage.http.get("/api/bulk/syncs", params=rest)).json()
    active = (await stage.http.get("/api/bulk/syncs", params={"active": True})).json()

    assert [each["id"] for each in [*first["data"], *second["data"]]] == ids[::-1]
    assert second["pagination"] == {}
    assert [each["id"] for each in active["data"]] == [ids[1]]


async def test_deleting_a_sync_deletes_its_history(stage: Stage) -> None:
    sync = await stage.sync()
    await stage.start(sync)

    answer = await stage.http.delete(f"/api/bulk/syncs/{sync['id']}")

    assert answer.status_code == 204
    assert (await stage.http.get(f"/api/bulk/syncs/{sync['id']}")).status_code == 404
    assert stage.workspace.store.list("bulk_execution") == []
    assert stage.rows("copy.shop_people") == [{"id": "1", "name": "Ada"}]


async def test_a_connection_in_use_is_deleted_only_with_force(stage: Stage) -> None:
    sync = await stage.sync()
    await stage.start(sync)
    path = f"/api/connections/{sync['source_connection_id']}"

    kept = await stage.http.delete(path)
    gone = await stage.http.delete(path, params={"force": True})

    assert kept.status_code == 422
    used_by = {"id": sync["id"], "name": "My bulk sync"}
    assert kept.json()["metadata"]["bulk_syncs"] == [used_by]
    assert kept.json()["metadata"]["used_by"] == [{"type": "bulk_sync", **used_by}]
    assert gone.status_code == 204
    assert (await stage.http.get(f"/api/bulk/syncs/{sync['id']}")).status_code == 404
    assert not stage.workspace.store.list("bulk_execution")


async def test_the_first_call_is_refused_while_the_cache_is_being_filled(
    stage: Stage, connect: Connect
) -> None:
    fresh = await connect("hubspot")
    body = await stage.body(source_connection_id=fresh["id"])

    first = await stage.http.post("/api/bulk/syncs", json=body)
    second = await stage.http.post("/api/bulk/syncs", json=body)

    assert (first.status_code, first.json()["key"]) == (422, "schemas_not_ready")
    assert "cache refresh in progress" in first.json()["message"]
    assert second.status_code == 200


async def test_refresh_schemas_finds_new_schemas(stage: Stage) -> None:
    careful = await stage.sync()
    eager = await stage.sync(automatically_add_new_objects="all", name="eager")
    stage.table("shop.orders", "id")

    for sync in (careful, eager):
        await stage.ask("GET", sync["id"], params={"refresh_schemas": True})

    found = [await stage.ask("GET", f"{sync['id']}/schemas/shop.orders") for sync in (careful, eager)]
    assert [each["enabled"] for each in found] == [False, True]


async def test_new_fields_are_copied_unless_the_sync_says_not_to(stage: Stage, people: Any) -> None:
    eager = await stage.sync()
    careful = await stage.sync(
        automatically_add_new_fields="none", destination_configuration={"schema": "careful"}
    )
    column = people.columns[0]
    wider = type(column)("fresh", column.type, column.sql_type)
    stage.workspace.tables.add_columns(people, [wider])

    for sync in (eager, careful):
        await stage.start(sync)

    assert "fresh" in stage.rows("copy.shop_people")[0]
    assert "fresh" not in stage.rows("careful.shop_people")[0]


async def test_the_older_version_has_one_schedule(stage: Stage) -> None:
    body = await stage.body(schedule={"frequency": "daily", "hour": "5", "minute": "0"}, discover=True)
    del body["default_schedule"]

    created = await stage.http.post("/api/bulk/syncs", json=body, headers=OLD)

    shown = created.json()["data"]
    newer = await stage.ask("GET", shown["id"])
    listed = (await stage.http.get("/api/bulk/syncs", headers=OLD)).json()
    assert shown["schedule"]["frequency"] == "daily"
    assert shown["discover"] is True
    assert "default_schedule" not in shown
    assert newer["default_schedule"]["hour"] == "5"
    assert newer["automatically_add_new_fields"] == "all"
    assert listed == {"data": [shown]}


async def test_the_older_version_has_several_schedules_within_one(stage: Stage) -> None:
    daily = {"frequency": "daily", "hour": "05", "minute": "00"}
    several = [
        {"item": "incrementalFields", "schedule": {"frequency": "continuous"}},
        {"item": "nonincrementalFields", "schedule": daily},
    ]
    body = await stage.body(schedule={"frequency": "multi", "multi": {"schedules": several}})
    del body["default_schedule"]

    created = (await stage.http.post("/api/bulk/syncs", json=body, headers=OLD)).json()["data"]

    newer = await stage.ask("GET", created["id"])
    items = [each["item"] for each in created["schedule"]["multi"]["schedules"]]
    assert created["schedule"]["multi"]["type"] == "fields"
    assert items == ["incrementalFields", "nonincrementalFields"]
    assert newer["default_schedule"]["frequency"] == "continuous"
    assert newer["additional_schedules"][0]["selective_mode"] == "nonincrementalFields"
    assert newer["additional_schedules"][0]["hour"] == "05"


@pytest.mark.parametrize(
    "items", [("none", "nonincrementalFields"), ("none", "incrementalFields"), ("nonincrementalFields",)]
)
async def test_schedules_of_the_older_version_are_returned_as_they_were_sent(
    stage: Stage, items: tuple[str, ...]
) -> None:
    daily = {"frequency": "daily", "hour": "05", "minute": "00"}
    several = [{"item": item, "schedule": daily} for item in items]
    sent = {"frequency": "multi", "multi": {"type": "my own", "schedules": several}}
    body = await stage.body(schedule=sent)
    del body["default_schedule"]

    created = (await stage.http.post("/api/bulk/syncs", json=body, headers=OLD)).json()["data"]
    path = f"{created['id']}/schedules"
    (default, *_) = await stage.ask("GET", path)
    await stage.ask("PUT", f"{path}/{default['id']}", json={"schedule": {"frequency": "continuous"}})
    changed = (await stage.http.get(f"/api/bulk/syncs/{created['id']}", headers=OLD)).json()["data"]

    assert created["schedule"] == sent
    assert changed["schedule"] != sent


async def test_schedules_have_a_type_and_items_in_the_older_version(stage: Stage) -> None:
    sync = await stage.sync(additional_schedules=[{"frequency": "continuous"}])

    shown = (await stage.http.get(f"/api/bulk/syncs/{sync['id']}", headers=OLD)).json()["data"]

    assert shown["schedule"]["multi"]["type"] == "fields"
    assert [each["item"] for each in shown["schedule"]["multi"]["schedules"]] == ["none", "none"]


async def test_the_older_version_starts_a_resync_with_a_flag(stage: Stage) -> None:
    sync = await stage.sync()
    path = f"/api/bulk/syncs/{sync['id']}/executions"

    plain = (await stage.http.post(path, json={"resync": False}, headers=OLD)).json()["data"]
    again = (await stage.http.post(path, json={"resync": True}, headers=OLD)).json()["data"]

    assert (plain["is_resync"], plain["output_disposition"]) == (False, "retain")
    assert (again["is_resync"], again["output_disposition"]) == (True, "rebuild")


@pytest.mark.parametrize("old", ["schedule", "schedules", "discover"])
async def test_the_newer_version_names_the_replacement_of_an_older_argument(stage: Stage, old: str) -> None:
    answer = await stage.create(**{old: True})

    assert answer.status_code == 400
    assert "Send " in answer.json()["message"]


async def test_the_newer_version_refuses_the_resync_flag(stage: Stage) -> None:
    sync = await stage.sync()

    answer = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/executions", json={"resync": True})

    assert answer.status_code == 400
    assert "resync_mode" in answer.json()["message"]


async def test_an_older_schedule_that_is_not_an_object_is_refused(stage: Stage) -> None:
    body = await stage.body(schedule="daily")

    answer = await stage.http.post("/api/bulk/syncs", json=body, headers=OLD)

    assert answer.status_code == 422
