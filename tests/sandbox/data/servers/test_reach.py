"""Connections to real servers: which they are, and how trying them ends."""

import logging
import socket
import sys
from typing import Any

import httpx
import psycopg
import pytest

from polytomic_mcp import create_sandbox
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.hosts import LOOPBACK, AllowedHosts
from polytomic_mcp.sandbox.data.servers.reach import Reach
from polytomic_mcp.sandbox.data.servers.routing import AllTables
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Tables

POSTGRESQL = {"hostname": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "secret"}
MYSQL = {"hostname": "127.0.0.1", "port": 1, "account": "u", "passwd": "secret"}


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [("postgresql", POSTGRESQL), ("mysql", MYSQL), ("webhook", {"url": "http://127.0.0.1/hook"})],
)
async def test_a_server_of_this_machine_that_does_not_answer_fails_the_test(
    http: httpx.AsyncClient, free_port: int, type_: str, configuration: dict[str, Any]
) -> None:
    url = {"url": f"http://127.0.0.1:{free_port}/hook"} if type_ == "webhook" else {"port": free_port}
    body = {"name": "C", "type": type_, "configuration": {**configuration, **url}}
    tried = await http.post(
        "/api/connections/test", json={key: body[key] for key in ("type", "configuration")}
    )
    made = await http.post("/api/connections", json=body)

    assert tried.status_code == 400
    assert f"127.0.0.1:{free_port} could not be reached: " in tried.json()["message"]
    assert made.json()["data"]["status"] == "unhealthy"
    assert "secret" not in tried.text + made.json()["data"]["status_error"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"ssh": True}, "takes no an SSH tunnel"), ({"client_certs": True}, "takes no client certificates")],
)
def test_what_the_sandbox_cannot_do_on_the_way_is_said(changed: dict[str, Any], reason: str) -> None:
    assert reason in (Reach(Store(), LOOPBACK).objection("postgresql", POSTGRESQL | changed) or "")


@pytest.mark.parametrize(("type_", "module"), [("postgresql", "psycopg"), ("mysql", "pymysql")])
def test_a_driver_that_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, type_: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, f"polytomic_mcp.sandbox.data.servers.drivers.{type_}", None)
    configuration = POSTGRESQL if type_ == "postgresql" else MYSQL

    reason = Reach(Store(), LOOPBACK).objection(type_, configuration) or ""
    assert "pip install 'polytomic-mcp[servers]'" in reason
    del module


def test_hosts_that_are_not_allowed_have_sample_data_and_a_note_says_so() -> None:
    reach = Reach(Store(), LOOPBACK)
    away = POSTGRESQL | {"hostname": "db.acme.com"}

    assert not reach.is_real("postgresql", away)
    assert not reach.is_real("snowflake", POSTGRESQL)
    assert "shows sample data in its place; start it with --allow-host db.acme.com" in (
        reach.note("postgresql", away) or ""
    )
    assert "keeps what it would be sent" in (reach.note("webhook", {"url": "https://acme.com/hook"}) or "")
    assert reach.note("postgresql", POSTGRESQL | {"hostname": "db.acme.example"}) is None
    assert reach.note("postgresql", {}) is None
    assert reach.note("postgresql", POSTGRESQL) is None
    assert reach.note("snowflake", away) is None
    assert not reach.is_real("webhook", {"url": "http://[::1"})
    assert Reach(Store(), AllowedHosts.of(["db.acme.com:1"])).is_real("postgresql", away)


async def test_the_note_is_logged_where_the_connection_is_made(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"name": "Ours", "type": "postgresql", "configuration": POSTGRESQL | {"hostname": "db.acme.com"}}
    with caplog.at_level(logging.WARNING):
        made = (await http.post("/api/connections", json=body)).json()["data"]

    assert made["status"] == "healthy"
    assert "The sandbox does not reach db.acme.com" in caplog.text


def test_a_fault_of_ours_is_none_of_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(psycopg, "connect", fail)
    with pytest.raises(KeyError):
        Reach(Store(), LOOPBACK).objection("postgresql", POSTGRESQL)


def test_a_host_that_is_allowed_no_more_is_refused_when_its_rows_are_wanted() -> None:
    store = Store()
    away = {"id": "c", "configuration": POSTGRESQL | {"hostname": "db.acme.com"}}
    store.put("connection", "c", away)

    with pytest.raises(RefusalError, match=r"db\.acme\.com is not allowed: start the sandbox with"):
        Reach(store, LOOPBACK).open("postgresql@c")
    with pytest.raises(RefusalError, match="is not allowed"):
        Reach(store, LOOPBACK).open("postgresql@gone")


@pytest.mark.parametrize(("type_", "configuration"), [("postgresql", POSTGRESQL), ("mysql", MYSQL)])
def test_a_server_elsewhere_is_asked_for_tls_and_one_of_this_machine_is_not(
    monkeypatch: pytest.MonkeyPatch, type_: str, configuration: dict[str, Any]
) -> None:
    asked: list[Any] = []

    def connect(**access: Any) -> None:
        asked.append(access.get("sslmode", access.get("ssl")))
        raise OSError("enough")

    monkeypatch.setattr("psycopg.connect", connect)
    monkeypatch.setattr("pymysql.connect", connect)
    reach = Reach(Store(), AllowedHosts.of(["db.acme.com"]))
    for changed in ({}, {"hostname": "db.acme.com"}, {"hostname": "db.acme.com", "ssl": False}):
        assert "could not be reached: enough" in (reach.objection(type_, configuration | changed) or "")

    if type_ == "postgresql":
        assert asked == ["prefer", "require", "disable"]
    else:
        assert (asked[0], asked[2]) == (None, None)
        assert asked[1] is not None


def test_everything_that_tables_do_is_done_for_servers_too() -> None:
    own = {"held", "read_bodies", "discard", "insert_made"}  # of rows that lie in the store
    methods = {name for name, each in vars(Tables).items() if callable(each) and not name.startswith("_")}

    assert methods - own <= vars(AllTables).keys()


async def test_an_allowed_host_is_reached_and_a_deleted_connection_forgotten(
    postgresql: Any,
) -> None:
    app = create_sandbox(allowed_hosts=["db.acme.com"])
    headers = {"Authorization": "Bearer sandbox-key"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers=headers
    ) as http:
        body = {"name": "C", "type": "postgresql", "configuration": postgresql.configuration}
        tried = await http.post(
            "/api/connections/test", json={key: body[key] for key in ("type", "configuration")}
        )
        made = (await http.post("/api/connections", json=body)).json()["data"]
        gone = await http.delete(f"/api/connections/{made['id']}")
    app.state.workspace.close()

    assert tried.status_code == 200, tried.text
    assert (made["status"], gone.status_code) == ("healthy", 204)
