"""Every request is answered within its time, whatever Polytomic and the tool do."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest
from mcp import Client, MCPError
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, ElicitResult, PromptReference

from polytomic_mcp import Settings, build_server
from polytomic_mcp.client import Polytomic
from polytomic_mcp.protocol.time_limit import TimeLimit
from polytomic_mcp.settings import TOOLSETS, Secret
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.toolsets import shown_tools
from tests.conftest import Script, text_of

SYNC = "33333333-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"
START = f"POST /api/syncs/{SYNC}/executions"
LOOK = f"GET /api/syncs/{SYNC}/executions/{RUN}"
LIMIT = 1.5
SLACK = 10.0
"""Seconds that a busy machine may add. Without the limit, the client itself would wait for a minute."""
LATE = 30.0
"""Seconds after which a delayed answer would come."""

ERAS = ["auto", "legacy"]


@pytest.fixture(scope="module", autouse=True)
def _tools_are_imported() -> None:
    """Import what the calls use beforehand: that may take longer than the short limits of these tests."""
    for _, tool in shown_tools(Settings(toolsets=TOOLSETS)):
        assert tool.calls


@pytest.fixture
async def silence() -> AsyncIterator[str]:
    """The address of a server that takes every connection and never answers."""

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Slow(Script):
    """A scripted Polytomic that answers each operation in ``delays`` only after those seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: dict[str, float] = {}
        self.asked_for: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        operation = f"{request.method} {request.url.path}"
        self.asked_for.append(operation)
        await anyio.sleep(self.delays.get(operation, 0))
        return await super().handle_async_request(request)


@pytest.fixture
def slow() -> Slow:
    script = Slow()
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    script[START] = {"data": {"id": RUN, "status": "created"}}
    script[LOOK] = {"data": {"id": RUN, "status": "running"}}
    return script


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Hold a block to its time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + SLACK


@asynccontextmanager
async def speaking(
    *,
    seconds: float = LIMIT,
    transport: Any = None,
    caller: Any = Caller,
    url: str = "http://x",
    **options: Any,
) -> AsyncIterator[Client]:
    settings = Settings(api_key=Secret("key"), api_url=url, toolsets=TOOLSETS, call_seconds=seconds)
    async with Client(build_server(settings, transport=transport, caller=caller), **options) as client:
        yield client


def steps_of(result: CallToolResult) -> list[dict[str, Any]]:
    answer = result.structured_content or json.loads(text_of(result).splitlines()[-1])
    return answer["next_steps"]


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("list_syncs", {}, "GET /api/syncs got no answer"),
        ("start_sync", {"sync_id": "Plans"}, "GET /api/syncs got no answer"),
        ("sync_overview", {}, "could be listed. GET /api/syncs got no answer"),
        ("run_query", {"query_id": "q"}, "GET /api/queries/{id} got no answer"),
        (
            "write_operation",
            {"operation": "POST /api/syncs/{id}/cancel", "arguments": {"id": SYNC}},
            "or repeat it with the idempotency key ",
        ),
    ],
)
async def test_silence_of_the_api_is_answered_in_time(
    mode: Any, tool: str, arguments: Any, said: str, silence: str
) -> None:
    async with speaking(url=silence, mode=mode) as client:
        with within(LIMIT):
            result = await client.call_tool(tool, arguments)

    assert result.is_error
    assert said in text_of(result)
    assert "Nothing is wrong with the call" in text_of(result)


