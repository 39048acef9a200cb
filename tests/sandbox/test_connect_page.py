"""The page of a connect session, as a browser drives it: forms, no script, no key."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import connect_forms
from polytomic_mcp.sandbox.configuration import required_fields
from polytomic_mcp.sandbox.connection_types import load_connection_types
from polytomic_mcp.sandbox.upstream import needs_consent

BACK = "https://acme.example/back?a=1"
POSTGRESQL = {
    "configuration.hostname": "db.acme.example",
    "configuration.username": "ada",
    "configuration.password": "pw",
    "configuration.database": "app",
    "configuration.port": "5432",
}


class Page(HTMLParser):
    """What a browser makes of a page: its inputs by name, its links, and who describes what."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.inputs = {
            str(attributes["name"]): attributes
            for tag, attributes in self.tags
            if tag in {"input", "select", "textarea"}
        }
        self.links = [str(attributes["href"]) for tag, attributes in self.tags if tag == "a"]
        self.ids = {attributes.get("id") for _, attributes in self.tags}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def browser(sandbox: Starlette) -> httpx.AsyncClient:
    """A client without a key."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")


async def open_page(http: httpx.AsyncClient, *whitelist: str, **more: Any) -> str:
    body = {"name": "Theirs <b>&", "redirect_url": BACK, "whitelist": list(whitelist), **more}
    answer = await http.post("/api/connections/connect", json=body)
    assert answer.status_code == 200, answer.text
    address: str = answer.json()["data"]["redirect_url"]
    return address


async def connections(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await http.get("/api/connections")).json()["data"]
    return listed


def told(answer: httpx.Response) -> dict[str, str]:
    """Return what the address that the person is led back to tells."""
    address = urlsplit(answer.headers["Location"])
    assert (address.netloc, address.path) == ("acme.example", "/back")
    return dict(parse_qsl(address.query))


async def test_many_types_are_searched_by_name(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    address = await open_page(http)

    everything = Page((await browser.get(address)).text)
    found = Page((await browser.get(address, params={"q": "sales FORCE"})).text)
    nothing = await browser.get(address, params={"q": '"><script>'})

    assert len([link for link in everything.links if link.startswith("?type=")]) == 226
    assert "?type=salesforce" in found.links
    assert len(found.links) < 10
    assert "No system has such a name." in nothing.text
    assert "<script" not in nothing.text


async def test_a_few_types_need_no_search(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    page = Page((await browser.get(await open_page(http, "snowflake", "hubspot"))).text)

    assert page.inputs == {}
    assert page.links == ["?type=hubspot", "?type=snowflake", f"{BACK}&error=canceled"]


async def test_one_type_jumps_straight_to_its_form(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get(await open_page(http, "postgresql"))

    page = Page(answer.text)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<h1>Connect to PostgreSQL</h1>" in answer.text
    assert "Theirs &lt;b&gt;&amp;" in answer.text
    assert page.inputs["configuration.password"]["type"] == "password"
    assert page.inputs["configuration.port"]["value"] == "5432"
    assert page.inputs["configuration.ssl"] | {"checked": None} == page.inputs["configuration.ssl"]
    assert "required" in page.inputs["configuration.hostname"]
    assert "required" not in page.inputs["configuration.publication"]
    assert page.links == [f"{BACK}&error=canceled"]


@pytest.mark.parametrize("type_", load_connection_types())
def test_every_type_has_a_form_that_asks_for_what_it_requires(type_: str) -> None:
    described = load_connection_types()[type_]
    form = connect_forms.draw(described, {}, [])
    names = {each.name for field in (*form.main, *form.more) for each in field.flat()}
    required = required_fields(described, is_signed_in_by_consent=needs_consent(described, {}))

    assert {f"configuration.{name}" for name in required} <= names


async def test_a_form_that_is_right_makes_the_connection_and_leads_back(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http)

    answer = await browser.post(f"{address}?type=postgresql", data=POSTGRESQL)

    (connection,) = await connections(http)
    assert answer.status_code == 303
    assert told(answer) == {
        "a": "1",
        "connection_id": connection["id"],
        "name": "Theirs <b>&",
        "type": "postgresql",
    }
    assert (connection["name"], connection["status"]) == ("Theirs <b>&", "healthy")
    assert connection["configuration"] == {
        "hostname": "db.acme.example",
        "username": "ada",
        "password": "********",
        "database": "app",
        "port": 5432,
        "ssl": False,
    }


async def test_a_link_works_for_one_connection(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    address = await open_page(http, "postgresql", dark=True)
    await browser.post(address, data=POSTGRESQL)

    shown = await browser.get(address)
    again = await browser.post(address, data=POSTGRESQL)

    assert (shown.status_code, again.status_code) == (410, 410)
    assert '<html lang="en" class="dark">' in shown.text
    assert "Ask for a new one." in shown.text
    assert len(await connections(http)) == 1


async def test_a_link_works_for_its_time(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, clock: Any
) -> None:
    address = await open_page(http, "postgresql")
    clock.advance(seconds=300)

    answer = await browser.post(address, data=POSTGRESQL)

    assert answer.status_code == 410
    assert await connections(http) == []


async def test_a_link_nobody_gave_out_is_not_found(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/sandbox/connect/guessed")).status_code == 404


async def test_each_problem_stands_beside_its_field(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http, "postgresql")
    wrong = {"configuration.hostname": "<i>", "configuration.port": "many", "configuration.password": "pw"}

    answer = await browser.post(address, data=wrong)

    page = Page(answer.text)
    assert answer.status_code == 422
    assert "3 fields are not right yet." in answer.text
    assert "Username is missing." in answer.text
    assert "Port must be of type integer." in answer.text
    for name in ("username", "database", "port"):
        marked = page.inputs[f"configuration.{name}"]
        assert (marked["aria-invalid"], marked["aria-describedby"]) == (
            "true",
            f"configuration.{name}-error",
        )
        assert f"configuration.{name}-error" in page.ids
    assert page.inputs["configuration.hostname"]["value"] == "<i>"
    assert "<i>" not in answer.text
    assert "value" not in page.inputs["configuration.password"]


async def test_one_problem_is_one(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    address = await open_page(http, "postgresql")

    answer = await browser.post(address, data=POSTGRESQL | {"configuration.ssh_port": "many"})

    assert "One field is not right yet." in answer.text
    assert answer.text.index("SSH port must be of type integer.") < answer.text.index("<details>")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "wrong", "PostgreSQL refused the credentials."),
        ("hostname", "unreachable.acme.example", "PostgreSQL could not be reached."),
    ],
)
async def test_what_does_not_sign_in_is_not_kept(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, field: str, value: str, words: str
) -> None:
    address = await open_page(http, "postgresql")

    answer = await browser.post(address, data=POSTGRESQL | {f"configuration.{field}": value})
    mended = await browser.post(address, data=POSTGRESQL)

    assert answer.status_code == 422
    assert words in answer.text
    assert mended.status_code == 303
    assert len(await connections(http)) == 1


async def test_a_system_that_is_down_is_told_on_the_page(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, sandbox: Starlette
) -> None:
    sandbox.state.faults.add("outage=gong")
    fields = {"configuration.access_key": "a", "configuration.access_secret": "s"}

    answer = await browser.post(await open_page(http, "gong"), data=fields)

    assert answer.status_code == 422
    assert "it is down, as a fault asked" in answer.text
    assert await connections(http) == []


async def test_a_person_who_consents_is_led_back(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    address = await open_page(http, "hubspot")
    page = await browser.get(address)

    answer = await browser.post(address, data={})
    waiting = await browser.get(address)
    consented = await browser.post(answer.headers["Location"], data={"decision": "allow"})

    (connection,) = await connections(http)
    assert "Continue to HubSpot" in page.text
    assert answer.headers["Location"].startswith("http://sandbox/sandbox/consent/")
    assert waiting.status_code == 200
    assert told(consented)["connection_id"] == connection["id"]
    assert connection["status"] == "healthy"
    assert (await browser.get(address)).status_code == 410


async def test_a_person_who_comes_back_goes_on_with_the_same_connection(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http, "hubspot", "gong")
    first = await browser.post(f"{address}?type=hubspot", data={})
    denied = await browser.post(first.headers["Location"], data={"decision": "deny"})

    again = await browser.get(address)
    second = await browser.post(address, data={})
    await browser.post(second.headers["Location"], data={"decision": "allow"})

    assert told(denied)["error"] == "access_denied"
    assert "<h1>Connect to HubSpot</h1>" in again.text
    assert [each["status"] for each in await connections(http)] == ["healthy"]


async def test_a_connection_is_signed_in_again_without_telling_its_secrets(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, connect: Any
) -> None:
    connection = await connect("postgresql", name="Old")
    address = await open_page(http, name="New", connection=connection["id"])

    page = Page((await browser.get(address)).text)
    inputs = {name: each.get("value") or "" for name, each in page.inputs.items() if "checked" not in each}
    answer = await browser.post(address, data=inputs | {"configuration.database": "other"})

    (changed,) = await connections(http)
    assert "Leave it empty to keep the one there is." in page.text
    assert "required" not in page.inputs["configuration.password"]
    assert "pw" not in [each.get("value") for each in page.inputs.values()]
    assert told(answer)["connection_id"] == connection["id"]
    assert (changed["name"], changed["configuration"]["database"]) == ("New", "other")
    assert (changed["status"], changed["configuration"]["password"]) == ("healthy", "********")


async def test_the_code_mode_shows_its_code_before_it_is_asked_for(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, create: Any
) -> None:
    configuration = {"domain": "https://acme.my.salesforce.com", "connect_mode": "code"}
    connection = (await create("salesforce", configuration)).json()["data"]
    address = await open_page(http, connection=connection["id"])

    page = await browser.post(address, data={"configuration.domain": configuration["domain"]})
    code = re.findall(r"<strong>(\w+)</strong>", page.text)[0]
    (consent,) = Page(page.text).links
    answer = await browser.post(consent, data={"decision": "allow", "code": code})

    assert told(answer)["connection_id"] == connection["id"]


async def test_a_connection_that_is_gone_takes_its_link_along(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, connect: Any
) -> None:
    connection = await connect("postgresql")
    address = await open_page(http, connection=connection["id"])
    await http.delete(f"/api/connections/{connection['id']}")

    assert (await browser.get(address)).status_code == 410


async def test_a_name_that_was_taken_meanwhile_is_told(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, connect: Any
) -> None:
    address = await open_page(http, "postgresql")
    await connect("snowflake", name="Theirs <b>&")

    answer = await browser.post(address, data=POSTGRESQL)

    assert answer.status_code == 422
    assert "There is a connection named Theirs &lt;b&gt;&amp; already." in answer.text


async def test_a_form_without_a_type_asks_for_one(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http, "postgresql", "gong")

    answer = await browser.post(f"{address}?type=snowflake", data=POSTGRESQL)

    assert "What do you want to connect?" in answer.text
    assert await connections(http) == []


async def test_groups_rows_lines_and_choices_are_filled_in(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http, "webhook")
    page = Page((await browser.get(address)).text)
    inputs = {
        "configuration.url": "https://acme.example/in",
        "configuration.auth_method": "oauth_client_credentials",
        "configuration.oauth.client_id": "c",
        "configuration.oauth.client_secret": "s",
        "configuration.oauth.scopes": "read\r\n\r\nwrite",
        "configuration.headers.0.name": "X-One",
        "configuration.headers.0.value": "1",
        "configuration.headers.1.name": " ",
    }

    answer = await browser.post(address, data=inputs)

    (connection,) = await connections(http)
    assert inputs.keys() <= page.inputs.keys()
    assert page.inputs["configuration.headers.0.value"]["type"] == "password"
    assert answer.status_code == 303
    assert connection["configuration"] == {
        "url": "https://acme.example/in",
        "auth_method": "oauth_client_credentials",
        "oauth": {"client_id": "c", "client_secret": "********", "scopes": ["read", "write"]},
        "headers": [{"name": "X-One", "value": "********"}],
    }


async def test_what_was_chosen_is_shown_again(http: httpx.AsyncClient, browser: httpx.AsyncClient) -> None:
    address = await open_page(http, "webhook")
    inputs = {
        "configuration.auth_method": "basic",
        "configuration.oauth.scopes": "read\nwrite",
        "configuration.headers.0.name": "X-One",
    }

    answer = await browser.post(address, data=inputs)

    assert '<option value="basic" selected>' in answer.text
    assert "read\nwrite</textarea>" in answer.text
    assert 'value="X-One"' in answer.text
    assert 'id="configuration.headers.2.name"' in answer.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [('{"team": "a"}', {"team": "a"}), ("not json", None), ('{"a": NaN}', None), ("[" * 5_000, None)],
)
async def test_an_object_without_fields_is_json(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, text: str, kept: Any
) -> None:
    type_ = load_connection_types()["awsathena"]
    needed = {f"configuration.{name}": "x" for name in type_.required if name not in type_.defaults}
    address = await open_page(http, "awsathena")

    answer = await browser.post(address, data=needed | {"configuration.tags": text})

    made = [each["configuration"]["tags"] for each in await connections(http)]
    assert (answer.status_code, made) == ((303, [kept]) if kept else (422, []))


async def test_files_are_pasted_and_boxes_are_unchecked(
    http: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    address = await open_page(http, "postgresql")
    page = Page((await browser.get(address)).text)
    inputs = {"configuration.ssl": "true", "configuration.ca_cert": "-----\r\nline\r\n"}

    await browser.post(address, data=POSTGRESQL | inputs)

    (connection,) = await connections(http)
    described = page.inputs["configuration.ca_cert"]["aria-describedby"]
    assert (described, described in page.ids) == ("configuration.ca_cert-hint", True)
    assert connection["configuration"]["ssl"] is True
    assert connection["configuration"]["ca_cert"] == "********"


@pytest.mark.parametrize(
    "body", [b"x=" + b"y" * 300_000, b"&".join(b"%d=1" % number for number in range(1_001))]
)
async def test_a_form_that_is_too_large_is_refused(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, body: bytes
) -> None:
    address = await open_page(http, "postgresql")

    answer = await browser.post(address, content=body)

    assert answer.status_code == 413


def test_a_problem_of_a_field_that_is_not_shown_is_told_above() -> None:
    type_ = load_connection_types()["hubspot"]

    form = connect_forms.draw(type_, {}, [("configuration.hub_user", "is odd")])

    assert form.problems == ("configuration.hub_user is odd",)
