"""Subscriptions to executions, in the way of each protocol era."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from heapq import heappop, heappush
from itertools import chain, count, pairwise, repeat
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client, MCPError
from mcp.client._memory import InMemoryTransport
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest, ResourceUpdatedNotification

from polytomic_mcp import Settings, build_server
from polytomic_mcp.settings import Secret
from polytomic_mcp.subscriptions import MOST_FOLLOWED

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SYNC = "33333333-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"
GET_RUN = f"GET /api/syncs/{SYNC}/executions/{RUN}"
URI = f"polytomic://syncs/{SYNC}/executions/{RUN}"
LATEST = "polytomic://syncs/Plans/executions/latest"

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")  # newer clients listen

by_id_or_latest = pytest.mark.parametrize("uri", [URI, LATEST])


def runs(script: Any, *answers: Any) -> None:
    """Serve a sync whose execution is seen in these states, each once, the last for good."""
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    script[f"GET /api/syncs/{SYNC}/status"] = {"data": {"current_execution": {"id": RUN}}}
    seen: Iterator[Any] = chain(answers, repeat(answers[-1]))
    script[GET_RUN] = lambda: next(seen)


def state(status: str, **counts: int) -> dict[str, Any]:
    return {"data": {"id": RUN, "status": status, "counts": counts}}


def between_looks(pauses: list[float]) -> list[float]:
    """How long it took from each look to the next: a pause of one's own, and then a turn."""
    return [own + turn for own, turn in zip(pauses[::2], pauses[1::2], strict=True)]


class Time:
    """A clock on which many sleep at once; it goes on from alarm to alarm, and only when told to."""

    def __init__(self) -> None:
        self.time = 0.0
        self._alarms: list[tuple[float, int, anyio.Event]] = []
        self._count = count()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        alarm = anyio.Event()
        heappush(self._alarms, (self.time + seconds, next(self._count), alarm))
        await alarm.wait()

    async def go_on(self, until: float) -> None:
        await let_others_run()
        while self._alarms and self._alarms[0][0] <= until:
            self.time, _, alarm = heappop(self._alarms)
            alarm.set()
            await let_others_run()
        self.time = until


