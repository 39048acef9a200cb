"""The official SDK as an independent client of syncs; it parses every answer."""

from typing import Any

import pytest
from polytomic import (
    AsyncPolytomic,
    Identity,
    ModelFilterCondition,
    ModelFilters,
    ModelSyncV5Target,
    Schedule,
    Source,
    SyncField,
    UnprocessableEntityError,
)
from starlette.applications import Starlette

MANUAL = Schedule(frequency="manual")


async def test_the_sdk_manages_a_sync(api: AsyncPolytomic, gong: str, model: str, guide: Any) -> None:
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
        "identity": guide.identity(model),
        "fields": [],
        "schedule": Schedule(frequency="daily", hour="06", minute="30"),
        "target": ModelSyncV5Target(connection_id=gong, object=guide.flow),
    }

    sync = (await api.model_sync.create(**body, model_filters=filters)).data
    assert sync is not None
    id_ = str(sync.id)
    assert (await api.model_sync.get(id_)).data == sync
    listed = await api.model_sync.list(target_connection_id=gong)
    assert [(each.id, each.target_object) for each in listed.data or []] == [(id_, guide.flow)]
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


async def test_the_sdk_reads_executions_and_refusals(
    api: AsyncPolytomic, gong: str, model: str, guide: Any, ended: Any
) -> None:
    target = ModelSyncV5Target(connection_id=gong, object=guide.flow)
    body: dict[str, Any] = {"name": "Free", "fields": [], "schedule": MANUAL, "target": target}
    with pytest.raises(UnprocessableEntityError, match="needs an identity"):
        await api.model_sync.create(**body, mode="updateOrCreate")
    sync = (await api.model_sync.create(**body, mode="updateOrCreate", identity=guide.identity(model))).data
    assert sync is not None
    id_ = str(sync.id)

    first = (await api.model_sync.start(id_, test=True)).data
    assert first is not None
    execution = await ended(id_, first.id)
    listed = (await api.model_sync.executions.list(id_, only_completed=True)).data
    cancelled = (await api.model_sync.executions.cancel(id_, str(first.id))).data

    assert listed == [execution]
    assert cancelled is not None
    assert cancelled.message
    assert execution.type == "test"


async def test_the_sdk_maps_fields_to_an_application(
    api: AsyncPolytomic, sandbox: Starlette, guide: Any, ended: Any
) -> None:
    warehouse = (
        await api.connections.create(name="Snowflake", type="snowflake", configuration=guide.snowflake)
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
    execution = await ended(sync.id, started.id)

    tables = sandbox.state.workspace.tables
    rows = [row for _, row in tables.read(tables.get("hubspot", "contacts"))]
    assert execution.counts is not None
    assert execution.counts.insert == 1
    assert rows[-1]["firstname"] == "Nell"
