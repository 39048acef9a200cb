"""A managed Harbor, and a client with its key that sends a new request id with each call."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette


@pytest.fixture
async def created(http: httpx.AsyncClient) -> dict[str, Any]:
    """Return the response to creating a managed Harbor."""
    answer = await http.post("/api/harbors", json={"name": "Port", "backing_mode": "managed"})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.fixture
def harbor(created: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = created["harbor"]
    return found


@pytest.fixture
def path(harbor: dict[str, Any]) -> str:
    return f"/api/harbors/{harbor['id']}"


@pytest.fixture
async def agent(sandbox: Starlette, created: dict[str, Any]) -> AsyncIterator[httpx.AsyncClient]:
    async def identify(request: httpx.Request) -> None:
        request.headers.setdefault("X-Polytomic-Activity-Request-ID", str(uuid4()))

    headers = {
        "Authorization": f"Bearer {created['api_key']['value']}",
        "X-Polytomic-Version": "2025-09-18",
    }
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(sandbox),
        base_url="http://sandbox",
        headers=headers,
        event_hooks={"request": [identify]},
    ) as client:
        yield client
