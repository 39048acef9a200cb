"""The latest execution of a sync, followed from run to run."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.subscriptions import ResourceUpdated

from tests.conftest import Script
from tests.protocol.subscriptions.conftest import Inbox, Time

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SYNC = "33333333-0000-0000-0000-000000000001"
LATEST = "polytomic://syncs/Plans/executions/latest"

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")  # newer clients listen


class TestLatest:
    """The latest execution of a sync is whichever is the latest while somebody listens."""

    @pytest.fixture
    def pauses(self, alarms: Time) -> Any:
        return alarms

    def begins(self, script: Script, run: str, status: str) -> None:
        part = "last_execution" if status == "completed" else "current_execution"
        script[f"GET /api/syncs/{SYNC}/status"] = {"data": {part: {"id": run}}}
        script[f"GET /api/syncs/{SYNC}/executions/{run}"] = {"data": {"id": run, "status": status}}

    async def test_a_session_is_reported_of_the_first_run_and_of_each_after_it(
        self, serve: Serve, script: Script, pauses: Any, inbox: Inbox
    ) -> None:
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        script[f"GET /api/syncs/{SYNC}/status"] = {"data": {"current_execution": None}}

        async with serve(mode="legacy", message_handler=inbox) as client:
            await client.subscribe_resource(LATEST)
            await pauses.go_on(until=60)
            told = [len(inbox.uris)]
            for at, (run, status) in enumerate([("1", "running"), ("1", "completed"), ("2", "running")]):
                self.begins(script, run, status)
                await pauses.go_on(until=100 + 40 * at)
                told.append(len(inbox.uris))

        assert told == [0, 1, 2, 3]

    async def test_a_stream_is_reported_of_what_was_over_and_then_of_the_next_run(
        self, serve: Serve, script: Script, pauses: Any
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

        assert [first, second] == [ResourceUpdated(uri=LATEST)] * 2
        assert script.asked.count(f"GET /api/syncs/{SYNC}/executions/1") == 2

    async def test_looks_are_rare_while_nothing_runs_and_frequent_when_it_begins(
        self, serve: Serve, script: Script, pauses: Any
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
