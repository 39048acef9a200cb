"""Webhooks over HTTP: one per organization, and the events that a real endpoint receives."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.events import deliveries, events
from tests.conftest import Receiver
from tests.sandbox.conftest import Clock

SECRET = "a-shared-secret"
ELSEWHERE = "https://hooks.acme.example/polytomic"


@pytest.fixture
def emit(sandbox: Starlette, workers: ThreadPoolExecutor) -> Any:
    """Return a function that records an event and delivers it before returning."""
    workspace = sandbox.state.workspace
    workspace.workers = workers
    return lambda type_="sync.running", **payload: events.record(workspace, type_, payload)


async def create(http: httpx.AsyncClient, endpoint: str = ELSEWHERE, **more: Any) -> dict[str, Any]:
    answer = await http.post("/api/webhooks", json={"endpoint": endpoint, "secret": SECRET, **more})
    assert answer.status_code == 200, answer.text
    webhook: dict[str, Any] = answer.json()["data"]
    return webhook


async def attempts(http: httpx.AsyncClient, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = await http.get(f"/api/webhooks/{webhook['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_a_webhook_is_created_with_its_secret_masked(http: httpx.AsyncClient) -> None:
    webhook = await create(http)

    assert (webhook["endpoint"], webhook["secret"], webhook["disabled"]) == (ELSEWHERE, "********", False)
    assert (await http.get("/api/webhooks")).json()["data"] == [webhook]
    assert (await http.get(f"/api/webhooks/{webhook['id']}")).json()["data"] == webhook


async def test_an_organization_has_one_webhook(http: httpx.AsyncClient) -> None:
    await create(http)

    answer = await http.post("/api/webhooks", json={"endpoint": ELSEWHERE, "secret": SECRET})

    assert answer.status_code == 422
    assert answer.json()["key"] == "webhook_exists"


@pytest.mark.parametrize("endpoint", ["hooks", "ftp://a.example", "http://[x", "https://"])
async def test_an_endpoint_must_be_a_web_address(http: httpx.AsyncClient, endpoint: str) -> None:
    answer = await http.post("/api/webhooks", json={"endpoint": endpoint, "secret": SECRET})

    assert answer.status_code == 422
    assert "endpoint must be an http or https address" in answer.json()["message"]


@pytest.mark.parametrize("secret", ["", "********"])
async def test_a_secret_must_not_be_empty(http: httpx.AsyncClient, secret: str) -> None:
    answer = await http.post("/api/webhooks", json={"endpoint": ELSEWHERE, "secret": secret})

    assert answer.status_code == 422


async def test_an_event_is_delivered_with_a_signature(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any
) -> None:
    webhook = await create(http, web_receiver.url)

    emit()

    ((_, headers, body),) = web_receiver.came
    event = json.loads(body)
    assert (await http.get("/api/events")).json()["data"] == [event]
    assert headers["Polytomic-Signature"] == hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    (delivery,) = await attempts(http, webhook)
    assert delivery.pop("id")
    assert delivery.pop("duration_ms") >= 0
    assert delivery == {
        "event_id": event["id"],
        "event_type": "sync.running",
        "attempted_at": "2026-01-15T09:00:00Z",
        "success": True,
        "status_code": 200,
        "error_kind": None,
        "error": None,
        "response_body": '{"access_token": "issued"}',
    }


async def test_the_workers_deliver_events(
    http: httpx.AsyncClient, web_receiver: Receiver, sandbox: Starlette
) -> None:
    await create(http, web_receiver.url)

    events.record(sandbox.state.workspace, "sync.running", {})
    sandbox.state.workspace.workers.shutdown(wait=True)

    assert len(web_receiver.came) == 1


async def test_an_event_during_shutdown_stays_pending(
    http: httpx.AsyncClient, web_receiver: Receiver, sandbox: Starlette
) -> None:
    await create(http, web_receiver.url)
    workspace = sandbox.state.workspace
    workspace.workers.shutdown(wait=True)

    events.record(workspace, "sync.running", {})
    waiting = len(web_receiver.came)
    deliveries.send_due(workspace)

    assert (waiting, len(web_receiver.came)) == (0, 1)


async def test_an_updated_webhook_signs_with_its_new_secret_and_a_mask_keeps_it(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any
) -> None:
    webhook = await create(http)
    path = f"/api/webhooks/{webhook['id']}"

    await http.put(path, json={"endpoint": ELSEWHERE, "secret": "another"})
    kept = await http.put(path, json={"endpoint": web_receiver.url, "secret": "********"})
    emit()

    ((_, headers, body),) = web_receiver.came
    assert kept.json()["data"]["endpoint"] == web_receiver.url
    assert headers["Polytomic-Signature"] == deliveries.sign("another", body)


async def test_a_failed_delivery_is_retried_five_times_after_growing_pauses(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any, clock: Clock, sandbox: Starlette
) -> None:
    web_receiver.status = 503
    webhook = await create(http, web_receiver.url)
    emit()
    pauses = []

    for seconds in (30, 60, 120, 240, 480, 960):
        before = len(web_receiver.came)
        clock.advance(seconds=seconds - 1)
        deliveries.send_due(sandbox.state.workspace)
        assert len(web_receiver.came) == before
        clock.advance(seconds=1)
        deliveries.send_due(sandbox.state.workspace)
        pauses.append(len(web_receiver.came) - before)

    assert pauses == [1, 1, 1, 1, 1, 0]
    tried = await attempts(http, webhook)
    assert len(tried) == 6
    assert {(each["status_code"], each["error_kind"], each["success"]) for each in tried} == {
        (503, "status", False)
    }


async def test_a_successful_retry_is_the_last(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any, clock: Clock, sandbox: Starlette
) -> None:
    web_receiver.status = 500
    webhook = await create(http, web_receiver.url)
    emit()
    web_receiver.status = 204
    for _ in range(3):
        clock.advance(minutes=1)
        deliveries.send_due(sandbox.state.workspace)

    assert [each["success"] for each in await attempts(http, webhook)] == [True, False]
    assert len(await attempts(http, webhook, success=True)) == 1


async def test_listing_deliveries_sends_nothing(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any, clock: Clock
) -> None:
    web_receiver.status = 500
    webhook = await create(http, web_receiver.url)
    emit()
    clock.advance(minutes=1)

    await attempts(http, webhook)

    assert len(web_receiver.came) == 1


async def test_moving_the_clock_retries_until_the_delivery_succeeds(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any
) -> None:
    web_receiver.statuses = [503, 500]
    webhook = await create(http, web_receiver.url)
    emit()

    moved = (await http.post("/sandbox/clock", json={"advance": "1h"})).json()

    event_id = json.loads(web_receiver.came[0][2])["id"]
    again = {"webhook_id": webhook["id"], "event_id": event_id, "event_type": "sync.running"}
    assert moved["deliveries"] == [
        {**again, "attempted_at": "2026-01-15T09:00:30Z", "success": False, "error_kind": "status"},
        {**again, "attempted_at": "2026-01-15T09:01:30Z", "success": True, "error_kind": None},
    ]
    assert len({body for _, _, body in web_receiver.came}) == 1
    assert {headers["Polytomic-Signature"] for _, headers, _ in web_receiver.came} == {
        deliveries.sign(SECRET, web_receiver.came[0][2])
    }
    assert (await http.get("/sandbox/clock")).json()["next_due"] is None


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:99999/hook"])
async def test_an_unreachable_endpoint_is_recorded(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any, endpoint: str | None
) -> None:
    web_receiver.server.server_close()
    webhook = await create(http, endpoint or web_receiver.url)

    emit()

    (delivery,) = await attempts(http, webhook)
    assert (delivery["error_kind"], delivery["status_code"]) == ("connection", None)


async def test_a_timeout_is_recorded(
    http: httpx.AsyncClient, emit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> None:
        raise httpx.ReadTimeout("slow")

    webhook = await create(http, "http://localhost:1/hook")
    monkeypatch.setattr(httpx.Client, "post", slow)

    emit()

    (delivery,) = await attempts(http, webhook)
    assert delivery["error_kind"] == "timeout"


async def test_events_are_not_sent_to_other_machines(
    http: httpx.AsyncClient, emit: Any, clock: Clock
) -> None:
    webhook = await create(http)

    emit()
    clock.advance(minutes=10)
    emit()

    assert [each["error_kind"] for each in await attempts(http, webhook)] == ["blocked", "blocked"]


async def test_a_disabled_webhook_receives_no_events(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any
) -> None:
    webhook = await create(http, web_receiver.url)
    path = f"/api/webhooks/{webhook['id']}"

    disabled = (await http.post(f"{path}/disable")).json()["data"]
    emit()
    enabled = (await http.post(f"{path}/enable")).json()["data"]
    emit("sync.completed")

    assert (disabled["disabled"], disabled["disabled_at"]) == (True, "2026-01-15T09:00:00Z")
    assert enabled == webhook
    assert [each["event_type"] for each in await attempts(http, webhook)] == ["sync.completed"]


@pytest.mark.parametrize("how", ["disable", "delete"])
async def test_pending_deliveries_are_dropped_with_their_webhook(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any, clock: Clock, sandbox: Starlette, how: str
) -> None:
    web_receiver.status = 500
    path = f"/api/webhooks/{(await create(http, web_receiver.url))['id']}"
    emit()

    await (http.post(f"{path}/disable") if how == "disable" else http.delete(path))
    clock.advance(minutes=1)
    deliveries.send_due(sandbox.state.workspace)

    assert len(web_receiver.came) == 1


async def test_deleting_a_webhook_leaves_the_others(http: httpx.AsyncClient, emit: Any) -> None:
    webhook = await create(http)
    emit()
    theirs = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]["id"]
    other = await create(http, organization_id=theirs)
    emit("sync.running", organization_id=theirs)

    deleted = await http.delete(f"/api/webhooks/{webhook['id']}")

    assert deleted.status_code == 204
    assert (await http.get(f"/api/webhooks/{webhook['id']}")).status_code == 404
    assert await attempts(http, await create(http)) == []
    assert len(await attempts(http, other)) == 1


async def test_deliveries_are_listed_in_pages_and_time_windows(
    http: httpx.AsyncClient, emit: Any, clock: Clock
) -> None:
    webhook = await create(http)
    for _ in range(51):
        clock.advance(minutes=1)
        emit()
    path = f"/api/webhooks/{webhook['id']}/deliveries"

    first = (await http.get(path)).json()
    token = first["pagination"]["next_page_token"]
    second = (await http.get(path, params={"page_token": token})).json()

    assert (len(first["data"]), len(second["data"])) == (50, 1)
    assert second["pagination"] == {"next_page_token": ""}
    assert len(await attempts(http, webhook, start="2026-01-15T09:49:00Z")) == 2
    event_id = first["data"][0]["event_id"]
    assert len(await attempts(http, webhook, event_id=event_id)) == 1


async def test_deliveries_are_deleted_after_48_hours(
    http: httpx.AsyncClient, emit: Any, clock: Clock
) -> None:
    webhook = await create(http)
    emit()
    clock.advance(hours=49)
    emit()

    assert len(await attempts(http, webhook)) == 1


async def test_a_webhook_of_another_organization_receives_nothing(
    http: httpx.AsyncClient, web_receiver: Receiver, emit: Any
) -> None:
    other = (await http.post("/api/organizations", json={"name": "Other"})).json()["data"]
    await create(http, web_receiver.url, organization_id=other["id"])

    emit()

    assert web_receiver.came == []
