"""Models: created, previewed, and updated without losing a field."""

import copy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Connect, ScriptedApi, Tools

COLUMNS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)
POLICIES = st.lists(st.just("88888888-0000-0000-0000-000000000001"), max_size=1)
OTHER = "99999999-0000-0000-0000-000000000001"
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "identifier": st.sampled_from("ab"),
        "tracking_columns": COLUMNS,
        "labels": COLUMNS,
        "policies": POLICIES,
        "relations": st.lists(st.just({"from": "a", "to": {"model_id": OTHER, "field": "b"}}), max_size=1),
        "enricher": st.just({"connection_id": OTHER}),
        "name": st.sampled_from(["One", "Two"]),
    },
)


def hold(api: ScriptedApi, **parts: Any) -> dict[str, Any]:
    """Serve one model, and echo what is written to it, with fields as the API answers them."""
    fields = [{"id": "f1", "name": "a"}, {"id": "f2", "name": "b", "type": "string"}]
    model = {
        "id": api.MODEL,
        "name": "Plans",
        "connection_id": api.WAREHOUSE,
        "configuration": {"table": "t"},
    }
    api.holds("models", model | {"fields": fields} | parts)
    api.echoes(f"PUT /api/models/{api.MODEL}", id=api.MODEL, fields=fields)
    return model | {"fields": fields} | parts


def sent(api: ScriptedApi) -> Any:
    (body,) = api.bodies(f"PUT /api/models/{api.MODEL}")
    return body


async def test_a_model_is_created_on_a_connection_given_by_name(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/models", id="m", fields=[])
    relations = [{"from": "a", "to": {"model_id": company.MODEL, "field": "b"}}]
    enricher = {"connection_id": company.GONG, "configuration": {"connection_id": "its own"}}
    own = [{"name": "x", "label": "X", "type": "string"}]

    await tools(
        "create_model",
        name="M",
        connection_id="warehouse",
        configuration={"table": "t"},
        relations='[{"from": "a", "to": {"model_id": "plans", "field": "b"},}]',
        enricher=enricher | {"connection_id": "Gong"},
        additional_fields='[{"name": "x", "label": "X", "type": "string"}]',
        identifier="a",
    )

    body = {
        "enricher": enricher,
        "name": "M",
        "connection_id": company.WAREHOUSE,
        "configuration": {"table": "t"},
        "identifier": "a",
    }
    assert company.bodies("POST /api/models") == [body | {"relations": relations, "additional_fields": own}]


@settings(
    max_examples=settings().max_examples * 3 // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(stored=PARTS, change=PARTS)
async def test_an_update_sends_the_stored_object_with_the_change_applied(
    stored: dict[str, Any], change: dict[str, Any], tools: Tools, api: ScriptedApi
) -> None:
    before = copy.deepcopy(hold(api, **stored))
    api.requests.clear()

    updated = await tools("update_model", model_id=api.MODEL, **change)

    after = {key: value for key, value in before.items() if key != "id"} | {"fields": ["a", "b"]} | change
    assert sent(api) == after
    differing = {key for key in change if change[key] != before.get(key)}
    assert updated["changed"].keys() == differing


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (
            {"relations": [{"form": "a", "to": {"model_id": OTHER, "field": "b"}}]},
            "relations[0].form: unknown name. Did you mean 'from'? Valid values: from, to.",
        ),
        (
            {"relations": [{"from": "a", "to": {"model": OTHER, "field": "b"}}]},
            "relations[0].to.model: unknown name. Did you mean 'model_id'?",
        ),
        (
            {"relations": [{"source": "a", "to": {"model_id": OTHER, "field": "b"}}]},
            "relations[0].from: is missing.",
        ),
        (
            {"additional_fields": [{"name": "x", "lable": "X", "type": "string"}]},
            "additional_fields[0].lable: unknown name. Did you mean 'label'?",
        ),
        (
            {"enricher": {"conection_id": OTHER}},
            "enricher.conection_id: unknown name. Did you mean 'connection_id'?",
        ),
        (
            {"enricher": {"fields": [{"nam": "x"}]}},
            "enricher.fields[0].nam: unknown name. Did you mean 'name'?",
        ),
    ],
)
async def test_an_unknown_name_is_refused_at_every_depth(
    part: Any, problem: str, tools: Tools, company: ScriptedApi
) -> None:
    new = {"name": "M", "connection_id": "Warehouse", "configuration": {"table": "t"}}

    for tool, arguments in (("create_model", new), ("update_model", {"model_id": company.MODEL})):
        assert problem in await tools.refused(tool, **arguments, **part)

    assert company.requests == []


async def test_a_name_that_matches_nothing_is_refused_with_its_path(
    tools: Tools, company: ScriptedApi
) -> None:
    company.holds("models", {"id": company.MODEL, "name": "Plans"})
    wrong = {
        "relations": [{"from": "a", "to": {"model_id": "Plams", "field": "b"}}],
        "enricher": {"connection_id": "Gonk"},
    }

    new = await tools.refused(
        "create_model", name="PLANS", connection_id="Warehouse", configuration={"table": "t"}, **wrong
    )
    changed = await tools.refused("update_model", model_id="Plans", **wrong)

    for text in (new, changed):
        assert "relations[0].to.model_id: Unknown model 'Plams'. Did you mean 'Plans'?" in text
        assert "enricher.connection_id: Unknown connection 'Gonk'. Did you mean 'Gong'?" in text
    assert f"- name: A model with that name exists: 'Plans' ({company.MODEL})." in new
    assert company.written() == []


