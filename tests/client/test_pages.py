"""Pages are followed in each of the API's three ways, and always end."""

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.client.address import Address
from polytomic_mcp.client.paging import next_page
from polytomic_mcp.errors import ArgumentError, UnexpectedAnswerError

CONSOLE = "GET /api/syncs/{sync_id}/executions/{id}/consolelog"


def _page(*items: int, **rest: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": list(items), **rest})


def _token(token: Any) -> dict[str, Any]:
    return {"pagination": {"next_page_token": token}}


async def _read(api: Any, operation: str, **arguments: Any) -> list[Any]:
    return [page async for page in api.pages(operation, **arguments)]


async def test_a_token_is_sent_back_with_the_same_filters(script: Any) -> None:
    api, network = script(_page(1, **_token("a b/=")), _page(2, **_token("c")), _page(3, pagination={}))

    pages = await _read(api, "GET /api/syncs", active=True, limit=1)

    assert [page["data"] for page in pages] == [[1], [2], [3]]
    assert [dict(request.url.params) for request in network.requests] == [
        {"active": "true", "limit": "1"},
        {"active": "true", "limit": "1", "page_token": "a b/="},
        {"active": "true", "limit": "1", "page_token": "c"},
    ]


@pytest.mark.parametrize("operation", ["GET /api/models", "GET /api/bulk/syncs", "GET /api/events"])
async def test_a_listing_whose_paging_is_only_documented_is_paged(script: Any, operation: str) -> None:
    api, network = script(_page(1, **_token("t")), _page(2))

    assert len(await _read(api, operation)) == 2
    assert network.requests[1].url.params["page_token"] == "t"


@pytest.mark.parametrize(
    "last", [{}, _token(None), _token(""), {"pagination": None}, {"links": {"next": ""}}]
)
async def test_a_page_without_a_next_page_is_the_last(script: Any, last: dict[str, Any]) -> None:
    api, network = script(_page(1, **last))

    assert len(await _read(api, "GET /api/syncs")) == 1
    assert len(network.requests) == 1


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "", '{"data": [], "links": []}'])
async def test_a_body_of_another_shape_is_a_single_page(script: Any, body: str) -> None:
    api, _ = script(httpx.Response(200, text=body))

    assert len(await _read(api, "GET /api/syncs")) == 1


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ({"pagination": "more"}, "pagination"),
        ({"pagination": [1]}, "pagination"),
        (_token({"a": 1}), "next_page_token"),
        (_token([1]), "next_page_token"),
        ({"pagination": {"next_page_token": True}}, "next_page_token"),
        ({"data": {"next_cursor": ["c"]}}, "next_cursor"),
        ({"links": "next"}, "links"),
        ({"links": {"next": {"href": "x"}}}, "next"),
    ],
)
async def test_what_is_in_the_place_of_a_token_is_not_taken_for_the_end(
    script: Any, odd: dict[str, Any], named: str
) -> None:
    api, _ = script(httpx.Response(200, json={"data": []} | odd))

    with pytest.raises(
        UnexpectedAnswerError, match=f"GET /api/syncs answered a page whose {named} cannot be read"
    ):
        await _read(api, "GET /api/syncs")


async def test_a_token_may_be_a_number(script: Any) -> None:
    api, network = script(_page(1, **_token(5)), _page(2))

    assert len(await _read(api, "GET /api/syncs")) == 2
    assert network.requests[1].url.params["page_token"] == "5"


async def test_a_token_that_repeats_ends_the_pages(script: Any) -> None:
    api, network = script(_page(1, **_token("a")), _page(2, **_token("b")), _page(3, **_token("a")))

    assert len(await _read(api, "GET /api/syncs")) == 3
    assert len(network.requests) == 3


async def test_a_token_that_the_caller_gave_is_not_requested_again(script: Any) -> None:
    api, network = script(_page(1, **_token("a")))

    await _read(api, "GET /api/syncs", page_token="a")

    assert len(network.requests) == 1


async def test_a_cursor_is_sent_back_as_after(script: Any) -> None:
    first = httpx.Response(200, json={"data": {"entries": [1], "next_cursor": "c1"}})
    api, network = script(first, httpx.Response(200, json={"data": {"entries": []}}))

    assert len(await _read(api, CONSOLE, sync_id="s", id="e", limit=50)) == 2
    assert dict(network.requests[1].url.params) == {"limit": "50", "after": "c1"}


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        ("/api/queries/q?page=2", "https://h.example.com/p/api/queries/q?page=2"),
        ("/p/api/queries/q?page=2", "https://h.example.com/p/api/queries/q?page=2"),
        ("?page=2", "https://h.example.com/p/api/queries/q?page=2"),
        ("https://h.example.com/p/api/queries/q?page=2", "https://h.example.com/p/api/queries/q?page=2"),
        ("https://h.example.com:443/api/queries/q?page=2", "https://h.example.com/p/api/queries/q?page=2"),
    ],
)
async def test_a_link_is_followed_as_it_is_under_the_base_url(script: Any, link: str, followed: str) -> None:
    api, network = script(_page(1, links={"next": link}), _page(2), base_url="h.example.com/p/")

    assert len(await _read(api, "GET /api/queries/{id}", id="q")) == 2
    assert str(network.requests[1].url) == followed


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/api/queries/q",
        "//evil.example.com/api/queries/q",
        "http://app.polytomic.com/api/queries/q",
        "https://app.polytomic.com:444/api/queries/q",
        "https://me:pw@app.polytomic.com/api/queries/q",
        "/admin",
        "/api/../admin",
        "javascript:alert(1)",
    ],
)
async def test_a_link_that_leads_outside_the_api_is_not_followed(script: Any, link: str) -> None:
    api, network = script(_page(1, links={"next": link}))

    with pytest.raises(
        UnexpectedAnswerError, match=r"not to the API at https://app.polytomic.com, and was not followed"
    ):
        await _read(api, "GET /api/queries/{id}", id="q")

    assert len(network.requests) == 1


@pytest.mark.parametrize("body", [{"links": {"next": "https://h:port"}}, _token("x" * 70_000)])
async def test_a_next_page_that_is_not_a_valid_url_is_refused(script: Any, body: dict[str, Any]) -> None:
    api, _ = script(_page(1, **body))

    with pytest.raises(UnexpectedAnswerError, match="not a valid URL"):
        await _read(api, "GET /api/queries/{id}", id="q")


async def test_an_endless_listing_is_an_error(script: Any) -> None:
    api, network = script(*(_page(number, **_token(number)) for number in range(1, 9)), most_pages=5)

    with pytest.raises(UnexpectedAnswerError, match="did not end after 5 pages"):
        await _read(api, "GET /api/syncs")

    assert len(network.requests) == 5


async def test_an_operation_that_is_not_a_listing_has_no_pages(script: Any) -> None:
    api, network = script()

    with pytest.raises(ArgumentError, match="Use call"):
        await _read(api, "POST /api/syncs/{id}/cancel", id="s")

    assert network.requests == []


@given(link=st.text() | st.from_regex(r"(https?:)?//[a-z@:.\[\]%/\\]*"))
def test_every_link_that_is_followed_leads_to_the_api(link: str) -> None:
    address = Address.parse("https://app.polytomic.com/p")
    here = address.url("/api/queries/q")
    try:
        url = next_page("GET /api/queries/{id}", {"links": {"next": link}}, here, address)
    except UnexpectedAnswerError:
        url = None

    assert url is None or str(url).startswith("https://app.polytomic.com/p/api/")
