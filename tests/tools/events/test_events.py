"""The events toolset: what syncs did lately, where that is sent, and who is told of errors."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from tests.tools.conftest import Connect, ScriptedApi, Tools

HOOK = "99999999-0000-0000-0000-000000000001"
ENDPOINT = "https://hooks.acme.example"
WEBHOOK = {"id": HOOK, "endpoint": ENDPOINT, "secret": "********", "disabled": False}
TOLD = {"sync_id": "s1", "sync_name": "Plans to Gong", "execution_id": "e1", "organization_id": "o"}
SHARED = "/api/notifications/global-error-subscribers"
YES = ElicitResult(action="accept", content={"delete": True})


def event(id_: str, type_: str = "sync.completed", **payload: Any) -> dict[str, Any]:
    at = "2026-01-15T09:00:00Z"
    return {"id": id_, "type": type_, "created_at": at, "organization_id": "o", "event": TOLD | payload}


@pytest.fixture
def hooked(api: ScriptedApi) -> Any:
    """A Polytomic with one webhook, and updates that succeed."""
    api.holds("webhooks", WEBHOOK)
    api["POST /api/webhooks"] = lambda request: {"data": WEBHOOK | json.loads(request.content)}
    api[f"PUT /api/webhooks/{HOOK}"] = lambda request: {"data": WEBHOOK | json.loads(request.content)}
    api[f"POST /api/webhooks/{HOOK}/enable"] = {"data": WEBHOOK}
    api[f"POST /api/webhooks/{HOOK}/disable"] = {"data": WEBHOOK | {"disabled": True}}
    api[f"DELETE /api/webhooks/{HOOK}"] = httpx.Response(204)
    return api


async def test_events_are_rows_that_say_what_a_sync_did(tools: Tools, api: ScriptedApi) -> None:
    counts = {
        "inserted_count": 3,
        "error_count": 0,
        "errored_records": [],
        "schedule": {"frequency": "manual"},
    }
    api["GET /api/events"] = {"data": [event("1", **counts, logs_url="/logs", status="completed")]}

    answer = await tools("list_events")

    assert answer == {
        "items": [
            {
                "id": "1",
                "name": "Plans to Gong",
                "type": "sync.completed",
                "created_at": "2026-01-15T09:00:00Z",
                "sync_id": "s1",
                "execution_id": "e1",
                "inserted_count": 3,
                "error_count": 0,
            }
        ]
    }


async def test_events_are_asked_for_by_type_and_time_a_hundred_at_a_time(
    tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/events"] = {"data": [event("1")]}

    await tools("list_events", type="sync.completed", since="2026-01-15T00:00:00Z", until="2026-01-16")

    (request,) = api.asked("GET /api/events")
    assert dict(request.url.params) == {
        "type": "sync.completed",
        "starting_after": "2026-01-15T00:00:00Z",
        "ending_before": "2026-01-16T00:00:00Z",
        "limit": "100",
    }


@pytest.mark.parametrize("reference", ["s1", "plans TO gong"])
async def test_events_of_one_sync_are_told_by_its_id_or_name(
    tools: Tools, api: ScriptedApi, reference: str
) -> None:
    other = event("2") | {"event": {"sync_id": "s2", "sync_name": None}}
    api["GET /api/events"] = {"data": [other, event("1"), {"id": "3"}]}

    answer = await tools("list_events", sync_id=reference)

    assert [item["id"] for item in answer["items"]] == ["1"]


@pytest.mark.parametrize("argument", ["since", "until"])
async def test_an_invalid_time_is_refused_by_the_argument_s_name(
    tools: Tools, api: ScriptedApi, argument: str
) -> None:
    text = await tools.refused("list_events", **{argument: "yesterday"})

    assert f"Invalid {argument} 'yesterday'." in text
    assert "a date or time in ISO 8601" in text
    assert api.requests == []


@pytest.mark.parametrize("tool", ["list_events", "list_webhook_deliveries"])
async def test_a_period_that_nothing_can_be_in_is_refused(tool: str, tools: Tools, hooked: Any) -> None:
    text = await tools.refused(tool, since="2026-01-02", until="2026-01-02T00:00:00Z")

    assert text.startswith(f"{tool}: until must be later than since.")
    assert hooked.requests == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("start must be within the last 30 days", "since must be within"),
        ("'end' is in the future", "'until' is in the future"),
        ("reached the end of the list", "reached the end of the list"),
    ],
)
async def test_refusals_of_the_api_name_the_arguments_of_the_tool(
    said: str, shown: str, tools: Tools, hooked: Any
) -> None:
    hooked[f"GET /api/webhooks/{HOOK}/deliveries"] = httpx.Response(422, json={"message": said})

    text = await tools.refused("list_webhook_deliveries", since="2026-01-02")

    assert shown in text


async def test_an_event_names_its_connections(tools: Tools, company: ScriptedApi) -> None:
    company["GET /api/events"] = {"data": [event("1", target_connection_id=company.GONG)]}

    (item,) = (await tools("list_events"))["items"]

    assert item["target_connection_name"] == "Gong"


async def test_events_of_a_sync_that_there_is_not_are_refused(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/events"] = {"data": [event("1")]}
    api.holds("syncs", {"id": "s2", "name": "Quiet"})
    api.holds("bulk/syncs", {"id": "b1", "name": "Copy"})

    text = await tools.refused("list_events", sync_id="nope")

    assert "No sync or bulk sync has the id or name 'nope'." in text
    for reference in ("s2", "QUIET", "b1", "copy"):
        assert await tools("list_events", sync_id=reference) == {"items": []}
    assert len((await tools("list_events", sync_id="s1"))["items"]) == 1


async def test_where_syncs_cannot_be_listed_none_is_called_unknown(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/events"] = {"data": []}

    assert await tools("list_events", sync_id="nope") == {"items": []}


async def test_events_go_on_where_they_ended(tools: Tools, api: ScriptedApi) -> None:
    def pages(request: httpx.Request) -> Any:
        if request.url.params.get("page_token"):
            return {"data": [event("3")], "pagination": {}}
        return {"data": [event("1"), event("2")], "pagination": {"next_page_token": "t"}}

    api["GET /api/events"] = pages

    first = await tools("list_events", limit=2)
    second = await tools("list_events", limit=2, page_token=first["next_page_token"])

    assert [item["id"] for item in first["items"] + second["items"]] == ["1", "2", "3"]


@pytest.mark.parametrize("type_", ["sync.failed", "sync.completed_with_errors"])
async def test_a_failure_leads_to_its_diagnosis(tools: Tools, api: ScriptedApi, type_: str) -> None:
    api["GET /api/events"] = {"data": [event("1"), event("2", type_, error="no")]}

    (step,) = (await tools("list_events"))["next_steps"]

    assert (step["tool"], step["arguments"]) == ("diagnose_sync", {"sync_id": "s1"})


@pytest.mark.parametrize("type_", ["bulk_sync.failed", "bulk_sync.completed_with_error"])
async def test_a_bulk_syncs_failure_leads_to_the_log_of_its_run(
    tools: Tools, api: ScriptedApi, type_: str
) -> None:
    others = [event("1", "bulk_sync.completed"), event("2", "other.failed"), event("3", type_, sync_id=None)]
    api["GET /api/events"] = {"data": [*others, event("4", type_, error="no")]}

    (step,) = (await tools("list_events"))["next_steps"]

    assert (step["tool"], step["arguments"]) == (
        "get_bulk_sync_execution",
        {"bulk_sync_id": "s1", "execution_id": "e1", "log": True},
    )


async def test_a_type_that_there_is_not_is_named_with_the_nearest(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/events"] = {"data": []}
    api["GET /api/events_types"] = {"data": ["sync.failed", "sync.running"]}

    text = await tools.refused("list_events", type="sync.faild")

    assert "Unknown event type 'sync.faild'. Did you mean 'sync.failed'?" in text
    assert await tools("list_events", type="sync.failed") == {"items": []}


@pytest.mark.usefixtures("hooked")
async def test_webhooks_are_listed_without_their_secret(tools: Tools) -> None:
    answer = await tools("list_webhooks")

    assert answer == {"items": [{"id": HOOK, "endpoint": ENDPOINT, "disabled": False}]}


async def test_a_secret_that_is_asked_for_is_masked(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks", WEBHOOK | {"secret": "in the open", "created_at": "2026-01-15"})

    answer = await tools("list_webhooks", fields=["secret", "created_at"])

    (row,) = answer["items"]
    assert (row["secret"], row["created_at"]) == ("********", "2026-01-15")


async def test_a_webhook_is_created_where_there_is_none(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks")

    saved = await tools("save_webhook", endpoint=ENDPOINT, secret="shh")

    assert hooked.bodies("POST /api/webhooks") == [{"endpoint": ENDPOINT, "secret": "shh"}]
    assert saved == {"id": HOOK, "endpoint": ENDPOINT, "disabled": False}


async def test_a_new_webhook_needs_both(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks")

    assert "Send endpoint and secret" in await tools.refused("save_webhook", endpoint=ENDPOINT)
    assert hooked.written() == []


@pytest.mark.parametrize("reference", [{}, {"webhook_id": HOOK}, {"webhook_id": ENDPOINT}])
async def test_a_webhook_is_changed_with_its_secret(tools: Tools, hooked: Any, reference: Any) -> None:
    await tools("save_webhook", endpoint="https://b.example", secret="shh", **reference)

    assert hooked.bodies(f"PUT /api/webhooks/{HOOK}") == [{"endpoint": "https://b.example", "secret": "shh"}]


async def test_a_masked_secret_is_not_sent_back(tools: Tools, hooked: Any) -> None:
    text = await tools.refused("save_webhook", endpoint="https://b.example")

    assert "Send secret again. Nothing was changed." in text
    assert hooked.written() == []


async def test_a_secret_that_polytomic_shows_is_kept(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks", WEBHOOK | {"secret": "shown"})

    saved = await tools("save_webhook", endpoint="https://b.example")

    assert hooked.bodies(f"PUT /api/webhooks/{HOOK}")[0]["secret"] == "shown"
    assert "secret" not in saved


@pytest.mark.parametrize(("active", "verb"), [(True, "enable"), (False, "disable")])
async def test_a_webhook_is_switched(tools: Tools, hooked: Any, *, active: bool, verb: str) -> None:
    answer = await tools("set_webhook_active", active=active)

    assert hooked.written() == [f"POST /api/webhooks/{HOOK}/{verb}"]
    assert answer["disabled"] is not active


async def test_without_a_webhook_the_refusal_says_how_to_create_one(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks")

    text = await tools.refused("set_webhook_active", active=True)

    assert text == "There is no webhook yet. save_webhook creates one."


async def test_with_several_webhooks_one_must_be_chosen(tools: Tools, hooked: Any) -> None:
    hooked.holds("webhooks", WEBHOOK, WEBHOOK | {"id": "2", "endpoint": "https://b.example"})

    text = await tools.refused("list_webhook_deliveries")

    assert text == f"There are 2 webhooks. Send webhook_id. Valid values: {ENDPOINT}, https://b.example."


async def test_deliveries_are_rows_with_what_was_asked_for(tools: Tools, hooked: Any) -> None:
    path = f"GET /api/webhooks/{HOOK}/deliveries"
    attempt = {"id": "d", "success": False, "status_code": None, "error_kind": "timeout", "duration_ms": 9}
    hooked[path] = {"data": [attempt | {"error": "late", "response_body": "<html>"}]}

    answer = await tools("list_webhook_deliveries", success=False, since="2026-01-15", event_id="e")
    wider = await tools("list_webhook_deliveries", fields=["response_body"])

    short = {name: value for name, value in attempt.items() if value is not None}
    assert answer == {"items": [short]}
    assert wider == {"items": [short | {"response_body": "<html>"}]}
    assert dict(hooked.asked(path)[0].url.params) == {
        "success": "false",
        "start": "2026-01-15T00:00:00Z",
        "event_id": "e",
    }


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_webhook_is_deleted_once_a_person_agreed(mode: str, connect: Connect, hooked: Any) -> None:
    questions = []

    async def person(context: Any, params: Any) -> ElicitResult:
        del context
        questions.append(params.message)
        return YES

    async with connect(mode=mode, elicitation_callback=person) as tools:
        deleted = await tools("delete_webhook")

    assert (deleted["id"], deleted["name"]) == (HOOK, ENDPOINT)
    assert questions[0].startswith(f"Delete the webhook '{ENDPOINT}' ({HOOK})?")
    assert hooked.written() == [f"DELETE /api/webhooks/{HOOK}"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_where_nobody_can_be_asked_the_endpoint_stands_for_the_yes(
    mode: str, connect: Connect, hooked: Any
) -> None:
    async with connect(mode=mode) as tools:
        text = await tools.refused("delete_webhook", webhook_id=HOOK)
        assert hooked.written() == []
        await tools("delete_webhook", confirm_name=ENDPOINT)

    assert "Nothing was deleted." in text
    assert hooked.written() == [f"DELETE /api/webhooks/{HOOK}"]


async def test_subscribers_of_all_syncs_are_shown_and_replaced(tools: Tools, api: ScriptedApi) -> None:
    api[f"GET {SHARED}"] = {"emails": ["a@x.example"]}
    api[f"PUT {SHARED}"] = lambda request: json.loads(request.content)

    before = await tools("get_error_notifications")
    after = await tools("set_error_notifications", subscribers=["b@x.example"])

    assert before == {"subscribers": ["a@x.example"]}
    assert api.bodies(f"PUT {SHARED}") == [{"emails": ["b@x.example"]}]
    assert after == {
        "subscribers": ["b@x.example"],
        "changed": {"subscribers": {"before": ["a@x.example"], "after": ["b@x.example"]}},
    }


@pytest.mark.parametrize(("kind", "path"), [("syncs", "syncs"), ("bulk/syncs", "bulk/syncs")])
async def test_one_syncs_error_handling_is_changed_without_loss(
    tools: Tools, api: ScriptedApi, kind: str, path: str
) -> None:
    for each in ("syncs", "bulk/syncs"):
        api.holds(each)
    api.holds(kind, {"id": api.SYNC, "name": "Plans"})
    setting = "auto_retry_record_errors" if kind == "syncs" else "ingestion_failure_threshold"
    stored = {setting: 1, "subscribers": ["a@x.example"]}
    handling = f"/api/{path}/{api.SYNC}/error-handling"
    api[f"GET {handling}"] = {"data": stored}
    api.echoes(f"PUT {handling}")

    after = await tools("set_error_notifications", sync_id="Plans", settings={setting: 0})

    assert api.bodies(f"PUT {handling}") == [stored | {setting: 0}]
    assert after["changed"] == {setting: {"before": 1, "after": 0}}


async def test_a_setting_that_there_is_not_is_named(tools: Tools, company: ScriptedApi) -> None:
    company[f"GET /api/syncs/{company.SYNC}/error-handling"] = {"data": {"warning_notifications": False}}

    async def refused(**settings: Any) -> str:
        return await tools.refused("set_error_notifications", sync_id=company.SYNC, settings=settings)

    misspelt = await refused(warning_notification=True)
    of_others = await refused(ingestion_failure_threshold=5)

    assert "settings.warning_notification: unknown name. Did you mean 'warning_notifications'?" in misspelt
    assert "settings.ingestion_failure_threshold: unknown name. Valid values: auto_retry_" in of_others
    assert company.written() == []


async def test_settings_require_one_sync(tools: Tools, api: ScriptedApi) -> None:
    api[f"GET {SHARED}"] = {"emails": []}

    assert "Send sync_id too" in await tools.refused(
        "set_error_notifications", settings={"warning_notifications": True}
    )


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_sandbox_plays_along(mode: str, open_sandbox: Connect) -> None:
    async with open_sandbox(mode=mode, toolsets=("events",)) as tools:
        saved = await tools("save_webhook", endpoint=ENDPOINT, secret="shh")
        switched = await tools("set_webhook_active", active=False)
        deliveries = await tools("list_webhook_deliveries")
        told = await tools("set_error_notifications", subscribers=["ada@acme.example"])
        events = await tools("list_events")
        refused = await tools.refused("list_events", type="sync.ended")
        deleted = await tools("delete_webhook", confirm_name=ENDPOINT)

    assert (saved["id"], switched["disabled"]) == (deleted["id"], True)
    assert deliveries == events == {"items": []}
    assert told["subscribers"] == ["ada@acme.example"]
    assert "sync.completed_with_errors" in refused
