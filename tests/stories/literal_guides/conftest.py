"""Calls of the guides as they print them: raw HTTP with the printed values, to a sandbox in this process."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox

OLD, NEW = "2024-02-08", "2025-09-18"
MANUAL = {"frequency": "manual"}
SNOWFLAKE = {"account": "uc193736182", "username": "user", "password": "secret", "dbname": "database"}
POSTGRESQL = {
    "hostname": "localhost",
    "port": 5432,
    "database": "postgres",
    "username": "user",
    "password": "secret",
}
SALESFORCE = {"domain": "https://example.my.salesforce.com"}
MONGODB = {"hosts": "example.mongodb.net", "username": "user", "password": "secret"}
NETSUITE = {
    "account_id": "1234567_SB1",
    "consumer_key": "consumer_key",
    "consumer_secret": "secret",
    "token": "token",
    "token_secret": "token_secret",
}
MYSQL = {"hostname": "localhost", "port": 3306, "dbname": "company", "account": "user", "passwd": "secret"}
GCS = {"service_account": "{}", "bucket": "gcs://bucket/path"}
S3 = {
    "auth_mode": "access_key_and_secret",
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "secret",
    "s3_bucket_region": "us-east-1",
    "s3_bucket_name": "s3://bucket/path",
}
PATIENCE = 30
"""Seconds that a run may take."""


@dataclass(frozen=True)
class Guide:
    """A reader of a guide; ``version`` is the header that the page prints, or None."""

    http: httpx.AsyncClient
    sandbox: Starlette
    version: str | None = OLD

    async def send(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        headers = {"X-Polytomic-Version": self.version} if self.version else {}
        return await self.http.request(method, path, json=body, params=query, headers=headers)

    async def data(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = await self.send(method, path, body, **query)
        assert answer.is_success, answer.text
        return answer.json().get("data")

    async def connect(self, type_: str, configuration: dict[str, Any], name: str | None = None) -> str:
        """Create a connection and, if a person must consent, consent as the page asks."""
        body = {"name": name or f"My {type_} Connection", "type": type_, "configuration": configuration}
        made = await self.data("POST", "/api/connections", body)
        if made.get("auth_url"):
            assert (await self.http.post(made["auth_url"], data={"decision": "allow"})).is_success
        assert (await self.data("GET", f"/api/connections/{made['id']}"))["status"] == "healthy"
        return str(made["id"])

    async def ready(self, connection: str) -> str:
        """Poll the status of the schemas until it says that they are read."""
        path = f"/api/connections/{connection}/schemas/status"
        with anyio.fail_after(PATIENCE):
            while True:
                if (await self.data("GET", path))["cache_status"] in (True, "true", "fresh"):
                    return connection
                await anyio.sleep(0.01)

    async def model(self, connection: str, configuration: dict[str, Any], **more: Any) -> str:
        body = {"name": "Model", "connection_id": connection, "configuration": configuration, **more}
        return str((await self.data("POST", "/api/models", body))["id"])

    async def run(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Start a sync and return the execution once it has ended."""
        started = await self.data("POST", f"{path}/executions", body or {})
        with anyio.fail_after(PATIENCE):
            while True:
                ended: dict[str, Any] = await self.data("GET", f"{path}/executions/{started['id']}")
                if ended["status"] not in ("created", "scheduled", "queued", "running"):
                    return ended
                await anyio.sleep(0.02)

    async def sync(self, **body: Any) -> dict[str, Any]:
        """Create a model sync, run it, and return the execution."""
        made = await self.data("POST", "/api/syncs", {"name": "Sync", "schedule": MANUAL, **body})
        return await self.run(f"/api/syncs/{made['id']}")

    async def bulk_sync(self, **body: Any) -> dict[str, Any]:
        """Create a bulk sync, run it, and return the execution."""
        schedule = "default_schedule" if self.version == NEW else "schedule"
        made = await self.data(
            "POST", "/api/bulk/syncs", {"name": "Bulk", "mode": "replicate", schedule: MANUAL, **body}
        )
        return await self.run(f"/api/bulk/syncs/{made['id']}")

    def rows(self, system: str, name: str) -> list[dict[str, Any]]:
        tables = self.sandbox.state.workspace.tables
        return list(tables.rows(tables.get(system, name)))


def source(model: str, field: str, target: str, **more: Any) -> dict[str, Any]:
    return {"source": {"model_id": model, "field": field}, "target": target, **more}


@pytest.fixture
def sandbox() -> Iterator[Starlette]:
    app = create_sandbox()
    yield app
    app.state.workspace.close()


@pytest.fixture
async def http(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox)
    headers = {"Authorization": f"Bearer {sandbox.state.workspace.key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        yield client


@pytest.fixture(params=[OLD, NEW])
def guide(sandbox: Starlette, http: httpx.AsyncClient, request: pytest.FixtureRequest) -> Guide:
    return Guide(http, sandbox, request.param)
