"""Waiting: how often it looks, what it tells meanwhile, and what ends it."""

import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.waiting import wait
from tests.conftest import text_of
from tests.tools.conftest import Clock, Connect, ScriptedApi, Tools

RUNNING = {"status": "running"}


def run(api: ScriptedApi, *answers: Any) -> None:
    """Let the run of the sync be seen so, the last for ever: a status, an HTTP status or an error."""
    left = list(answers)

    def look(_: Any) -> Any:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, int):
            return httpx.Response(answer)
        return answer if isinstance(answer, Exception) else {"data": {"id": api.EXECUTION, "status": answer}}

    path = f"/api/syncs/{api.SYNC}/executions"
    api[f"POST {path}"] = {"data": {"id": api.EXECUTION, "status": "created"}}
    api[f"GET {path}/{api.EXECUTION}"] = look


@pytest.fixture
def told() -> list[Any]:
    """The progress that was told: waited, total, message."""
    return []


@pytest.fixture
def start(tools: Tools, company: ScriptedApi, told: list[Any]) -> Callable[..., Any]:
    """Start the sync and note the progress."""

    async def started(seconds: float | None) -> tuple[bool, Any]:
        async def note(*progress: Any) -> None:
            told.append(progress)

        arguments = {"sync_id": company.SYNC, "wait_seconds": seconds}
        return await tools.try_("start_sync", arguments, progress_callback=note)

    return started


@pytest.mark.parametrize("seconds", [0, 0.3, 1, 1.5, 2.9, 7, 59.5, 600])
async def test_looks_are_a_second_or_more_apart_and_never_late(
    seconds: float, start: Any, company: ScriptedApi, clock: Clock
) -> None:
    run(company, "running")

    _, answer = await start(seconds)

    looks = len(company.asked(f"GET /api/syncs/{company.SYNC}/executions/{company.EXECUTION}"))
    assert answer["status"] == "running"
    assert looks == len(clock.pauses) + 1
    assert all(1 <= pause < 6 for pause in clock.pauses)
    assert clock.time <= seconds
    assert clock.time > seconds - 1


async def test_looks_slow_down(start: Any, company: ScriptedApi, clock: Clock) -> None:
    run(company, "running")

    await start(600)

    assert clock.pauses[:4] == pytest.approx([1, 1.3, 1.69, 2.197])
    assert clock.pauses[20] == 5


async def test_each_look_is_told_and_the_time_told_grows(
    start: Any, company: ScriptedApi, told: list[Any]
) -> None:
    run(company, "running")

    await start(60)

    waited = [progress for progress, _, _ in told]
    assert waited == sorted(set(waited))
    assert max(later - sooner for sooner, later in itertools.pairwise(waited)) <= 10
    assert {(total, message) for _, total, message in told} == {(60.0, "running")}


@pytest.mark.parametrize("failure", [429, 502, 503, 504, httpx.ConnectError("no route")])
async def test_a_temporary_failure_of_one_look_is_reported_and_retried(
    failure: Any, start: Any, company: ScriptedApi, told: list[Any]
) -> None:
    run(company, failure, "running", failure, "completed")

    is_error, answer = await start(60)

    assert not is_error
    assert answer["status"] == "completed"
    first, second, third = (message for _, _, message in told)
    assert first.startswith("created; trying again: GET /api/syncs/{sync_id}/executions/{id} ")
    assert second == "running"
    assert third.startswith("running; trying again: GET ")


@pytest.mark.parametrize("failure", [429, 503, httpx.ConnectError("no route"), httpx.ReadError("reset")])
@pytest.mark.parametrize("asked", [None, "7"])
async def test_an_outage_has_polytomic_asked_no_more_than_once_a_second(
    failure: Any, asked: str | None, connect: Connect, company: ScriptedApi, clock: Clock
) -> None:
    looks: list[float] = []
    headers = {"Retry-After": asked} if asked else {}

    def look(_: Any) -> Any:
        looks.append(clock.time)
        return httpx.Response(failure, headers=headers) if isinstance(failure, int) else failure

    run(company, "running")
    company[f"GET /api/syncs/{company.SYNC}/executions/{company.EXECUTION}"] = look

    async with connect(retry=RetryPolicy()) as tools:
        answer = await tools("start_sync", sync_id=company.SYNC, wait_seconds=60)

    apart = [later - sooner for sooner, later in itertools.pairwise(looks)]
    assert answer["status"] == "created"
    assert len(looks) > 4
    assert min(apart) > (6.999 if asked and isinstance(failure, int) else 0.999)


@pytest.mark.parametrize("failure", [400, 401, 403, 404, 500, 501])
async def test_a_failure_that_will_not_pass_ends_the_wait(
    failure: int, start: Any, company: ScriptedApi, clock: Clock
) -> None:
    run(company, "running", failure)

    is_error, text = await start(60)

    assert is_error
    assert f"was refused: {failure}" in text
    assert clock.pauses == [1]


async def test_when_the_time_is_up_during_an_outage_the_last_state_is_answered(
    start: Any, company: ScriptedApi
) -> None:
    run(company, "running", 503)

    is_error, answer = await start(10)

    assert not is_error
    assert answer["status"] == "running"


