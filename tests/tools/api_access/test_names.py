"""Names in place of ids, wherever an id is expected."""

import json
from typing import Any

import pytest

from tests.tools.conftest import ScriptedApi, Tools

# Each tool with an argument that names an object, and that argument.
BY_NAME = [
    ("get_connection", "connection_id", "connection", "WAREHOUSE"),
    ("get_model", "model_id", "model", "MODEL"),
    ("get_sync", "sync_id", "sync", "SYNC"),
]
NAMES = {"connection": "Warehouse", "model": "Plans", "sync": "Plans to Gong"}
ELSEWHERE = [
    ("test_connection", {}, "connection_id", "connection"),
    ("update_connection", {}, "connection_id", "connection"),
    ("delete_connection", {}, "connection_id", "connection"),
    ("list_models", {}, "connection_id", "connection"),
    ("preview_model", {"configuration": {}}, "connection_id", "connection"),
    ("preview_model", {}, "model_id", "model"),
    ("create_model", {"name": "n", "configuration": {}}, "connection_id", "connection"),
    ("update_model", {}, "model_id", "model"),
    ("delete_model", {}, "model_id", "model"),
    ("list_target_objects", {}, "connection_id", "connection"),
    ("list_target_fields", {"target": "x"}, "connection_id", "connection"),
    ("list_syncs", {}, "target_connection_id", "connection"),
    ("update_sync", {}, "sync_id", "sync"),
    ("start_sync", {}, "sync_id", "sync"),
    ("get_sync_execution", {}, "sync_id", "sync"),
    ("cancel_sync", {}, "sync_id", "sync"),
    ("delete_sync", {}, "sync_id", "sync"),
]
NOBODY = "99999999-0000-0000-0000-000000000009"


@pytest.mark.parametrize(("tool", "argument", "kind", "id_"), BY_NAME)
async def test_an_object_is_found_by_id_by_name_and_in_any_case(
    tool: str, argument: str, kind: str, id_: str, tools: Tools, company: ScriptedApi
) -> None:
    wanted = getattr(company, id_)

    found = [
        (await tools(tool, **{argument: reference}))["id"]
        for reference in (wanted, NAMES[kind], NAMES[kind].upper(), NAMES[kind].lower())
    ]

    assert found == [wanted] * 4


async def test_an_id_is_asked_for_at_once_and_no_list_is_read(tools: Tools, company: ScriptedApi) -> None:
    await tools("get_connection", connection_id=company.GONG)

    assert [request.url.path for request in company.requests] == [f"/api/connections/{company.GONG}"]


@pytest.mark.parametrize("reference", ["Plams", NOBODY])
@pytest.mark.parametrize(("tool", "others", "argument", "kind"), ELSEWHERE)
async def test_an_unknown_reference_is_answered_with_what_there_is(
    tool: str, others: Any, argument: str, kind: str, reference: str, tools: Tools, company: ScriptedApi
) -> None:
    text = await tools.refused(tool, **others, **{argument: reference})

    assert f"Unknown {kind} '{reference}'" in text
    assert f"'{NAMES[kind]}' (" in text
    assert f"list_{kind}s shows all" in text
    assert company.written() == []


@pytest.mark.usefixtures("company")
async def test_a_near_name_is_suggested(tools: Tools) -> None:
    assert "Did you mean 'Warehouse'?" in await tools.refused("get_connection", connection_id="warehose")


@pytest.mark.parametrize(("tool", "others", "argument", "kind"), ELSEWHERE)
async def test_a_name_that_several_bear_is_refused_with_their_ids(
    tool: str, others: Any, argument: str, kind: str, tools: Tools, company: ScriptedApi
) -> None:
    twins = [{"id": f"{number}{NOBODY[1:]}", "name": name} for number, name in ((1, "Twin"), (2, "TWIN"))]
    company.holds(f"{kind}s", *twins)

    text = await tools.refused(tool, **others, **{argument: "twin"})

    assert f"2 {kind}s are named 'twin'. Send the id of one of them" in text
    assert all(twin["id"] in text for twin in twins)
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert (step["tool"], step["arguments"]) == (f"list_{kind}s", {"query": "twin"})
    assert company.written() == []


@pytest.mark.parametrize("type_", ["gong", {"id": "gong", "name": "Gong Engage"}])
async def test_candidates_of_one_name_are_told_apart(type_: Any, tools: Tools, company: ScriptedApi) -> None:
    company.holds(
        "connections",
        {"id": "c1", "name": "Twin", "type": type_},
        {"id": "c2", "name": "Twin", "type": type_, "created_at": "2026-01-02T03:04:05Z"},
        {"id": "c3", "name": "Twin"},
    )

    text = await tools.refused("get_connection", connection_id="Twin")

    assert "'Twin' (c1, gong), 'Twin' (c2, gong, created 2026-01-02T03:04:05Z), 'Twin' (c3)." in text


