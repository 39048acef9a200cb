"""Jobs: an answer that takes longer is waited for."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp.client.outages import SYSTEM_IS_OUT
from tests.tools.conftest import Clock, ScriptedApi, Tools

JOB = {"job": {"type": "createmodel", "job_id": "j1", "status": "created"}}
CALL = {"name": "M", "connection_id": "Warehouse", "configuration": {"query": "SELECT 1"}}


def serve(api: ScriptedApi, *states: dict[str, Any]) -> None:
    """Answer the creation with a job, and the job with those states, the last for ever."""
    left = list(states)
    api["POST /api/models"] = {"data": None, **JOB}
    api["GET /api/jobs/createmodel/j1"] = lambda _: {"data": left.pop(0) if len(left) > 1 else left[0]}


async def test_a_job_is_followed_to_its_result(tools: Tools, company: ScriptedApi, clock: Clock) -> None:
    serve(company, {"status": "created"}, {"status": "running"}, {"status": "done", "result": {"id": "m9"}})

    assert (await tools("create_model", **CALL))["id"] == "m9"
    assert clock.pauses == [1.0, 1.3]


async def test_a_job_reports_its_progress(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "running"}, {"status": "done", "result": {"id": "m9"}})
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    await tools.try_("create_model", CALL, progress_callback=note)

    assert seen == [(0.0, 39.0, "createmodel: running")]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"status": "failed", "error": "no such table"}, "j1 failed: no such table. Correct it"),
        ({"status": "failed"}, "j1 failed: no reason given. Correct it and call again."),
        ({"status": "failed", "error": "Snowflake is unreachable."}, f"is unreachable. {SYSTEM_IS_OUT}"),
        ({"status": "running"}, "j1 is running and continues without this call."),
    ],
)
async def test_a_job_that_fails_or_continues_is_reported(
    state: Any, reason: str, tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    serve(company, state)

    text = await tools.refused("create_model", **CALL)

    assert "The job createmodel j1 " in text
    assert reason in text
    assert clock.time <= 45


@pytest.mark.parametrize("state", [{"data": {"status": "running"}}, httpx.Response(503)])
async def test_a_job_that_continues_is_answered_with_the_call_that_reads_it(
    state: Any, tools: Tools, company: ScriptedApi
) -> None:
    serve(company)
    company["GET /api/jobs/createmodel/j1"] = state

    text = await tools.refused("create_model", **CALL)
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    company["GET /api/jobs/createmodel/j1"] = {"data": {"status": "done", "result": {"id": "m9"}}}

    answer = await tools(step["tool"], **step["arguments"])
    assert answer["result"]["data"]["result"] == {"id": "m9"}


async def test_a_job_that_ends_without_a_model_does_not_crash(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "done", "result": None})

    assert "POST /api/models answered null under data where an object" in await tools.refused(
        "create_model", **CALL
    )
