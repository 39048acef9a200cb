"""Names of connections stand beside their ids, for one request, and are a courtesy."""

import httpx

from tests.tools.conftest import ScriptedApi, Tools


async def test_a_list_and_an_object_name_the_connection_for_one_request(
    tools: Tools, company: ScriptedApi
) -> None:
    listed = await tools("list_models")
    model = await tools("get_model", model_id=company.MODEL)

    assert listed["items"][0]["connection_name"] == model["connection_name"] == "Warehouse"
    assert len(company.asked("GET /api/connections")) == 2


async def test_an_unknown_connection_has_no_name(tools: Tools, company: ScriptedApi) -> None:
    company.holds("models", {"id": "m", "name": "M", "connection_id": "gone", "fields": []})

    assert "connection_name" not in (await tools("list_models"))["items"][0]


async def test_names_that_cannot_be_read_are_left_out(tools: Tools, company: ScriptedApi) -> None:
    company["GET /api/connections"] = httpx.Response(403)

    (item,) = (await tools("list_models"))["items"]

    assert "connection_name" not in item
    assert item["connection_id"] == company.WAREHOUSE


async def test_without_a_connection_nothing_is_asked(tools: Tools, company: ScriptedApi) -> None:
    company.holds("models")

    await tools("list_models")

    assert company.asked("GET /api/connections") == []
