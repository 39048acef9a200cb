"""A company grown large: every answer fits a context window, and paging leads through all there is."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from starlette.applications import Starlette

from polytomic_mcp import Polytomic, Settings, build_server, create_sandbox
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.settings import TOOLSETS, Secret

pytestmark = pytest.mark.slow

KEY, URL = "scale", "http://sandbox"
MOST_TOKENS = 6_000
MOST_IN_FLIGHT = 8
PATIENCE = 60
SIZES = {"connection": 1_000, "model": 500, "sync": 2_000, "bulk_sync": 300}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "snowflake": {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"},
    "gong": {"auth_method": "token", "access_key": "ak", "access_secret": "as"},
    "postgresql": {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "pw"},
}
HUB, WRITTEN, APP = "snowflake", "gong", "postgresql"
TEAMS = (
    "EMEA sales",
    "Customer success",
    "営業チーム 東京",
    "Équipe produit, Genève",
    "Growth 🚀",
    "Ops " * 30,
)
SCHEDULES = (
    {"frequency": "manual"},
    {"frequency": "hourly", "minute": "15"},
    {"frequency": "daily", "hour": "05", "minute": "00"},
    {"frequency": "weekly", "day_of_week": "monday", "hour": "05", "minute": "00"},
)
RUNS = (
    ("completed",),
    ("completed", "completed", "failed"),
    (),
    ("completed", "running"),
    ("completed", "completed"),
)
LISTS: dict[str, dict[str, Any]] = {
    "list_bulk_syncs": {},
    "list_connection_types": {},
    "list_connections": {},
    "list_events": {},
    "list_models": {},
    "list_policies": {},
    "list_roles": {},
    "list_source_schemas": {"connection_id": HUB},
    "list_syncs": {},
    "list_target_fields": {"connection_id": WRITTEN, "target": "my-gong-engage-flow"},
    "list_target_objects": {"connection_id": WRITTEN},
    "list_users": {},
    "list_webhook_deliveries": {},
    "list_webhooks": {},
}
"""Every tool that lists, with what it must be given."""

WIDE = {
    "list_connections": ["configuration", "created_by", "policies", "updated_at"],
    "list_models": ["configuration", "fields", "created_by"],
    "list_syncs": ["schedule", "created_by", "organization_id", "model_ids"],
    "list_bulk_syncs": ["default_schedule", "destination_configuration", "updated_by"],
}
KINDS = {
    "list_connections": "connection",
    "list_models": "model",
    "list_syncs": "sync",
    "list_bulk_syncs": "bulk_sync",
}
READS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "GET /api/connections": ("connection", 900, {}),
    "GET /api/models": ("model", 0, {}),
    "GET /api/syncs": ("sync", 0, {"active": False}),
    "GET /api/bulk/syncs": ("bulk_sync", 0, {}),
}
"""What each lists, from where on it is read (the connections come all in one answer), and which of them."""


@dataclass
class Watched(httpx.AsyncBaseTransport):
    """The way into the sandbox, which counts the requests that are on it at the same time."""

    inner: httpx.AsyncBaseTransport
    under_way: int = 0
    most: int = 0
    total: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.total += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await self.inner.handle_async_request(request)
        finally:
            self.under_way -= 1


@dataclass
class Reader:
    """Calls tools, and holds every answer to its size: the text and the structure, which are the same."""

    client: Client
    tokenizer: Any
    told: list[tuple[float, float | None]] = field(default_factory=list[tuple[float, float | None]])

    async def __call__(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        with anyio.fail_after(PATIENCE):
            result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        (content,) = result.content
        text: str = getattr(content, "text", "")
        assert not result.is_error, (tool, arguments, text)
        assert json.loads(text) == result.structured_content
        assert len(self.tokenizer.encode(text)) < MOST_TOKENS, (
            tool,
            arguments,
            len(self.tokenizer.encode(text)),
        )
        return result.structured_content or {}

    async def walk(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return what all pages hold."""
        items: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = await self(tool, **arguments, **token)
            items += page["items"]
            if "next_page_token" not in page:
                return items
            token = {"page_token": page["next_page_token"]}

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:
        del message
        self.told.append((progress, total))


