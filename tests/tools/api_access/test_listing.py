"""Lists: short rows, filters, and a token that goes on exactly where the page ended."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import ScriptedApi, Tools


def serve_pages(api: ScriptedApi, sizes: list[int]) -> list[str]:
    """Serve syncs in pages of those sizes; return their ids in order."""
    pages, ids = [], []
    for number, size in enumerate(sizes):
        ids += (page := [f"s{number}-{index}" for index in range(size)])
        more = {"pagination": {"next_page_token": str(number + 1)}} if number + 1 < len(sizes) else {}
        pages.append({"data": [{"id": id_, "name": id_} for id_ in page]} | more)
    api["GET /api/syncs"] = lambda request: pages[int(request.url.params.get("page_token", 0))]
    return ids


async def walk(tools: Tools, tool: str, **arguments: Any) -> list[list[str]]:
    """Return the ids of each page until there is none; a list that never ends fails."""
    pages, token = [], {}
    for _ in range(100):
        answer = await tools(tool, **arguments, **token)
        pages.append([item["id"] for item in answer["items"]])
        if "next_page_token" not in answer:
            return pages
        token = {"page_token": answer["next_page_token"]}
    pytest.fail("the list does not end")


@settings(
    max_examples=settings().max_examples * 3 // 10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=5), limit=st.integers(1, 7))
async def test_walking_through_a_list_loses_and_repeats_nothing(
    sizes: list[int], limit: int, tools: Tools, api: ScriptedApi
) -> None:
    ids = serve_pages(api, sizes)

    pages = await walk(tools, "list_syncs", limit=limit)

    assert [id_ for page in pages for id_ in page] == ids
    assert all(len(page) == limit for page in pages[:-1])


async def test_a_query_holds_over_page_ends(tools: Tools, api: ScriptedApi) -> None:
    serve_pages(api, [3, 3, 3])

    pages = await walk(tools, "list_syncs", query="-2", limit=2)

    assert pages == [["s0-2", "s1-2"], ["s2-2"]]


async def test_filters_go_to_the_api_and_the_connection_by_its_id(tools: Tools, company: ScriptedApi) -> None:
    await tools("list_syncs", active=False, mode="update", target_connection_id="gong")

    (request,) = company.asked("GET /api/syncs")
    expected = {"active": "false", "mode": "update", "target_connection_id": company.GONG}
    assert dict(request.url.params) == expected


async def test_a_sync_is_shown_alike_whichever_version_lists_it(tools: Tools, company: ScriptedApi) -> None:
    older = {"id": "a", "target": {"connection_id": company.GONG, "object": "flow"}}
    newer = {"id": "b", "target_connection_id": company.GONG, "target_object": "flow"}
    company["GET /api/syncs"] = {"data": [older, newer]}

    items = (await tools("list_syncs"))["items"]

    target = {"target_connection_id": company.GONG, "target_object": "flow"}
    target |= {"target_connection_name": "Gong"}
    assert items == [{"id": "a", **target}, {"id": "b", **target}]


async def test_models_can_be_listed_over_one_connection(tools: Tools, company: ScriptedApi) -> None:
    other = {"id": "m2", "name": "Other", "connection_id": company.GONG}
    company.holds("models", other)

    assert (await tools("list_models", connection_id="Warehouse"))["items"] == []
    assert [item["id"] for item in (await tools("list_models", connection_id="Gong"))["items"]] == ["m2"]


async def test_connections_can_be_listed_by_type_and_by_text(tools: Tools, company: ScriptedApi) -> None:
    row = {"id": company.GONG, "name": "Gong", "type": "gong", "status": "healthy"}

    assert (await tools("list_connections", type="gong"))["items"] == [row]
    assert (await tools("list_connections", query="ON"))["items"] == [row]
    assert (await tools("list_connections", query="ON", type="snowflake"))["items"] == []


async def test_connection_types_are_paged_too(tools: Tools, api: ScriptedApi) -> None:
    types = [{"id": f"t{number}", "capabilities": {"source": number % 2 == 0}} for number in range(5)]
    api["GET /api/connection_types"] = {"data": types}

    assert await walk(tools, "list_connection_types", limit=2) == [["t0", "t1"], ["t2", "t3"], ["t4"]]
    assert await walk(tools, "list_connection_types", role="source", limit=3) == [["t0", "t2", "t4"]]


@pytest.mark.parametrize("token", ["x", "-1:", "1", "٣:", "9" * 5000 + ":", ":", "1.5:"])
@pytest.mark.usefixtures("company")
async def test_an_invalid_page_token_is_refused(token: str, tools: Tools) -> None:
    text = await tools.refused("list_connections", page_token=token)

    assert "omit it to start over" in text


async def test_a_page_token_the_api_does_not_know_is_the_apis_to_refuse(
    tools: Tools, api: ScriptedApi
) -> None:
    serve_pages(api, [3, 3])
    token = (await tools("list_syncs", limit=4))["next_page_token"]
    api["GET /api/syncs"] = httpx.Response(400, json={"message": "bad page_token"})

    assert "bad page_token" in await tools.refused("list_syncs", page_token=token)


@pytest.mark.parametrize(
    "other",
    [{"query": "s1"}, {"active": True}, {"target_connection_id": "gong"}, {"query": "s0", "mode": "update"}],
)
async def test_a_page_token_with_other_arguments_is_refused_before_anything_is_read(
    other: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    serve_pages(company, [3])
    token = (await tools("list_syncs", query="s0", limit=1))["next_page_token"]
    company.requests.clear()

    text = await tools.refused("list_syncs", page_token=token, **other)

    assert text == (
        "list_syncs: Invalid page_token. Send the next_page_token of a page with the same arguments as that "
        "page, or omit it to start over."
    )
    assert company.requests == []


async def test_the_page_token_of_another_tool_is_refused(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, [3])
    token = (await tools("list_syncs", limit=1))["next_page_token"]

    assert "Invalid page_token" in await tools.refused("list_models", page_token=token)


async def test_a_page_may_have_another_length_other_fields_and_defaults_spelled_out(
    tools: Tools, company: ScriptedApi
) -> None:
    ids = serve_pages(company, [5])
    token = (await tools("list_syncs", limit=1))["next_page_token"]

    page = await tools("list_syncs", limit=2, fields=["name"], query=None, page_token=token)

    assert [item["id"] for item in page["items"]] == ids[1:3]
