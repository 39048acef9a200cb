"""The official SDK as an independent client of bulk syncs; it parses every answer."""

from typing import Any

import anyio
import pytest
from polytomic import (
    AsyncPolytomic,
    BadRequestError,
    BulkField,
    BulkFilter,
    BulkSchema,
    BulkSyncAdditionalScheduleRequest,
    BulkSyncDefaultScheduleRequest,
    BulkSyncScheduleApi,
    ConflictError,
    FieldConfiguration,
    SchemaConfiguration,
    UnprocessableEntityError,
    UpdateBulkField,
)
from starlette.applications import Starlette

ENDED = ("completed", "errors", "failed", "canceled", "interrupted")
PATIENCE = 5_000
MANUAL = BulkSyncDefaultScheduleRequest(frequency="manual")
HUBSPOT = {"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"}
POSTGRES = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}


@pytest.fixture
async def ends(api: AsyncPolytomic) -> dict[str, str]:
    """A HubSpot whose schemas have been read, and a PostgreSQL."""
    ids = {}
    for end, type_, configuration in (
        ("source_connection_id", "hubspot", HUBSPOT),
        ("destination_connection_id", "postgresql", POSTGRES),
    ):
        made = (await api.connections.create(name=type_, type=type_, configuration=configuration)).data
        assert made is not None
        ids[end] = str(made.id)
    await api.schemas.get_status(ids["source_connection_id"])
    return ids


@pytest.fixture
def body(ends: dict[str, str]) -> dict[str, Any]:
    configuration = {"schema": "hubspot"}
    return {"name": "HubSpot", "default_schedule": MANUAL, "destination_configuration": configuration, **ends}


async def _ended(api: AsyncPolytomic, sync_id: str, execution_id: Any) -> Any:
    for _ in range(PATIENCE):
        execution = (await api.bulk_sync.executions.get(sync_id, str(execution_id))).data
        assert execution is not None
        if execution.status in ENDED:
            return execution
        await anyio.sleep(0.005)
    raise AssertionError("the execution did not end")


async def test_the_sdk_discovers_sources_and_destinations(api: AsyncPolytomic, ends: dict[str, str]) -> None:
    source = (await api.bulk_sync.get_source(ends["source_connection_id"], include_fields=True)).data
    target = (await api.bulk_sync.get_destination(ends["destination_connection_id"])).data

    assert source is not None
    assert {schema.id for schema in source.schemas or []} >= {"Contact", "Company"}
    assert all(schema.fields for schema in source.schemas or [])
    assert target is not None
    assert [mode.id for mode in target.modes or []] == ["replicate", "append"]


async def test_the_sdk_manages_a_bulk_sync(api: AsyncPolytomic, body: dict[str, Any]) -> None:
    schema = SchemaConfiguration(
        id="contacts",
        filters=[BulkFilter(field_id="email", function="IsNotNull")],
        fields=["email", FieldConfiguration(id="firstname", obfuscate=True)],
    )
    extra = BulkSyncAdditionalScheduleRequest(frequency="hourly", minute="5", schemas=["contacts"])

    sync = (
        await api.bulk_sync.create(**body, active=True, schemas=[schema], additional_schedules=[extra])
    ).data
    assert sync is not None
    id_ = str(sync.id)
    assert (await api.bulk_sync.get(id_, refresh_schemas=True)).data == sync
    assert (await api.bulk_sync.list(active=True)).data == [sync]
    status = (await api.bulk_sync.get_status(id_)).data
    assert status is not None
    assert status.next_execution_time is not None
    assert status.ingestion_status is not None
    updated = (await api.bulk_sync.update(id_, **{**body, "name": "Renamed"})).data
    assert updated is not None
    assert (updated.name, updated.active) == ("Renamed", False)
    activated = (await api.bulk_sync.activate(id_, active=True)).data
    assert activated is not None
    assert activated.active
    cancelled = (await api.bulk_sync.cancel(id_)).data
    assert cancelled is not None
    assert cancelled.message
    await api.bulk_sync.delete(id_)
    assert (await api.bulk_sync.list()).data == []