@pytest.mark.parametrize("mode", ERAS)
async def test_a_write_without_an_answer_is_unknown_and_has_its_key(mode: Any, slow: Slow) -> None:
    slow.delays[START] = LATE

    async with speaking(transport=slow, mode=mode) as client:
        with within(LIMIT):
            text = text_of(await client.call_tool("start_sync", {"sync_id": "Plans"}))

    assert (
        "It may have taken effect: read the object's state before you repeat the call, or repeat it" in text
    )
    assert "with the idempotency key " in text


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("delay", [0, LATE])
async def test_a_long_run_is_answered_with_its_id_and_the_call_that_waits_on(
    mode: Any, delay: float, slow: Slow
) -> None:
    slow.delays[LOOK] = delay

    async with speaking(transport=slow, mode=mode) as client:
        with within(LIMIT):
            begun = await client.call_tool("start_sync", {"sync_id": "Plans"})
        (step,) = steps_of(begun)
        slow.delays[LOOK] = 0
        slow[LOOK] = {"data": {"id": RUN, "status": "completed"}}
        ended = await client.call_tool(step["tool"], step["arguments"])

    assert begun.structured_content is not None
    assert (begun.structured_content["id"], step["arguments"]["execution_id"]) == (RUN, RUN)
    assert step["arguments"]["wait_seconds"] == LIMIT
    assert (ended.structured_content or {})["status"] == "completed"


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("delay", [0, LATE])
async def test_a_slow_query_is_answered_with_its_id(mode: Any, delay: float, slow: Slow) -> None:
    slow.holds("connections", {"id": "c", "name": "Warehouse"})
    slow["POST /api/connections/c/query"] = {"data": {"id": "q", "status": "created"}}
    slow["GET /api/queries/q"] = {"data": {"id": "q", "status": "running"}}
    slow.delays["GET /api/queries/q"] = delay

    async with speaking(transport=slow, mode=mode) as client:
        with within(LIMIT):
            query = {"connection_id": "Warehouse", "query": "SELECT 1"}
            begun = await client.call_tool("run_query", query)

    (step,) = steps_of(begun)
    assert not begun.is_error
    assert (step["tool"], step["arguments"]) == ("run_query", {"query_id": "q"})


async def test_a_refresh_that_is_not_seen_is_answered_as_begun(slow: Slow) -> None:
    slow.holds("connections", {"id": "c", "name": "Warehouse"})
    slow["POST /api/connections/c/schemas/refresh"] = {}
    slow.delays["GET /api/connections/c/schemas/status"] = LATE

    async with speaking(transport=slow) as client:
        with within(LIMIT):
            result = await client.call_tool("refresh_schemas", {"connection_id": "c"})

    assert [step["tool"] for step in steps_of(result)] == ["get_schema_status"]


@pytest.mark.parametrize("mode", ERAS)
async def test_what_was_read_in_time_is_answered_and_the_rest_is_named(mode: Any, slow: Slow) -> None:
    for kind in ("bulk/syncs", "connections", "models"):
        slow.holds(kind)
    slow.holds("syncs", *({"id": f"s{number}", "name": f"s{number}"} for number in range(8)))
    for number in range(8):
        slow[f"GET /api/syncs/s{number}/executions"] = {"data": []}
        slow.delays[f"GET /api/syncs/s{number}/executions"] = LATE

    async with speaking(transport=slow, mode=mode) as client:
        with within(LIMIT):
            result = await client.call_tool("sync_overview", {})

    assert not result.is_error
    (unavailable,) = (result.structured_content or {})["unavailable"]
    assert (unavailable["source"], unavailable["count"]) == ("runs of syncs", 8)


async def test_a_longer_wait_extends_the_call(slow: Slow) -> None:
    left = ["running", "running", "completed"]
    slow[LOOK] = lambda: {"data": {"id": RUN, "status": left.pop(0)}}

    async with speaking(transport=slow) as client:
        result = await client.call_tool("start_sync", {"sync_id": "Plans", "wait_seconds": 20})

    assert (result.structured_content or {})["status"] == "completed"


async def test_a_long_list_ends_early_and_goes_on_where_it_ended(slow: Slow) -> None:
    def page() -> Any:
        number = int(slow.queries[-1][1].get("page_token", 0))
        more = {"pagination": {"next_page_token": str(number + 1)}} if number < 19 else {}
        return {"data": [{"id": f"s{number}", "name": f"s{number}"}]} | more

    slow["GET /api/syncs"] = page
    slow.delays["GET /api/syncs"] = 0.15
    ids: list[str] = []
    told: list[str] = []
    token: dict[str, Any] = {}

    async with speaking(seconds=2, transport=slow) as client:
        while True:
            with within(2):
                answer = (await client.call_tool("list_syncs", token)).structured_content or {}
            ids += [item["id"] for item in answer["items"]]
            told += [cut["reason"] for cut in answer.get("truncated", ())]
            if "next_page_token" not in answer:
                break
            token = {"page_token": answer["next_page_token"]}

    assert ids == [f"s{number}" for number in range(20)]
    assert told
    assert set(told) == {"The call ran out of time before all pages were read. next_page_token continues."}


