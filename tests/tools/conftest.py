"""A scripted Polytomic, the sandbox, and an MCP client that validates every answer of a tool."""

import copy
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import anyio.lowlevel
import httpx
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.server.mcpserver import MCPServer

from polytomic_mcp import Settings, build_server
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.protocol.time_limit import TimeLimit
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.settings import DEFAULT_TOOLSETS, TOOLSETS, AccessMode, Secret
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.toolsets import shown_tools
from tests.conftest import text_of

KEY = "a-very-secret-key"
ONCE = RetryPolicy(attempts=1)


class ScriptedApi(httpx.AsyncBaseTransport):
    """Answers each ``METHOD /path`` from a table and remembers what was asked.

    An answer is JSON, a response, an error to raise, or a function of the request that gives one of
    these. What is not in the table gets the answer ``otherwise``: 404.
    """

    WAREHOUSE = "11111111-0000-0000-0000-000000000001"
    GONG = "11111111-0000-0000-0000-000000000002"
    MODEL = "22222222-0000-0000-0000-000000000001"
    SYNC = "33333333-0000-0000-0000-000000000001"
    EXECUTION = "44444444-0000-0000-0000-000000000001"
    FLOW = "my-gong-engage-flow"

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.otherwise: Any = httpx.Response(404, json={"message": "no such thing"})
        self.requests: list[httpx.Request] = []

    def __setitem__(self, operation: str, answer: Any) -> None:
        self.answers[operation] = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}", self.otherwise)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx.Response(200, json=answer)

    def holds(self, kind: str, *objects: dict[str, Any]) -> None:
        """Serve objects of a kind (``connections``): the list of them, and each by its id."""
        self[f"GET /api/{kind}"] = {"data": list(objects)}
        for item in objects:
            self[f"GET /api/{kind}/{item['id']}"] = {"data": item}

    def echoes(self, operation: str, **more: Any) -> None:
        """Answer an operation with the body it was sent, and more."""
        self[operation] = lambda request: {"data": json.loads(request.content) | more}

    def bodies(self, operation: str) -> list[Any]:
        """Return the bodies that were sent to an operation."""
        return [json.loads(request.content) for request in self.asked(operation)]

    def sent_sync(self) -> Any:
        """Return the body of the one update of the sync."""
        (body,) = self.bodies(f"PUT /api/syncs/{self.SYNC}")
        return body

    def asked(self, operation: str) -> list[httpx.Request]:
        return [each for each in self.requests if f"{each.method} {each.url.path}" == operation]

    def written(self) -> list[str]:
        """Name what was asked for beside reads."""
        return [f"{each.method} {each.url.path}" for each in self.requests if each.method != "GET"]


