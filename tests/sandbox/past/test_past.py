"""An organization with a past: what is in it agrees with what the API and the engine make."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.catalogue.rules import frequencies
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.guides import load_guides
from polytomic_mcp.sandbox.past.organization import all_objects, load_objects
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from tests.sandbox.past.conftest import Begin, moment, runs_of, stored

GOOD = [
    "Customers to Salesforce",
    "Orders to the data warehouse",
    "Billing to the data warehouse",
    "Accounts to the data warehouse",
    "Shop tables to the data lake",
    "Finance to the data warehouse",
]
STARTS = [
    datetime(2026, 1, 15, 9, 0, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2027, 10, 31, 4, 31, tzinfo=UTC),
    datetime(2026, 6, 8, 16, 45, tzinfo=UTC),
]
KINDS = {"sync": "execution", "bulk_sync": "bulk_execution"}
OUTCOMES = {"insert": "inserts", "update": "updates", "error": "errors", "total": "records"}
WARMED = frozenset({"connection", "model", "sync", "bulk_sync", "execution", "bulk_execution"})


def every_run(app: Starlette) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each sync of either kind with each of its executions."""
    for kind, runs in KINDS.items():
        for sync in stored(app, kind):
            yield from ((sync, each) for each in stored(app, runs) if each["_sync_id"] == sync["id"])


def schedule_of(sync: dict[str, Any]) -> dict[str, Any]:
    return sync.get("schedule") or sync["default_schedule"]


async def test_the_first_questions_have_answers(http: httpx.AsyncClient) -> None:
    connections = (await http.get("/api/connections")).json()["data"]
    users = (await http.get("/api/organization/users")).json()["data"]
    syncs = (await http.get("/api/syncs")).json()["data"]
    bulk_syncs = (await http.get("/api/bulk/syncs")).json()["data"]
    (webhook,) = (await http.get("/api/webhooks")).json()["data"]
    deliveries = (await http.get(f"/api/webhooks/{webhook['id']}/deliveries")).json()["data"]

    assert len(connections) == 8
    unhealthy = {each["name"]: each["status_error"] for each in connections if each["status"] != "healthy"}
    assert unhealthy.keys() == {"Sales outreach", "Sales forecast"}
    assert unhealthy["Sales outreach"] == "Salesloft rejected the credentials"
    assert unhealthy["Sales forecast"].startswith("Waiting for a person to sign in")
    assert len(syncs) + len(bulk_syncs) == 12
    assert {each["role"] for each in users} == {"admin", "user"}
    assert len({tuple(each["role_ids"]) for each in users}) == 3
    assert {each["success"] for each in deliveries} == {True, False}


@pytest.mark.parametrize("version", ["2024-02-08", "2025-09-18"])
async def test_every_object_can_be_read(http: httpx.AsyncClient, sandbox: Starlette, version: str) -> None:
    paths = ["/api/connections", "/api/models", "/api/syncs", "/api/bulk/syncs", "/api/me", "/api/webhooks"]
    paths += [f"/api/connections/{each['id']}" for each in stored(sandbox, "connection")]
    paths += [f"/api/connections/{each['id']}/schemas/status" for each in stored(sandbox, "connection")]
    paths += [f"/api/models/{each['id']}" for each in stored(sandbox, "model")]
    paths += [f"/api/models/{each['id']}/sample" for each in stored(sandbox, "model")[:2]]
    for each in stored(sandbox, "sync"):
        paths += [f"/api/syncs/{each['id']}{part}" for part in ("", "/status", "/executions")]
    for each in stored(sandbox, "bulk_sync"):
        paths += [
            f"/api/bulk/syncs/{each['id']}{part}" for part in ("", "/status", "/executions", "/schemas")
        ]
    for each in stored(sandbox, "execution")[::7]:
        paths.append(f"/api/syncs/{each['_sync_id']}/executions/{each['id']}")
    for each in stored(sandbox, "bulk_execution")[::7]:
        paths.append(f"/api/bulk/syncs/{each['_sync_id']}/executions/{each['id']}")

    answers = {path: await http.get(path, headers={"X-Polytomic-Version": version}) for path in paths}

    assert {path: each.text for path, each in answers.items() if each.status_code != 200} == {}