async def test_with_nothing_there_the_refusal_says_so(tools: Tools, api: ScriptedApi) -> None:
    api.holds("models")

    assert "There are no models yet" in await tools.refused("get_model", model_id="Plans")


async def test_a_long_list_of_candidates_is_cut(tools: Tools, api: ScriptedApi) -> None:
    api.holds("models", *({"id": f"m{number}", "name": f"Model {number}"} for number in range(30)))

    text = await tools.refused("get_model", model_id="x")

    assert "'Model 7' (m7) and 22 more" in text


async def test_an_object_without_a_name_is_found_by_its_id_alone(tools: Tools, api: ScriptedApi) -> None:
    api.holds("models", {"id": "m1", "name": None}, {"id": "m2", "name": "m1"}, {"id": "m3", "name": ""})

    assert (await tools("get_model", model_id="m1"))["id"] == "m1"
    assert "Unknown model" in await tools.refused("get_model", model_id="none")
    assert "The model is missing." in await tools.refused("get_model", model_id="")


@pytest.mark.parametrize("reference", ["my-gong-engage-flow", "Winter flow", "winter FLOW"])
async def test_a_target_object_is_found_by_its_id_or_its_label_in_any_case(
    reference: str, tools: Tools, company: ScriptedApi
) -> None:
    found = await tools("list_target_fields", connection_id="Gong", target=reference)

    assert found["id"] == company.FLOW


@pytest.mark.usefixtures("company")
async def test_a_target_id_in_another_case_is_suggested(tools: Tools) -> None:
    text = await tools.refused("list_target_fields", connection_id="Gong", target="My-Gong-Engage-Flow")

    assert "Did you mean 'my-gong-engage-flow'?" in text
    assert "Did you mean 'my-gong-engage-flow'? Target objects: 'Winter flow' (my-gong-engage-flow)." in text


async def test_a_target_label_that_several_bear_is_refused_with_their_ids(
    tools: Tools, company: ScriptedApi
) -> None:
    objects = [{"id": "a", "name": "Flow"}, {"id": "b", "name": "flow"}]
    company[f"GET /api/connections/{company.GONG}/modelsync/targetobjects"] = {"data": objects}

    text = await tools.refused("list_target_fields", connection_id="Gong", target="FLOW")

    assert "2 target objects are named 'FLOW'. Send the id of one: 'Flow' (a), 'flow' (b)." in text


@pytest.mark.usefixtures("company")
async def test_an_endless_reference_is_cut_in_the_refusal(tools: Tools) -> None:
    text = await tools.refused("get_connection", connection_id="x" * 5_000_000)

    assert len(text) < 500
    assert "list_connections shows all" in text


async def test_an_id_is_taken_in_any_case_and_sent_as_the_api_writes_it(
    tools: Tools, company: ScriptedApi
) -> None:
    id_ = "aaaaaaaa-0000-4000-8000-00000000000b"
    company[f"GET /api/models/{id_}"] = {"data": {"id": id_, "name": "Letters"}}
    related = [{"from": "plan", "to": {"model_id": id_.upper(), "field": "plan"}}]
    query = {"query": "SELECT 1"}

    assert (await tools("get_model", model_id=id_.upper()))["id"] == id_
    await tools("create_model", name="M", connection_id="Warehouse", configuration=query, relations=related)

    (body,) = company.bodies("POST /api/models")
    assert body["relations"] == [{"from": "plan", "to": {"model_id": id_, "field": "plan"}}]
    assert f"is a model, not a sync: 'Letters' ({id_})" in await tools.refused(
        "get_sync", sync_id=id_.upper()
    )


async def test_two_unknown_names_of_a_kind_lead_to_one_next_step(tools: Tools, api: ScriptedApi) -> None:
    api.holds("permissions/roles", {"id": "r", "name": "Admin"})

    text = await tools.refused("invite_user", email="x@acme.example", roles=["Adm", "Mem"])

    assert "roles[0]: Unknown role 'Adm'" in text
    assert "roles[1]: Unknown role 'Mem'" in text
    assert text.count('"tool":"list_roles"') == 1


async def test_a_name_that_is_not_there_is_called_missing(tools: Tools, company: ScriptedApi) -> None:
    text = await tools.refused("get_model", model_id="")

    assert text.startswith(f"The model is missing. Valid values: 'Plans' ({company.MODEL}).")
