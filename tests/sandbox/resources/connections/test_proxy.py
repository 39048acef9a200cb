"""The proxy: off by default, and a REST view of the system within limits once it is on."""

import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.data.tables.table import Column, Table
from polytomic_mcp.sandbox.resources.connections import proxy as connection_proxy
from polytomic_mcp.sandbox.resources.connections import rest_view
from tests.sandbox.conftest import Clock, Connect


@pytest.fixture
async def salesforce(http: httpx.AsyncClient, connect: Connect) -> str:
    """Return the id of a Salesforce connection whose proxy is on."""
    id_: str = (await connect("salesforce"))["id"]
    switched = await http.put(f"/api/connections/{id_}/proxy/settings", json={"enabled": True})
    assert switched.json()["data"]["enabled"] is True
    return id_


async def call(http: httpx.AsyncClient, id_: str, path: str = "/", **request: Any) -> httpx.Response:
    body = {"request": {"method": "GET", "path": path} | request}
    return await http.post(f"/api/connections/{id_}/proxy", json=body)


async def test_the_proxy_is_off_until_it_is_switched_on(http: httpx.AsyncClient, connect: Connect) -> None:
    id_ = (await connect("salesforce"))["id"]

    settings = (await http.get(f"/api/connections/{id_}/proxy/settings")).json()["data"]
    refused = await call(http, id_)

    assert settings == {
        "connectionId": id_, "backendType": "salesforce", "supported": True, "enabled": False,
    }  # fmt: skip
    assert refused.status_code == 403
    assert "switch it on" in refused.json()["message"]


async def test_a_warehouse_has_no_proxy_but_can_switch_it_off(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    id_ = (await connect("snowflake"))["id"]
    path = f"/api/connections/{id_}/proxy"

    refused = await http.put(f"{path}/settings", json={"enabled": True})

    assert (refused.status_code, refused.json()["key"]) == (400, "proxy_unsupported")
    assert (await http.put(f"{path}/settings", json={"enabled": False})).status_code == 200
    assert (await http.get(f"{path}/info")).status_code == 400


async def test_a_call_lists_objects_rows_and_one_row(http: httpx.AsyncClient, salesforce: str) -> None:
    objects = json.loads((await call(http, salesforce)).json()["data"]["body"])["objects"]
    listed = (await call(http, salesforce, "/Contact", query={"limit": 2, "offset": 1})).json()["data"]
    records = json.loads(listed["body"])["records"]
    one = (await call(http, salesforce, f"/contact/{records[0]['Id']}")).json()["data"]
    same = (await call(http, salesforce, "/Contact", rawQuery=f"Id={records[0]['Id']}")).json()["data"]

    assert "Contact" in [each["id"] for each in objects]
    assert (listed["status"], listed["truncated"], len(records)) == (200, False, 2)
    assert json.loads(one["body"]) == records[0]
    assert json.loads(same["body"]) == {"records": [records[0]], "total": 1}


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/Contakt", {}, 404),
        ("/Contakt/1", {}, 404),
        ("/Contact/nobody", {}, 404),
        ("/a/b/c", {}, 404),
        ("/Contact", {"method": "DELETE"}, 405),
        ("/Contact", {"query": {"limit": 0}}, 400),
        ("/Contact", {"query": {"offset": "x"}}, 400),
        ("/Contact", {"query": {"colour": "red"}}, 400),
    ],
)
async def test_an_error_of_the_system_is_returned_inside_a_200(
    http: httpx.AsyncClient, salesforce: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = await call(http, salesforce, path, **more)

    assert (answer.status_code, answer.json()["data"]["status"]) == (200, status)
    assert json.loads(answer.json()["data"]["body"])["error"]["status"] == status


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "TRACE"},
        {"path": "Contact"},
        {"path": "//elsewhere"},
        {"path": "/a/../b"},
        {"path": "/a?b=c"},
        {"api": "other"},
        {"query": {}, "rawQuery": "a=b"},
        {"body": "x" * (256 * 1024 + 1)},
        {"body": "é" * (128 * 1024 + 1)},
        {"body": {"text": "x" * 256 * 1024}},
    ],
)
async def test_a_request_beyond_the_limits_is_refused(
    http: httpx.AsyncClient, salesforce: str, request_: dict[str, Any]
) -> None:
    answer = await http.post(
        f"/api/connections/{salesforce}/proxy", json={"request": {"method": "GET", "path": "/"} | request_}
    )

    assert (answer.status_code, answer.json()["key"]) == (400, "bad_request")


async def test_a_request_of_256_kib_is_accepted(http: httpx.AsyncClient, salesforce: str) -> None:
    assert (await call(http, salesforce, body="é" * (128 * 1024))).status_code == 200


