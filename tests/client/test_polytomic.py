"""What the client sends for a call, and how long a client lives."""

import subprocess
import sys
from typing import Any

import anyio
import httpx
import pytest

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import ArgumentError, UnknownOperationError


async def test_a_call_places_its_arguments_and_returns_the_whole_body(script: Any) -> None:
    api, network = script(httpx.Response(200, json={"data": {"id": "1"}}))

    body = await api.call(
        "POST /api/connections", name="Łódź", type="snowflake", configuration={"account": None}
    )

    assert body == {"data": {"id": "1"}}
    assert str(network.request.url) == "https://app.polytomic.com/api/connections"
    assert network.body == {"name": "Łódź", "type": "snowflake", "configuration": {"account": None}}
    assert network.request.headers["Content-Type"] == "application/json"


async def test_every_call_sends_its_version_and_its_key(script: Any, key: str) -> None:
    api, network = script(api_version="2024-02-08")

    await api.call("GET /api/me")

    assert network.request.headers["X-Polytomic-Version"] == "2024-02-08"
    assert network.request.headers["Authorization"] == f"Bearer {key}"
    assert "Idempotency-Key" not in network.request.headers
    assert "Content-Type" not in network.request.headers


async def test_a_query_is_sent_in_the_url(script: Any) -> None:
    api, network = script()

    await api.call("GET /api/models/{id}", **{"id": "a/../b?c=d", "async": True})

    assert network.request.url.raw_path == b"/api/models/a%2F..%2Fb%3Fc%3Dd?async=true"


async def test_an_operation_that_does_not_exist_is_refused_with_the_nearest(script: Any) -> None:
    api, _ = script()

    with pytest.raises(UnknownOperationError, match="GET /api/syncs"):
        await api.call("GET /api/sync")


async def test_an_argument_too_long_for_a_url_is_refused_before_it_is_sent(script: Any) -> None:
    api, network = script()

    with pytest.raises(ArgumentError, match=r"GET /api/syncs/\{id\}: .* is too long for a URL"):
        await api.call("GET /api/syncs/{id}", id="x" * 70_000)

    assert network.requests == []


async def test_a_closed_client_opens_again(script: Any) -> None:
    api, network = script()

    async with api:
        await api.call("GET /api/me")
    await api.call("GET /api/me")
    await api.aclose()
    await api.aclose()

    assert len(network.requests) == 2


async def test_calls_run_concurrently() -> None:
    everyone_is_in = anyio.Event()
    inside: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        inside.append(request.url.path)
        if len(inside) == 20:
            everyone_is_in.set()
        await everyone_is_in.wait()
        return httpx.Response(200, json={})

    with anyio.fail_after(10):
        async with (
            Polytomic("key", transport=httpx.MockTransport(answer)) as api,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(20):
                tasks.start_soon(api.call, "GET /api/me")

    assert len(inside) == 20


def test_creating_a_client_loads_neither_the_catalogue_nor_certificates() -> None:
    code = """if True:
        import ssl
        from polytomic_mcp.catalogue import load_catalogue
        from polytomic_mcp.client import Polytomic
        ssl.SSLContext.__new__ = None
        Polytomic("key")
        print(load_catalogue.cache_info().currsize)
    """

    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - a constant

    assert done.stdout == "0\n"
