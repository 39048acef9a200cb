"""The tables and columns that a sync creates."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.syncs.target_creation import build_target, plan_target
from tests.sandbox.conftest import Connect
from tests.sandbox.resources.syncs.conftest import Stage


async def test_a_new_table_is_created_with_the_sync_and_gets_its_rows(stage: Stage, model: str) -> None:
    connection = await stage.connection("postgresql")
    target = {"connection_id": connection, "create": {"schema": "crm", "name": "fresh"}}

    made = await stage.sync(model, "", target=target, fields="name>name age>age", identity="id>id")
    await stage.start(made)
    again = await stage.create(model, target=target, fields="name>name")

    table = stage.stored_table("crm.fresh")
    assert made["target"] == {"connection_id": connection, "object": "crm.fresh"}
    assert [(each.name, each.sql_type) for each in table.columns] == [
        ("name", "VARCHAR"),
        ("age", "DOUBLE"),
        ("id", "VARCHAR"),
    ]
    assert stage.rows("crm.fresh") == [{"name": "Ada", "age": 36, "id": "1"}]
    assert stage.codes(again) == [("target_exists", "target.create.name")]


@pytest.mark.parametrize(
    ("create_", "status"),
    [
        ({"schema": "crm", "name": "fresh"}, 200),
        ({"name": "fresh"}, 200),
        ({"name": "crm.fresh"}, 200),
        ({"schema": "public", "name": "fresh"}, 200),
        ({"name": "arrivals"}, 422),
    ],
)
async def test_an_update_may_repeat_what_created_the_target(
    stage: Stage, model: str, create_: dict[str, str], status: int
) -> None:
    connection = await stage.connection("postgresql")
    target = {"connection_id": connection, "create": {"schema": "crm", "name": "fresh"}}
    made = await stage.sync(model, "", target=target, fields="name>name", mode="replace")
    body = {key: value for key, value in made.items() if key not in stage.SHOWN_ONLY}
    body["target"] = {"connection_id": connection, "object": "", "create": create_}

    answer = await stage.http.put(f"/api/syncs/{made['id']}", json=body)

    is_other = create_.get("schema") == "public"
    assert answer.status_code == status, answer.text
    if status == 200:
        expected = "public.fresh" if is_other else "crm.fresh"
        assert answer.json()["data"]["target"]["object"] == expected


@pytest.mark.parametrize(
    ("create_", "code"),
    [({"name": "x", "color": "red"}, "invalid_creation"), ({"schema": "crm"}, "invalid_creation")],
)
async def test_invalid_properties_of_a_new_table_are_refused(
    stage: Stage, model: str, create_: dict[str, str], code: str
) -> None:
    target = {"connection_id": await stage.connection("postgresql"), "create": create_}

    answer = await stage.create(model, target=target, fields="nam>name")

    assert [each for each, _ in stage.codes(answer)] == ["unknown_source_field", code]


async def test_an_application_does_not_support_new_targets(stage: Stage, model: str) -> None:
    target = {"connection_id": await stage.connection("gong"), "create": {"name": "x"}}

    answer = await stage.create(model, target=target)

    assert stage.codes(answer) == [("unsupported_creation", "target.create")]


async def test_a_new_table_without_a_schema_is_created_in_the_default_one(stage: Stage, model: str) -> None:
    connection = await stage.connection("mysql")
    names = []

    for name in ("shop.first", "second", "other.third"):
        target = {"connection_id": connection, "create": {"name": name}}
        names.append((await stage.sync(model, "", target=target, **stage.MAPPED))["target"]["object"])

    assert names == ["shop.first", "company.second", "other.third"]


async def test_a_new_field_becomes_a_column_if_the_target_supports_it(stage: Stage, model: str) -> None:
    stage.table("Guests", "Id Email", system="salesforce", kind="object", key="Id")
    source = {"model_id": model, "field": "age"}
    new = {"source": source, "target": "years", "new": True}
    name = {"source": {"model_id": model, "field": "name"}, "target": "name"}

    made = await stage.sync(model, "public.arrivals", fields=[name, new], identity="id>id")
    await stage.start(made)
    refused = await stage.create(model, "Guests", system="salesforce", fields=[new], identity="id>Email")

    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada", "age": None, "years": 36}]
    assert stage.codes(refused) == [("unknown_target_field", "fields[0].target")]


@pytest.mark.parametrize(
    ("type_", "columns"),
    [("user_audience", "email hashed_email first_name"), ("company_audience", "domain name industry")],
)
async def test_a_new_audience_gets_the_columns_of_its_type(
    http: Any, connect: Connect, type_: str, columns: str
) -> None:
    ads = await connect("linkedinads", oauth_refresh_token="token")
    properties = {"account": "1234567::urn:li:organization:987654", "name": "N", "type": type_}

    answer = await http.get(
        f"/api/connections/{ads['id']}/modelsync/target/fields",
        params={f"properties[{name}]": value for name, value in properties.items()},
    )

    assert [each["id"] for each in answer.json()["data"]["fields"]][:3] == columns.split()


async def test_a_new_audience_without_a_type_has_no_columns(http: Any, connect: Connect) -> None:
    ads = await connect("linkedinads", oauth_refresh_token="token")

    answer = await http.get(f"/api/connections/{ads['id']}/modelsync/target/fields?properties[name]=N")

    assert answer.status_code == 200
    assert answer.json()["data"]["fields"] == []


async def test_an_invalid_choice_is_refused_with_the_valid_ones(stage: Stage) -> None:
    create = {"name": "Payers", "account": "nobody", "type": "user_audience"}

    problem = plan_target(stage.workspace, "linkedinads", {}, create, Sources(stage.workspace.store))

    assert isinstance(problem, Problem)
    assert problem.path == "target.create.account"
    assert "1234567::urn:li:organization:987654" in problem.message


async def test_a_target_of_a_system_without_new_objects_cannot_be_built(stage: Stage) -> None:
    with pytest.raises(ValueError, match="gong does not support new target objects"):
        build_target(stage.workspace, "gong", {"name": "x"})


@pytest.mark.parametrize(
    ("create", "path", "reason"),
    [
        ({"name": " "}, "name", "A new target object needs a name."),
        (
            {"name": "a\0b"},
            "name",
            "A new target object cannot be named 'a\\x00b', which has a control character.",
        ),
        ({"name": "crm."}, "name", "A new target object cannot be named 'crm.', which has an empty part."),
        ({"name": "x", "schema": " "}, "schema", "A new schema needs a name."),
        (
            {"name": "x", "schema": "a\nb"},
            "schema",
            "A new schema cannot be named 'a\\nb', which has a control",
        ),
    ],
)
async def test_a_name_that_no_table_can_have_is_refused(
    stage: Stage, create: dict[str, str], path: str, reason: str
) -> None:
    problem = plan_target(stage.workspace, "postgresql", {}, create, Sources(stage.workspace.store))

    assert isinstance(problem, Problem)
    assert problem.path == f"target.create.{path}"
    assert problem.message.startswith(reason)


@pytest.mark.parametrize("name", [" ", "a\0b", "line\nbreak"])
async def test_a_name_that_no_field_can_have_is_refused(stage: Stage, model: str, name: str) -> None:
    new = [{"target": name, "override_value": "x", "new": True}]
    table = {"connection_id": await stage.connection("postgresql"), "create": {"name": "fresh"}}

    added = await stage.create(model, override_fields=new)
    created = await stage.create(model, target=table, override_fields=[{**new[0], "new": False}])

    assert (
        stage.codes(added) == stage.codes(created) == [("unknown_target_field", "override_fields[0].target")]
    )


async def test_a_field_that_a_new_target_will_not_have_is_refused(stage: Stage, model: str) -> None:
    target = {"connection_id": await stage.connection("postgresql"), "create": {"name": "fresh"}}
    filters = {"conditions": [{"field": "nope", "function": "IsNull"}]}

    answer = await stage.create(model, target=target, target_filters=filters)

    assert stage.codes(answer) == [("unknown_target_field", "target_filters.conditions[0].field")]


async def test_a_mapping_without_a_source_to_a_new_table_is_refused(stage: Stage, model: str) -> None:
    target = {"connection_id": await stage.connection("postgresql"), "create": {"schema": "crm", "name": "x"}}

    answer = await stage.create(model, target=target, fields=[{"target": "email"}])

    assert ("missing_source", "fields[0]") in stage.codes(answer)
