"""The official SDK as an independent client of events, webhooks and notifications."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from polytomic import AsyncPolytomic, EventingSyncCompletedWithErrorsEvent, ModelSyncV5Target, Schedule
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.events import events

ENDPOINT = "https://hooks.acme.example/polytomic"


async def test_the_sdk_reads_the_events_of_a_run(
    api: AsyncPolytomic, model: str, gong: str, guide: Any, ended: Callable[..., Awaitable[Any]]
) -> None:
    sync = await api.model_sync.create(
        name="Free to Gong",
        mode="updateOrCreate",
        schedule=Schedule(frequency="manual"),
        fields=[],
        identity=guide.identity(model),
        target=ModelSyncV5Target(connection_id=gong, object=guide.flow),
    )
    assert sync.data is not None
    started = await api.model_sync.start(str(sync.data.id))
    assert started.data is not None
    execution = await ended(sync.data.id, started.data.id)

    found = (await api.events.list(type="sync.completed_with_errors")).data

    (event,) = found or []
    assert event.organization_id == sync.data.organization_id
    told = EventingSyncCompletedWithErrorsEvent.model_validate(
        event.event.model_dump() if event.event else {}
    )
    assert (told.sync_id, told.execution_id) == (sync.data.id, execution.id)
    assert told.number_of_errors == execution.counts.error > 0
    assert [each.type for each in (await api.events.list(limit=100)).data or []] == [
        "sync.completed_with_errors",
        "sync.running",
    ]


async def test_the_sdk_lists_the_types_of_events(api: AsyncPolytomic) -> None:
    assert (await api.events.get_types()).data == list(events.TYPES)


async def test_the_sdk_manages_a_webhook(api: AsyncPolytomic, sandbox: Starlette) -> None:
    created = (await api.webhooks.create(endpoint=ENDPOINT, secret="shh")).data
    assert created is not None
    assert created.id is not None
    assert (await api.webhooks.get(created.id)).data == created
    assert (await api.webhooks.list()).data == [created]

    events.record(sandbox.state.workspace, "sync.failed", {"error": "no"})
    sandbox.state.workspace.workers.shutdown(wait=True)
    (delivery,) = (await api.webhooks.list_deliveries(created.id, success=False)).data or []
    assert (delivery.event_type, delivery.error_kind) == ("sync.failed", "blocked")

    disabled = (await api.webhooks.disable(created.id)).data
    enabled = (await api.webhooks.enable(created.id)).data
    updated = (await api.webhooks.update(created.id, endpoint=f"{ENDPOINT}/2", secret="shh")).data
    assert disabled is not None
    assert disabled.disabled
    assert enabled == created
    assert updated is not None
    assert updated.endpoint == f"{ENDPOINT}/2"

    await api.webhooks.delete(created.id)
    with pytest.raises(ApiError) as refusal:
        await api.webhooks.get(created.id)
    assert refusal.value.status_code == 404


async def test_the_sdk_replaces_the_subscribers_to_errors(api: AsyncPolytomic, sandbox: Starlette) -> None:
    for kind in ("sync", "bulk_sync"):
        sandbox.state.workspace.store.put(kind, "s", {"id": "s"})
    ada = ["ada@acme.example"]

    everywhere = await api.notifications.set_global_error_subscribers(emails=ada)
    of_sync = await api.model_sync.error_handling.update("s", subscribers=ada, auto_retry_record_errors=True)
    of_bulk = await api.bulk_sync.error_handling.update("s", subscribers=ada, ingestion_failure_threshold=3)

    assert everywhere == await api.notifications.get_global_error_subscribers()
    assert everywhere.emails == ada
    assert of_sync == await api.model_sync.error_handling.get("s")
    assert of_bulk == await api.bulk_sync.error_handling.get("s")
    assert of_bulk.data is not None
    assert of_bulk.data.ingestion_failure_threshold == 3