class Inbox:
    """What a client of the older era is told."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self._arrived = anyio.Event()

    async def __call__(self, message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            self.uris.append(str(message.params.uri))
            self._arrived.set()
            self._arrived = anyio.Event()

    async def wait_for(self, count: int) -> None:
        with anyio.fail_after(5):
            while len(self.uris) < count:
                await self._arrived.wait()


async def let_others_run() -> None:
    for _ in range(100):
        await anyio.lowlevel.checkpoint()


async def listen(client: Client, *uris: str) -> None:
    async with client.listen(resource_subscriptions=[*uris]):
        pass


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_capability_is_advertised(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        assert client.server_capabilities.resources.subscribe


@by_id_or_latest
async def test_a_session_is_told_of_each_change_until_the_end(
    serve: Serve, script: Any, pauses: Any, uri: str
) -> None:
    running = state("running", insert=5)
    runs(script, state("created"), running, running, state("running", insert=9), state("completed", insert=9))
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(uri)
        await inbox.wait_for(3)
        await let_others_run()

    assert inbox.uris == [uri] * 3
    apart = between_looks(pauses[:8])
    assert len(apart) == 4
    assert apart[0] == 1.0
    assert apart == sorted(apart)


@by_id_or_latest
async def test_a_stream_is_told_of_each_change(serve: Serve, script: Any, pauses: Any, uri: str) -> None:
    runs(script, state("running"), state("running", insert=5), state("running", insert=5), state("failed"))

    async with serve() as client, client.listen(resource_subscriptions=[uri]) as stream:
        with anyio.fail_after(5):
            event = await anext(aiter(stream))
            while script.asked.count(GET_RUN) < 4:
                await anyio.lowlevel.checkpoint()
        await let_others_run()

        assert event.uri == uri
        assert stream.honored.resource_subscriptions == [uri]
    assert len(between_looks(pauses[:6])) == 3
    assert script.asked.count(GET_RUN) == 4


async def test_pauses_grow_and_stay_below_a_quarter_minute(serve: Serve, script: Any, pauses: Any) -> None:
    runs(script, *[state("running", insert=number) for number in range(20)], state("completed"))
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(20)

    apart = between_looks(pauses)
    assert apart == sorted(apart)
    assert apart[0] == 1.0
    assert apart[-1] == 15.0


async def test_an_execution_that_was_over_is_told_once_and_not_looked_at_again(
    serve: Serve, script: Any, pauses: Any
) -> None:
    runs(script, state("completed"))
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)
        await let_others_run()

    assert inbox.uris == [URI]
    assert between_looks(pauses) == [1]


async def test_a_stream_is_told_once_of_an_execution_that_was_over(
    serve: Serve, script: Any, pauses: Any
) -> None:
    runs(script, state("failed"))

    async with serve() as client, client.listen(resource_subscriptions=[URI]) as stream:
        with anyio.fail_after(5):
            event = await anext(aiter(stream))
        await let_others_run()

    assert event.uri == URI
    assert between_looks(pauses) == [1]


class TestLatest:
    """The latest execution of a sync is whichever is the latest while somebody listens."""

    @pytest.fixture
    def pauses(self) -> Time:
        return Time()

    def begins(self, script: Any, run: str, status: str) -> None:
        part = "last_execution" if status == "completed" else "current_execution"
        script[f"GET /api/syncs/{SYNC}/status"] = {"data": {part: {"id": run}}}
        script[f"GET /api/syncs/{SYNC}/executions/{run}"] = {"data": {"id": run, "status": status}}

    async def test_a_session_is_told_of_the_first_run_and_of_each_after_it(
        self, serve: Serve, script: Any, pauses: Time
    ) -> None:
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        script[f"GET /api/syncs/{SYNC}/status"] = {"data": {"current_execution": None}}
        inbox = Inbox()

        async with serve(mode="legacy", message_handler=inbox) as client:
            await client.subscribe_resource(LATEST)
            await pauses.go_on(until=60)
            told = [len(inbox.uris)]
            for at, (run, status) in enumerate([("1", "running"), ("1", "completed"), ("2", "running")]):
                self.begins(script, run, status)
                await pauses.go_on(until=100 + 40 * at)
                told.append(len(inbox.uris))

        assert told == [0, 1, 2, 3]

    async def test_a_stream_is_told_of_what_was_over_and_then_of_the_next_run(
        self, serve: Serve, script: Any, pauses: Time
    ) -> None:
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        self.begins(script, "1", "completed")

        async with serve() as client, client.listen(resource_subscriptions=[LATEST]) as stream:
            events = aiter(stream)
            await pauses.go_on(until=60)
            with anyio.fail_after(5):
                first = await anext(events)
            self.begins(script, "2", "running")
            await pauses.go_on(until=100)
            with anyio.fail_after(5):
                second = await anext(events)

        assert (first.uri, second.uri) == (LATEST, LATEST)
        assert script.asked.count(f"GET /api/syncs/{SYNC}/executions/1") == 2

    async def test_looks_are_rare_while_nothing_runs_and_frequent_when_it_begins(
        self, serve: Serve, script: Any, pauses: Time
    ) -> None:
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        looks: list[float] = []
        current: dict[str, Any] = {"current_execution": None}

        def status() -> Any:
            looks.append(pauses.time)
            return {"data": current}

        script[f"GET /api/syncs/{SYNC}/status"] = status
        script[f"GET /api/syncs/{SYNC}/executions/1"] = {"data": {"id": "1", "status": "running"}}

        async with serve(mode="legacy") as client:
            await client.subscribe_resource(LATEST)
            await pauses.go_on(until=200)
            idle = [later - sooner for sooner, later in pairwise(looks)]
            current["current_execution"] = {"id": "1"}
            await pauses.go_on(until=220)
            seen = next(at for at, time in enumerate(looks) if time > 200)

        assert idle == sorted(idle)
        assert idle[-1] == pytest.approx(15)
        assert looks[seen + 1] - looks[seen] == pytest.approx(1)


@pytest.mark.parametrize("failure", [429, 503])
async def test_a_passing_failure_ends_nothing(serve: Serve, script: Any, failure: int) -> None:
    runs(script, state("running"), failure, failure, state("completed"))
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)

    assert inbox.uris == [URI]


@pytest.mark.parametrize("failure", [401, 404, {"data": {"id": RUN, "status": 7}}])
async def test_a_failure_for_good_ends_the_following_quietly(
    serve: Serve, script: Any, pauses: Any, caplog: pytest.LogCaptureFixture, failure: Any
) -> None:
    runs(script, state("running"), failure)
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await let_others_run()

    assert inbox.uris == []
    assert between_looks(pauses) == [1]
    assert caplog.records == []


async def test_who_unsubscribes_is_told_no_more_and_nobody_looks(serve: Serve, script: Any) -> None:
    runs(script, state("running"))

    async with serve(mode="legacy") as client:
        await client.subscribe_resource(URI)
        await client.subscribe_resource(URI)
        await let_others_run()
        await client.unsubscribe_resource(URI)
        await client.unsubscribe_resource(URI)
        looks = len(script.asked)
        await let_others_run()

    assert len(script.asked) == looks > 5


async def test_who_subscribes_again_is_told_again(serve: Serve, script: Any) -> None:
    runs(script, *repeat(state("running"), 5), state("completed"))
    inbox = Inbox()

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await client.unsubscribe_resource(URI)
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)

    assert inbox.uris == [URI]


async def test_nobody_looks_after_a_session_has_ended(serve: Serve, script: Any) -> None:
    runs(script, state("running"))

    async with serve(mode="legacy") as client:
        await client.subscribe_resource(URI)
        await let_others_run()
    looks = len(script.asked)
    await let_others_run()

    assert len(script.asked) == looks


async def test_nobody_looks_after_a_stream_was_left(serve: Serve, script: Any) -> None:
    runs(script, state("running"))

    async with serve() as client:
        async with client.listen(resource_subscriptions=[URI]):
            await let_others_run()
        await let_others_run()
        looks = len(script.asked)
        await let_others_run()

    assert len(script.asked) == looks > 5


async def test_sessions_are_told_only_what_each_of_them_follows(serve: Serve, script: Any) -> None:
    runs(script, *repeat(state("running"), 6), state("completed"))
    follower, other = Inbox(), Inbox()

    async with (
        serve(mode="legacy", message_handler=follower) as client,
        serve(mode="legacy", message_handler=other),
    ):
        await client.subscribe_resource(URI)
        await follower.wait_for(1)

    assert other.uris == []


async def test_a_stream_honors_executions_alone(serve: Serve, script: Any) -> None:
    runs(script, state("running"))
    sync = f"polytomic://syncs/{SYNC}"

    async with serve() as client:
        async with client.listen(resource_subscriptions=[sync, URI], tools_list_changed=True) as stream:
            honored = stream.honored
        async with client.listen(resource_subscriptions=[sync]) as stream:
            nothing = stream.honored

    assert honored.resource_subscriptions == [URI]
    assert honored.tools_list_changed
    assert nothing.resource_subscriptions is None


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        (f"polytomic://syncs/{SYNC}", "Only executions can be followed"),
        ("polytomic://syncs/Plains/executions/latest", "Did you mean 'Plans'?"),
        (f"polytomic://syncs/{SYNC}/executions/{SYNC}", "GET /api/syncs/{sync_id}/executions/{id}"),
    ],
)
async def test_what_cannot_be_followed_is_refused_in_words(
    serve: Serve, script: Any, uri: str, words: str
) -> None:
    runs(script, state("running"))

    async with serve(mode="legacy") as client:
        with pytest.raises(MCPError) as refused:
            await client.subscribe_resource(uri)

    assert words in refused.value.error.message


async def test_an_execution_that_is_over_makes_room_for_another(serve: Serve, script: Any) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})

    async with serve(mode="legacy") as client:
        for number in range(MOST_FOLLOWED + 1):
            run = {"id": str(number), "status": "completed"}
            script[f"GET /api/syncs/{SYNC}/executions/{number}"] = {"data": run}
            await client.subscribe_resource(f"polytomic://syncs/{SYNC}/executions/{number}")

    assert script.asked[-1] == f"GET /api/syncs/{SYNC}/executions/{MOST_FOLLOWED}"


async def test_a_stream_on_what_cannot_be_read_is_refused_in_words(serve: Serve, script: Any) -> None:
    script["GET /api/syncs"] = 403

    async with serve() as client:
        with pytest.raises(MCPError, match="GET /api/syncs"):
            await listen(client, LATEST)


async def test_who_never_initialized_cannot_be_told(script: Any) -> None:
    server = build_server(Settings(api_key=Secret("key")), transport=script)
    initialize = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "c", "version": "1"},
    }

    async with InMemoryTransport(server) as (answers, requests):

        async def ask(id_: int, method: str, **params: Any) -> Any:
            request = JSONRPCRequest(jsonrpc="2.0", id=id_, method=method, params=params)
            await requests.send(SessionMessage(request))
            return (await answers.receive()).message

        await ask(1, "initialize", **initialize)
        refused = await ask(2, "resources/subscribe", uri=URI)
        ignored = await ask(3, "resources/unsubscribe", uri=URI)

    assert "takes an initialized session" in refused.error.message
    assert ignored.result == {}


async def test_there_is_a_limit_to_what_one_client_follows(serve: Serve, script: Any) -> None:
    script.holds("syncs", {"id": SYNC, "name": "Plans"})
    uris = [f"polytomic://syncs/{SYNC}/executions/{number}" for number in range(MOST_FOLLOWED + 1)]
    for number in range(MOST_FOLLOWED + 1):
        run = {"id": str(number), "status": "running"}
        script[f"GET /api/syncs/{SYNC}/executions/{number}"] = {"data": run}

    async with serve(mode="legacy") as client:
        for uri in uris[:-1]:
            await client.subscribe_resource(uri)
        with pytest.raises(MCPError, match="At most 20 executions"):
            await client.subscribe_resource(uris[-1])
    async with serve() as client:
        with pytest.raises(MCPError, match="At most 20 executions"):
            await listen(client, *uris)


class TestTurns:
    """Many executions are followed at a time, on a clock on which they could all be looked at at once."""

    @pytest.fixture
    def pauses(self) -> Time:
        return Time()

    @pytest.fixture
    def uris(self, script: Any) -> list[str]:
        """As many executions as may be followed, all of which go on and on."""
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        return [f"polytomic://syncs/{SYNC}/executions/{number}" for number in range(MOST_FOLLOWED)]

    @pytest.fixture
    def looks(self, script: Any, pauses: Time, uris: list[str]) -> list[tuple[float, str]]:
        """When which execution was looked at, the first looks aside, which the requests wait for."""
        seen: list[tuple[float, str]] = []

        def look(uri: str) -> Any:
            seen.extend([(pauses.time, uri)] if pauses.time else [])
            return {"data": {"id": uri.rpartition("/")[2], "status": "running"}}

        for uri in uris:
            script[f"GET /api/{uri.removeprefix('polytomic://')}"] = partial(look, uri)
        return seen

    def hold(self, looks: list[tuple[float, str]], uris: list[str]) -> None:
        times = [time for time, _ in looks]
        assert all(later - sooner >= 1 for sooner, later in pairwise(times))
        assert len(times) > 50
        assert {uri for _, uri in looks[: len(uris)]} == {*uris}

    async def test_a_session_looks_once_a_second_and_at_each_in_turn(
        self, serve: Serve, pauses: Time, looks: list[tuple[float, str]], uris: list[str]
    ) -> None:
        async with serve(mode="legacy") as client:
            for uri in uris:
                await client.subscribe_resource(uri)
            await pauses.go_on(until=60)

        self.hold(looks, uris)

    async def test_a_stream_looks_once_a_second_and_at_each_in_turn(
        self, serve: Serve, pauses: Time, looks: list[tuple[float, str]], uris: list[str]
    ) -> None:
        async with serve() as client, client.listen(resource_subscriptions=uris):
            await pauses.go_on(until=60)

        self.hold(looks, uris)

    async def test_while_polytomic_asks_to_be_left_alone_nobody_looks(
        self, serve: Serve, script: Any, pauses: Time, looks: list[tuple[float, str]], uris: list[str]
    ) -> None:
        def refuse() -> Any:
            looks.append((pauses.time, uris[0]))
            return httpx.Response(429, headers={"Retry-After": "30"})

        async with serve() as client, client.listen(resource_subscriptions=uris):
            script[f"GET /api/syncs/{SYNC}/executions/0"] = refuse
            await pauses.go_on(until=40)

        refused = next(time for time, uri in looks if uri == uris[0])
        assert not [time for time, _ in looks if refused < time < refused + 30]
        assert [time for time, _ in looks if time > refused + 30]