def test_counts_add_up_and_the_logs_have_a_line_for_each(sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace
    for _, run in every_run(sandbox):
        counted = logs.counts(workspace, run["id"])
        assert all(len([*logs.lines(workspace, run["id"], type_)]) == counted[type_] for type_ in counted)
        if "counts" in run:
            assert (
                sum(run["counts"][name] for name in ("insert", "update", "error")) == run["counts"]["total"]
            )
            assert {type_: counted[type_] for type_ in OUTCOMES.values()} == {
                type_: run["counts"][name] for name, type_ in OUTCOMES.items()
            }
        else:
            assert run["record_count"] == sum(each["record_count"] for each in run["schemas"])
            assert run["record_count"] == counted["inserts"] + counted["updates"]


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_runs_are_where_the_schedules_put_them(begin: Begin, start: datetime) -> None:
    app = begin(start=start)

    now = app.state.workspace.clock()
    numbers: Counter[str] = Counter()
    for sync, run in every_run(app):
        created = moment(run["created_at"])
        assert frequencies.last_time(schedule_of(sync), created) == created
        assert now - timedelta(days=14) < created <= now
        assert moment(run["completed_at"] or run["started_at"]) >= created
        numbers[sync["id"]] += 1
        assert run["_number"] == numbers[sync["id"]]
    for name in GOOD:
        runs = runs_of(app, name)
        (schedule,) = {json.dumps(schedule_of(sync)) for sync, run in every_run(app) if run == runs[0]}
        due = frequencies.last_time(json.loads(schedule), now)
        assert moment(runs[-1]["created_at"]) == due
        for before, after in pairwise(runs):
            assert frequencies.next_time(json.loads(schedule), moment(before["created_at"])) == moment(
                after["created_at"]
            )


def test_nothing_is_due_at_once(sandbox: Starlette) -> None:
    scheduler = Scheduler(sandbox.state.workspace)
    before = stored(sandbox, "execution"), stored(sandbox, "bulk_execution")

    scheduler.run_due()

    due = scheduler.next_due()
    assert due is not None
    assert due > sandbox.state.workspace.clock()
    assert (stored(sandbox, "execution"), stored(sandbox, "bulk_execution")) == before


def test_the_next_runs_are_like_those_of_the_past(sandbox: Starlette) -> None:
    before = {name: runs_of(sandbox, name)[-1] for name in GOOD}

    report = Scheduler(sandbox.state.workspace).move_to(sandbox.state.workspace.clock() + timedelta(days=7))

    assert report.left_out == []
    for name in GOOD:
        last = runs_of(sandbox, name)[-1]
        assert last["id"] != before[name]["id"]
        assert last["status"] == "completed"
        assert last.keys() == before[name].keys()
        assert {type(value) for value in last.values()} == {type(value) for value in before[name].values()}
        for last_schema, schema in zip(last.get("schemas", ()), before[name].get("schemas", ()), strict=True):
            assert last_schema.keys() == schema.keys()
        assert messages(sandbox, last) == messages(sandbox, before[name])


def messages(app: Starlette, run: dict[str, Any]) -> list[Any]:
    """The shape of an execution's console, and what it says up to the numbers of that run."""
    console = logs.console(app.state.workspace, run["id"])
    return [(each.keys(), each["message"].partition(",")[0], each["payload"].keys()) for each in console]


def test_the_copies_have_the_rows_that_the_runs_moved(sandbox: Starlette) -> None:
    tables = sandbox.state.workspace.tables

    def ids(system: str, name: str, column: str) -> set[Any]:
        table = tables.get(system, name)
        assert table is not None
        return {row[column] for row in tables.rows(table)}

    assert ids("snowflake", "reporting.shop_orders", "id") == ids("postgresql", "shop.orders", "id")
    assert ids("snowflake", "reporting.shop_subscriptions", "id") == ids(
        "postgresql", "shop.subscriptions", "id"
    )
    people = ids("postgresql", "shop.customers", "email")
    assert people <= ids("salesforce", "Contact", "Email")
    assert people <= ids("salesloft", "people", "email_address")
    assert len(ids("snowflake", "reporting.active_customers", "email")) == 12
    refused = {row[0] for row in ids_and_status(tables) if row[1] == "Nurturing"}
    assert ids("postgresql", "sales.leads", "email") - ids("salesforce", "Lead", "Email") == refused


def ids_and_status(tables: Any) -> list[tuple[str, str]]:
    return [(row["email"], row["status"]) for row in tables.rows(tables.get("postgresql", "sales.leads"))]


def test_events_of_the_last_two_days_are_there_and_were_delivered(sandbox: Starlette) -> None:
    now = sandbox.state.workspace.clock()
    events = stored(sandbox, "event")
    times = [each["created_at"] for each in events]
    delivered = Counter(each["event_id"] for each in stored(sandbox, "webhook_delivery") if each["success"])

    assert times == sorted(times)
    assert now - timedelta(hours=48) <= moment(times[0]) < now - timedelta(hours=40)
    assert delivered == Counter(each["id"] for each in events)
    assert len(stored(sandbox, "webhook_delivery")) == len(events) + 1
    assert stored(sandbox, "pending_delivery") == []
    for event in events:
        (run,) = [run for _, run in every_run(sandbox) if run["id"] == event["event"]["execution_id"]]
        assert event["created_at"] in (run["started_at"], run["completed_at"])


def test_two_sandboxes_have_the_same_past(begin: Begin) -> None:
    first, second = (begin(clock=lambda: STARTS[0]) for _ in range(2))

    for kind in (*WARMED, "event", "webhook_delivery", "user", "role", "policy", "schedule_mark"):
        assert stored(first, kind) == stored(second, kind), kind
    assert {each.id for each in all_objects()} == {
        each["id"]
        for kind in ("user", "role", "policy", "connection", "model", "sync", "bulk_sync", "webhook")
        for each in stored(first, kind)
        if each["id"] not in {row["id"] for row in stored(begin(past=False), kind)}
    }


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_no_guide_names_an_object_of_the_past() -> None:
    names = {each.name.casefold() for each in all_objects()}

    for name, guide in load_guides().items():
        if not guide.needs_past:
            arguments = [(each.default, each.demo) for each in guide.arguments.values()]
            steps = [(dict(step.arguments), dict(step.demo)) for step in guide.steps]
            assert {text.casefold() for text in texts([arguments, steps])} & names == set(), name


def test_a_new_state_file_has_the_past_and_keeps_it(begin: Begin, tmp_path: Path) -> None:
    state = tmp_path / "box.db"
    first = begin(state=state)
    kept = {kind: stored(first, kind) for kind in WARMED}
    first.state.workspace.close()

    again = begin(state=state)

    assert {kind: stored(again, kind) for kind in WARMED} == kept
    (running,) = [each for each in stored(again, "execution") if each["status"] == "running"]
    assert running["id"] == runs_of(again, "Customer history to the data warehouse")[-1]["id"]


@pytest.mark.parametrize("past", [True, "later"])
def test_a_state_file_that_exists_is_left_as_it_is(begin: Begin, tmp_path: Path, past: Any) -> None:
    state = tmp_path / "box.db"
    begin(state=state, past=False).state.workspace.close()

    app = begin(state=state, past=past)

    assert not app.state.workspace.deferred.is_pending
    assert all(stored(app, kind) == [] for kind in WARMED)


async def test_a_past_that_was_not_finished_is_finished_by_the_next_process(
    begin: Begin, tmp_path: Path
) -> None:
    state = tmp_path / "box.db"
    begin(state=state, past="later").state.workspace.close()
    app = begin(state=state, past="later")
    before = stored(app, "sync")
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer sandbox-key"}

    async with httpx.AsyncClient(transport=transport, base_url="http://any", headers=headers) as http:
        connections = (await http.get("/api/connections")).json()["data"]
        between = stored(app, "sync")
        syncs = (await http.get("/api/syncs")).json()["data"]

    assert (before, between) == ([], [])
    assert len(connections) == len(load_objects("connections"))
    assert len(syncs) == len(load_objects("syncs"))
    assert not app.state.workspace.deferred.is_pending


def test_a_file_cannot_take_the_place_of_a_table_of_the_past(begin: Begin, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id\n1\n")

    with pytest.raises(ConfigurationError, match=r"--table Shop\.Orders: .* --empty"):
        begin(tables={"Shop.Orders": file})
    app = begin(tables={"shop_orders": file})

    assert app.state.notes == ["rows.csv: 1 rows in table public.shop_orders"]


def test_the_database_of_a_finished_past_has_no_trace_of_how_it_was_made(
    begin: Begin, tmp_path: Path
) -> None:
    state = tmp_path / "box.db"
    begin(state=state).state.workspace.close()

    with sqlite3.connect(state) as database:
        kinds = {kind for (kind,) in database.execute("SELECT DISTINCT kind FROM documents")}

    assert "unfinished_past" not in kinds
    logged = {kind.split("/")[1] for kind in kinds if kind.startswith("log/")}
    app = begin(state=state)
    assert logged <= {run["id"] for _, run in every_run(app)}
