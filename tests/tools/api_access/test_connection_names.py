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


async def test_a_list_can_be_searched_by_the_name_of_a_connection(tools: Tools, company: ScriptedApi) -> None:
    found = await tools("list_models", query="WAREHOUSE")
    none = await tools("list_models", query="gong")

    assert [item["id"] for item in found["items"]] == [company.MODEL]
    assert none["items"] == []


async def test_names_take_no_room_from_rows_that_a_page_counts(tools: Tools, company: ScriptedApi) -> None:
    long = {"id": company.WAREHOUSE, "name": "Warehouse " * 8, "status": "healthy"}
    company.holds("connections", long)
    models = [{"id": f"m{number}", "name": "M", "connection_id": company.WAREHOUSE} for number in range(300)]
    company.holds("models", *models)

    seen: list[str] = []
    token: dict[str, str] | None = {}
    while token is not None:
        page = await tools("list_models", limit=1000, **token)
        seen += [item["id"] for item in page["items"]]
        token = {"page_token": page["next_page_token"]} if "next_page_token" in page else None

    assert seen == [model["id"] for model in models]
