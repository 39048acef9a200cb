"""An application on a port of its own."""

import threading
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from polytomic_mcp.cli.shared.web import Listening, listening

HELLO = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))])


class SoonOver(threading.Event):
    """An end that comes at the second glance."""

    glances = 0

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self.glances += 1
        return self.glances > 1


def test_it_answers_as_long_as_the_block_runs() -> None:
    with listening(HELLO) as server:
        answer = httpx.get(server.url, trust_env=False)

    assert answer.text == "hello"
    assert server.is_over.is_set()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url, trust_env=False)


def test_it_ends_also_when_the_block_fails() -> None:
    def fail() -> Listening:
        with listening(HELLO) as server:
            seen.append(server)
            raise LookupError

    seen: list[Listening] = []
    with pytest.raises(LookupError):
        fail()

    assert seen[0].is_over.is_set()


def test_the_lifespan_has_begun_and_has_ended() -> None:
    events: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        for event in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{event}"
            events.append(event)
            await send({"type": f"lifespan.{event}.complete"})

    with listening(app):
        begun = list(events)

    assert begun == ["startup"]
    assert events == ["startup", "shutdown"]


def test_a_server_that_ends_by_itself_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    Listening("http://nowhere", SoonOver()).serve("ready")

    assert capsys.readouterr().out == "ready\n"
