"""The official SDK on a new sandbox, and the connections of the guide's sync."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import anyio
import httpx
import pytest
import uvicorn
from polytomic import AsyncPolytomic, GetExecutionResponseSchema, Identity, Source
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox

ENDED = ("completed", "failed", "canceled", "interrupted")
PATIENCE = 5_000
HEADERS = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "hubspot": {"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"},
    "linkedinads": {"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"},
    "postgresql": {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"},
    "salesforce": {
        "domain": "https://acme.my.salesforce.com",
        "connect_mode": "api",
        "client_id": "c",
        "client_secret": "s",
        "oauth_refresh_token": "r",
    },
    "snowflake": {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"},
}


class Guide:
    """The starting point of the guide to Gong Engage."""

    snowflake: ClassVar = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
    query = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'"
    flow = "my-gong-engage-flow"

    @staticmethod
    def identity(model_id: str) -> Identity:
        """Return the identity of a sync that matches a model's contacts by id."""
        source = Source(field="contact_id", model_id=model_id)
        return Identity(source=source, target="Id", function="equality")


class Bridge(httpx.BaseTransport):
    """An application in this process, for synchronous clients."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._runner.run(self._carry(request))

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        self._runner.close()


class Stage:
    """A sandbox with one of everything, in a state file that each test copies.

    ``ids`` names what there is: ``sync``, ``execution``, ``webhook``...
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ids: dict[str, str] = {}
        app = create_sandbox(state=state)
        transport = Bridge(app)
        with httpx.Client(transport=transport, base_url="http://sandbox", headers=HEADERS) as self._http:
            self._connections()
            self._syncs()
            self._administration()
            self._harbor()
        app.state.workspace.close()

    def copy(self, folder: Path) -> Starlette:
        """Open a sandbox that starts from the stage."""
        return create_sandbox(state=shutil.copy(self.state, folder / "stage.db"))

    def _post(self, path: str, /, **body: Any) -> Any:
        answer = self._http.post(path, json=body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json().get("data")

    def _get(self, path: str) -> Any:
        return self._http.get(path).json()["data"]

    def _ended(self, path: str) -> None:
        for _ in range(PATIENCE):
            if self._get(path)["status"] in (*ENDED, "done", "errors"):
                return
            time.sleep(0.005)
        raise AssertionError(path)

    def _connections(self) -> None:
        for type_, configuration in CONFIGURATIONS.items():
            made = self._post("/api/connections", name=f"My {type_}", type=type_, configuration=configuration)
            self.ids[type_] = made["id"]
            self._get(f"/api/connections/{made['id']}/schemas/status")
        consent = self._post(
            "/api/connections", name="Gong", type="gong", configuration={"auth_method": "oauth"}
        )
        assert self._http.post(consent["auth_url"], data={"decision": "allow"}).status_code < 400
        self.ids["gong"] = consent["id"]
        session = self._post("/api/connections/connect/", name="Theirs", redirect_url="https://a.example/")
        self.ids["session"] = session["token"]
        query = self._post(f"/api/connections/{self.ids['snowflake']}/query", query="SELECT 1 AS one")
        self.ids["query"] = query["id"]
        self._ended(f"/api/queries/{query['id']}")
        contacts = self._get(f"/api/connections/{self.ids['salesforce']}/schemas/Contact/records")
        self.ids["contact"] = contacts[0]["Id"]
        self._http.put(f"/api/connections/{self.ids['salesforce']}/proxy/settings", json={"enabled": True})
        fields = [{"field_id": "theme", "label": "Theme", "type": "string", "path": "preferences.theme"}]
        self._http.post(
            f"/api/connections/{self.ids['snowflake']}/schemas/public.users/fields", json={"fields": fields}
        ).raise_for_status()

    def _syncs(self) -> None:
        hook = {"endpoint": "https://hooks.acme.example/polytomic", "secret": "s3cret-s3cret"}
        self.ids["webhook"] = self._post("/api/webhooks", **hook)["id"]
        model = {"connection_id": self.ids["snowflake"], "configuration": {"query": Guide.query}}
        self.ids["model"] = self._post("/api/models", name="Free", **model)["id"]
        started = self._http.post("/api/models?async=true", json={"name": "Later", **model}).json()
        self.ids["job"] = started["job"]["job_id"]
        identity = {
            "source": {"model_id": self.ids["model"], "field": "contact_id"},
            "target": "Id",
            "function": "Equality",
        }
        target = {"connection_id": self.ids["gong"], "object": Guide.flow}
        manual = {"frequency": "manual"}
        sync = {
            "mode": "updateOrCreate",
            "identity": identity,
            "fields": [],
            "target": target,
            "schedule": manual,
        }
        self.ids["sync"] = self._post("/api/syncs", name="Free to Gong", **sync)["id"]
        executions = f"/api/syncs/{self.ids['sync']}/executions"
        self.ids["execution"] = self._post(executions)["id"]
        self._ended(f"{executions}/{self.ids['execution']}")
        (url,) = self._get(f"{executions}/{self.ids['execution']}/inserts")["urls"]
        self.ids["log"] = url.rpartition("/")[2].partition("?")[0]
        self._bulk_sync(manual)

    def _bulk_sync(self, manual: dict[str, str]) -> None:
        bulk = self._post(
            "/api/bulk/syncs",
            name="HubSpot",
            source_connection_id=self.ids["hubspot"],
            destination_connection_id=self.ids["postgresql"],
            destination_configuration={"schema": "hubspot"},
            default_schedule=manual,
            additional_schedules=[{"frequency": "hourly", "minute": "5", "schemas": ["contacts"]}],
        )
        self.ids["bulk_sync"] = bulk["id"]
        executions = f"/api/bulk/syncs/{bulk['id']}/executions"
        self.ids["bulk_execution"] = self._post(executions)["id"]
        self._ended(f"{executions}/{self.ids['bulk_execution']}")
        schedules = self._get(f"/api/bulk/syncs/{bulk['id']}/schedules")
        self.ids["schedule"] = next(each["id"] for each in schedules if not each["isDefault"])

    def _administration(self) -> None:
        own = self._get("/api/organization")["id"]
        other = self._post("/api/organizations", name="Other")["id"]
        self.ids |= {"organization": own, "other": other}
        self.ids["user"] = self._post("/api/organization/users", email="bob@acme.example", role="user")["id"]
        self.ids["their_user"] = self._post(
            f"/api/organizations/{other}/users", email="eve@acme.example", role="user"
        )["id"]
        self.ids["role"] = self._post("/api/permissions/roles", name="Readers")["id"]
        actions = [{"action": "create", "role_ids": [self.ids["role"]]}]
        self.ids["policy"] = self._post("/api/permissions/policies", name="Ours", policy_actions=actions)[
            "id"
        ]

    def _harbor(self) -> None:
        made = self._post("/api/harbors", name="Port", backing_mode="managed")
        path = f"/api/harbors/{made['harbor']['id']}"
        self.ids |= {"harbor": made["harbor"]["id"], "harbor_token": made["api_key"]["value"]}
        self.ids["harbor_key"] = self._get(f"{path}/keys")[0]["id"]
        self.ids["context"] = self._post(f"{path}/contexts", title="Words", content="one")["id"]
        self._http.put(f"{path}/contexts/{self.ids['context']}/draft", json={"title": "T", "content": "two"})
        versions = self._get(f"{path}/contexts/{self.ids['context']}/versions")
        self.ids["context_version"] = versions[0]["id"]
        template = {"name": "Report", "sql_template": "SELECT 1 AS one"}
        saved = self._post(f"{path}/saved-queries", **template)
        self.ids["saved_query"] = saved["saved_query_id"]
        place = f"{path}/saved-queries/{saved['saved_query_id']}/draft"
        self._post(f"{place}/publish")
        self._http.put(place, json=template)
        self.ids["harbor_user"] = self._post(f"{path}/users", email="kim@acme.example")["id"]
        agent = {
            "Authorization": f"Bearer {made['api_key']['value']}",
            "X-Polytomic-Activity-Request-ID": str(uuid4()),
        }
        (store,) = self._http.get("/api/harbor/connections", headers=agent).json()["data"]
        self.ids["backing"] = store["id"]
        agent["X-Polytomic-Activity-Request-ID"] = str(uuid4())
        schemas = self._http.get(f"/api/harbor/connections/{store['id']}/schemas", headers=agent).json()[
            "data"
        ]
        self.ids["backing_schema"] = schemas[0]["id"]
        now = datetime.now(UTC)
        self.ids["yesterday"] = (now - timedelta(days=1)).isoformat()
        self.ids["tomorrow"] = (now + timedelta(days=1)).isoformat()
        period = f"start_time={self.ids['yesterday']}&end_time={self.ids['tomorrow']}".replace("+", "%2B")
        self.ids["activity"] = self._get(f"/api/organization/harbor-activity?{period}")[0]["id"]


@pytest.fixture(scope="session")
def bridge() -> type[Bridge]:
    return Bridge


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("stage") / "stage.db")


@pytest.fixture
def sandbox() -> Iterator[Starlette]:
    app = create_sandbox()
    yield app
    app.state.workspace.close()


@pytest.fixture
def api(sandbox: Starlette) -> AsyncPolytomic:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox))
    return AsyncPolytomic(token="sandbox-key", base_url="http://sandbox", httpx_client=http)


@pytest.fixture
def loopback(sandbox: Starlette) -> Iterator[str]:
    """The sandbox on a real server, for clients without a transport of their own."""
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
    """Connect Gong through the consent page, as a person does."""
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
            await anyio.sleep(0.005)
        raise AssertionError("the execution did not end")

    return wait