async def test_a_second_model_of_a_name_is_created_if_it_is_meant(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/models", id="m", fields=[])
    new = {"name": "plans", "connection_id": "Warehouse", "configuration": {"table": "t"}}

    await tools("create_model", **new, allow_duplicate_name=True)
    await tools("create_model", **new, idempotency_key="my-own-key")

    (_, second) = company.asked("POST /api/models")
    assert second.headers["idempotency-key"] == "my-own-key"
    assert company.asked("GET /api/models") == []


async def test_a_model_names_the_models_that_it_is_joined_to(tools: Tools, api: ScriptedApi) -> None:
    end = {"model_id": OTHER, "field": "b"}
    hold(api, relations=[{"from": "a", "to": end}, {"from": "c", "unknown": 1}])
    api["GET /api/models"] = {"data": [{"id": OTHER, "name": "Other"}]}

    named = await tools("get_model", model_id=api.MODEL)
    del api.answers["GET /api/models"]
    unnamed = await tools("get_model", model_id=api.MODEL)

    joined = {"from": "a", "to": end | {"model_name": "Other"}}
    assert named["relations"] == [joined, {"from": "c", "unknown": 1}]
    assert unnamed["relations"] == [{"from": "a", "to": end}, {"from": "c", "unknown": 1}]


async def test_parts_of_a_model_can_be_cleared(tools: Tools, api: ScriptedApi) -> None:
    parts = {"identifier": "a", "labels": ["x"], "policies": ["p"], "enricher": {"connection_id": OTHER}}
    hold(api, **parts, tracking_columns=["a"], relations=[{"from": "a", "unknown": 1}])

    await tools("update_model", model_id=api.MODEL, clear=[*parts, "fields", "tracking_columns"])

    assert sent(api) == {
        "name": "Plans",
        "connection_id": api.WAREHOUSE,
        "configuration": {"table": "t"},
        "relations": [{"from": "a", "unknown": 1}],
    }
    text = await tools.refused("update_model", model_id=api.MODEL, clear=["identifer"])
    assert "clear: 'identifer' cannot be reset. Did you mean 'identifier'?" in text


async def test_custom_fields_are_sent_back_as_custom_fields(tools: Tools, api: ScriptedApi) -> None:
    own = {"id": "f3", "name": "x", "label": "X", "type": "string", "user_added": True, "example": None}
    hold(api, fields=[{"id": "f1", "name": "a"}, own])

    await tools("update_model", model_id=api.MODEL, name="New")

    assert sent(api)["fields"] == ["a"]
    assert sent(api)["additional_fields"] == [{"name": "x", "label": "X", "type": "string"}]


async def test_labels_are_sent_back_by_name_though_the_api_answers_objects(
    tools: Tools, api: ScriptedApi
) -> None:
    hold(api, labels=[{"name": "north"}, "south"])

    await tools("update_model", model_id=api.MODEL, name="New")

    assert sent(api)["labels"] == ["north", "south"]


async def test_another_query_includes_all_its_columns_unless_some_are_given(
    tools: Tools, api: ScriptedApi
) -> None:
    hold(api)

    await tools("update_model", model_id=api.MODEL, configuration={"query": "SELECT 1"}, refresh=True)
    assert "fields" not in sent(api)
    assert sent(api)["refresh"] is True

    api.requests.clear()
    await tools("update_model", model_id=api.MODEL, configuration={"query": "SELECT 1"}, fields=["a"])
    assert sent(api)["fields"] == ["a"]


async def test_a_failing_query_is_refused_with_the_message_of_the_api(
    tools: Tools, company: ScriptedApi
) -> None:
    company["POST /api/models"] = httpx.Response(400, json={"message": "no column subscripton_plan"})

    text = await tools.refused(
        "create_model", name="M", connection_id="Warehouse", configuration={"query": "S"}
    )

    assert "no column subscripton_plan" in text


async def test_the_sandbox_keeps_what_an_update_omits(open_sandbox: Connect) -> None:
    configuration = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="W", type="snowflake", configuration=configuration)
        query = {"query": "SELECT contact_id, subscription_plan FROM salesforce_contacts"}
        made = await tools(
            "create_model",
            name="M",
            connection_id="W",
            configuration=query,
            identifier="contact_id",
            labels=["north"],
        )
        updated = await tools("update_model", model_id="m", name="M2")
        preview = await tools("preview_model", model_id="m2", limit=3)

    assert updated["changed"] == {"name": {"before": "M", "after": "M2"}}
    assert updated["fields"] == made["fields"]
    assert updated["identifier"] == "contact_id"
    assert updated["labels"] == made["labels"] == [{"name": "north"}]
    assert len(preview["rows"]) == 3
