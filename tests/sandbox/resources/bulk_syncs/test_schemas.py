"""The schemas of a bulk sync: listed, read, patched, replaced."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def tables(stage: Any) -> None:
    stage.table("shop.people", "id name at:datetime")
    stage.table("shop.orders", "id")


@pytest.fixture
async def path(stage: Any) -> str:
    schema = {
        "id": "shop.people",
        "tracking_field": "at",
        "fields": ["id", {"id": "name", "obfuscate": True}],
    }
    return f"{(await stage.sync(schemas=[schema]))['id']}/schemas"


async def test_the_list_shows_neither_fields_nor_filters(stage: Any, path: str) -> None:
    listed = await stage.ask("GET", path)

    assert {each["id"]: each["enabled"] for each in listed} == {"shop.people": True, "shop.orders": False}
    assert not any("fields" in each or "filters" in each for each in listed)


@pytest.mark.parametrize(("enabled", "id_"), [("true", "shop.people"), ("false", "shop.orders")])
async def test_the_list_can_be_of_those_that_are_on_or_off(
    stage: Any, path: str, enabled: str, id_: str
) -> None:
    listed = await stage.ask("GET", path, params={"filters[enabled]": enabled})

    assert [each["id"] for each in listed] == [id_]


async def test_the_list_knows_no_other_filter(stage: Any, path: str) -> None:
    answer = await stage.http.get(f"/api/bulk/syncs/{path}", params={"filters[name]": "x"})

    assert answer.status_code == 400


async def test_a_schema_is_read_whole(stage: Any, path: str) -> None:
    schema = await stage.ask("GET", f"{path}/Shop.People")

    assert (schema["output_name"], schema["tracking_field"], schema["filters"]) == ("shop_people", "at", [])
    assert schema["fields"][:2] == [
        {"id": "id", "enabled": True, "obfuscated": False, "user_output_name": None, "output_name": "id"},
        {"id": "name", "enabled": True, "obfuscated": True, "user_output_name": None, "output_name": "name"},
    ]
    assert not schema["fields"][2]["enabled"]


async def test_a_schema_that_is_not_there_is_not_found(stage: Any, path: str) -> None:
    assert (await stage.http.get(f"/api/bulk/syncs/{path}/shop.nothing")).status_code == 404


async def test_a_patch_changes_what_it_names_and_shows_no_hidden_field(stage: Any, path: str) -> None:
    change = {"id": "shop.people", "user_output_name": "humans", "tracking_field": None}

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [change]})

    assert (schema["output_name"], schema["tracking_field"], schema["enabled"]) == ("humans", None, True)
    assert [field["enabled"] for field in schema["fields"]] == [True, True, True]
    assert schema["fields"][1]["obfuscated"]
    assert (await stage.ask("GET", f"{path}/shop.orders"))["enabled"] is False


async def test_a_patch_can_switch_a_schema_off(stage: Any, path: str) -> None:
    (schema,) = await stage.ask("PATCH", path, json={"schemas": [{"id": "shop.people", "enabled": False}]})

    assert not schema["enabled"]


async def test_a_patch_needs_ids(stage: Any, path: str) -> None:
    answer = await stage.http.patch(f"/api/bulk/syncs/{path}", json={"schemas": [{"enabled": True}]})

    assert stage.codes(answer, 400) == [("missing_id", "schemas[0].id")]


async def test_a_replaced_schema_forgets_what_is_left_out(stage: Any, path: str) -> None:
    schema = await stage.ask("PUT", f"{path}/shop.people", json={"fields": [{"id": "id"}]})

    assert (schema["tracking_field"], schema["history_enabled"]) == (None, False)
    assert [field["enabled"] for field in schema["fields"]] == [True, False, False]
    assert not any(field["obfuscated"] for field in schema["fields"])


async def test_a_replaced_schema_without_fields_has_them_all(stage: Any, path: str) -> None:
    schema = await stage.ask("PUT", f"{path}/shop.people", json={"enabled": True})

    assert all(field["enabled"] for field in schema["fields"])


async def test_a_change_that_does_not_hold_is_refused(stage: Any, path: str) -> None:
    change = {"tracking_field": "name", "fields": [{"id": "nothing"}]}

    answer = await stage.http.put(f"/api/bulk/syncs/{path}/shop.people", json=change)

    assert ("unknown_field", "schemas.shop.people.fields") in stage.codes(answer, 400)


async def test_a_schema_that_went_from_the_source_cannot_be_changed(
    stage: Any, path: str, workspace: Any
) -> None:
    workspace.tables.drop(workspace.tables.get("mysql", "shop.people"))

    answer = await stage.http.put(f"/api/bulk/syncs/{path}/shop.people", json={})

    assert (answer.status_code, answer.json()["key"]) == (400, "unknown_schema")


async def test_a_schema_that_went_does_not_keep_the_others_from_changing(
    stage: Any, path: str, workspace: Any
) -> None:
    workspace.tables.drop(workspace.tables.get("mysql", "shop.people"))

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [{"id": "shop.orders", "enabled": True}]})

    assert schema["enabled"]


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_patch_with_nothing_clears_a_setting(stage: Any, path: str, nothing: str | None) -> None:
    settings = ("user_output_name", "tracking_field", "partition_key", "data_cutoff_timestamp")
    change = {"id": "shop.people", **dict.fromkeys(settings, nothing)}

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [change]})

    assert [schema[setting] for setting in settings] == [None] * 4