async def test_a_response_of_more_than_1_mib_is_truncated(
    http: httpx.AsyncClient, sandbox: Starlette, salesforce: str
) -> None:
    tables = sandbox.state.workspace.tables
    contact = tables.get("salesforce", "Contact")
    tables.insert(contact, [{"Id": "long", "LastName": "é" * 1024 * 1024}])

    answer = (await call(http, salesforce, "/Contact/long")).json()["data"]

    assert (answer["truncated"], len(answer["body"])) == (True, 1024 * 1024)


async def test_the_limits_are_published(http: httpx.AsyncClient, salesforce: str) -> None:
    contract = (await http.get(f"/api/connections/{salesforce}/proxy/info")).json()["data"]["requestContract"]

    assert contract["maxRequestBodyBytes"] == 262_144
    assert contract["maxResponseBodyBytes"] == 1_048_576
    assert contract["timeoutMs"] == 30_000


async def test_the_sixty_first_call_of_a_minute_is_refused_until_the_next(
    http: httpx.AsyncClient, salesforce: str, clock: Clock
) -> None:
    clock.advance(seconds=20)
    for _ in range(connection_proxy.MOST_A_MINUTE):
        assert (await call(http, salesforce)).status_code == 200

    limited = await call(http, salesforce)
    clock.advance(seconds=40)

    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "40")
    assert (await call(http, salesforce)).status_code == 200


async def test_the_statistics_count_the_calls_of_24_hours(
    http: httpx.AsyncClient, salesforce: str, clock: Clock
) -> None:
    await call(http, salesforce)
    clock.advance(hours=25)
    await call(http, salesforce)
    await call(http, salesforce, "/nothing")

    info = (await http.get(f"/api/connections/{salesforce}/proxy/info")).json()["data"]

    assert info["stats"] == {
        "proxyCallsLast24h": 2, "callsLast24h": 2, "lastProxyCallAt": "2026-01-16T10:00:00Z",
        "proxy2xxLast24h": 1, "proxy4xxLast24h": 1, "proxy5xxLast24h": 0,
    }  # fmt: skip
    assert info["inheritedBase"]["lockedHeaders"] == [
        {"name": "Authorization", "value": "********", "redacted": True}
    ]


async def test_the_time_of_the_last_call_is_null_before_the_first_call(
    http: httpx.AsyncClient, salesforce: str
) -> None:
    info = (await http.get(f"/api/connections/{salesforce}/proxy/info")).json()["data"]

    assert info["stats"]["lastProxyCallAt"] is None


async def test_a_job_makes_the_call_and_stores_the_body_at_a_signed_url(
    http: httpx.AsyncClient, sandbox: Starlette, salesforce: str
) -> None:
    body = {"async": True, "request": {"method": "get", "path": "/Contact"}}
    started = await http.post(f"/api/connections/{salesforce}/proxy", json=body)
    sandbox.state.workspace.workers.shutdown(wait=True)

    job = (await http.get(started.json()["data"]["jobUrl"])).json()["data"]
    kept = await http.get(job["result"]["bodyDownloadUrl"])

    assert (started.status_code, started.json()["data"]["status"]) == (202, 202)
    assert (job["status"], job["result"]["status"], "body" in job["result"]) == ("done", 200, False)
    assert kept.json()["records"]
    unsigned = await http.get(job["result"]["bodyDownloadUrl"].partition("?")[0])
    assert unsigned.status_code == 403


async def test_only_a_get_can_be_a_job(http: httpx.AsyncClient, salesforce: str) -> None:
    body = {"async": True, "request": {"method": "POST", "path": "/Contact"}}

    assert (await http.post(f"/api/connections/{salesforce}/proxy", json=body)).status_code == 400


async def test_an_unhealthy_connection_returns_502(
    http: httpx.AsyncClient, sandbox: Starlette, salesforce: str
) -> None:
    store = sandbox.state.workspace.store
    store.put("connection", salesforce, store.get("connection", salesforce) | {"status": "unhealthy"})

    assert (await call(http, salesforce)).status_code == 502


async def test_a_shared_connection_has_its_parents_proxy_settings(sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace
    child = {"id": "c", "type": {"id": "salesforce"}, "name": "C", "parent_connection_id": "p"}
    connection_proxy.set_enabled(workspace, child | {"id": "p", "parent_connection_id": None}, enabled=True)

    settings = connection_proxy.settings(workspace, child)

    assert (settings["parentConnectionId"], settings["enabled"]) == ("p", True)


def test_rows_without_a_key_are_found_by_their_values_only(sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace
    table = Table("x", "log", "Log", "table", (Column("is_on", "boolean", "BOOLEAN"),))
    workspace.tables.create(table)
    workspace.tables.insert(table, [{"is_on": True}, {"is_on": False}])

    assert rest_view.respond(workspace, "x", "GET", "/log/1", {}).status == 404
    assert rest_view.respond(workspace, "x", "GET", "/log", {"is_on": "true"}).body["total"] == 1
