"""The official SDK as outside witness: it takes contacts from Snowflake into a Gong Engage flow."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from polytomic import (
    AsyncPolytomic,
    GetExecutionResponseSchema,
    Identity,
    ModelFilterCondition,
    ModelFilters,
    ModelSyncV5Target,
    Polytomic,
    Schedule,
    Source,
    SyncField,
    UnprocessableEntityError,
)
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox

SNOWFLAKE = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
QUERY = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'free'"
FLOW = "my-gong-engage-flow"
MANUAL = Schedule(frequency="manual")
ENDED = ("completed", "failed", "canceled", "interrupted")
PATIENCE = 5_000


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
async def model(api: AsyncPolytomic) -> str:
    warehouse = (
        await api.connections.create(name="Snowflake", type="snowflake", configuration=SNOWFLAKE)
    ).data
    assert warehouse is not None
    made = (
        await api.models.create(name="Free", connection_id=str(warehouse.id), configuration={"query": QUERY})
    ).data
    assert made is not None
    return str(made.id)


def identity(model_id: str) -> Identity:
    source = Source(field="contact_id", model_id=model_id)
    return Identity(source=source, target="Id", function="equality")


def expected_ids(sandbox: Starlette) -> tuple[set[str], set[str]]:
    """Return the ids the query picks, and those of them the CRM knows."""
    tables = sandbox.state.world.tables
    rows = [row for _, row in tables.read(tables.get("snowflake", "public.salesforce_contacts"))]
    picked = {row["contact_id"] for row in rows if row["subscription_plan"] == "free"}
    known = {row["Id"] for _, row in tables.read(tables.get("salesforce", "Contact"))}
    return picked, picked & known


def flow_ids(sandbox: Starlette) -> set[str]:
    tables = sandbox.state.world.tables
    return {row["Id"] for _, row in tables.read(tables.get("gong", FLOW))}


async def ended(api: AsyncPolytomic, sync_id: str, execution_id: str) -> GetExecutionResponseSchema:
    for _ in range(PATIENCE):
        execution = (await api.model_sync.executions.get(sync_id, execution_id)).data
        assert execution is not None
        if execution.status in ENDED:
            return execution
    raise AssertionError("the execution did not end")


async def test_the_sdk_takes_the_guide_to_gong_engage_from_end_to_end(
    api: AsyncPolytomic, sandbox: Starlette, gong: str, model: str
) -> None:
    targets = await api.model_sync.targets.list(gong)
    flow = next(each for each in targets.data or [] if each.id == FLOW)
    target = (await api.model_sync.targets.get_target_fields(gong, target=FLOW)).data
    already = flow_ids(sandbox)
    assert target is not None
    assert target.properties is not None
    assert target.properties.mappings_not_required
    assert [mode.id for mode in flow.modes or [] if mode.requires_identity] == [
        mode.mode for mode in target.modes or []
    ]

    sync = (
        await api.model_sync.create(
            name="Free plan to Gong",
            mode="updateOrCreate",
            identity=identity(model),
            fields=[],
            schedule=MANUAL,
            target=ModelSyncV5Target(connection_id=gong, object=FLOW),
        )
    ).data
    assert sync is not None
    assert sync.identity is not None
    assert sync.identity.function == "Equality"

    started = (await api.model_sync.start(str(sync.id))).data
    assert started is not None
    execution = await ended(api, str(sync.id), str(started.id))

    picked, known = expected_ids(sandbox)
    assert execution.status == "completed"
    assert execution.counts is not None
    assert execution.counts.total == len(picked)
    assert execution.counts.error == len(picked - known) > 0
    assert execution.counts.insert == len(known - already) > 0
    assert flow_ids(sandbox) == known | already
    assert len(execution.errors or []) == len(picked - known)
    await witness_logs(api, sandbox, str(sync.id), execution)


async def witness_logs(
    api: AsyncPolytomic, sandbox: Starlette, sync_id: str, execution: GetExecutionResponseSchema
) -> None:
    logs = api.model_sync.executions
    assert execution.counts is not None
    index = (await logs.get_logs_index(sync_id, str(execution.id))).data
    assert index is not None
    assert index.inserts is not None
    assert index.inserts.count == execution.counts.insert
    found = (await logs.get_log_urls(sync_id, str(execution.id), "inserts")).data
    assert found is not None
    assert found.expires is not None
    (url,) = found.urls or []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox)) as stranger:
        lines = (await stranger.get(url)).text.splitlines()
    assert {json.loads(line)["Id"] for line in lines} <= flow_ids(sandbox)
    console = (await logs.get_console_logs(sync_id, str(execution.id))).data
    assert console is not None
    assert [entry.level for entry in console.entries or []] == ["info", "info"]


async def test_the_sdk_takes_a_sync_through_its_life(api: AsyncPolytomic, gong: str, model: str) -> None:
    filters = ModelFilters(
        conditions=[
            ModelFilterCondition(
                source=Source(field="contact_id", model_id=model), function="StringStartsWith", value="003"
            )
        ]
    )
    body: dict[str, Any] = {
        "name": "Free",
        "mode": "create",
        "identity": identity(model),
        "fields": [],
        "schedule": Schedule(frequency="daily", hour="06", minute="30"),
        "target": ModelSyncV5Target(connection_id=gong, object=FLOW),
    }

    sync = (await api.model_sync.create(**body, model_filters=filters)).data
    assert sync is not None
    id_ = str(sync.id)
    assert (await api.model_sync.get(id_)).data == sync
    listed = await api.model_sync.list(target_connection_id=gong)
    assert [(each.id, each.target_object) for each in listed.data or []] == [(id_, FLOW)]
    activated = (await api.model_sync.activate(id_, active=True)).data
    assert activated is not None
    assert activated.active
    status = (await api.model_sync.get_status(id_)).data
    assert status is not None
    assert status.next_execution_time is not None
    updated = (await api.model_sync.update(id_, **{**body, "name": "Renamed"})).data
    assert updated is not None
    assert updated.name == "Renamed"
    assert updated.model_filters is not None
    assert updated.model_filters.conditions == []
    options = (await api.model_sync.get_schedule_options()).data
    assert options is not None
    assert len(options.schedule_options or []) == 9
    cancelled = (await api.model_sync.cancel(id_)).data
    assert cancelled is not None
    assert cancelled.message
    await api.model_sync.delete(id_)
    assert (await api.model_sync.list()).data == []


async def test_the_sdk_reads_executions_and_refusals(api: AsyncPolytomic, gong: str, model: str) -> None:
    target = ModelSyncV5Target(connection_id=gong, object=FLOW)
    body: dict[str, Any] = {"name": "Free", "fields": [], "schedule": MANUAL, "target": target}
    with pytest.raises(UnprocessableEntityError, match="needs an identity"):
        await api.model_sync.create(**body, mode="updateOrCreate")
    sync = (await api.model_sync.create(**body, mode="updateOrCreate", identity=identity(model))).data
    assert sync is not None
    id_ = str(sync.id)

    first = (await api.model_sync.start(id_, test=True)).data
    assert first is not None
    execution = await ended(api, id_, str(first.id))
    listed = (await api.model_sync.executions.list(id_, only_completed=True)).data
    cancelled = (await api.model_sync.executions.cancel(id_, str(first.id))).data

    assert listed == [execution]
    assert cancelled is not None
    assert cancelled.message
    assert execution.type == "test"


def test_the_synchronous_sdk_does_the_same_over_a_socket(loopback: str, sandbox: Starlette) -> None:
    with httpx.Client(timeout=30) as http:
        api = Polytomic(token="sandbox-key", base_url=loopback, max_retries=0, httpx_client=http)
        execution, errors = drive(api, http)

    picked, known = expected_ids(sandbox)
    assert execution.counts is not None
    assert (execution.counts.total, execution.counts.error) == (len(picked), len(picked - known))
    assert known <= flow_ids(sandbox)
    assert len(errors) == len(picked - known)


def drive(api: Polytomic, http: httpx.Client) -> tuple[GetExecutionResponseSchema, list[str]]:
    """Take the guide's steps; return the execution and the lines of its error log."""
    warehouse = api.connections.create(name="Snowflake", type="snowflake", configuration=SNOWFLAKE).data
    gong = api.connections.create(name="Gong", type="gong", configuration={"auth_method": "oauth"}).data
    assert warehouse is not None
    assert gong is not None
    assert http.post(str(gong.auth_url), data={"decision": "allow"}).status_code < 400
    model = api.models.create(
        name="Free", connection_id=str(warehouse.id), configuration={"query": QUERY}
    ).data
    assert model is not None
    assert FLOW in [each.id for each in api.model_sync.targets.list(str(gong.id)).data or []]
    assert api.model_sync.targets.get_target_fields(str(gong.id), target=FLOW).data is not None
    sync = api.model_sync.create(
        name="Free plan to Gong",
        mode="updateOrCreate",
        identity=identity(str(model.id)),
        fields=[],
        schedule=MANUAL,
        target=ModelSyncV5Target(connection_id=str(gong.id), object=FLOW),
    ).data
    assert sync is not None
    started = api.model_sync.start(str(sync.id)).data
    assert started is not None
    statuses = (api.model_sync.executions.get(str(sync.id), str(started.id)).data for _ in range(PATIENCE))
    execution = next(each for each in statuses if each is not None and each.status in ENDED)
    logs = api.model_sync.executions.get_log_urls(str(sync.id), str(execution.id), "errors").data
    assert logs is not None
    return execution, http.get((logs.urls or [])[0]).text.splitlines()


