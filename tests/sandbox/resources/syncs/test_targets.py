"""The target objects of a connection, with their modes and fields."""

from typing import Any

import pytest

from tests.sandbox.resources.syncs.conftest import Stage


@pytest.mark.parametrize(("system", "added"), [("postgresql", []), ("snowflake", ["append"])])
async def test_a_warehouse_lists_its_tables_with_its_modes_and_supports_new_ones(
    stage: Stage, system: str, added: list[str]
) -> None:
    connection = await stage.connection(system)
    stage.table("crm.people", "id name", system=system)

    answer = await stage.http.get(f"/api/connections/{connection}/modelsync/targetobjects")

    body = answer.json()
    (table,) = [each for each in body["data"] if each["id"] == "crm.people"]
    assert [mode["id"] for mode in table["modes"]] == [
        "create",
        "update",
        "updateOrCreate",
        "replace",
        *added,
        "remove",
    ]
    assert table["modes"][2] == {
        "id": "updateOrCreate",
        "label": "Update or create",
        "requires_identity": True,
        "supports_per_field_mode": True,
        "supports_target_filters": True,
    }
    assert body["target_creation"]["supported"] is True
    assert [each["values"] for each in body["target_creation"]["properties"]] == [None, None]


async def test_the_values_of_a_new_target_are_returned_on_request(stage: Stage) -> None:
    connection = await stage.connection("postgresql")
    stage.table("crm.people", "id name")
    base = f"/api/connections/{connection}/modelsync/targetobjects"

    listed = await stage.http.get(f"{base}?include_target_creation_values=true")
    one = await stage.http.get(f"{base}/properties/schema")

    schema = {each["id"]: each for each in listed.json()["target_creation"]["properties"]}["schema"]
    assert one.json()["data"] == schema
    assert {"value": "crm", "label": "crm"} in schema["values"]


async def test_gong_lists_accounts_people_and_flows(stage: Stage) -> None:
    connection = await stage.connection("gong")
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    answer = await stage.http.get(f"/api/connections/{connection}/modelsync/targetobjects")

    body = answer.json()
    modes = {each["id"]: each["modes"] for each in body["data"]}
    assert {"accounts", "people", "my-gong-engage-flow", "launch"} <= modes.keys()
    assert [mode["id"] for mode in modes["launch"]] == ["create", "updateOrCreate", "remove"]
    assert all(mode["requires_identity"] for mode in modes["launch"])
    assert body["target_creation"] == {"supported": False, "properties": []}


async def test_a_flow_needs_no_mappings_and_supports_only_its_id_as_identity(stage: Stage) -> None:
    connection = await stage.connection("gong")
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    answer = await stage.http.get(f"/api/connections/{connection}/modelsync/target/fields?target=launch")

    data = answer.json()["data"]
    id_, name = data["fields"]
    assert data["properties"]["mappings_not_required"] is True
    assert data["properties"]["supports_field_creation"] is False
    assert data["refreshed_at"] == "2026-01-15T09:00:00Z"
    assert [id_["required"], id_["supports_identity"], id_["createable"]] == [True, True, True]
    assert id_["identity_functions"][0] == {"id": "Equality", "label": "Equals"}
    assert [name["supports_identity"], name["createable"], name["updateable"]] == [False, False, False]
    assert data["modes"][0]["mode"] == "create"
    assert data["modes"][0]["description"]


async def test_a_webhook_has_one_target_with_one_field(stage: Stage) -> None:
    connection = await stage.connection("webhook")

    listed = await stage.http.get(f"/api/connections/{connection}/modelsync/targetobjects")
    fields = await stage.http.get(f"/api/connections/{connection}/modelsync/target/fields?target=http")

    (target,) = listed.json()["data"]
    assert [(mode["id"], mode["requires_identity"]) for mode in target["modes"]] == [
        ("updateOrCreate", False)
    ]
    assert [field["id"] for field in fields.json()["data"]["fields"]] == ["record"]


async def test_a_new_target_without_mappings_has_no_fields(stage: Stage) -> None:
    connection = await stage.connection("snowflake")

    answer = await stage.http.get(
        f"/api/connections/{connection}/modelsync/target/fields?properties[name]=fresh"
    )

    data = answer.json()["data"]
    assert (data["id"], data["fields"], data["properties"]["target_creator"]) == ("public.fresh", [], True)


@pytest.mark.parametrize(
    ("type_", "path", "status", "message"),
    [
        ("postgresql", "target/fields?target=crm.poeple", 404, "Did you mean 'crm.people'?"),
        ("webhook", "target/fields?target=https", 404, "Did you mean 'http'?"),
        ("postgresql", "target/fields", 400, "exactly one of target and properties"),
        ("postgresql", "target/fields?target=crm.people&properties[name]=x", 400, "exactly one of target"),
        ("postgresql", "target/fields?properties[nam]=x", 422, "has no property 'nam'"),
        ("gong", "target/fields?properties[name]=x", 422, "does not support new target objects"),
        (
            "gong",
            "targetobjects/properties/name",
            404,
            "A new target object of gong has no property 'name'. There are none.",
        ),
        ("postgresql", "targetobjects/properties/nam", 404, "Did you mean 'name'?"),
    ],
)
async def test_an_unknown_target_or_property_is_refused_with_the_nearest_valid_one(
    stage: Stage, type_: str, path: str, status: int, message: str
) -> None:
    connection = await stage.connection(type_)
    stage.table("crm.people", "id name")

    answer = await stage.http.get(f"/api/connections/{connection}/modelsync/{path}")

    assert answer.status_code == status
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "unhealthy"}, "is unhealthy"),
        ({"type": {"id": "stripe", "operations": ["source"]}}, "a source only"),
    ],
)
async def test_the_targets_of_a_connection_that_is_no_destination_are_refused(
    stage: Stage, change: dict[str, Any], message: str
) -> None:
    connection = await stage.connection("postgresql")
    stage.workspace.store.put(
        "connection", connection, stage.workspace.find("connection", connection) | change
    )

    answer = await stage.http.get(f"/api/connections/{connection}/modelsync/targetobjects")

    assert answer.status_code == 422
    assert message in answer.json()["message"]


async def test_a_new_target_is_shown_with_the_id_it_will_have(stage: Stage, model: str) -> None:
    connection = await stage.connection("postgresql")

    answer = await stage.http.get(
        f"/api/connections/{connection}/modelsync/target/fields?properties[name]=made&properties[schema]=crm"
    )
    made = await stage.sync(
        model,
        "",
        target={"connection_id": connection, "create": {"name": "made", "schema": "crm"}},
        mode="create",
        fields=[{"source": {"model_id": model, "field": "name"}, "target": "name", "new": True}],
    )

    assert answer.json()["data"]["id"] == made["target"]["object"] == "crm.made"