async def test_the_sdk_reads_and_changes_schemas(api: AsyncPolytomic, body: dict[str, Any]) -> None:
    sync = (await api.bulk_sync.create(**body)).data
    assert sync is not None
    id_ = str(sync.id)

    listed = (await api.bulk_sync.schemas.list(id_, filters={"enabled": "true"})).data
    change = BulkSchema(id="companies", enabled=False, fields=[BulkField(id="name", enabled=True)])
    patched = (await api.bulk_sync.schemas.patch(id_, schemas=[change])).data
    put = (
        await api.bulk_sync.schemas.update(
            id_, "contacts", fields=[UpdateBulkField(id="email", enabled=True, obfuscated=True)]
        )
    ).data
    read = (await api.bulk_sync.schemas.get(id_, "contacts")).data
    cancelled = (await api.bulk_sync.schemas.cancel(id_, "contacts")).data

    assert {each.id for each in listed or []} >= {"Contact", "Company"}
    assert [(each.id, each.enabled) for each in patched or []] == [("Company", False)]
    assert read is not None
    assert read == put
    assert [field.id for field in read.fields or [] if field.enabled and field.obfuscated] == ["email"]
    assert cancelled is not None
    assert cancelled.message


async def test_the_sdk_reads_and_changes_schedules(api: AsyncPolytomic, body: dict[str, Any]) -> None:
    sync = (await api.bulk_sync.create(**body)).data
    assert sync is not None
    id_ = str(sync.id)

    daily = BulkSyncScheduleApi(frequency="daily", hour="5", minute="0")
    made = (await api.bulk_sync.schedules.create(id_, schedule=daily)).data
    assert made is not None
    schedule_id = str(getattr(made, "id", None))
    weekly = BulkSyncScheduleApi(frequency="weekly", day_of_week="1", hour="5", minute="0")
    changed = (await api.bulk_sync.schedules.update(id_, schedule_id, schedule=weekly)).data
    read = (await api.bulk_sync.schedules.get(id_, schedule_id)).data
    listed = (await api.bulk_sync.schedules.list(id_)).data
    await api.bulk_sync.schedules.delete(id_, schedule_id)

    assert read is not None
    assert read == changed
    assert (read.day_of_week, read.is_default, read.sync_id) == ("1", False, id_)
    assert [each.frequency for each in listed or []] == ["manual", "weekly"]
    assert len((await api.bulk_sync.schedules.list(id_)).data or []) == 1


async def test_the_sdk_follows_a_run_until_its_rows_arrive(
    api: AsyncPolytomic, sandbox: Starlette, body: dict[str, Any]
) -> None:
    sync = (await api.bulk_sync.create(**body)).data
    assert sync is not None
    id_ = str(sync.id)

    started = (await api.bulk_sync.start(id_)).data
    assert started is not None
    execution = await _ended(api, id_, started.id)
    run_id = str(started.id)
    listed = await api.bulk_sync.executions.list(id_, only_terminal=True, limit=100)
    dashboard = (await api.bulk_sync.executions.list_status(sync_id=[id_])).data
    console = (await api.bulk_sync.executions.get_console_logs(id_, run_id)).data
    schema_console = (await api.bulk_sync.executions.get_schema_console_logs(id_, run_id, "contacts")).data
    logs = (await api.bulk_sync.executions.get_logs(id_, run_id)).data
    export = await api.bulk_sync.executions.export_logs(id_, run_id)
    cancelled = (await api.bulk_sync.executions.cancel(id_, str(started.id))).data

    tables = sandbox.state.workspace.tables
    assert execution.status == "completed"
    assert tables.count(tables.get("postgresql", "hubspot.contact")) == tables.count(
        tables.get("hubspot", "contacts")
    )
    assert listed.data == [execution]
    assert dashboard is not None
    assert {each.schema_ for each in dashboard[0].schemas or []} >= {"Contact", "Company"}
    assert console is not None
    assert console.entries
    assert schema_console is not None
    assert schema_console.entries
    assert logs is not None
    assert logs.ur_ls
    assert export.job is not None
    assert cancelled is not None
    assert cancelled.message


async def test_the_sdk_raises_an_error_with_the_problems(api: AsyncPolytomic, body: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableEntityError, match="Unknown schema 'Prospect'"):
        await api.bulk_sync.create(**body, schemas=["Prospect"])
    sync = (await api.bulk_sync.create(**body)).data
    assert sync is not None
    with pytest.raises(BadRequestError, match="combined"):
        await api.bulk_sync.start(str(sync.id), test=True, resync_mode="rebuild")


async def test_the_sdk_raises_an_error_while_a_run_is_in_progress(
    api: AsyncPolytomic, sandbox: Starlette, body: dict[str, Any]
) -> None:
    sync = (await api.bulk_sync.create(**body)).data
    assert sync is not None
    store = sandbox.state.workspace.store
    started = (await api.bulk_sync.start(str(sync.id))).data
    assert started is not None
    await _ended(api, str(sync.id), started.id)
    held = store.get("bulk_execution", str(started.id))
    store.put("bulk_execution", str(started.id), held | {"status": "running"})

    with pytest.raises(ConflictError):
        await api.bulk_sync.start(str(sync.id), request_options={"max_retries": 0})
