"""Routes of a test's own over an empty workspace."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.gateway.routing import RoutingMiddleware
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Serve = Callable[[Routes], httpx.AsyncClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve routes, and return a client that reaches them."""
    workspace = Workspace(Store(), "sandbox-key")
    catalogue = load_catalogue()

    def client(routes: Routes) -> httpx.AsyncClient:
        api = RoutingMiddleware(Api(workspace, catalogue, routes), catalogue.values())
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(api),
            base_url="http://sandbox",
            headers={"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"},
        )

    yield client
    workspace.close()


@pytest.fixture
def echo(serve: Serve) -> Callable[..., httpx.AsyncClient]:
    """Serve operations that answer with the arguments they were given."""

    def arguments(call: Call) -> dict[str, Any]:
        return {"data": dict(call.arguments)}

    def client(*operations: str) -> httpx.AsyncClient:
        return serve(dict.fromkeys(operations, arguments))

    return client