@pytest.mark.parametrize("seconds", [0, 5])
async def test_a_run_that_was_begun_but_never_seen_is_answered_as_begun(
    seconds: float, start: Any, company: ScriptedApi, clock: Clock
) -> None:
    run(company, 503)

    is_error, answer = await start(seconds)

    assert not is_error
    assert (answer["id"], answer["status"]) == (company.EXECUTION, "created")
    assert clock.time == seconds


@pytest.mark.parametrize("seconds", [0, 5])
async def test_without_one_look_that_succeeded_the_failure_is_answered(
    seconds: float, tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    run(company, 503)

    execution = {"sync_id": company.SYNC, "execution_id": company.EXECUTION}
    text = await tools.refused("get_sync_execution", **execution, wait_seconds=seconds)

    assert "was refused: 503" in text
    assert clock.time == seconds


class Patient:
    """A server whose one tool waits, and what became of it."""

    def __init__(self, look: Callable[[], Any], *, heartbeat: float = 10) -> None:
        self.look = look
        self.heartbeat = heartbeat
        self.has_ended = anyio.Event()

    async def follow(self, context: Context[Caller]) -> str:
        caller = context.request_context.lifespan_context
        try:
            seen = await wait(
                caller,
                context,
                self.look,
                is_over=lambda seen: seen["status"] == "completed",
                describe=lambda seen: seen["status"],
                seconds=3600,
                heartbeat=self.heartbeat,
            )
        finally:
            self.has_ended.set()
        return json.dumps(seen)

    def server(self) -> MCPServer[Caller]:
        @asynccontextmanager
        async def lifespan(_: Any) -> AsyncIterator[Caller]:
            yield Caller(Polytomic("unused"))

        server = MCPServer("patient", version="1", lifespan=lifespan, log_level="ERROR")
        server.add_tool(self.follow)
        return server


async def test_a_look_that_takes_long_has_a_heartbeat() -> None:
    heard: list[Any] = []
    has_beaten = anyio.Event()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))
        if len(heard) == 3:
            has_beaten.set()

    async def look() -> dict[str, str]:
        await has_beaten.wait()
        return {"status": "completed"}

    with anyio.fail_after(30):
        async with Client(Patient(look, heartbeat=0.001).server()) as client:
            result = await client.call_tool("follow", {}, progress_callback=note)

    assert text_of(result) == '{"status": "completed"}'
    waited = [progress for progress, _, _ in heard[:3]]
    assert waited == sorted(set(waited))
    assert heard[0][2] == "not seen yet; Polytomic has not answered since"


async def test_a_refusal_of_a_look_is_the_tools_own() -> None:
    async def look() -> dict[str, str]:
        raise ToolError("The query failed.")

    async with Client(Patient(look).server()) as client:
        result = await client.call_tool("follow", {})

    assert result.is_error
    assert text_of(result).endswith(": The query failed.")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_cancelled_call_stops_waiting_at_once_and_sends_nothing_more(
    mode: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    cancellation = anyio.CancelScope()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        heard.append(str(message))
        cancellation.cancel()

    async def handle(message: Any) -> None:
        heard.append(repr(message))

    async def look() -> dict[str, str]:
        return RUNNING

    patient = Patient(look, heartbeat=0.001)
    with anyio.fail_after(30):
        async with Client(patient.server(), mode=mode, message_handler=handle) as client:
            with cancellation:
                await client.call_tool("follow", {}, progress_callback=note)
            await patient.has_ended.wait()
            so_far = list(heard)
            await client.list_tools()  # what was sent before its answer has come as well

    assert heard == so_far
    assert not any("No longer" in each for each in heard)
    assert capfd.readouterr().err == ""


async def test_a_caller_that_no_longer_reads_does_not_hold_up_the_end() -> None:
    cancellation = anyio.CancelScope()
    told: list[str] = []

    class Deaf:
        async def report_progress(self, _: float, __: float, message: str) -> None:
            told.append(message)
            cancellation.cancel()
            await anyio.sleep_forever()

    async def look() -> dict[str, str]:
        return RUNNING

    with anyio.fail_after(30), cancellation:
        context: Any = Deaf()
        caller = Caller(Polytomic("unused"))
        await wait(caller, context, look, is_over=lambda _: False, describe=str, seconds=60)

    assert len(told) == 1


async def test_a_start_waits_for_what_is_left_of_the_call(
    start: Any, company: ScriptedApi, clock: Clock, told: list[Any]
) -> None:
    run(company, "running")

    _, answer = await start(None)

    assert answer["id"] == company.EXECUTION
    assert 38 < clock.time < 40
    assert {total for _, total, _ in told} == {39.0}
    (step,) = answer["next_steps"]
    this = {"sync_id": company.SYNC, "execution_id": company.EXECUTION}
    assert (step["tool"], step["arguments"]) == ("get_sync_execution", {**this, "wait_seconds": 45})


async def test_the_call_that_waits_on_lasts_no_longer_than_a_call(
    tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    run(company, "running")

    this = {"sync_id": company.SYNC, "execution_id": company.EXECUTION}
    answer = await tools("get_sync_execution", **this, wait_seconds=45)

    assert answer["status"] == "running"
    assert 38 < clock.time < 40


async def test_a_look_at_a_run_does_not_wait(tools: Tools, company: ScriptedApi, clock: Clock) -> None:
    run(company, "running")

    answer = await tools("get_sync_execution", sync_id=company.SYNC, execution_id=company.EXECUTION)

    assert answer["status"] == "running"
    assert clock.time == 0
