"""Schedules run when the clock is moved, after another sync, and after a restart."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from polytomic_mcp import Polytomic, Settings
from polytomic_mcp.settings import TOOLSETS

pytestmark = pytest.mark.slow

PATIENCE = 30
DAILY = {"frequency": "daily", "hour": "06", "minute": "00"}
SNOWFLAKE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
POSTGRESQL = {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "pw"}
QUERY = "SELECT 'Daily' AS name, 'daily@acme.example' AS email"
NAMES = ("name", "email")
ARRIVED = "SELECT count(*) AS n FROM public.users WHERE name = 'Daily'"


async def test_a_daily_sync_runs_seven_times_when_the_clock_moves_a_week(
    connect: Callable[..., AbstractAsyncContextManager[Client]], settings: Settings
) -> None:
    async with connect("memory", "auto", toolsets=TOOLSETS) as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, (tool, result.content)
            return result.structured_content or {}

        await call("create_connection", name="Warehouse", type="snowflake", configuration=SNOWFLAKE)
        await call("create_connection", name="App", type="postgresql", configuration=POSTGRESQL)
        await call("create_model", name="Mark", connection_id="Warehouse", configuration={"query": QUERY})
        sync = await call(
            "create_sync",
            name="Every morning",
            mode="create",
            sync_all_records=True,
            active=True,
            schedule=DAILY,
            fields=[
                {"source": {"model_id": "Mark", "field": each}, "target": each} for each in ("name", "email")
            ],
            target={"connection_id": "App", "object": "public.users"},
        )
        async with httpx.AsyncClient(base_url=settings.api_url, trust_env=False) as http:
            moved = (await http.post("/sandbox/clock", json={"advance": "1w"})).json()
        listed = await call(
            "read_operation",
            operation="GET /api/syncs/{sync_id}/executions",
            arguments={"sync_id": sync["id"]},
        )
        latest = await call("get_sync_execution", sync_id="Every morning")
        rows = await call("run_query", connection_id="App", query=ARRIVED)

    assert [each["status"] for each in moved["started"]] == ["completed"] * 7
    assert {each["due"][11:] for each in moved["started"]} == {"06:00:00Z"}
    assert json.dumps(listed).count('"completed"') == 7
    assert (latest["status"], latest["counts"]["insert"]) == ("completed", 1)
    assert rows["rows"] == [[7]]


async def prepare(api: Polytomic) -> dict[str, Any]:
    """Create a model and return the arguments of a sync of it."""
    connections = [
        (await api.call("POST /api/connections", name=type_, type=type_, configuration=configuration))["data"]
        for type_, configuration in (("snowflake", SNOWFLAKE), ("postgresql", POSTGRESQL))
    ]
    source, target = (each["id"] for each in connections)
    query = {"query": QUERY}
    model = await api.call("POST /api/models", name="Mark", connection_id=source, configuration=query)
    model_id = model["data"]["id"]
    return {
        "mode": "create",
        "active": True,
        "fields": [{"source": {"model_id": model_id, "field": "name"}, "target": "name"}],
        "target": {"connection_id": target, "object": "public.users"},
    }


async def run_of(api: Polytomic, sync_id: str) -> dict[str, Any]:
    """Wait until an execution of the sync has ended, and return it."""
    with anyio.fail_after(PATIENCE):
        while True:
            seen = (await api.call("GET /api/syncs/{id}/status", id=sync_id))["data"]["last_execution"]
            if seen:
                return seen
            await anyio.sleep(0.05)


async def test_a_served_sandbox_runs_a_sync_after_another(settings: Settings) -> None:
    async with Polytomic("story", base_url=settings.api_url) as api:
        common = await prepare(api)
        manual = {"frequency": "manual"}
        first = (await api.call("POST /api/syncs", name="a", schedule=manual, **common))["data"]
        after = {"frequency": "runafter", "run_after": {"sync_ids": [first["id"]]}}
        second = (await api.call("POST /api/syncs", name="b", schedule=after, **common))["data"]
        await api.call("POST /api/syncs/{id}/executions", id=first["id"])

        run = await run_of(api, second["id"])

    assert (run["status"], run["counts"]["insert"]) == ("completed", 1)


def test_runs_missed_while_the_sandbox_was_killed_happen_once(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    options = ("sandbox", f"--state={tmp_path / 'box.db'}", "--key=story")

    async def until_killed(url: str) -> str:
        async with Polytomic("story", base_url=url) as api:
            common = await prepare(api)
            sync = (await api.call("POST /api/syncs", name="a", schedule=DAILY, **common))["data"]
            os.kill(first.pid, 9)
            sync_id: str = sync["id"]
            return sync_id

    async def afterwards(url: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        async with Polytomic("story", base_url=url) as api:
            run = await run_of(api, sync_id)
            listed = await api.call("GET /api/syncs/{sync_id}/executions", sync_id=sync_id)
            return run, listed["data"]

    first = start(*options, "--clock=2100-01-01T05:00:00Z")
    sync_id = anyio.run(until_killed, first.stdout.readline().split()[3])
    first.wait(timeout=10)
    second = start(*options, "--clock=2100-01-04T05:00:00Z")
    run, listed = anyio.run(afterwards, second.stdout.readline().split()[3])

    assert (run["status"], run["created_at"][:10]) == ("completed", "2100-01-04")
    assert [each["id"] for each in listed] == [run["id"]]