async def prepare(transport: httpx.AsyncBaseTransport) -> None:
    """Make one of each kind by the API itself, and run what runs: the mould of all others."""
    async with Polytomic(KEY, base_url=URL, transport=transport) as api:
        ids: dict[str, str] = {}
        for name, configuration in CONFIGURATIONS.items():
            made = {"name": name, "type": name, "configuration": configuration}
            ids[name] = (await api.call("POST /api/connections", **made))["data"]["id"]
        query = {"query": "SELECT contact_id, subscription_plan FROM salesforce_contacts"}
        model = (
            await api.call("POST /api/models", name="Plans", connection_id=ids[HUB], configuration=query)
        )["data"]
        source = {"field": "contact_id", "model_id": model["id"]}
        sync = await api.call(
            "POST /api/syncs",
            name="Plans to Gong",
            mode="updateOrCreate",
            fields=[],
            schedule=SCHEDULES[0],
            identity={"source": source, "target": "Id", "function": "Equality"},
            target={"connection_id": ids[WRITTEN], "object": "my-gong-engage-flow"},
        )
        await api.call("GET /api/connections/{id}/schemas/status", id=ids[HUB])
        bulk = await api.call(
            "POST /api/bulk/syncs",
            name="Copy of the warehouse",
            source_connection_id=ids[HUB],
            destination_connection_id=ids[APP],
            destination_configuration={"schema": "copy"},
            default_schedule=SCHEDULES[0],
        )
        await api.call("POST /api/syncs/{id}/executions", id=sync["data"]["id"])
        await api.call("POST /api/bulk/syncs/{id}/executions", id=bulk["data"]["id"])
        await api.call("POST /api/webhooks", endpoint="https://hooks.acme.example/polytomic", secret="s3cr3t")
        while await is_under_way(api, "GET /api/syncs/{id}/status", sync["data"]["id"]):
            pass
        while await is_under_way(api, "GET /api/bulk/syncs/{id}/status", bulk["data"]["id"]):
            pass


async def is_under_way(api: Polytomic, operation: str, id_: str) -> bool:
    return (await api.call(operation, id=id_))["data"]["current_execution"] is not None


