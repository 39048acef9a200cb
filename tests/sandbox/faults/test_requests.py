"""What a fault does to a request."""

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from tests.sandbox.conftest import Connect

CONNECTIONS = "/api/connections"
KEY = {"Idempotency-Key": "0123-abcd_XYZ"}


def faulty(spec: str, **more: str) -> dict[str, str]:
    return {"X-Sandbox-Fault": spec, **more}


async def names(http: httpx.AsyncClient) -> list[str]:
    return [each["name"] for each in (await http.get(CONNECTIONS)).json()["data"]]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(("when", "written"), [("before", []), ("after", ["CRM"])])
async def test_a_5xx_comes_before_the_write_or_after_it(
    http: httpx.AsyncClient, crm: dict[str, Any], status: int, when: str, written: list[str]
) -> None:
    answer = await http.post(CONNECTIONS, json=crm, headers=faulty(f"status={status}; when={when}"))

    assert answer.status_code == answer.json()["status"] == status
    assert await names(http) == written


async def test_a_429_says_when_to_retry(http: httpx.AsyncClient, crm: dict[str, Any]) -> None:
    answer = await http.post(CONNECTIONS, json=crm, headers=faulty("status=429; retry_after=2.5"))

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2.5"
    assert await names(http) == []


async def test_an_expired_key_is_refused_in_the_shape_of_the_version(http: httpx.AsyncClient) -> None:
    new = await http.get(CONNECTIONS, headers=faulty("expired_key"))
    old = await http.get(CONNECTIONS, headers=faulty("expired_key", **{"X-Polytomic-Version": "2024-02-08"}))
    odd = await http.get(CONNECTIONS, headers=faulty("expired_key", **{"X-Polytomic-Version": "1999-01-01"}))

    assert new.status_code == old.status_code == 401
    assert new.json()["message"].startswith("The API key has expired")
    assert old.json()["status"] == "Unauthorized"
    assert odd.json() == new.json()


@pytest.mark.parametrize(("when", "written"), [("before", []), ("after", ["CRM"])])
async def test_a_dropped_connection_has_no_answer(
    http: httpx.AsyncClient, crm: dict[str, Any], when: str, written: list[str]
) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await http.post(CONNECTIONS, json=crm, headers=faulty(f"drop; when={when}"))

    assert await names(http) == written


async def test_a_truncated_answer_ends_in_the_middle(http: httpx.AsyncClient, crm: dict[str, Any]) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await http.post(CONNECTIONS, json=crm, headers=faulty("truncated"))

    assert await names(http) == ["CRM"]


async def test_a_truncated_empty_answer_is_no_answer(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("hubspot")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await http.delete(f"{CONNECTIONS}/{connection['id']}", headers=faulty("truncated"))

    assert await names(http) == []


async def test_a_malformed_answer_is_not_json(http: httpx.AsyncClient, crm: dict[str, Any]) -> None:
    tried = {"type": crm["type"], "configuration": crm["configuration"]}

    full = await http.get(CONNECTIONS, headers=faulty("malformed"))
    empty = await http.post("/api/connections/test", json=tried, headers=faulty("malformed"))

    for answer in (full, empty):
        assert answer.is_success
        assert answer.headers["Content-Length"] == str(len(answer.content))
        with pytest.raises(json.JSONDecodeError):
            answer.json()


@pytest.mark.parametrize("status", [200, 502])
async def test_a_proxy_answers_with_a_page(http: httpx.AsyncClient, status: int) -> None:
    answer = await http.get(CONNECTIONS, headers=faulty(f"html={status}"))

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "</html>" in answer.text


async def test_latency_delays_and_changes_nothing(http: httpx.AsyncClient, sandbox: Starlette) -> None:
    answer = await http.get(CONNECTIONS, headers=faulty("latency=0.02"))

    assert answer.status_code == 200
    assert next(iter(sandbox.state.requests)).milliseconds >= 20


async def test_several_headers_ask_for_several_faults(http: httpx.AsyncClient, sandbox: Starlette) -> None:
    headers = [("X-Sandbox-Fault", "latency=0.02"), ("X-Sandbox-Fault", "status=503")]

    answer = await http.get(CONNECTIONS, headers=headers)

    assert answer.status_code == 503
    assert next(iter(sandbox.state.requests)).milliseconds >= 20


async def test_a_request_with_a_fault_of_its_own_meets_no_others(
    http: httpx.AsyncClient, sandbox: Starlette
) -> None:
    rule = sandbox.state.faults.add("status=503")

    answer = await http.get(CONNECTIONS, headers=faulty("status=429"))

    assert answer.status_code == 429
    assert rule.seen == 0


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("bogus", "Valid values: latency, status"),
        ("outage=gong", "lasts until it is removed"),
        ("drop; times=2", "Option times is not allowed in a header"),
        ("slow=1", "applies to a run. Send it with"),
    ],
)
async def test_an_invalid_header_is_refused(
    http: httpx.AsyncClient, crm: dict[str, Any], spec: str, said: str
) -> None:
    answer = await http.post(CONNECTIONS, json=crm, headers=faulty(spec))

    assert answer.status_code == answer.json()["status"] == 400
    assert answer.json()["message"].startswith("X-Sandbox-Fault: ")
    assert said in answer.json()["message"]
    assert await names(http) == []


async def test_a_500_of_the_api_itself_is_stored_as_the_outcome_of_the_key(
    http: httpx.AsyncClient, crm: dict[str, Any]
) -> None:
    first = await http.post(CONNECTIONS, json=crm, headers=faulty("status=500; when=after", **KEY))
    second = await http.post(CONNECTIONS, json=crm, headers=KEY)

    assert first.status_code == second.status_code == 500
    assert second.json() == first.json()
    assert await names(http) == ["CRM"]


async def test_a_500_before_the_write_is_replayed_too(http: httpx.AsyncClient, crm: dict[str, Any]) -> None:
    await http.post(CONNECTIONS, json=crm, headers=faulty("status=500", **KEY))
    again = await http.post(CONNECTIONS, json=crm, headers=KEY)

    assert again.status_code == 500
    assert await names(http) == []


@pytest.mark.parametrize("spec", ["status=503; when=after", "html=504; when=after", "malformed"])
async def test_the_real_outcome_is_stored_if_a_gateway_fails_after_the_write(
    http: httpx.AsyncClient, crm: dict[str, Any], spec: str
) -> None:
    await http.post(CONNECTIONS, json=crm, headers=faulty(spec, **KEY))
    again = await http.post(CONNECTIONS, json=crm, headers=KEY)

    assert again.json()["data"]["name"] == "CRM"
    assert await names(http) == ["CRM"]


async def test_no_outcome_is_stored_if_a_gateway_fails_before_the_write(
    http: httpx.AsyncClient, crm: dict[str, Any]
) -> None:
    await http.post(CONNECTIONS, json=crm, headers=faulty("status=503", **KEY))
    again = await http.post(CONNECTIONS, json=crm, headers=KEY)

    assert again.status_code == 200
    assert await names(http) == ["CRM"]


async def test_a_request_that_the_api_refuses_is_refused_despite_a_fault(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{CONNECTIONS}/nobody", headers=faulty("status=500; when=after"))

    assert answer.status_code == 404


def test_a_sandbox_does_not_start_with_an_invalid_fault() -> None:
    with pytest.raises(ConfigurationError, match="Unknown fault 'bogus'"):
        create_sandbox(faults=["bogus"])
