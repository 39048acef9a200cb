"""Target objects and their fields, reduced to what mapping requires."""

from typing import Any

import pytest

from tests.tools.conftest import ScriptedApi, Tools


def target_objects(api: ScriptedApi, *objects: Any, **more: Any) -> None:
    api[f"GET /api/connections/{api.GONG}/modelsync/targetobjects"] = {"data": list(objects), **more}


@pytest.mark.parametrize("key", ["id", "mode"])
async def test_modes_are_read_from_either_key(key: str, tools: Tools, company: ScriptedApi) -> None:
    target_objects(company, {"id": "flow", "name": "Flow", "modes": [{key: "create"}, {key: "remove"}]})

    (row,) = (await tools("list_target_objects", connection_id="Gong"))["items"]

    assert row == {"id": "flow", "name": "Flow", "modes": ["create", "remove"]}


async def test_objects_can_be_searched_and_paged(tools: Tools, company: ScriptedApi) -> None:
    target_objects(company, *({"id": f"flow{number}"} for number in range(12)), {"id": "account"})

    first = await tools("list_target_objects", connection_id="Gong", query="FLOW", limit=10)
    token = first["next_page_token"]
    second = await tools(
        "list_target_objects", connection_id="Gong", query="FLOW", limit=10, page_token=token
    )

    assert len(first["items"]) == 10
    assert [item["id"] for item in second["items"]] == ["flow10", "flow11"]
    assert "next_page_token" not in second


@pytest.mark.parametrize("is_supported", [True, False])
async def test_the_properties_of_a_new_object_are_shown_if_one_can_be_created(
    *, is_supported: bool, tools: Tools, company: ScriptedApi
) -> None:
    creation = {"supported": is_supported, "properties": [{"id": "name", "title": "Name"}]}
    target_objects(company, target_creation=creation)

    answer = await tools("list_target_objects", connection_id="Gong")

    assert answer.get("target_creation") == (creation if is_supported else None)


async def test_a_field_keeps_what_mapping_requires(tools: Tools, company: ScriptedApi) -> None:
    fields = await tools("list_target_fields", connection_id="Gong", target=company.FLOW)

    identity = {"id": "Id", "type": "string", "supports_identity": True, "identity_functions": ["Equality"]}
    assert fields["fields"] == [identity, {"id": "Note", "type": "string"}]
    assert fields["properties"] == {"mappings_not_required": True}


async def test_the_fields_of_an_object_to_create_are_read_by_its_properties(
    tools: Tools, company: ScriptedApi
) -> None:
    await tools("list_target_fields", connection_id="Gong", properties='{"name": "New"}', refresh=True)

    (asked,) = company.asked(f"GET /api/connections/{company.GONG}/modelsync/target/fields")
    assert dict(asked.url.params) == {"properties[name]": "New", "refresh": "true"}


CREATION = {
    "supported": True,
    "properties": [
        {"id": "name", "title": "Name"},
        {"id": "schema", "enum": True, "values": [{"value": "public", "label": "public"}]},
        {"id": "region", "enum": True, "values": []},
        {
            "id": "account",
            "enum": True,
            "values": [
                {"value": "512::987", "label": "Tidepool"},
                {"value": "512::988", "label": "Tidepool EMEA"},
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"account": "512::987"}, "properties.name: A new target object needs a name."),
        ({"name": " ", "account": "512::987"}, "properties.name: A new target object needs a name."),
        (
            {"name": "n"},
            "properties.account: is required. Valid values: 512::987 (Tidepool), 512::988 (Tidepool EMEA).",
        ),
        (
            {"name": "n", "account": "Tidepol"},
            "properties.account: Unknown value 'Tidepol'. Did you mean '512::987 (Tidepool)'?",
        ),
        (
            {"name": "n", "account": "512::987", "schem": "x"},
            "properties: Unknown property 'schem'. Did you mean 'schema'?",
        ),
    ],
)
async def test_the_properties_of_a_new_object_are_held_against_the_published_ones(
    properties: Any, problem: str, tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, target_creation=CREATION)

    text = await tools.refused("list_target_fields", connection_id="Gong", properties=properties)

    assert problem in text


async def test_where_no_object_can_be_created_the_existing_ones_are_named(
    tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, {"id": "flow", "name": "Flow"}, target_creation={"supported": False, "a": 1})

    text = await tools.refused("list_target_fields", connection_id="Gong", properties={"name": "n"})

    assert "The connection does not support new objects. Use an existing one: 'Flow' (flow)." in text


async def test_a_label_does_for_the_value_and_a_new_schema_is_accepted(
    tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, target_creation=CREATION)
    new = {"name": "n", "schema": "brand_new", "account": "tidepool emea", "region": "any"}

    await tools("list_target_fields", connection_id="Gong", properties=new)

    (asked,) = company.asked(f"GET /api/connections/{company.GONG}/modelsync/target/fields")
    assert asked.url.params["properties[account]"] == "512::988"
    assert asked.url.params["properties[schema]"] == "brand_new"


async def test_a_target_that_requires_a_configuration_is_refused_without_one(
    tools: Tools, company: ScriptedApi
) -> None:
    path = f"GET /api/connections/{company.GONG}/modelsync/target/fields"
    company[path] = {"data": {"id": company.FLOW, "properties": {"requires_configuration": True}}}
    source = {"model_id": company.MODEL, "field": "plan"}
    target = {"connection_id": "Gong", "object": company.FLOW}
    new = {
        "name": "New",
        "mode": "create",
        "fields": [{"source": source, "target": "Note"}],
        "dry_run": True,
    }

    text = await tools.refused("create_sync", **new, target=target)
    assert f"- target.configuration is required: '{company.FLOW}' needs one." in text
    text = await tools.refused("create_sync", **new, target=target | {"configuration": {"a": 1}})
    assert "target.configuration" not in text


@pytest.mark.parametrize("arguments", [{}, {"target": "x", "properties": {"name": "y"}}])
@pytest.mark.usefixtures("company")
async def test_exactly_one_target_is_required(arguments: Any, tools: Tools) -> None:
    text = await tools.refused("list_target_fields", connection_id="Gong", **arguments)

    assert "Send either target or properties" in text


async def test_paging_through_many_fields_loses_and_repeats_none(tools: Tools, company: ScriptedApi) -> None:
    many = [{"id": f"Field_{number}__c", "name": "a name " * 5, "type": "string"} for number in range(700)]
    answer = {"data": {"id": company.FLOW, "fields": many, "modes": []}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = answer

    flow = {"connection_id": "Gong", "target": company.FLOW}
    seen, token = [], {}
    while token is not None:
        page = await tools(
            "list_target_fields", connection_id="Gong", target=company.FLOW, limit=1000, **token
        )
        seen += [field["id"] for field in page["fields"]]
        token = {"page_token": page["next_page_token"]} if "next_page_token" in page else None
    found = await tools("list_target_fields", **flow, query="_699_")

    assert seen == [field["id"] for field in many]
    assert [field["id"] for field in found["fields"]] == ["Field_699__c"]
