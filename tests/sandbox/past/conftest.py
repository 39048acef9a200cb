"""Sandboxes whose organization has a past."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from tests.sandbox.conftest import HEADERS, KEY, Clock

Begin = Callable[..., Starlette]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Create a sandbox with a past: ``begin(start=...)``."""
    apps: list[Starlette] = []

    def created(**options: Any) -> Starlette:
        apps.append(create_sandbox(**{"key": KEY, "past": True, **options}))
        return apps[-1]

    yield created
    for app in apps:
        app.state.workspace.close()


@pytest.fixture
def sandbox(begin: Begin, clock: Clock) -> Starlette:
    return begin(clock=clock)


@pytest.fixture
async def http(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as client:
        yield client


def stored(app: Starlette, kind: str) -> list[dict[str, Any]]:
    """All documents of a kind."""
    return app.state.workspace.store.list(kind)


def runs_of(app: Starlette, name: str) -> list[dict[str, Any]]:
    """The executions of a sync or bulk sync, oldest first."""
    (kind, sync), *_ = [
        (kind, each) for kind in ("sync", "bulk_sync") for each in stored(app, kind) if each["name"] == name
    ]
    kind = "execution" if kind == "sync" else "bulk_execution"
    return [each for each in stored(app, kind) if each["_sync_id"] == sync["id"]]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


__all__ = ["Begin", "Path", "moment", "runs_of", "stored"]
