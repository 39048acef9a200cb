"""Many executions followed at a time, looked at in turn."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import pairwise
from typing import Any

import httpx
import pytest
from mcp import Client

from polytomic_mcp.protocol.subscriptions import MOST_FOLLOWED
from tests.conftest import Script
from tests.protocol.subscriptions.conftest import Time

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SYNC = "33333333-0000-0000-0000-000000000001"

pytestmark = pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed")  # newer clients listen


class TestTurns:
    """Many executions are followed at a time, on a clock on which they could all be looked at at once."""

    @pytest.fixture
    def pauses(self, alarms: Time) -> Any:
        return alarms

    @pytest.fixture
    def uris(self, script: Script) -> list[str]:
        """As many executions as may be followed, all of which go on and on."""
        script.holds("syncs", {"id": SYNC, "name": "Plans"})
        return [f"polytomic://syncs/{SYNC}/executions/{number}" for number in range(MOST_FOLLOWED)]

    @pytest.fixture
    def looks(self, script: Script, pauses: Any, uris: list[str]) -> list[tuple[float, str]]:
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
        self, serve: Serve, pauses: Any, looks: list[tuple[float, str]], uris: list[str]
    ) -> None:
        async with serve(mode="legacy") as client:
            for uri in uris:
                await client.subscribe_resource(uri)
            await pauses.go_on(until=60)

        self.hold(looks, uris)

    async def test_a_stream_looks_once_a_second_and_at_each_in_turn(
        self, serve: Serve, pauses: Any, looks: list[tuple[float, str]], uris: list[str]
    ) -> None:
        async with serve() as client, client.listen(resource_subscriptions=uris):
            await pauses.go_on(until=60)

        self.hold(looks, uris)

    async def test_while_polytomic_asks_to_be_left_alone_no_one_looks(
        self, serve: Serve, script: Script, pauses: Any, looks: list[tuple[float, str]], uris: list[str]
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