@pytest.mark.parametrize("mode", ERAS)
async def test_the_time_of_a_person_does_not_count(mode: Any, slow: Slow) -> None:
    slow[f"DELETE /api/syncs/{SYNC}"] = {}

    async def answer(context: Any, params: Any) -> ElicitResult:
        del context, params
        await anyio.sleep(LIMIT + 0.3)
        return ElicitResult(action="accept", content={"delete": True})

    async with speaking(transport=slow, mode=mode, elicitation_callback=answer) as client:
        result = await client.call_tool("delete_sync", {"sync_id": "Plans"})

    assert not result.is_error, text_of(result)


async def test_what_else_takes_too_long_is_stopped_and_says_what_may_have_happened(slow: Slow) -> None:
    async def forever(seconds: float) -> None:
        del seconds
        await anyio.sleep_forever()

    def caller(api: Polytomic) -> Caller:
        return Caller(api, sleep=forever)

    async with speaking(seconds=3, transport=slow, caller=caller) as client:
        with within(3):
            result = await client.call_tool("start_sync", {"sync_id": "Plans"})

    assert result.is_error
    assert text_of(result) == (
        "start_sync was stopped because it took longer than a call may take. If it writes, the "
        "write may have happened: read the object's state before you repeat the call."
    )


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(("tool", "arguments"), [("sync_overview", {}), ("start_sync", {"sync_id": "Plans"})])
async def test_nothing_is_sent_for_a_cancelled_call(
    mode: Any, tool: str, arguments: Any, slow: Slow, capfd: pytest.CaptureFixture[str]
) -> None:
    for kind in ("bulk/syncs", "connections", "models"):
        slow.holds(kind)
    slow[f"GET /api/syncs/{SYNC}/executions"] = {"data": []}
    slow.delays |= {f"GET /api/syncs/{SYNC}/executions": LATE, LOOK: LATE}
    cancellation = anyio.CancelScope()
    heard: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append(f"{progress} of {total}: {message}")

    async def handle(message: Any) -> None:
        heard.append(repr(message))

    async with speaking(seconds=45, transport=slow, mode=mode, message_handler=handle) as client:
        async with anyio.create_task_group() as group:
            with cancellation:
                group.start_soon(partial(_cancel_later, cancellation, slow))
                await client.call_tool(tool, arguments, progress_callback=note)
        so_far = list(heard)
        await client.list_tools()  # what was sent before its answer has come as well

    assert cancellation.cancelled_caught
    assert heard == so_far
    assert capfd.readouterr().err == ""


async def _cancel_later(cancellation: anyio.CancelScope, slow: Slow) -> None:
    """Cancel the call once it waits for an answer that comes late."""
    while not any(operation in slow.delays for operation in slow.asked_for):
        await anyio.lowlevel.checkpoint()
    cancellation.cancel()


@pytest.mark.parametrize("mode", ERAS)
async def test_resources_and_completions_are_answered_in_time_too(mode: Any, silence: str) -> None:
    async with speaking(url=silence, mode=mode) as client:
        with within(LIMIT), pytest.raises(MCPError, match=r"GET /api/syncs/\{id\} got no answer"):
            await client.read_resource(f"polytomic://syncs/{SYNC}")
        prompt = PromptReference(type="ref/prompt", name="why_did_this_sync_fail")
        with within(LIMIT):
            completed = await client.complete(prompt, {"name": "sync_id", "value": ""})

    assert completed.completion.values == []


async def test_any_other_request_that_takes_too_long_is_an_error() -> None:
    async def forever() -> str:
        await anyio.sleep_forever()
        return ""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[Caller]:
        yield Caller(Polytomic("unused"))

    server = MCPServer("slow", version="1", lifespan=lifespan, middleware=[TimeLimit(0.05)])
    server.resource("slow://thing")(forever)
    async with Client(server) as client:
        with pytest.raises(MCPError, match=r"resources/read was not answered within 0.05 s. Call again."):
            await client.read_resource("slow://thing")


async def test_a_call_from_the_command_line_has_the_same_limit(start: Any, silence: str) -> None:
    environ = {"POLYTOMIC_API_KEY": "key", "POLYTOMIC_API_URL": silence, "POLYTOMIC_CALL_SECONDS": "1"}

    process = start("call", "list_syncs", **environ)
    _, error = await anyio.to_thread.run_sync(process.communicate)

    assert "GET /api/syncs " in error
    assert "Nothing is wrong with the call" in error
