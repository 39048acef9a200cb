"""The official SDK as an independent client: it adds contacts from Snowflake to a Gong Engage flow."""

import json
from typing import Any

import httpx
from polytomic import AsyncPolytomic, GetExecutionResponseSchema, ModelSyncV5Target, Polytomic, Schedule
from starlette.applications import Starlette

MANUAL = Schedule(frequency="manual")
ENDED = ("completed", "failed", "canceled", "interrupted")
PATIENCE = 5_000


def expected_ids(sandbox: Starlette) -> tuple[set[str], set[str]]:
    """Return the ids that the query selects, and those of them that are in the CRM."""
    tables = sandbox.state.workspace.tables
    rows = [row for _, row in tables.read(tables.get("snowflake", "public.salesforce_contacts"))]
    picked = {row["contact_id"] for row in rows if row["subscription_plan"] == "gold"}
    known = {row["Id"] for _, row in tables.read(tables.get("salesforce", "Contact"))}
    return picked, picked & known


def flow_ids(sandbox: Starlette, flow: str) -> set[str]:
    tables = sandbox.state.workspace.tables
    return {row["Id"] for _, row in tables.read(tables.get("gong", flow))}


async def test_the_sdk_follows_the_guide_to_gong_engage(
    api: AsyncPolytomic, sandbox: Starlette, guide: Any, gong: str, model: str, ended: Any
) -> None:
    targets = await api.model_sync.targets.list(gong)
    flow = next(each for each in targets.data or [] if each.id == guide.flow)
    target = (await api.model_sync.targets.get_target_fields(gong, target=guide.flow)).data
    already = flow_ids(sandbox, guide.flow)
    assert target is not None
    assert target.properties is not None
    assert target.properties.mappings_not_required
    assert [mode.id for mode in flow.modes or [] if mode.requires_identity] == [
        mode.mode for mode in target.modes or []
    ]

    sync = (
        await api.model_sync.create(
            name="Gold plan to Gong",
            mode="updateOrCreate",
            identity=guide.identity(model),
            fields=[],
            schedule=MANUAL,
            target=ModelSyncV5Target(connection_id=gong, object=guide.flow),
        )
    ).data
    assert sync is not None
    assert sync.identity is not None
    assert sync.identity.function == "Equality"

    started = (await api.model_sync.start(str(sync.id))).data
    assert started is not None
    execution = await ended(sync.id, started.id)

    picked, known = expected_ids(sandbox)
    assert execution.status == "completed"
    assert execution.counts is not None
    assert execution.counts.total == len(picked)
    assert execution.counts.error == len(picked - known) > 0
    assert execution.counts.insert == len(known - already) > 0
    assert flow_ids(sandbox, guide.flow) == known | already
    assert len(execution.errors or []) == len(picked - known)
    await witness_logs(api, sandbox, guide, str(sync.id), execution)


async def witness_logs(
    api: AsyncPolytomic, sandbox: Starlette, guide: Any, sync_id: str, execution: GetExecutionResponseSchema
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
    assert {json.loads(line)["Id"] for line in lines} <= flow_ids(sandbox, guide.flow)
    console = (await logs.get_console_logs(sync_id, str(execution.id))).data
    assert console is not None
    assert [entry.level for entry in console.entries or []] == ["info", "info"]


def test_the_synchronous_sdk_does_the_same_over_a_socket(
    loopback: str, sandbox: Starlette, guide: Any
) -> None:
    with httpx.Client(timeout=30) as http:
        api = Polytomic(token="sandbox-key", base_url=loopback, max_retries=0, httpx_client=http)
        execution, errors = drive(api, http, guide)

    picked, known = expected_ids(sandbox)
    assert execution.counts is not None
    assert (execution.counts.total, execution.counts.error) == (len(picked), len(picked - known))
    assert known <= flow_ids(sandbox, guide.flow)
    assert len(errors) == len(picked - known)


def drive(api: Polytomic, http: httpx.Client, guide: Any) -> tuple[GetExecutionResponseSchema, list[str]]:
    """Take the guide's steps; return the execution and the lines of its error log."""
    warehouse = api.connections.create(name="Snowflake", type="snowflake", configuration=guide.snowflake).data
    gong = api.connections.create(name="Gong", type="gong", configuration={"auth_method": "oauth"}).data
    assert warehouse is not None
    assert gong is not None
    assert http.post(str(gong.auth_url), data={"decision": "allow"}).status_code < 400
    model = api.models.create(
        name="Free", connection_id=str(warehouse.id), configuration={"query": guide.query}
    ).data
    assert model is not None
    assert guide.flow in [each.id for each in api.model_sync.targets.list(str(gong.id)).data or []]
    assert api.model_sync.targets.get_target_fields(str(gong.id), target=guide.flow).data is not None
    sync = api.model_sync.create(
        name="Gold plan to Gong",
        mode="updateOrCreate",
        identity=guide.identity(str(model.id)),
        fields=[],
        schedule=MANUAL,
        target=ModelSyncV5Target(connection_id=str(gong.id), object=guide.flow),
    ).data
    assert sync is not None
    started = api.model_sync.start(str(sync.id)).data
    assert started is not None
    statuses = (api.model_sync.executions.get(str(sync.id), str(started.id)).data for _ in range(PATIENCE))
    execution = next(each for each in statuses if each is not None and each.status in ENDED)
    logs = api.model_sync.executions.get_log_urls(str(sync.id), str(execution.id), "errors").data
    assert logs is not None
    return execution, http.get((logs.urls or [])[0]).text.splitlines()
