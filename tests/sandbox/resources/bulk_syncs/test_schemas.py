"""The schemas of a bulk sync are listed, read, patched and replaced."""

from typing import Any

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage


@pytest.fixture(autouse=True)
def tables(stage: Stage) -> None:
    stage.table("shop.people", "id name at:datetime")
    stage.table("shop.orders", "id")


@pytest.fixture
async def path(stage: Stage) -> str:
    schema = {
        "id": "shop.people",
        "tracking_field": "at",
        "fields": ["id", {"id": "name", "obfuscate": True}],
    }
    return f"{(await stage.sync(schemas=[schema]))['id']}/schemas"


async def test_the_list_has_neither_fields_nor_filters(stage: Stage, path: str) -> None:
    listed = await stage.ask("GET", path)

    assert {each["id"]: each["enabled"] for each in listed} == {"shop.people": True, "shop.orders": False}
    assert not any("fields" in each or "filters" in each for each in listed)


@pytest.mark.parametrize(("enabled", "id_"), [("true", "shop.people"), ("false", "shop.orders")])
async def test_the_list_can_be_limited_to_enabled_or_disabled_schemas(
    stage: Stage, path: str, enabled: str, id_: str
) -> None:
    listed = await stage.ask("GET", path, params={"filters[enabled]": enabled})

    assert [each["id"] for each in listed] == [id_]


async def test_the_list_refuses_other_filters(stage: Stage, path: str) -> None:
    answer = await stage.http.get(f"/api/bulk/syncs/{path}", params={"filters[name]": "x"})

    assert answer.status_code == 400


async def test_a_schema_is_returned_with_its_fields_and_filters(stage: Stage, path: str) -> None:
    schema = await stage.ask("GET", f"{path}/Shop.People")

    assert (schema["output_name"], schema["tracking_field"], schema["filters"]) == ("shop_people", "at", [])
    assert schema["fields"][:2] == [
        {"id": "id", "enabled": True, "obfuscated": False, "user_output_name": None, "output_name": "id"},
        {"id": "name", "enabled": True, "obfuscated": True, "user_output_name": None, "output_name": "name"},
    ]
    assert not schema["fields"][2]["enabled"]


async def test_an_unknown_schema_is_not_found(stage: Stage, path: str) -> None:
    assert (await stage.http.get(f"/api/bulk/syncs/{path}/shop.nothing")).status_code == 404


async def test_a_patch_changes_what_it_names_and_keeps_fields_obfuscated(stage: Stage, path: str) -> None:
    change = {"id": "shop.people", "user_output_name": "humans", "tracking_field": None}

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [change]})

    assert (schema["output_name"], schema["tracking_field"], schema["enabled"]) == ("humans", None, True)
    assert [field["enabled"] for field in schema["fields"]] == [True, True, True]
    assert schema["fields"][1]["obfuscated"]
    assert (await stage.ask("GET", f"{path}/shop.orders"))["enabled"] is False


async def test_a_patch_can_disable_a_schema(stage: Stage, path: str) -> None:
    (schema,) = await stage.ask("PATCH", path, json={"schemas": [{"id": "shop.people", "enabled": False}]})

    assert not schema["enabled"]


async def test_a_patch_requires_ids(stage: Stage, path: str) -> None:
    answer = await stage.http.patch(f"/api/bulk/syncs/{path}", json={"schemas": [{"enabled": True}]})

    assert stage.codes(answer, 400) == [("missing_id", "schemas[0].id")]


async def test_replacing_a_schema_resets_what_is_omitted(stage: Stage, path: str) -> None:
    schema = await stage.ask("PUT", f"{path}/shop.people", json={"fields": [{"id": "id"}]})

    assert (schema["tracking_field"], schema["history_enabled"]) == (None, False)
    assert [field["enabled"] for field in schema["fields"]] == [True, False, False]
    assert not any(field["obfuscated"] for field in schema["fields"])


async def test_replacing_a_schema_without_fields_enables_all_fields(stage: Stage, path: str) -> None:
    schema = await stage.ask("PUT", f"{path}/shop.people", json={"enabled": True})

    assert all(field["enabled"] for field in schema["fields"])


async def test_an_invalid_change_is_refused(stage: Stage, path: str) -> None:
    change = {"tracking_field": "name", "fields": [{"id": "nothing"}]}

    answer = await stage.http.put(f"/api/bulk/syncs/{path}/shop.people", json=change)

    assert ("unknown_field", "schemas.shop.people.fields") in stage.codes(answer, 400)


async def test_a_schema_that_the_source_no_longer_has_cannot_be_changed(
    stage: Stage, path: str, workspace: Any
) -> None:
    workspace.tables.drop(workspace.tables.get("mysql", "shop.people"))

    answer = await stage.http.put(f"/api/bulk/syncs/{path}/shop.people", json={})

    assert (answer.status_code, answer.json()["key"]) == (400, "unknown_schema")


async def test_other_schemas_can_be_changed_although_the_source_lost_one(
    stage: Stage, path: str, workspace: Any
) -> None:
    workspace.tables.drop(workspace.tables.get("mysql", "shop.people"))

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [{"id": "shop.orders", "enabled": True}]})

    assert schema["enabled"]


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_patch_with_an_empty_value_resets_a_setting(
    stage: Stage, path: str, nothing: str | None
) -> None:
    settings = ("user_output_name", "tracking_field", "partition_key", "data_cutoff_timestamp")
    change = {"id": "shop.people", **dict.fromkeys(settings, nothing)}

    (schema,) = await stage.ask("PATCH", path, json={"schemas": [change]})

    assert [schema[setting] for setting in settings] == [None] * 4


async def test_only_an_older_version_lists_the_fields_of_each_schema(stage: Stage) -> None:
    path = f"/api/bulk/syncs/{(await stage.sync(schemas=['shop.people']))['id']}/schemas"

    new = (await stage.http.get(path)).json()["data"]
    old = (await stage.http.get(path, headers={"X-Polytomic-Version": "2024-02-08"})).json()["data"]
    one = (await stage.http.get(f"{path}/shop.people")).json()["data"]

    assert one in old
    assert "fields" not in new[0]
    assert "filters" not in new[0]
