"""The forms of a connect session's page: their fields, their values, and the problems they mark."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.resources.connections.configuration import required_fields
from polytomic_mcp.sandbox.resources.connections.connect import forms as connect_forms
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent


@pytest.mark.parametrize("type_", load_connection_types())
def test_every_type_has_a_form_with_its_required_fields(type_: str) -> None:
    described = load_connection_types()[type_]
    form = connect_forms.build(described, {}, [])
    names = {each.name for field in (*form.main, *form.more) for each in field.flat()}
    required = required_fields(described, is_signed_in_by_consent=needs_consent(described, {}))

    assert {f"configuration.{name}" for name in required} <= names


async def test_each_problem_is_shown_at_its_field(
    browser: httpx.AsyncClient, open_page: Any, read_page: Any
) -> None:
    address = await open_page("postgresql")
    wrong = {"configuration.hostname": "<i>", "configuration.port": "many", "configuration.password": "pw"}

    answer = await browser.post(address, data=wrong)

    page = read_page(answer.text)
    assert answer.status_code == 422
    assert "Correct the 3 marked fields." in answer.text
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


async def test_a_single_problem_is_counted_in_the_singular(
    browser: httpx.AsyncClient, open_page: Any, right_form: Any
) -> None:
    address = await open_page("postgresql")

    answer = await browser.post(address, data=right_form | {"configuration.ssh_port": "many"})

    assert "Correct the marked field." in answer.text
    assert answer.text.index("SSH port must be of type integer.") < answer.text.index("<details>")


async def test_groups_rows_lines_and_choices_are_parsed(
    browser: httpx.AsyncClient, open_page: Any, connections: Any, read_page: Any
) -> None:
    address = await open_page("webhook")
    page = read_page((await browser.get(address)).text)
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

    (connection,) = await connections()
    assert inputs.keys() <= page.inputs.keys()
    assert page.inputs["configuration.headers.0.value"]["type"] == "password"
    assert answer.status_code == 303
    assert connection["configuration"] == {
        "url": "https://acme.example/in",
        "auth_method": "oauth_client_credentials",
        "oauth": {"client_id": "c", "client_secret": "s", "scopes": ["read", "write"]},
        "headers": [{"name": "X-One", "value": "1"}],
    }


async def test_chosen_values_are_shown_again(browser: httpx.AsyncClient, open_page: Any) -> None:
    address = await open_page("webhook")
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
async def test_an_object_without_fields_is_entered_as_json(
    browser: httpx.AsyncClient, text: str, kept: Any, open_page: Any, connections: Any
) -> None:
    type_ = load_connection_types()["awsathena"]
    needed = {f"configuration.{name}": "x" for name in type_.required if name not in type_.defaults}
    address = await open_page("awsathena")

    answer = await browser.post(address, data=needed | {"configuration.tags": text})

    made = [each["configuration"]["tags"] for each in await connections()]
    assert (answer.status_code, made) == ((303, [kept]) if kept else (422, []))


async def test_pasted_files_and_unchecked_boxes_are_parsed(
    browser: httpx.AsyncClient, open_page: Any, connections: Any, read_page: Any, right_form: Any
) -> None:
    address = await open_page("postgresql")
    page = read_page((await browser.get(address)).text)
    inputs = {"configuration.ssl": "true", "configuration.ca_cert": "-----\r\nline\r\n"}

    await browser.post(address, data=right_form | inputs)

    (connection,) = await connections()
    described = page.inputs["configuration.ca_cert"]["aria-describedby"]
    assert (described, described in page.ids) == ("configuration.ca_cert-hint", True)
    assert connection["configuration"]["ssl"] is True
    assert connection["configuration"]["ca_cert"] == "********"


@pytest.mark.parametrize(
    "body", [b"x=" + b"y" * 300_000, b"&".join(b"%d=1" % number for number in range(1_001))]
)
async def test_a_form_that_is_too_large_is_refused(
    browser: httpx.AsyncClient, body: bytes, open_page: Any
) -> None:
    address = await open_page("postgresql")

    answer = await browser.post(address, content=body)

    assert answer.status_code == 413


def test_a_problem_of_a_hidden_field_is_shown_above_the_form() -> None:
    type_ = load_connection_types()["hubspot"]

    form = connect_forms.build(type_, {}, [("configuration.hub_user", "is odd")])

    assert form.problems == ("configuration.hub_user is odd",)
