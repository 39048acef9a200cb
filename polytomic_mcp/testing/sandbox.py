"""A sandbox as a test sees it: where it is, its key, its clock, its faults, and what it was asked."""

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
"""The base URL to use with ``transport``, which reaches the sandbox under any host."""


class PolytomicSandbox:
    """A Polytomic in this process, empty but for the sample company, and gone after the test.

    Reach it by ``transport`` in process (httpx, with ``IN_PROCESS`` or any other base URL), or by ``url``
    over HTTP: it listens on a free loopback port from the moment that ``url`` is first read.

    ``options`` are those of ``create_sandbox``: ``tables``, ``contacts``, ``faults``, ``start``, ``state``,
    ``allowed_hosts``, ``clock``, ``key``.
    """

    def __init__(self, **options: Any) -> None:
        self.key: str = options.pop("key", "sandbox-key")
        self.app: Starlette = create_sandbox(key=self.key, **options)
        self._open = ExitStack()
        self._listens = False

    def __enter__(self) -> Self:
        """Take it for the length of a block."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop listening, wait for what runs, and let go of everything."""
        self._open.close()
        if not self._listens:
            self.app.state.workspace.close()

    @cached_property
    def url(self) -> str:
        """The base URL over HTTP, such as ``http://127.0.0.1:41233``."""
        # The end of its lifespan closes the sandbox.
        self._listens = True
        return self._open.enter_context(listening(self.app)).url

    @cached_property
    def transport(self) -> httpx.ASGITransport:
        """The way in without a network, for ``httpx.AsyncClient`` and for ``polytomic_mcp.Polytomic``."""
        return httpx.ASGITransport(self.app)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every request to the API wants."""
        return {"Authorization": f"Bearer {self.key}", "X-Polytomic-Version": "2025-09-18"}

    @property
    def environ(self) -> dict[str, str]:
        """The variables that point a process at this sandbox, over HTTP."""
        return {"POLYTOMIC_API_URL": self.url, "POLYTOMIC_API_KEY": self.key}

    @property
    def clock(self) -> MovableClock:
        """The sandbox's clock; ``advance`` of this class also does what becomes due."""
        return self.app.state.workspace.clock

    @property
    def faults(self) -> Faults:
        """What goes wrong: ``faults.add("status=503; when=after; times=1")``, ``faults.clear()``."""
        return self.app.state.faults

    @property
    def requests(self) -> RequestsSeen:
        """The requests the API saw, oldest first: method, path, operation, status, faults."""
        return self.app.state.requests

    def advance(self, duration: str | timedelta) -> dict[str, Any]:
        """Move the clock (``"1h30m"``, ``"7d"``) and do what becomes due; return what was started and sent.

        Raises:
            ValueError: ``duration`` is none.
        """
        step = duration if isinstance(duration, timedelta) else read_duration(duration)
        return Scheduler(self.app.state.workspace).move_to(self.clock() + step).shown()

    def settings(self, **changes: Any) -> Settings:
        """Return settings for ``build_server`` that reach this sandbox by ``transport``; all toolsets."""
        settings = Settings(api_key=Secret(self.key), api_url=IN_PROCESS, toolsets=TOOLSETS)
        return replace(settings, **changes)