class Clock:
    """Time that passes only during a sleep, in seconds."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()

    def now(self) -> float:
        return self.time

    def date(self) -> datetime:
        return datetime(2026, 3, 4, 12, 0, tzinfo=UTC) + timedelta(seconds=self.time)  # a Wednesday


class Schemas:
    """The schemas of all tools, compiled once: what a tool takes and what it answers."""

    def __init__(self, shown: Iterable[Any]) -> None:
        by_name = {tool.name: tool for tool in shown}
        self.outputs = {name: tool.output_schema for name, tool in by_name.items()}
        self.output_validators = {name: compiled(schema) for name, schema in self.outputs.items()}
        self.input_validators = {name: compiled(tool.parameters) for name, tool in by_name.items()}


def compiled(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


class Tools:
    """The tools as a client calls them; each answer is validated against its output schema and its text."""

    def __init__(self, client: Client, schemas: Schemas, shown: Iterable[str] = ()) -> None:
        self.client = client
        self.schemas = schemas
        self.shown = frozenset(shown)
        # The client would list the tools for these once more in each test, and the list is long.
        client.session._tool_output_schemas |= schemas.outputs
        client.session._tool_output_validators |= schemas.output_validators

    async def __call__(self, tool: str, /, **arguments: Any) -> Any:
        """Call a tool that must succeed, and return its structured result."""
        is_error, answer = await self.try_(tool, arguments)
        assert not is_error, answer
        return answer

    async def refused(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that must refuse, and return what it says."""
        is_error, answer = await self.try_(tool, arguments)
        assert is_error, answer
        return answer

    async def try_(self, tool: str, arguments: dict[str, Any], **options: Any) -> tuple[bool, Any]:
        """Call a tool; return whether it refused, and its text or its structured result."""
        result = await self.client.call_tool(tool, arguments, **options)
        text = text_of(result)
        if result.is_error:
            assert result.structured_content is None
            assert "Error executing tool" not in text
            assert "Traceback" not in text
            if '{"next_steps":' in text:
                await self.hold_steps(json.loads(text.splitlines()[-1]))
            return True, text
        assert json.loads(text) == result.structured_content
        assert text == json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
        self.schemas.output_validators[tool].validate(result.structured_content)
        await self.hold_steps(result.structured_content)
        return False, result.structured_content

    async def hold_steps(self, answer: dict[str, Any]) -> None:
        """Hold what an answer leads on to against the tools that are shown: complete, and at most three."""
        steps = answer.get("next_steps", [])
        calls = [*steps, *(cut["rest"] for cut in answer.get("truncated", []) if "rest" in cut)]
        calls += [step for cause in answer.get("causes", []) for step in cause.get("next_steps", [])]
        calls += [row["next_step"] for row in answer.get("items", []) if "next_step" in row]
        if calls and not self.shown:
            self.shown = frozenset(tool.name for tool in (await self.client.list_tools()).tools)
        for step in calls:
            assert step["tool"] in self.shown
            self.schemas.input_validators[step["tool"]].validate(step["arguments"])
        assert len(steps) <= 3
        assert all(step["reason"] for step in steps)


Connect = Callable[..., AbstractAsyncContextManager[Tools]]
Hold = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def shelves() -> dict[str, list[Any]]:
    """All tools of each access mode, made once."""
    return {
        mode: [tool for _, tool in shown_tools(Settings(toolsets=TOOLSETS, access_mode=mode))]
        for mode in get_args(AccessMode)
    }


@pytest.fixture(scope="session")
def schemas(shelves: dict[str, list[Any]]) -> Schemas:
    return Schemas(shelves["full-access"])


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold every test to a quiet stderr: what is logged as an error is a crash nobody foresaw."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api() -> ScriptedApi:
    """A Polytomic without objects."""
    return ScriptedApi()


@pytest.fixture
def connect(api: ScriptedApi, clock: Clock, shelves: dict[str, list[Any]], schemas: Schemas) -> Connect:
    """Connect a client to the tools over the scripted API, by the test's clock; repetitions are opt-in."""

    @asynccontextmanager
    async def connected(
        *,
        mode: str = "auto",
        settings: Settings | None = None,
        retry: RetryPolicy = ONCE,
        **options: Any,
    ) -> AsyncIterator[Tools]:
        chosen = settings or Settings(api_key=Secret(KEY))

        @asynccontextmanager
        async def lifespan(_: Any) -> AsyncIterator[Caller]:
            client = Polytomic.from_settings(
                chosen, transport=api, retry=retry, sleep=clock.sleep, clock=clock.now
            )
            names = frozenset(tool.name for tool in shelves[chosen.access_mode])
            yield Caller(client, clock.sleep, clock.now, tools=names, clock=clock.date)

        shown, limit = shelves[chosen.access_mode], TimeLimit(chosen.call_seconds)
        server = MCPServer("test", version="1", tools=shown, lifespan=lifespan, middleware=[limit])
        async with Client(server, mode=mode, **options) as client:
            yield Tools(client, schemas, (tool.name for tool in shown))

    return connected


@pytest.fixture
async def tools(connect: Connect) -> AsyncIterator[Tools]:
    """The tools over the scripted API."""
    async with connect() as connected:
        yield connected