async def test_the_sdk_maps_fields_to_an_application(api: AsyncPolytomic, sandbox: Starlette) -> None:
    warehouse = (
        await api.connections.create(name="Snowflake", type="snowflake", configuration=SNOWFLAKE)
    ).data
    hubspot = (
        await api.connections.create(
            name="HubSpot",
            type="hubspot",
            configuration={"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"},
        )
    ).data
    assert warehouse is not None
    assert hubspot is not None
    query = "SELECT 'new@acme.example' AS email, 'Nell' AS first_name"
    model = (
        await api.models.create(name="New", connection_id=str(warehouse.id), configuration={"query": query})
    ).data
    assert model is not None
    email, name = (Source(model_id=str(model.id), field=field) for field in ("email", "first_name"))

    sync = (
        await api.model_sync.create(
            name="To HubSpot",
            mode="updateOrCreate",
            identity=Identity(source=email, target="email", function="Equality"),
            fields=[SyncField(source=name, target="firstname")],
            schedule=MANUAL,
            target=ModelSyncV5Target(connection_id=str(hubspot.id), object="contacts"),
        )
    ).data
    assert sync is not None
    started = (await api.model_sync.start(str(sync.id))).data
    assert started is not None
    execution = await ended(api, str(sync.id), str(started.id))

    tables = sandbox.state.world.tables
    rows = [row for _, row in tables.read(tables.get("hubspot", "contacts"))]
    assert execution.counts is not None
    assert execution.counts.insert == 1
    assert rows[-1]["firstname"] == "Nell"
