"""A sandbox that is killed during a run loses nothing that it acknowledged."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from polytomic_mcp import Polytomic

pytestmark = pytest.mark.slow

ROWS = 40_000
FLOW = "my-gong-engage-flow"
OVER = {"completed", "failed", "canceled", "interrupted"}


def flow_ids(state: Path) -> list[str]:
    with closing(sqlite3.connect(state)) as connection:
        return [id_ for (id_,) in connection.execute(f'SELECT "Id" FROM "gong.{FLOW}"')]  # noqa: S608 - a constant


async def prepare(api: Polytomic) -> dict[str, str]:
    """Create what a run needs; return the operations that read it, and their ids."""
    snowflake = await api.call(
        "POST /api/connections",
        name="Snowflake",
        type="snowflake",
        configuration={"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"},
    )
    gong = await api.call(
        "POST /api/connections",
        name="Gong",
        type="gong",
        configuration={"auth_method": "token", "access_key": "ak", "access_secret": "as"},
    )
    query = {"query": "SELECT id FROM people"}
    model = await api.call(
        "POST /api/models", name="People", connection_id=snowflake["data"]["id"], configuration=query
    )
    sync = await api.call(
        "POST /api/syncs",
        name="Into the flow",
        mode="updateOrCreate",
        fields=[],
        schedule={"frequency": "manual"},
        identity={
            "source": {"field": "id", "model_id": model["data"]["id"]},
            "target": "Id",
            "function": "Equality",
        },
        target={"connection_id": gong["data"]["id"], "object": FLOW},
    )
    return {
        "GET /api/connections/{id}": gong["data"]["id"],
        "GET /api/models/{id}": model["data"]["id"],
        "GET /api/syncs/{id}": sync["data"]["id"],
    }


async def run(api: Polytomic, sync_id: str, *, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Start the sync and poll until the run is as wanted; return the last state acknowledged."""
    started = await api.call("POST /api/syncs/{id}/executions", id=sync_id)
    where = {"sync_id": sync_id, "id": started["data"]["id"]}
    with anyio.fail_after(60):
        while True:
            seen = (await api.call("GET /api/syncs/{sync_id}/executions/{id}", **where))["data"]
            if until(seen):
                return seen


def test_everything_acknowledged_survives_kill_9(start: Callable[..., Any], tmp_path: Path) -> None:
    people, state = tmp_path / "people.csv", tmp_path / "box.db"
    people.write_text("id\n" + "".join(f"P{number}\n" for number in range(ROWS)), encoding="utf-8")
    options = [
        f"--state={state}",
        "--key=story",
        f"--table=people={people}",
        "--contacts=SELECT id FROM people",
    ]

    async def until_killed(url: str) -> tuple[dict[str, str], dict[str, Any]]:
        async with Polytomic("story", base_url=url) as api:
            made = await prepare(api)
            seen = await run(
                api, made["GET /api/syncs/{id}"], until=lambda seen: seen["counts"]["insert"] > 0
            )
            os.kill(first.pid, 9)
            return made, seen

    async def afterwards(url: str) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        async with Polytomic("story", base_url=url) as api:
            found = [(await api.call(operation, id=id_))["data"]["id"] for operation, id_ in made.items()]
            sync_id = made["GET /api/syncs/{id}"]
            where = {"sync_id": sync_id, "id": seen["id"]}
            killed = (await api.call("GET /api/syncs/{sync_id}/executions/{id}", **where))["data"]
            return found, killed, await run(api, sync_id, until=lambda seen: seen["status"] in OVER)

    first = start("sandbox", "--empty", *options)
    made, seen = anyio.run(until_killed, first.stdout.readline().split()[3])
    first.wait(timeout=10)
    left = flow_ids(state)
    second = start("sandbox", "--empty", *options)
    found, killed, again = anyio.run(afterwards, second.stdout.readline().split()[3])

    assert found == list(made.values())
    assert killed["counts"]["insert"] >= seen["counts"]["insert"] > 0
    assert sum(id_.startswith("P") for id_ in left) == killed["counts"]["insert"]
    assert killed["status"] == "interrupted"
    assert again["status"] == "completed"
    assert sorted(id_ for id_ in flow_ids(state) if id_.startswith("P")) == sorted(
        f"P{number}" for number in range(ROWS)
    )