class Company:
    """Copies what there is of each kind until there are as many as a large company has."""

    def __init__(self, app: Starlette) -> None:
        self.workspace = app.state.workspace
        self.store: Store = self.workspace.store
        kinds = (*SIZES, "execution", "bulk_execution")
        self.moulds = {kind: self.store.list(kind)[0] for kind in kinds}

    def plant(self) -> None:
        """Plant all of it: half of the models read the hub, and all syncs write to one Gong."""
        moulds = self.store.list("connection")
        hub: str = moulds[0]["id"]
        with self.store.transaction():
            others = [self._connection(at, moulds[at % 3]) for at in range(SIZES["connection"] - 3)]
            models = [self._model(at, hub if at % 2 else others[at]) for at in range(SIZES["model"] - 1)]
            for at in range(SIZES["sync"] - 1):
                self._sync(at, models[at % len(models)])
            for at in range(SIZES["bulk_sync"] - 1):
                self._bulk_sync(at, others[at])

    def ids(self, kind: str, which: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
        """Return the ids of those of a kind that have these values, the oldest first."""
        return [
            document["id"]
            for document in self.store.list(kind)
            if all(document[name] == value for name, value in which.items())
        ]

    def _connection(self, at: int, mould: dict[str, Any]) -> str:
        error = "The password is no longer right."
        state = {"status": "unhealthy", "status_error": error} if at % 9 == 4 else {}
        return self._copy("connection", at, mould["type"]["name"], mould | state)

    def _model(self, at: int, connection_id: str) -> str:
        return self._copy("model", at, "Accounts", {"connection_id": connection_id})

    def _sync(self, at: int, model_id: str) -> None:
        identities = self.moulds["sync"]["identities"]
        source = {"field": "contact_id", "model_id": model_id}
        mappings = [identities["mappings"][0] | {"source": source}]
        more: dict[str, Any] = {"active": at % 5 > 0, "schedule": SCHEDULES[at % 4]}
        more["identities"] = identities | {"mappings": mappings}
        id_ = self._copy("sync", at, "Contacts → Gong", more)
        self._runs("execution", id_, RUNS[at % 5])

    def _bulk_sync(self, at: int, source_id: str) -> None:
        id_ = self._copy("bulk_sync", at, "Warehouse copy", {"source_connection_id": source_id})
        self._runs("bulk_execution", id_, RUNS[at % 5])

    def _runs(self, kind: str, sync_id: str, statuses: tuple[str, ...]) -> None:
        for number, status in enumerate(statuses, 1):
            hours = 24 * (len(statuses) - number) + 1
            is_stuck = status == "running"
            begun = self._ago(hours + 24 if is_stuck else hours + 1)
            ended = None if is_stuck else self._ago(hours)
            times = {"created_at": begun, "started_at": begun, "completed_at": ended}
            own = {"id": self.workspace.new_id(), "_sync_id": sync_id, "_number": number, "status": status}
            self.store.put(kind, own["id"], self.moulds[kind] | own | times)

    def _copy(self, kind: str, at: int, name: str, more: dict[str, Any]) -> str:
        """Put a copy under a name of its own; several were changed at the same moment."""
        own = {"id": self.workspace.new_id(), "updated_at": self._ago(at // 3)}
        own["name"] = f"{name}, {TEAMS[at % len(TEAMS)]} {at}"
        self.store.put(kind, own["id"], self.moulds[kind] | more | own)
        return own["id"]

    def _ago(self, hours: int) -> str:
        return (self.workspace.clock() - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def company() -> Iterator[tuple[Company, httpx.AsyncBaseTransport]]:
    """The large company, planted once, and the way to it."""
    app = create_sandbox(key=KEY)
    transport = httpx.ASGITransport(app)
    anyio.run(prepare, transport)
    planted = Company(app)
    planted.plant()
    yield planted, transport
    app.state.workspace.close()


@pytest.fixture
def planted(company: tuple[Company, httpx.AsyncBaseTransport]) -> Company:
    return company[0]


@pytest.fixture
def watched(company: tuple[Company, httpx.AsyncBaseTransport]) -> Watched:
    return Watched(company[1])


@pytest.fixture
async def read(watched: Watched, tokenizer: Any) -> AsyncIterator[Reader]:
    """All the tools, over the large company."""
    settings = Settings(api_key=Secret(KEY), api_url=URL, toolsets=TOOLSETS)
    async with Client(build_server(settings, transport=watched)) as client:
        yield Reader(client, tokenizer)


async def test_every_list_fits_a_context_window_whatever_it_is_asked_for(read: Reader) -> None:
    tools = {tool.name: tool.input_schema["properties"] for tool in (await read.client.list_tools()).tools}
    assert {name for name in tools if name.startswith("list_")} == LISTS.keys()

    for name, arguments in LISTS.items():
        limit = {"limit": 1_000} if "limit" in tools[name] else {}
        await read(name, **arguments)
        await read(name, **arguments, **limit)
        if name in WIDE:
            await read(name, **arguments, **limit, fields=WIDE[name])
    await read("find_operations", query="sync", detail="schema", limit=200)
    await read("find_operations", limit=200)


@pytest.mark.parametrize(("tool", "kind"), KINDS.items())
async def test_paging_loses_nothing_and_repeats_nothing(
    tool: str, kind: str, read: Reader, planted: Company
) -> None:
    items = await read.walk(tool, limit=1_000, fields=WIDE[tool][:1])

    assert sorted(item["id"] for item in items) == sorted(planted.ids(kind))


async def test_a_query_is_looked_for_in_all_of_them(read: Reader) -> None:
    items = await read.walk("list_syncs", query="東京 1")

    assert len(items) == len([at for at in range(2, SIZES["sync"] - 1, 6) if str(at).startswith("1")])


@pytest.mark.parametrize("operation", READS)
async def test_what_read_operation_cut_is_reached_by_the_calls_it_names(
    operation: str, read: Reader, planted: Company
) -> None:
    kind, offset, which = READS[operation]
    ids: list[str] = []
    calls: list[dict[str, Any]] = [
        {"operation": operation, "arguments": which, "pointer": "/data", "offset": offset}
    ]
    while calls:
        answer = await read("read_operation", **calls.pop())
        ids += [item["id"] for item in answer.get("result", [])]
        calls = [cut["rest"]["arguments"] for cut in answer.get("truncated", [])] or [
            step["arguments"] for step in answer.get("next_steps", [])
        ]

    assert sorted(ids) == sorted(planted.ids(kind, which)[offset:])


async def test_an_overview_of_all_syncs_is_one_answer_with_eight_requests_in_flight(
    read: Reader, watched: Watched
) -> None:
    overview = await read("sync_overview")

    assert sum(overview["states"].values()) == SIZES["sync"] + SIZES["bulk_sync"]
    assert {"failing", "stuck", "late", "never_run", "inactive"} <= overview["states"].keys()
    assert overview["items"][0]["state"] == "broken"
    assert "unavailable" not in overview
    assert watched.most == MOST_IN_FLIGHT
    assert [progress for progress, _ in read.told] == sorted({progress for progress, _ in read.told})
    assert read.told[-1] == (SIZES["sync"] + SIZES["bulk_sync"],) * 2


async def test_what_hangs_on_the_hub_is_counted_whole_and_shown_in_part(
    read: Reader, watched: Watched
) -> None:
    lineage = await read("trace_lineage", connection_id=HUB, limit=1_000)

    models = [at for at in range(SIZES["model"] - 1) if at % 2]
    syncs = [at for at in range(SIZES["sync"] - 1) if at % (SIZES["model"] - 1) in set(models)]
    assert lineage["counts"] == {
        "model": len(models) + 1,
        "sync": len(syncs) + 1,
        "bulk_sync": 1,
        "flow": 1,
    }
    assert watched.most == MOST_IN_FLIGHT


async def test_one_of_thousands_is_found_by_its_name(read: Reader) -> None:
    name = f"Contacts → Gong, {TEAMS[1]} 7"
    synced = await read("get_sync", sync_id=name.upper())
    diagnosed = await read("diagnose_sync", sync_id=name)

    assert synced["name"] == diagnosed["name"] == name