@pytest.fixture
def company(api: ScriptedApi) -> ScriptedApi:
    """The scripted API with a warehouse, a Gong with one flow, a model and a sync from one to the other."""
    api.holds(
        "connections",
        {"id": api.WAREHOUSE, "name": "Warehouse", "type": {"id": "snowflake"}, "status": "healthy"},
        {"id": api.GONG, "name": "Gong", "type": {"id": "gong"}, "status": "healthy"},
    )
    fields = [{"id": "f1", "name": "contact_id", "type": "string"}, {"id": "f2", "name": "plan"}]
    model = {"name": "Plans", "type": "snowflake", "connection_id": api.WAREHOUSE, "fields": fields}
    api.holds("models", {"id": api.MODEL, "configuration": {"query": "SELECT 1"}, **model})
    objects = [{"id": api.FLOW, "name": "Winter flow", "modes": [{"id": "updateOrCreate"}]}]
    api[f"GET /api/connections/{api.GONG}/modelsync/targetobjects"] = {"data": objects}
    api[f"GET /api/connections/{api.GONG}/modelsync/target/fields"] = {"data": flow_fields()}
    api.holds("syncs", stored_sync())
    api.echoes("POST /api/connections", id=api.WAREHOUSE)
    api.echoes("POST /api/models", id=api.MODEL, fields=fields)
    api.echoes("POST /api/syncs", id=api.SYNC)
    api.echoes(f"PUT /api/syncs/{api.SYNC}", id=api.SYNC)
    return api


@pytest.fixture
def hold(company: ScriptedApi) -> Hold:
    """Store a sync in the scripted API, whose PUT keeps what it is sent over it."""
    path = f"/api/syncs/{company.SYNC}"
    base = company.answers[f"GET {path}"]["data"]

    def store(**parts: Any) -> dict[str, Any]:
        stored = base | parts
        if "identities" in parts and "identity" not in parts:
            del stored["identity"]
        company.requests.clear()
        company[f"GET {path}"] = {"data": copy.deepcopy(stored)}
        company[f"PUT {path}"] = lambda request: {"data": stored | json.loads(request.content)}
        return stored

    return store


def flow_fields() -> dict[str, Any]:
    """What the API says of a Gong Engage flow."""
    functions = [{"id": "Equality", "label": "Equals"}]
    return {
        "id": ScriptedApi.FLOW,
        "name": "Winter flow",
        "fields": [
            {"id": "Id", "type": "string", "supports_identity": True, "identity_functions": functions},
            {"id": "Note", "type": "string", "required": False, "values": []},
        ],
        "modes": [{"mode": "updateOrCreate", "requires_identity": True}],
        "properties": {"mappings_not_required": True},
    }


def stored_sync() -> dict[str, Any]:
    """The sync as 2025-09-18 answers it."""
    source = {"model_id": ScriptedApi.MODEL, "field": "contact_id"}
    return {
        "id": ScriptedApi.SYNC,
        "name": "Plans to Gong",
        "mode": "updateOrCreate",
        "active": True,
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": ScriptedApi.GONG, "object": ScriptedApi.FLOW},
        "fields": [],
        "identity": {"source": source, "target": "Id", "function": "Equality"},
        "model_ids": [ScriptedApi.MODEL],
        "policies": None,
        "updated_at": "2026-01-01T00:00:00Z",
    }


@pytest.fixture
def sandbox() -> Iterator[httpx.ASGITransport]:
    """A transport into a fresh sandbox."""
    app = create_sandbox(key=KEY)
    yield httpx.ASGITransport(app)
    app.state.workspace.close()


@pytest.fixture
def open_sandbox(sandbox: httpx.ASGITransport, schemas: Schemas) -> Connect:
    """Connect a client to the real server over the sandbox."""

    @asynccontextmanager
    async def connected(
        *,
        api_version: str = "2025-09-18",
        toolsets: tuple[str, ...] = DEFAULT_TOOLSETS,
        **options: Any,
    ) -> AsyncIterator[Tools]:
        settings = Settings(
            api_key=Secret(KEY), api_url="http://sandbox", api_version=api_version, toolsets=toolsets
        )
        async with Client(build_server(settings, transport=sandbox), **options) as client:
            yield Tools(client, schemas)

    return connected
