"""A sandbox for tests: its address, key, clock, faults and received requests."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

import httpx
from starlette.applications import Starlette

from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.common.times import read_duration
from polytomic_mcp.sandbox.faults.rules import Faults
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.workspace.clock import MovableClock
from polytomic_mcp.sandbox.workspace.requests_seen import RequestsSeen
from polytomic_mcp.settings import TOOLSETS, Secret, Settings

IN_PROCESS = "http://sandbox"
"""The base URL to use with ``transport``, which ignores the host."""


class PolytomicSandbox:
    """A sandbox in this process with the data of the sample company, discarded after the test.

    Use it in process with ``transport`` (httpx, with ``IN_PROCESS`` or any other base URL), or over HTTP with
    ``url``: it listens on a free loopback port once ``url`` is first read.

    ``options`` are those of ``create_sandbox``: ``tables``, ``contacts``, ``faults``, ``start``, ``state``,
    ``allowed_hosts``, ``clock``, ``key``, ``past``.
    """

    def __init__(self, **options: Any) -> None:
        self.key: str = options.pop("key", "sandbox-key")
        self.app: Starlette = create_sandbox(key=self.key, **options)
        self._open = ExitStack()
        self._listens = False

    def __enter__(self) -> Self:
        """Return the sandbox."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop listening, wait for running work, and release all resources."""
        self._open.close()
        if not self._listens:
            self.app.state.workspace.close()

    @cached_property
    def url(self) -> str:
        """The base URL over HTTP, such as ``http://127.0.0.1:41233``."""
        # The end of the server's lifespan closes the sandbox.
        self._listens = True
        return self._open.enter_context(listening(self.app)).url

    @cached_property
    def transport(self) -> httpx.ASGITransport:
        """A transport without a network, for ``httpx.AsyncClient`` and for ``polytomic_mcp.Polytomic``."""
        return httpx.ASGITransport(self.app)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every request to the API needs."""
        return {"Authorization": f"Bearer {self.key}", "X-Polytomic-Version": "2025-09-18"}

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables with which a process uses this sandbox over HTTP."""
        return {"POLYTOMIC_API_URL": self.url, "POLYTOMIC_API_KEY": self.key}

    @property
    def clock(self) -> MovableClock:
        """The sandbox's clock. ``advance`` of this class also runs what comes due."""
        return self.app.state.workspace.clock

    @property
    def faults(self) -> Faults:
        """The injected faults: ``faults.add("status=503; when=after; times=1")``, ``faults.clear()``."""
        return self.app.state.faults

    @property
    def requests(self) -> RequestsSeen:
        """The requests that the API received, oldest first: method, path, operation, status, faults."""
        return self.app.state.requests

    def advance(self, duration: str | timedelta) -> dict[str, Any]:
        """Advance the clock (``"1h30m"``, ``"7d"``) and run what comes due; return what was started and sent.

        Raises:
            ValueError: ``duration`` is not a duration.
        """
        step = duration if isinstance(duration, timedelta) else read_duration(duration)
        return Scheduler(self.app.state.workspace).move_to(self.clock() + step).shown()

    def settings(self, **changes: Any) -> Settings:
        """Return settings for ``build_server`` with ``transport``; all toolsets unless changed."""
        settings = Settings(api_key=Secret(self.key), api_url=IN_PROCESS, toolsets=TOOLSETS)
        return replace(settings, **changes)
