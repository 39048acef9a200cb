"""A read-only credential: no route lets it write."""

import re
from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.routes import ROUTES

WRITES = sorted(id_ for id_ in ROUTES if load_catalogue()[id_].effect != "read")


@pytest.fixture
async def reader(http: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client, with a read-only credential."""
    body = {"subject": {"type": "user", "mode": "read_only"}}
    token = (await http.post("/api/temporary-credentials", json=body)).json()["data"]["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return http


@pytest.mark.parametrize("operation", WRITES)
async def test_every_route_that_writes_refuses_it(reader: httpx.AsyncClient, operation: str) -> None:
    method, _, path = re.sub(r"\{\w+\}", "x", operation).partition(" ")

    answer = await reader.request(method, path)

    assert (answer.status_code, answer.json()["key"]) == (403, "forbidden")
    assert answer.json()["message"] == f"This credential is read-only, but {operation} writes."


async def test_it_can_read(reader: httpx.AsyncClient) -> None:
    answers: list[Any] = [await reader.get(f"/api/{noun}") for noun in ("connections", "models", "me")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[2].json()["data"]["credential"]["mode"] == "read_only"
