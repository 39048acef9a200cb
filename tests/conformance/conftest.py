"""The official SDK before a fresh sandbox, and the ends of the sync that the guide makes."""

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, ClassVar

import httpx
import pytest
import uvicorn
from polytomic import AsyncPolytomic, GetExecutionResponseSchema, Identity, Source
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox

ENDED = ("completed", "failed", "canceled", "interrupted")
PATIENCE = 5_000


class Guide:
    """What the guide to Gong Engage starts from."""

    snowflake: ClassVar = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
    query = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'free'"
    flow = "my-gong-engage-flow"

    @staticmethod
    def identity(model_id: str) -> Identity:
        """Say that a model's contacts are found by their ids."""
        source = Source(field="contact_id", model_id=model_id)
        return Identity(source=source, target="Id", function="equality")


@pytest.fixture
def sandbox() -> Iterator[Starlette]:
    app = create_sandbox()
    yield app
    app.state.world.close()


@pytest.fixture
def api(sandbox: Starlette) -> AsyncPolytomic:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox))
    return AsyncPolytomic(token="sandbox-key", base_url="http://sandbox", httpx_client=http)


@pytest.fixture
def loopback(sandbox: Starlette) -> Iterator[str]:
    """The sandbox behind a real server, for clients that bring no transport of their own."""
    server = uvicorn.Server(uvicorn.Config(sandbox, log_level="critical", ws="none", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def guide() -> Guide:
    return Guide()


@pytest.fixture
async def warehouse(api: AsyncPolytomic, guide: Guide) -> str:
    created = (
        await api.connections.create(name="Warehouse", type="snowflake", configuration=guide.snowflake)
    ).data
    assert created is not None
    assert created.id is not None
    return created.id


@pytest.fixture
async def gong(api: AsyncPolytomic, sandbox: Starlette) -> str:
    """Connect Gong as a person does: by the consent page."""
    created = (
        await api.connections.create(name="Gong", type="gong", configuration={"auth_method": "oauth"})
    ).data
    assert created is not None
    assert created.id is not None
    assert created.auth_url is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox)) as browser:
        consented = await browser.post(created.auth_url, data={"decision": "allow"})
    assert consented.status_code < 400
    return created.id


@pytest.fixture
async def model(api: AsyncPolytomic, warehouse: str, guide: Guide) -> str:
    made = (
        await api.models.create(name="Free", connection_id=warehouse, configuration={"query": guide.query})
    ).data
    assert made is not None
    return str(made.id)


@pytest.fixture
def ended(api: AsyncPolytomic) -> Callable[[Any, Any], Awaitable[GetExecutionResponseSchema]]:
    """Wait for the end of a sync's execution."""

    async def wait(sync_id: Any, execution_id: Any) -> GetExecutionResponseSchema:
        for _ in range(PATIENCE):
            execution = (await api.model_sync.executions.get(str(sync_id), str(execution_id))).data
            assert execution is not None
            if execution.status in ENDED:
                return execution
        raise AssertionError("the execution did not end")

    return wait
