"""Requests outside the API come from this machine, not from a site that a browser shows."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.testing.sandbox import PolytomicSandbox

PATHS = ("/sandbox/clock", "/sandbox/consent/token")


@pytest.fixture
def app() -> Any:
    app = create_sandbox(key="k")
    yield app
    app.state.workspace.close()


@pytest.fixture
async def http(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers={"Authorization": "Bearer k"}
    ) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    ["localhost:9000", "127.0.0.1", "[::1]:9000", "192.168.1.7:80", "sandbox", "testserver", "a.localhost"],
)
async def test_a_name_that_no_site_can_have_is_taken(http: httpx.AsyncClient, path: str, host: str) -> None:
    assert (await http.get(path, headers={"Host": host})).status_code in (200, 404)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:9000", "127.0.0.1.evil.example", "[x"]
)
async def test_a_name_that_a_site_can_have_is_refused(http: httpx.AsyncClient, path: str, host: str) -> None:
    refused = await http.get(path, headers={"Host": host})

    assert refused.status_code == 421
    assert "start it with --host and this name" in refused.json()["message"]


async def test_the_host_that_it_was_told_to_serve_is_taken(app: Any, http: httpx.AsyncClient) -> None:
    app.state.host = "Box.example"

    assert (await http.get("/sandbox/clock", headers={"Host": "box.example:9000"})).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://203.0.113.5"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://["},
        {"Origin": ""},
    ],
)
async def test_a_form_of_another_site_is_refused(
    http: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    refused = await http.post(path, headers=headers)

    assert refused.status_code == 403
    assert "A page of another site sent this request" in refused.json()["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://sandbox"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "http://LOCALHOST:1"},
    ],
)
async def test_the_sandboxs_own_pages_and_this_machine_are_taken(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await http.post("/sandbox/clock", json={}, headers=headers)).status_code == 200


async def test_the_api_itself_asks_for_a_key_and_not_for_a_name(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/me", headers={"Host": "polytomic.internal.example"})).status_code == 200


@pytest.mark.parametrize("base_url", ["http://testserver", "https://app.polytomic.com"])
async def test_in_process_any_base_url_is_its_own(app: Any, base_url: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url) as http:
        own = await http.post("/sandbox/clock", json={}, headers={"Origin": base_url})
        other = await http.get("/sandbox/clock", headers={"Host": "evil.example"})

    assert (own.status_code, other.status_code) == (200, 421)


async def test_a_browser_names_the_consent_page_as_the_origin_of_its_form(http: httpx.AsyncClient) -> None:
    # With no-referrer, the Fetch standard makes the origin null.
    assert (await http.get("/sandbox/consent/token")).headers["Referrer-Policy"] == "same-origin"


def test_over_http_a_name_that_leads_here_is_refused() -> None:
    with PolytomicSandbox() as sandbox:
        answers = [
            httpx.get(f"{sandbox.url}/sandbox/clock", headers={"Host": host}, trust_env=False)
            for host in ("evil.example", "localhost", "127.0.0.1:1")
        ]

    assert [answer.status_code for answer in answers] == [421, 200, 200]
