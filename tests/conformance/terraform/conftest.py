"""A sandbox as the Terraform provider reaches it, and the connections that its resources need."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox import create_sandbox
from tests.conformance.terraform.replay import VERSION, Api

POSTGRESQL: dict[str, Any] = {
    "hostname": "db.acme.example",
    "database": "app",
    "username": "ada",
    "password": "pw",
    "port": 5432,
}


@pytest.fixture(scope="module")
async def api() -> AsyncIterator[Api]:
    app = create_sandbox()
    headers = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": VERSION}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
        yield Api(http)
    app.state.workspace.close()


@pytest.fixture
async def postgresql(api: Api) -> str:
    body = {"name": "Warehouse", "type": "postgresql", "configuration": POSTGRESQL, "validate": False}
    connection = await api.call("POST", "/api/connections", body)
    await api.call("GET", f"/api/connections/{connection['id']}/schemas/status")
    return connection["id"]
