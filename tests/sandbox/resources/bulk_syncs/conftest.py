"""What tests of bulk syncs share: a source with given tables, and runs that end before the call returns."""

from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import DELETED, STAMPS
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.conftest import InlineWorkers

Connect = Callable[..., Awaitable[dict[str, Any]]]

SQL_TYPES = {
    "string": "VARCHAR",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
    "object": "JSON",
}
MYSQL = {"hostname": "db.acme.example", "account": "ada", "passwd": "pw", "dbname": "shop"}
S3 = {
    "auth_mode": "access_key_and_secret",
    "aws_access_key_id": "k",
    "aws_secret_access_key": "s",
    "s3_bucket_region": "us-east-1",
    "s3_bucket_name": "s3://acme",
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {"mysql": MYSQL, "s3": S3, "stripe": {"api_key": "sk"}}


def columns_of(text: str) -> tuple[Column, ...]:
    """Read ``"id name age:number"``."""
    pairs = (word.partition(":") for word in text.split())
    return tuple(Column(name, type_ or "string", SQL_TYPES[type_ or "string"]) for name, _, type_ in pairs)


class Stage:
    """What a test of a bulk sync needs: the source is MySQL and the destination PostgreSQL."""

    def __init__(self, workspace: Workspace, http: httpx.AsyncClient, connect: Connect) -> None:
        self.workspace = workspace
        self.http = http
        self._connect = connect
        self._connections: dict[str, str] = {}

    async def connection(self, type_: str) -> str:
        """Return a healthy connection whose schemas have been read."""
        if type_ not in self._connections:
            id_ = (await self._connect(type_, **CONFIGURATIONS.get(type_, {})))["id"]
            await self.http.get(f"/api/connections/{id_}/schemas/status")
            self._connections[type_] = id_
        return self._connections[type_]

    def table(
        self, name: str, columns: str, rows: Iterable[Row] = (), *, system: str = "mysql", **more: Any
    ) -> Table:
        key = more.get("key", "id")
        table = Table(system, name, name, more.get("kind", "table"), columns_of(columns), key)
        self.workspace.tables.create(table)
        self.workspace.tables.insert(table, rows)
        return table

    def stored_table(self, name: str, *, system: str) -> Table:
        table = self.workspace.tables.get(system, name)
        assert table is not None, [each.name for each in self.workspace.tables.list(system)]
        return table

    def rows(self, name: str, *, system: str = "postgresql", stamped: bool = False) -> list[Row]:
        """Return an output's rows, without those marked as deleted and the columns that Polytomic adds.

        If ``stamped``, return all rows as they are.
        """
        table = self.stored_table(name, system=system)
        rows = [row for _, row in self.workspace.tables.read(table)]
        rows = [row for row in rows if stamped or row.get(DELETED.name) is None]
        hidden = () if stamped else tuple(column.name for column in STAMPS)
        return [{key: value for key, value in row.items() if key not in hidden} for row in rows]

    def put(self, table: Table, row: Row) -> None:
        """Update the row with the same key, or insert it."""
        for row_id, stored in self.workspace.tables.read(table):
            if stored[str(table.key)] == row[str(table.key)]:
                self.workspace.tables.update(table, {row_id: stored | row})
                return
        self.workspace.tables.insert(table, [row])

    def remove(self, table: Table, key: Any) -> None:
        found = [row_id for row_id, row in self.workspace.tables.read(table) if row[str(table.key)] == key]
        self.workspace.tables.delete(table, found)

    def change(self, table: Table, position: int, change: Row | None) -> None:
        """Change the row at a position of a table, or delete it."""
        row_id, row = [*self.workspace.tables.read(table)][position]
        if change is None:
            self.workspace.tables.delete(table, [row_id])
        else:
            self.workspace.tables.update(table, {row_id: row | change})

    @staticmethod
    def columns(text: str) -> tuple[Column, ...]:
        return columns_of(text)

    async def body(self, /, *, source: str = "mysql", to: str = "postgresql", **more: Any) -> dict[str, Any]:
        return {
            "name": "My bulk sync",
            "source_connection_id": await self.connection(source),
            "destination_connection_id": await self.connection(to),
            "destination_configuration": {"schema": "copy"},
            "default_schedule": {"frequency": "manual"},
            **more,
        }

    async def create(self, /, **more: Any) -> httpx.Response:
        return await self.http.post("/api/bulk/syncs", json=await self.body(**more))

    async def sync(self, /, **more: Any) -> dict[str, Any]:
        answer = await self.create(**more)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Call the API and return the data of the response."""
        answer = await self.http.request(method, f"/api/bulk/syncs/{path}", **more)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def start(self, sync: dict[str, Any], **request: Any) -> dict[str, Any]:
        """Run a bulk sync to its end and return the execution."""
        started = await self.ask("POST", f"{sync['id']}/executions", json=request)
        found: dict[str, Any] = await self.ask("GET", f"{sync['id']}/executions/{started['id']}")
        return found

    async def copied(self, sync: dict[str, Any], **request: Any) -> int:
        """Run a bulk sync to its end and return how many records it copied."""
        execution = await self.start(sync, **request)
        assert execution["status"] == "completed", execution
        count: int = execution["record_count"]
        return count

    @staticmethod
    def codes(answer: httpx.Response, status: int = 422) -> list[tuple[str, str]]:
        """Return the code and path of each problem in a refusal."""
        assert answer.status_code == status, answer.text
        return [(problem["code"], problem["path"]) for problem in answer.json()["metadata"]["problems"]]


@pytest.fixture
def workspace(sandbox: Starlette, workers: ThreadPoolExecutor) -> Workspace:
    """The sandbox's workspace, with an empty MySQL database."""
    workspace: Workspace = sandbox.state.workspace
    workspace.workers = workers
    for table in workspace.tables.list("mysql"):
        workspace.tables.drop(table)
    return workspace


@pytest.fixture
def stage(workspace: Workspace, http: httpx.AsyncClient, connect: Connect) -> Stage:
    return Stage(workspace, http, connect)


@pytest.fixture
def people(stage: Stage) -> Table:
    return stage.table("shop.people", "id n:number", ({"id": str(n), "n": n} for n in range(3)))


@pytest.fixture
async def sync(stage: Stage, people: Table) -> dict[str, Any]:
    return await stage.sync(active=True, schemas=[people.name])


@pytest.fixture
async def queued(stage: Stage, sync: dict[str, Any], workers: InlineWorkers) -> dict[str, Any]:
    """Return an execution that waits for a worker."""
    workers.is_holding = True
    return await stage.ask("POST", f"{sync['id']}/executions", json={})
