"""Schedules that are due during an outage: the run fails, and the schedule continues."""

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Advance
from tests.sandbox.faults.conftest import Runs

DOWN = "could not be reached: it is down, as a fault requested"
DAILY = {"frequency": "daily", "hour": "6", "minute": "0"}


async def activated(runs: Runs, kind: str) -> str:
    """Return the path of a sync that runs every day."""
    if kind == "syncs":
        return f"/api/syncs/{await runs.sync(schedule=DAILY, active=True)}"
    return f"/api/bulk/syncs/{await runs.bulk_sync(default_schedule=DAILY, active=True)}"


@pytest.mark.parametrize("kind", ["syncs", "bulk/syncs"])
@pytest.mark.parametrize("system", ["mysql", "postgresql"])
async def test_a_scheduled_run_fails_in_an_outage_and_the_next_one_completes(
    sandbox: Starlette, http: httpx.AsyncClient, runs: Runs, advance: Advance, kind: str, system: str
) -> None:
    path = await activated(runs, kind)
    outage = sandbox.state.faults.add({"outage": runs.connections[system]})

    (down,) = (await advance("1d"))["started"]
    failed = await runs.ask("GET", f"{path}/executions/{down['execution_id']}")
    console = await http.get(f"{path}/executions/{down['execution_id']}/consolelog")
    status = await runs.ask("GET", f"{path}/status")
    sandbox.state.faults.remove(outage.id)
    (up,) = (await advance("1d"))["started"]
    event = "sync.failed" if kind == "syncs" else "bulk_sync.failed"
    events = (await http.get("/api/events", params={"type": event})).json()["data"]

    assert (down["status"], down["due"]) == ("failed", "2026-01-16T06:00:00Z")
    assert DOWN in str(failed)
    assert DOWN in console.text
    assert status["last_execution"]["id"] == failed["id"]
    assert status["next_execution_time"] == "2026-01-17T06:00:00Z"
    assert (up["status"], up["due"]) == ("completed", "2026-01-17T06:00:00Z")
    assert [each["event"]["execution_id"] for each in events] == [failed["id"]]
