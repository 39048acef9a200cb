"""Routes of a test's own over an empty world."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.world.world import World

Serve = Callable[[Routes], httpx.AsyncClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve routes, and return a client that reaches them."""
    world = World(Store(), "sandbox-key")

    def client(routes: Routes) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(Api(world, load_catalogue(), routes)),
            base_url="http://sandbox",
            headers={"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"},
        )

    yield client
    world.close()


@pytest.fixture
def echo(serve: Serve) -> Callable[..., httpx.AsyncClient]:
    """Serve operations that answer with the arguments they were given."""

    def arguments(call: Call) -> dict[str, Any]:
        return {"data": dict(call.arguments)}

    def client(*operations: str) -> httpx.AsyncClient:
        return serve(dict.fromkeys(operations, arguments))

    return client
