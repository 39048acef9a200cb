"""Subscriptions to executions, in the way of each protocol era."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import chain, repeat
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp import Client
from mcp.shared.subscriptions import ResourceUpdated

from tests.conftest import Pauses, Script
from tests.protocol.subscriptions.conftest import Inbox

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SYNC = "33333333-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"
GET_RUN = f"GET /api/syncs/{SYNC}/executions/{RUN}"
URI = f"polytomic://syncs/{SYNC}/executions/{RUN}"
LATEST = "polytomic://syncs/Plans/executions/latest"

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")  # newer clients listen

by_id_or_latest = pytest.mark.parametrize("uri", [URI, LATEST])


def runs(script: Script, *answers: Any) -> None:
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


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_capability_is_advertised(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        resources = client.server_capabilities.resources
        assert resources is not None
        assert resources.subscribe


@by_id_or_latest
async def test_a_session_is_reported_of_each_change_until_the_end(
    serve: Serve, script: Script, pauses: Pauses, uri: str, inbox: Inbox, let_others_run: Any
) -> None:
    running = state("running", insert=5)
    runs(script, state("created"), running, running, state("running", insert=9), state("completed", insert=9))

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
async def test_a_stream_is_reported_of_each_change(
    serve: Serve, script: Script, pauses: Pauses, uri: str, let_others_run: Any
) -> None:
    runs(script, state("running"), state("running", insert=5), state("running", insert=5), state("failed"))

    async with serve() as client, client.listen(resource_subscriptions=[uri]) as stream:
        with anyio.fail_after(5):
            event = await anext(aiter(stream))
            while script.asked.count(GET_RUN) < 4:
                await anyio.lowlevel.checkpoint()
        await let_others_run()

        assert event == ResourceUpdated(uri=uri)
        assert stream.honored.resource_subscriptions == [uri]
    assert len(between_looks(pauses[:6])) == 3
    assert script.asked.count(GET_RUN) == 4


async def test_pauses_grow_and_stay_below_a_quarter_minute(
    serve: Serve, script: Script, pauses: Pauses, inbox: Inbox
) -> None:
    runs(script, *[state("running", insert=number) for number in range(20)], state("completed"))

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(20)

    apart = between_looks(pauses)
    assert apart == sorted(apart)
    assert apart[0] == 1.0
    assert apart[-1] == 15.0


async def test_an_execution_that_was_over_is_reported_once_and_not_looked_at_again(
    serve: Serve, script: Script, pauses: Pauses, inbox: Inbox, let_others_run: Any
) -> None:
    runs(script, state("completed"))

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)
        await let_others_run()

    assert inbox.uris == [URI]
    assert between_looks(pauses) == [1]


async def test_a_stream_is_reported_once_of_an_execution_that_was_over(
    serve: Serve, script: Script, pauses: Pauses, let_others_run: Any
) -> None:
    runs(script, state("failed"))

    async with serve() as client, client.listen(resource_subscriptions=[URI]) as stream:
        with anyio.fail_after(5):
            event = await anext(aiter(stream))
        await let_others_run()

    assert event == ResourceUpdated(uri=URI)
    assert between_looks(pauses) == [1]


@pytest.mark.parametrize("failure", [429, 503])
async def test_a_passing_failure_ends_nothing(
    serve: Serve, script: Script, failure: int, inbox: Inbox
) -> None:
    runs(script, state("running"), failure, failure, state("completed"))

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)

    assert inbox.uris == [URI]


@pytest.mark.parametrize("failure", [401, 404, {"data": {"id": RUN, "status": 7}}])
async def test_a_failure_for_good_ends_the_following_quietly(
    serve: Serve,
    script: Script,
    pauses: Pauses,
    caplog: pytest.LogCaptureFixture,
    failure: Any,
    inbox: Inbox,
    let_others_run: Any,
) -> None:
    runs(script, state("running"), failure)

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await let_others_run()

    assert inbox.uris == []
    assert between_looks(pauses) == [1]
    assert caplog.records == []


async def test_who_unsubscribes_is_reported_no_more_and_no_one_looks(
    serve: Serve, script: Script, let_others_run: Any
) -> None:
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


async def test_who_subscribes_again_is_reported_again(serve: Serve, script: Script, inbox: Inbox) -> None:
    runs(script, *repeat(state("running"), 5), state("completed"))

    async with serve(mode="legacy", message_handler=inbox) as client:
        await client.subscribe_resource(URI)
        await client.unsubscribe_resource(URI)
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)

    assert inbox.uris == [URI]


async def test_no_one_looks_after_a_session_has_ended(
    serve: Serve, script: Script, let_others_run: Any
) -> None:
    runs(script, state("running"))

    async with serve(mode="legacy") as client:
        await client.subscribe_resource(URI)
        await let_others_run()
    looks = len(script.asked)
    await let_others_run()

    assert len(script.asked) == looks


async def test_no_one_looks_after_a_stream_was_left(
    serve: Serve, script: Script, let_others_run: Any
) -> None:
    runs(script, state("running"))

    async with serve() as client:
        async with client.listen(resource_subscriptions=[URI]):
            await let_others_run()
        await let_others_run()
        looks = len(script.asked)
        await let_others_run()

    assert len(script.asked) == looks > 5


async def test_sessions_are_reported_only_what_each_of_them_follows(
    serve: Serve, script: Script, inbox: Inbox, other_inbox: Inbox
) -> None:
    runs(script, *repeat(state("running"), 6), state("completed"))

    async with (
        serve(mode="legacy", message_handler=inbox) as client,
        serve(mode="legacy", message_handler=other_inbox),
    ):
        await client.subscribe_resource(URI)
        await inbox.wait_for(1)

    assert other_inbox.uris == []


async def test_a_stream_honors_executions_alone(serve: Serve, script: Script) -> None:
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
