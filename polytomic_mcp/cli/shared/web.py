"""Serves an ASGI application on a port, in a thread, while a block runs."""

import asyncio
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from polytomic_mcp.errors import ConfigurationError

LOOPBACK: Final = "127.0.0.1"
_GRACE_SECONDS: Final = 2
_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that is listening: its address, and whether it has ended."""

    url: str
    is_over: threading.Event

    def serve(self, ready: str) -> None:
        """Print the line that it is ready, and serve until SIGINT or SIGTERM. Call it in the main thread."""
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            print(ready, flush=True)
            while not self.is_over.wait(_POLL_SECONDS):  # a wait without a timeout ignores Ctrl-C on Windows
                pass
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def listening(app: Any, *, host: str = LOOPBACK, port: int = 0) -> Generator[Listening]:
    """Serve an application, on a free port if ``port`` is 0. Nothing is printed.

    Raises:
        ConfigurationError: The address is not available.
    """
    with _listener(host, port) as listener:
        server = _Server(_quiet(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        server.is_ready.wait()
        try:
            yield Listening(f"http://{_bracketed(host)}:{listener.getsockname()[1]}", server.is_over)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server that signals when it has started and ended.

    If it is stopped before it has started, it skips the end of its lifespan. A join that Ctrl-C interrupts
    makes Python 3.11 consider the thread ended, so waiting uses an event instead of a join.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = threading.Event()
        self.is_over = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.is_ready.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.is_over.set()


class _Connection(H11Protocol):
    """A connection that the application can close with ``state["break_off"]()`` of a request's scope."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "break_off": self._break_off}, _loop)

    def _break_off(self) -> None:
        self.transport.close()


def _quiet(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Connection,
        log_level="critical",
        access_log=False,
        ws="none",
        date_header=False,  # the sandbox writes the date of its own clock
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[
            0
        ]  # without the address, which Python repeats in brackets
        raise ConfigurationError(
            f"Cannot listen on {_bracketed(host)}:{port}: {reason}. Choose another --port or --host."
        ) from error
    # asyncio does this for sockets that it opens; without it, an answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
