"""The page of a connect session in a browser: without scripts or an API key, redirected back at the end."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock, Connect

BACK = "https://acme.example/back?a=1"


def returned(answer: httpx.Response) -> dict[str, str]:
    """Return the query parameters of the address that the person is redirected back to."""
    address = urlsplit(answer.headers["Location"])
    assert (address.netloc, address.path) == ("acme.example", "/back")
    return dict(parse_qsl(address.query))


async def test_many_types_can_be_searched_by_name(
    browser: httpx.AsyncClient, open_page: Any, read_page: Any
) -> None:
    address = await open_page()

    everything = read_page((await browser.get(address)).text)
    found = read_page((await browser.get(address, params={"q": "sales FORCE"})).text)
    nothing = await browser.get(address, params={"q": '"><script>'})

    assert len([link for link in everything.links if link.startswith("?type=")]) == 232
    assert "?type=salesforce" in found.links
    assert len(found.links) < 10
    assert "No connection type matches." in nothing.text
    assert "<script" not in nothing.text


async def test_a_few_types_have_no_search_box(
    browser: httpx.AsyncClient, open_page: Any, read_page: Any
) -> None:
    page = read_page((await browser.get(await open_page("snowflake", "hubspot"))).text)

    assert page.inputs == {}
    assert page.links == ["?type=hubspot", "?type=snowflake", f"{BACK}&error=canceled"]


async def test_a_single_type_shows_its_form_at_once(
    browser: httpx.AsyncClient, open_page: Any, read_page: Any
) -> None:
    answer = await browser.get(await open_page("postgresql"))

    page = read_page(answer.text)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<h1>Connect to PostgreSQL</h1>" in answer.text
    assert "Theirs &lt;b&gt;&amp;" in answer.text
    assert page.inputs["configuration.password"]["type"] == "password"
    assert page.inputs["configuration.port"]["value"] == "5432"
    assert page.inputs["configuration.ssl"] | {"checked": None} == page.inputs["configuration.ssl"]
    assert "required" in page.inputs["configuration.hostname"]
    assert "required" not in page.inputs["configuration.publication"]
    assert page.links == [f"{BACK}&error=canceled"]


async def test_a_valid_form_creates_the_connection_and_redirects_back(
    browser: httpx.AsyncClient, open_page: Any, connections: Any, right_form: Any
) -> None:
    address = await open_page()

    answer = await browser.post(f"{address}?type=postgresql", data=right_form)

    (connection,) = await connections()
    assert answer.status_code == 303
    assert returned(answer) == {
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


async def test_a_link_works_for_one_connection(
    browser: httpx.AsyncClient, open_page: Any, connections: Any, right_form: Any
) -> None:
    address = await open_page("postgresql", dark=True)
    await browser.post(address, data=right_form)

    shown = await browser.get(address)
    again = await browser.post(address, data=right_form)

    assert (shown.status_code, again.status_code) == (410, 410)
    assert '<html lang="en" class="dark">' in shown.text
    assert "Ask for a new link." in shown.text
    assert len(await connections()) == 1


async def test_a_link_works_until_it_expires(
    browser: httpx.AsyncClient, clock: Clock, open_page: Any, connections: Any, right_form: Any
) -> None:
    address = await open_page("postgresql")
    clock.advance(seconds=300)

    answer = await browser.post(address, data=right_form)

    assert answer.status_code == 410
    assert await connections() == []


async def test_an_unknown_link_is_not_found(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/sandbox/connect/guessed")).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "wrong", "PostgreSQL rejected the credentials."),
        ("hostname", "unreachable.acme.example", "PostgreSQL could not be reached."),
    ],
)
async def test_a_connection_that_cannot_sign_in_is_not_stored(
    browser: httpx.AsyncClient,
    field: str,
    value: str,
    words: str,
    open_page: Any,
    connections: Any,
    right_form: Any,
) -> None:
    address = await open_page("postgresql")

    answer = await browser.post(address, data=right_form | {f"configuration.{field}": value})
    mended = await browser.post(address, data=right_form)

    assert answer.status_code == 422
    assert words in answer.text
    assert mended.status_code == 303
    assert len(await connections()) == 1


async def test_an_outage_is_shown_on_the_page(
    browser: httpx.AsyncClient, sandbox: Starlette, open_page: Any, connections: Any
) -> None:
    sandbox.state.faults.add("outage=gong")
    fields = {"configuration.access_key": "a", "configuration.access_secret": "s"}

    answer = await browser.post(await open_page("gong"), data=fields)

    assert answer.status_code == 422
    assert "it is down, as a fault requested" in answer.text
    assert await connections() == []


async def test_a_person_who_consents_is_redirected_back(
    browser: httpx.AsyncClient, open_page: Any, connections: Any
) -> None:
    address = await open_page("hubspot")
    page = await browser.get(address)

    answer = await browser.post(address, data={})
    waiting = await browser.get(address)
    consented = await browser.post(answer.headers["Location"], data={"decision": "allow"})

    (connection,) = await connections()
    assert "Continue to HubSpot" in page.text
    assert answer.headers["Location"].startswith("http://sandbox/sandbox/consent/")
    assert waiting.status_code == 200
    assert returned(consented)["connection_id"] == connection["id"]
    assert connection["status"] == "healthy"
    assert (await browser.get(address)).status_code == 410


async def test_a_person_who_returns_continues_with_the_same_connection(
    browser: httpx.AsyncClient, open_page: Any, connections: Any
) -> None:
    address = await open_page("hubspot", "gong")
    first = await browser.post(f"{address}?type=hubspot", data={})
    denied = await browser.post(first.headers["Location"], data={"decision": "deny"})

    again = await browser.get(address)
    second = await browser.post(address, data={})
    await browser.post(second.headers["Location"], data={"decision": "allow"})

    assert returned(denied)["error"] == "access_denied"
    assert "<h1>Connect to HubSpot</h1>" in again.text
    assert [each["status"] for each in await connections()] == ["healthy"]


async def test_a_connection_is_reconnected_without_showing_its_secrets(
    browser: httpx.AsyncClient, connect: Connect, open_page: Any, connections: Any, read_page: Any
) -> None:
    connection = await connect("postgresql", name="Old")
    address = await open_page(name="New", connection=connection["id"])

    page = read_page((await browser.get(address)).text)
    inputs = {name: each.get("value") or "" for name, each in page.inputs.items() if "checked" not in each}
    answer = await browser.post(address, data=inputs | {"configuration.database": "other"})

    (changed,) = await connections()
    assert "Leave empty to keep the current value." in page.text
    assert "required" not in page.inputs["configuration.password"]
    assert "pw" not in [each.get("value") for each in page.inputs.values()]
    assert returned(answer)["connection_id"] == connection["id"]
    assert (changed["name"], changed["configuration"]["database"]) == ("New", "other")
    assert (changed["status"], changed["configuration"]["password"]) == ("healthy", "********")


async def test_the_code_mode_shows_the_code_before_the_consent_page(
    browser: httpx.AsyncClient, create: Any, open_page: Any, read_page: Any
) -> None:
    configuration = {"domain": "https://acme.my.salesforce.com", "connect_mode": "code"}
    connection = (await create("salesforce", configuration)).json()["data"]
    address = await open_page(connection=connection["id"])

    page = await browser.post(address, data={"configuration.domain": configuration["domain"]})
    code = re.findall(r"<strong>(\w+)</strong>", page.text)[0]
    (consent,) = read_page(page.text).links
    answer = await browser.post(consent, data={"decision": "allow", "code": code})

    assert returned(answer)["connection_id"] == connection["id"]


async def test_deleting_the_connection_invalidates_its_link(
    http: httpx.AsyncClient, browser: httpx.AsyncClient, connect: Connect, open_page: Any
) -> None:
    connection = await connect("postgresql")
    address = await open_page(connection=connection["id"])
    await http.delete(f"/api/connections/{connection['id']}")

    assert (await browser.get(address)).status_code == 410


async def test_a_name_that_was_taken_meanwhile_is_shown_as_a_problem(
    browser: httpx.AsyncClient, connect: Connect, open_page: Any, right_form: Any
) -> None:
    address = await open_page("postgresql")
    await connect("snowflake", name="Theirs <b>&")

    answer = await browser.post(address, data=right_form)

    assert answer.status_code == 422
    assert "A connection named Theirs &lt;b&gt;&amp; already exists." in answer.text


async def test_a_form_without_a_type_shows_the_list_of_types(
    browser: httpx.AsyncClient, open_page: Any, connections: Any, right_form: Any
) -> None:
    address = await open_page("postgresql", "gong")

    answer = await browser.post(f"{address}?type=snowflake", data=right_form)

    assert "What do you want to connect?" in answer.text
    assert await connections() == []
