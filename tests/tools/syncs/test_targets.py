"""Target objects and their fields, reduced to what mapping requires."""

import json
from typing import Any

import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

WHOLE_ROWS = {"optional_target_mappings": True}
NEW = {
    "name": "New",
    "mode": "create",
    "fields": [{"source": {"model_id": ScriptedApi.MODEL, "field": "plan"}, "target": "Note"}],
}


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


async def test_choices_that_the_list_leaves_out_are_read_one_property_at_a_time(
    tools: Tools, company: ScriptedApi
) -> None:
    properties = [{"id": "account", "enum": True}, {"id": "kind", "enum": True}, {"id": "name"}]
    target_objects(company, target_creation={"supported": True, "properties": properties})
    values = [{"value": "512::987", "label": "Tidepool"}]
    path = f"GET /api/connections/{company.GONG}/modelsync/targetobjects/properties"
    company[f"{path}/account"] = {"data": {"id": "account", "values": values}}

    creation = (await tools("list_target_objects", connection_id="Gong"))["target_creation"]
    text = await tools.refused(
        "create_sync", **NEW, target={"connection_id": "Gong", "create": {"name": "VIPs"}}
    )

    assert [each.get("values") for each in creation["properties"]] == [values, None, None]
    assert "- target.create.account: is required. Valid values: 512::987 (Tidepool)." in text
    assert "- target.create.kind: is required.\n" in text
    assert '"list_target_objects"' in text


@pytest.mark.parametrize(
    "target",
    [
        {"create": "VIPs"},
        {"object": {"name": "VIPs"}},
        {"create": {"name": "VIPs"}},
        {"create": {}, "object": {"name": "VIPs"}},
    ],
)
async def test_the_properties_of_a_new_object_may_be_anywhere_in_the_target(
    target: Any, tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, target_creation=CREATION)

    text = await tools.refused("create_sync", **NEW, target={"connection_id": "Gong"} | target)

    assert "- target.create.account: is required. Valid values: 512::987 (Tidepool)" in text
    assert company.written() == []


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"object": "VIPs"}, "- target: No target object has the id or name 'VIPs'."),
        ({}, "- target: needs an object, one of: 'Flow' (flow)."),
    ],
)
async def test_where_an_object_can_be_created_the_refusal_says_how(
    target: Any, told: str, tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, {"id": "flow", "name": "Flow"}, target_creation=CREATION)

    text = await tools.refused("create_sync", **NEW, target={"connection_id": "Gong"} | target)

    assert told in text
    assert "To create an object, send target.create in place of target.object, with name, schema" in text
    assert "account (Valid values: 512::987 (Tidepool), 512::988 (Tidepool EMEA))" in text


async def test_a_webhook_needs_no_object_and_every_field_has_its_one_target(
    tools: Tools, company: ScriptedApi
) -> None:
    target_objects(company, {"id": "http", "name": "HTTP"})
    answer = {"id": "http", "name": "HTTP", "fields": [{"id": "record"}], "properties": WHOLE_ROWS}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": answer}
    fields = [
        {"source": {"model_id": company.MODEL, "field": "plan"}, "target": name} for name in ("a", "record")
    ]
    new = {"name": "New", "mode": "updateOrCreate", "target": {"connection_id": "Gong"}}

    text = await tools.refused("create_sync", **new, fields=fields)
    sent = await tools("create_sync", **new, fields=[each | {"target": "record"} for each in fields[:1]])

    told = "Every field needs the target 'record'. It arrives under the source's name."
    assert f"- fields[0].target: {told}" in text
    assert "fields[1]" not in text
    assert sent["target"] == {"connection_id": company.GONG, "object": "http"}


SHOWN = [
    ("salesforce", "Contact", 650),
    ("hubspot", "contacts", 700),
    ("linkedinads", "20453117", 370),
]


@pytest.mark.parametrize(("type_", "target", "most"), SHOWN)
async def test_what_fields_have_in_common_is_said_once(
    type_: str, target: str, most: int, open_sandbox: Connect, tokenizer: Any
) -> None:
    oauth = {"client_id": "a", "client_secret": "b", "oauth_refresh_token": "c"}
    domain = {"connect_mode": "api", "domain": "d"} if type_ == "salesforce" else {}
    async with open_sandbox() as tools:
        await tools("create_connection", name="There", type=type_, configuration=oauth | domain)

        shown = await tools("list_target_fields", connection_id="There", target=target)

    text = json.dumps(shown, separators=(",", ":"))
    assert len(tokenizer.encode(text)) <= most
    assert text.count("identity_functions") <= 4
    whole = [shown["defaults"] | field for field in shown["fields"]]
    assert {"id", "name", "type", "createable", "updateable", "supports_identity"} <= whole[0].keys()


async def test_modes_that_most_objects_have_are_said_once(tools: Tools, company: ScriptedApi) -> None:
    modes, other = [{"id": "create"}, {"id": "remove"}], [{"id": "append"}]
    listed = [{"id": f"flow{number}", "modes": other if number == 4 else modes} for number in range(5)]
    target_objects(company, *listed)

    answer = await tools("list_target_objects", connection_id="Gong")

    assert answer["defaults"] == {"modes": ["create", "remove"]}
    assert answer["items"][3:] == [{"id": "flow3"}, {"id": "flow4", "modes": ["append"]}]
