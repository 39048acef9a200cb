"""A sandbox for faults, and this package's client for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.client import Polytomic
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.sandbox.faults.rules import Rule
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Connect = Callable[..., Awaitable[dict[str, Any]]]

CRM: dict[str, Any] = {"name": "CRM", "type": "hubspot", "configuration": {"oauth_refresh_token": "hunter2"}}


@pytest.fixture
async def api(sandbox: Starlette) -> AsyncIterator[Polytomic]:
    async def no_wait(seconds: float) -> None:
        del seconds

    async with Polytomic(
        "sandbox-key", base_url="http://sandbox", transport=httpx.ASGITransport(sandbox), sleep=no_wait
    ) as client:
        yield client


@pytest.fixture
def crm() -> dict[str, Any]:
    return CRM


class Runs:
    """A sync and a bulk sync of 5 people from MySQL to PostgreSQL, and what became of their runs."""

    def __init__(self, workspace: Workspace, http: httpx.AsyncClient, connect: Connect) -> None:
        self.workspace = workspace
        self._http = http
        self._connect = connect
        self.connections: dict[str, str] = {}

    async def prepare(self) -> None:
        columns = (Column("id", "string", "VARCHAR"), Column("name", "string", "VARCHAR"))
        source = Table("mysql", "people", "people", "table", columns, "id")
        self.workspace.tables.create(source)
        self.workspace.tables.insert(source, [{"id": str(n), "name": f"Person {n}"} for n in range(1, 6)])
        self.workspace.tables.create(
            Table("postgresql", "public.arrivals", "arrivals", "table", columns, None)
        )
        shop = {"hostname": "db.acme.example", "account": "ada", "passwd": "pw", "dbname": "shop"}
        self.connections["mysql"] = (await self._connect("mysql", **shop))["id"]
        self.connections["postgresql"] = (await self._connect("postgresql"))["id"]
        for id_ in self.connections.values():
            await self.ask("GET", f"/api/connections/{id_}/schemas/status")

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = await self._http.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    async def sync(self, **more: Any) -> str:
        model = await self.ask("POST", "/api/models", json=self.model())
        body = {
            "name": "Move people",
            "mode": "create",
            "schedule": {"frequency": "manual"},
            "target": {"connection_id": self.connections["postgresql"], "object": "public.arrivals"},
            "fields": [
                {"source": {"model_id": model["id"], "field": name}, "target": name}
                for name in ("id", "name")
            ],
            "identity": {
                "source": {"model_id": model["id"], "field": "id"},
                "target": "id",
                "function": "Equality",
            },
        }
        return (await self.ask("POST", "/api/syncs", json=body | more))["id"]

    async def bulk_sync(self, **more: Any) -> str:
        body = {
            "name": "Copy people",
            "source_connection_id": self.connections["mysql"],
            "destination_connection_id": self.connections["postgresql"],
            "destination_configuration": {"schema": "copies"},
            "default_schedule": {"frequency": "manual"},
            "mode": "replicate",
            "schemas": ["people"],
        }
        return (await self.ask("POST", "/api/bulk/syncs", json=body | more))["id"]

    def model(self) -> dict[str, Any]:
        return {
            "name": "people",
            "connection_id": self.connections["mysql"],
            "configuration": {"table": "people"},
        }

    async def run(self, path: str, **more: Any) -> dict[str, Any]:
        started = await self.ask("POST", f"{path}/executions", json={}, **more)
        self.workspace.settle(20)
        return await self.ask("GET", f"{path}/executions/{started['id']}")

    async def begun(self, rule: Rule) -> None:
        """Wait until a run has met a fault of its own."""
        with anyio.fail_after(20):
            while not rule.hits:
                await anyio.lowlevel.checkpoint()

    def arrived(self) -> int:
        table = self.workspace.tables.get("postgresql", "public.arrivals")
        assert table is not None
        return self.workspace.tables.count(table)


@pytest.fixture
async def runs(sandbox: Starlette, http: httpx.AsyncClient, connect: Connect) -> Runs:
    prepared = Runs(sandbox.state.workspace, http, connect)
    await prepared.prepare()
    return prepared
