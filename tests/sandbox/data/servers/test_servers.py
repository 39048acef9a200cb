"""Which connections use real servers, and how connecting to them fails."""

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
from polytomic_mcp.sandbox.data.servers.servers import Servers
from polytomic_mcp.sandbox.data.servers.tables import ServerTables
from polytomic_mcp.sandbox.data.servers.webhook import WebhookTables
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.backend import TableBackend
from polytomic_mcp.sandbox.data.tables.sqlite_tables import SqliteTables
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
async def test_a_server_on_this_machine_that_does_not_answer_fails_the_connection_test(
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
    [
        ({"ssh": True}, "does not support SSH tunnels"),
        ({"client_certs": True}, "does not support client certificates"),
    ],
)
def test_a_connection_option_that_is_not_supported_is_refused(changed: dict[str, Any], reason: str) -> None:
    assert reason in (Servers(Store(), LOOPBACK).connection_error("postgresql", POSTGRESQL | changed) or "")


@pytest.mark.parametrize(("type_", "module"), [("postgresql", "psycopg"), ("mysql", "pymysql")])
def test_a_missing_driver_is_refused_with_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, type_: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, f"polytomic_mcp.sandbox.data.servers.drivers.{type_}", None)
    configuration = POSTGRESQL if type_ == "postgresql" else MYSQL

    reason = Servers(Store(), LOOPBACK).connection_error(type_, configuration) or ""
    assert "pip install 'polytomic-mcp[servers]'" in reason
    del module


def test_hosts_that_are_not_allowed_use_sample_data_and_cause_a_warning() -> None:
    servers = Servers(Store(), LOOPBACK)
    away = POSTGRESQL | {"hostname": "db.acme.com"}

    assert not servers.is_real("postgresql", away)
    assert not servers.is_real("snowflake", POSTGRESQL)
    assert "uses sample data instead. To connect to it, start the sandbox with --allow-host db.acme.com." in (
        servers.host_warning("postgresql", away) or ""
    )
    assert "stores the records instead" in (
        servers.host_warning("webhook", {"url": "https://acme.com/hook"}) or ""
    )
    assert servers.host_warning("postgresql", POSTGRESQL | {"hostname": "db.acme.example"}) is None
    assert servers.host_warning("postgresql", {}) is None
    assert servers.host_warning("postgresql", POSTGRESQL) is None
    assert servers.host_warning("snowflake", away) is None
    assert not servers.is_real("webhook", {"url": "http://[::1"})
    assert Servers(Store(), AllowedHosts.of(["db.acme.com:1"])).is_real("postgresql", away)


@pytest.mark.parametrize(("type_", "port"), [("postgresql", 5432), ("mysql", 3306)])
def test_the_address_that_guides_print_uses_sample_data_where_nothing_listens(
    monkeypatch: pytest.MonkeyPatch, type_: str, port: int
) -> None:
    servers, printed = Servers(Store(), LOOPBACK), {"hostname": "localhost", "port": port}

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert not servers.is_reached(type_, printed)
    assert servers.is_reached(type_, printed | {"port": 1})
    assert f"Nothing listens at localhost:{port}" in (servers.host_warning(type_, printed) or "")
    with socket.socket() as answered:
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: answered)
        assert servers.is_reached(type_, printed)


async def test_the_warning_is_logged_when_the_connection_is_created(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"name": "Ours", "type": "postgresql", "configuration": POSTGRESQL | {"hostname": "db.acme.com"}}
    with caplog.at_level(logging.WARNING):
        made = (await http.post("/api/connections", json=body)).json()["data"]

    assert made["status"] == "healthy"
    assert "The sandbox does not connect to db.acme.com" in caplog.text


def test_an_internal_error_is_not_reported_as_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(psycopg, "connect", fail)
    with pytest.raises(KeyError):
        Servers(Store(), LOOPBACK).connection_error("postgresql", POSTGRESQL)


def test_a_host_that_is_no_longer_allowed_is_refused_when_rows_are_read() -> None:
    store = Store()
    away = {"id": "c", "configuration": POSTGRESQL | {"hostname": "db.acme.com"}}
    store.put("connection", "c", away)

    with pytest.raises(RefusalError, match=r"db\.acme\.com is not allowed. Start the sandbox with"):
        Servers(store, LOOPBACK).open("postgresql@c")
    with pytest.raises(RefusalError, match="is not allowed"):
        Servers(store, LOOPBACK).open("postgresql@gone")


@pytest.mark.parametrize(("type_", "configuration"), [("postgresql", POSTGRESQL), ("mysql", MYSQL)])
def test_tls_is_required_except_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, type_: str, configuration: dict[str, Any]
) -> None:
    asked: list[Any] = []

    def connect(**access: Any) -> None:
        asked.append(access.get("sslmode", access.get("ssl")))
        raise OSError("enough")

    monkeypatch.setattr("psycopg.connect", connect)
    monkeypatch.setattr("pymysql.connect", connect)
    servers = Servers(Store(), AllowedHosts.of(["db.acme.com"]))
    for changed in ({}, {"hostname": "db.acme.com"}, {"hostname": "db.acme.com", "ssl": False}):
        assert "could not be reached: enough" in (
            servers.connection_error(type_, configuration | changed) or ""
        )

    if type_ == "postgresql":
        assert asked == ["prefer", "require", "disable"]
    else:
        assert (asked[0], asked[2]) == (None, None)
        assert asked[1] is not None


@pytest.mark.parametrize("class_", [Tables, SqliteTables, ServerTables, WebhookTables])
def test_every_backend_implements_every_method_of_the_protocol(class_: type) -> None:
    methods = {name for name in vars(TableBackend) if not name.startswith("_")}

    assert len(methods) == 17
    assert methods <= vars(class_).keys()


async def test_a_connection_to_an_allowed_host_is_tested_created_and_deleted(
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
