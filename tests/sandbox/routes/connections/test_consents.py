"""OAuth: a connection waits until a person consents on the sandbox's page."""

from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock

GONG = {"name": "Gong <b>&", "type": "gong", "configuration": {"auth_method": "oauth"}}


async def start(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await http.post("/api/connections", json={**GONG, **more})
    connection: dict[str, Any] = answer.json()["data"]
    return connection


async def decide(http: httpx.AsyncClient, connection: dict[str, Any], **fields: str) -> httpx.Response:
    return await http.post(connection["auth_url"], data=fields, headers={"Authorization": ""})


async def fetch(http: httpx.AsyncClient, connection: dict[str, Any]) -> dict[str, Any]:
    fetched: dict[str, Any] = (await http.get(f"/api/connections/{connection['id']}")).json()["data"]
    return fetched


class Tags(HTMLParser):
    """Collects the tags of a page, as a browser sees it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


async def test_an_oauth_connection_starts_unsaved_and_unhealthy(http: httpx.AsyncClient) -> None:
    connection = await start(http)

    assert connection["auth_url"].startswith("http://sandbox/sandbox/consent/")
    assert (connection["saved"], connection["status"]) == (False, "unhealthy")
    assert "auth_url" in connection["status_error"]
    assert "auth_url" not in await fetch(http, connection)


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [
        ("hubspot", {}),
        ("salesforce", {"domain": "https://acme.my.salesforce.com"}),
        ("salesforce", {"domain": "d", "connect_mode": "browser", "client_id": "c", "client_secret": "s"}),
        ("gsheets", {}),
        ("airtable", {"client_id": "c", "client_secret": "s"}),
        ("googleworkspace", {}),
    ],
)
async def test_these_configurations_need_consent(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any]
) -> None:
    connection = await start(http, type=type_, configuration=configuration)

    assert "auth_url" in connection


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [
        ("hubspot", {"oauth_refresh_token": "r"}),
        ("gong", {"auth_method": "token", "access_key": "a", "access_secret": "s"}),
        ("airtable", {"api_key": "k"}),
        (
            "salesforce",
            {"domain": "d", "connect_mode": "clientcredentials", "client_id": "c", "client_secret": "s"},
        ),
    ],
)
async def test_these_configurations_have_their_own_credentials(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any]
) -> None:
    connection = await start(http, type=type_, configuration=configuration)

    assert "auth_url" not in connection
    assert (connection["saved"], connection["status"]) == (True, "healthy")


async def test_app_credentials_are_required_without_consent(http: httpx.AsyncClient) -> None:
    configuration = {"domain": "d", "connect_mode": "clientcredentials"}

    answer = await http.post(
        "/api/connections", json={**GONG, "type": "salesforce", "configuration": configuration}
    )

    assert answer.status_code == 422
    assert "configuration.client_id is missing" in answer.json()["message"]


async def test_the_consent_url_has_the_host_of_the_request(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/connections", json=GONG, headers={"Host": "127.0.0.1:8123"})

    assert answer.json()["data"]["auth_url"].startswith("http://127.0.0.1:8123/sandbox/consent/")


async def test_the_consent_page_is_valid_html(http: httpx.AsyncClient) -> None:
    connection = await start(http)

    page = await http.get(connection["auth_url"], headers={"Authorization": ""})

    tags = Tags(page.text).tags
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Gong &lt;b&gt;&amp;" in page.text
    assert "<b>" not in page.text
    assert {tag for tag, _ in tags} >= {"h1", "main", "title", "form"}
    assert any(attributes.get("name") == "viewport" for _, attributes in tags)
    assert [attributes["value"] for tag, attributes in tags if tag == "button"] == ["allow", "deny"]
    assert not any({"src", "href"} & attributes.keys() for _, attributes in tags)


async def test_allowing_makes_the_connection_healthy_and_saved(http: httpx.AsyncClient) -> None:
    connection = await start(http)

    page = await decide(http, connection, decision="allow")

    settled = await fetch(http, connection)
    assert page.status_code == 200
    assert "<h1>Connected</h1>" in page.text
    assert (settled["status"], settled["status_error"], settled["saved"]) == ("healthy", None, True)


async def test_allowing_redirects_to_the_callers_redirect_url(http: httpx.AsyncClient) -> None:
    connection = await start(http, redirect_url="https://acme.example/back?a=1&b=2")

    answer = await decide(http, connection, decision="allow")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "https://acme.example/back?a=1&b=2"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "acme.example", "file:///etc/passwd", "http://[", "https://"]
)
async def test_a_redirect_url_must_be_a_web_address(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.post("/api/connections", json={**GONG, "redirect_url": address})

    assert answer.status_code == 422
    assert "redirect_url must be an http or https address" in answer.json()["message"]


async def test_denying_leaves_the_connection_unhealthy_with_the_reason(http: httpx.AsyncClient) -> None:
    connection = await start(http, redirect_url="https://acme.example")

    page = await decide(http, connection, decision="deny")

    settled = await fetch(http, connection)
    assert "<h1>Access denied</h1>" in page.text
    assert (settled["status"], settled["saved"]) == ("unhealthy", False)
    assert "denied" in settled["status_error"]


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_consent_url_works_once(http: httpx.AsyncClient, decision: str) -> None:
    connection = await start(http)
    await decide(http, connection, decision=decision)

    shown = await http.get(connection["auth_url"])
    again = await decide(http, connection, decision="allow")

    assert (shown.status_code, again.status_code) == (404, 404)
    assert "reconnect" in shown.text


async def test_an_unknown_consent_url_is_not_found(http: httpx.AsyncClient) -> None:
    page = await http.get("/sandbox/consent/guessed")

    assert page.status_code == 404


async def test_a_form_without_a_decision_asks_again(http: httpx.AsyncClient) -> None:
    connection = await start(http)

    page = await decide(http, connection)

    assert page.status_code == 422
    assert "Choose Allow or Deny." in page.text
    assert (await fetch(http, connection))["status"] == "unhealthy"


async def test_a_form_that_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    connection = await start(http)

    page = await decide(http, connection, decision="x" * 5000)

    assert page.status_code == 413


async def test_the_code_mode_needs_the_code(http: httpx.AsyncClient) -> None:
    configuration = {"domain": "https://acme.my.salesforce.com", "connect_mode": "code"}
    connection = await start(http, type="salesforce", configuration=configuration)

    shown = await http.get(connection["auth_url"])
    refused = await decide(http, connection, decision="allow", code="WRONG")
    waiting = await fetch(http, connection)
    await decide(http, connection, decision="allow", code=f" {connection['auth_code'].lower()} ")

    assert connection["auth_code"] not in shown.text
    assert 'name="code"' in shown.text
    assert refused.status_code == 422
    assert waiting["status"] == "unhealthy"
    assert (await fetch(http, connection))["status"] == "healthy"


async def test_reconnecting_creates_a_new_consent_url_and_invalidates_the_old_one(
    http: httpx.AsyncClient,
) -> None:
    connection = await start(http)
    path = f"/api/connections/{connection['id']}"
    body = {"name": "Gong", "configuration": {"auth_method": "oauth"}}

    again = (await http.put(path, json={**body, "reconnect": True})).json()["data"]
    old = await http.get(connection["auth_url"])
    await decide(http, again, decision="allow")
    renamed = (await http.put(path, json=body)).json()["data"]
    reconnected = (await http.put(path, json={**body, "reconnect": True})).json()["data"]

    assert again["auth_url"] != connection["auth_url"]
    assert old.status_code == 404
    assert (renamed["status"], "auth_url" in renamed) == ("healthy", False)
    assert (reconnected["status"], "auth_url" in reconnected) == ("unhealthy", True)


async def test_a_rename_keeps_the_link_that_a_person_holds(http: httpx.AsyncClient) -> None:
    connection = await start(http)
    body = {"name": "Calls", "configuration": GONG["configuration"]}

    renamed = (await http.put(f"/api/connections/{connection['id']}", json=body)).json()["data"]
    await decide(http, connection, decision="allow")

    assert "auth_url" not in renamed
    assert (renamed["name"], renamed["status"]) == ("Calls", "unhealthy")
    assert (await fetch(http, connection))["status"] == "healthy"


async def test_another_configuration_needs_another_link(http: httpx.AsyncClient) -> None:
    domains = [{"domain": f"https://{name}.my.salesforce.com"} for name in ("acme", "globex")]
    connection = await start(http, type="salesforce", configuration=domains[0])
    body = {"name": "CRM", "configuration": domains[1]}

    moved = (await http.put(f"/api/connections/{connection['id']}", json=body)).json()["data"]

    assert (await http.get(connection["auth_url"])).status_code == 404
    assert (await http.get(moved["auth_url"])).status_code == 200


async def test_a_link_expires_after_a_day(http: httpx.AsyncClient, clock: Clock) -> None:
    connection = await start(http)

    clock.advance(days=1, seconds=-1)
    assert (await http.get(connection["auth_url"])).status_code == 200
    assert "Waiting" in (await fetch(http, connection))["status_error"]
    clock.advance(seconds=1)
    assert (await http.get(connection["auth_url"])).status_code == 404
    assert "expired" in (await fetch(http, connection))["status_error"]

    body = {"name": "Gong", "configuration": GONG["configuration"]}
    renewed = (await http.put(f"/api/connections/{connection['id']}", json=body)).json()["data"]
    await decide(http, renewed, decision="allow")
    assert (await fetch(http, connection))["status"] == "healthy"


async def test_a_consented_connection_passes_its_test(http: httpx.AsyncClient) -> None:
    connection = await start(http)
    body = {"type": "gong", "configuration": {}, "connection_id": connection["id"]}
    before = await http.post("/api/connections/test", json=body)
    await decide(http, connection, decision="allow")

    after = await http.post("/api/connections/test", json=body)

    assert (before.status_code, after.status_code) == (400, 200)


async def test_tokens_sent_later_make_the_connection_healthy(http: httpx.AsyncClient) -> None:
    connection = await start(http)
    configuration = {"auth_method": "token", "access_key": "a", "access_secret": "s"}

    answer = await http.put(
        f"/api/connections/{connection['id']}", json={"name": "Gong", "configuration": configuration}
    )
    page = await http.get(connection["auth_url"])

    assert answer.json()["data"]["status"] == "healthy"
    assert page.status_code == 404


async def test_deleting_a_connection_invalidates_its_consent_url(http: httpx.AsyncClient) -> None:
    kept, deleted = await start(http), await start(http)

    await http.delete(f"/api/connections/{deleted['id']}")

    assert (await http.get(deleted["auth_url"])).status_code == 404
    assert (await http.get(kept["auth_url"])).status_code == 200


async def test_the_token_of_a_consent_is_stored_as_its_digest(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    body = {
        "name": "CRM",
        "type": "salesforce",
        "configuration": {"domain": "https://acme.my.salesforce.com"},
    }
    made = (await http.post("/api/connections", json=body)).json()["data"]
    token = made["auth_url"].rpartition("/")[2]

    kept = "\n".join(sandbox.state.workspace.store.connection.iterdump())

    assert made["id"] in kept
    assert token not in kept
