"""The tables of a sandbox that has one connection to a real server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import Result
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass
class Server:
    """A connection of a sandbox to a server; ``sql`` accesses the server directly."""

    workspace: Workspace
    key: str
    sql: Any

    @property
    def tables(self) -> Tables:
        return self.workspace.tables

    def table(self, name: str) -> Table:
        table = self.tables.get(self.key, name)
        assert table is not None
        return table

    def rows(self, name: str) -> list[Row]:
        return [*self.tables.rows(self.table(name))]

    def query(self, sql: str, dialect: str) -> Result:
        return self.workspace.engine.query(self.key, sql, dialect=dialect)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(Store(), "key")
    yield workspace
    workspace.close()


@pytest.fixture
def connection(workspace: Workspace) -> Callable[[str, dict[str, Any]], str]:
    """Store a connection and return its key."""

    def put(type_: str, configuration: dict[str, Any]) -> str:
        document = {"id": "c", "type": {"id": type_}, "_server": True, "configuration": configuration}
        workspace.store.put("connection", "c", document)
        return f"{type_}@c"

    return put


@pytest.fixture
def pg(workspace: Workspace, connection: Callable[[str, dict[str, Any]], str], postgresql: Any) -> Server:
    return Server(workspace, connection("postgresql", postgresql.configuration), postgresql)


@pytest.fixture
def my(workspace: Workspace, connection: Callable[[str, dict[str, Any]], str], mysql: Any) -> Server:
    return Server(workspace, connection("mysql", mysql.configuration), mysql)
