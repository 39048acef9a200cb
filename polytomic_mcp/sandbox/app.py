"""The sandbox assembled: one world, the API over it, and the pages people see."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import bulk_executions, executions, jobs, queries
from polytomic_mcp.sandbox.api import Api, render
from polytomic_mcp.sandbox.call import Answer
from polytomic_mcp.sandbox.refusals import RefusalError
from polytomic_mcp.sandbox.routes import PAGES, ROUTES
from polytomic_mcp.sandbox.seed import plant
from polytomic_mcp.sandbox.store import Store
from polytomic_mcp.sandbox.versions import CURRENT
from polytomic_mcp.sandbox.world import Clock, World, utc_now

_NO_TABLES: Final[Mapping[str, Path]] = MappingProxyType({})


def create_sandbox(
    *,
    key: str = "sandbox-key",
    state: str | Path | None = None,
    tables: Mapping[str, Path] = _NO_TABLES,
    contacts: str | None = None,
    clock: Clock = utc_now,
) -> Starlette:
    """Return a Polytomic in this process, as an ASGI application.

    ``key`` is the API key it wants. ``state`` names the file that keeps everything; without one it
    lives in memory. ``tables`` become tables of the warehouse by name, from CSV, JSON lines or
    Parquet files. ``contacts`` is the SQL that picks the contacts the CRM knows. ``clock`` returns
    the time now, aware and in UTC. ``app.state.world`` is the ``World``, ``app.state.notes`` lists what
    is worth telling the user about their files.

    The lifespan's end closes the world; without a lifespan (``httpx.ASGITransport``) all the rest
    works the same.

    Raises:
        ConfigurationError: ``state`` is no file of a sandbox, or ``tables`` or ``contacts`` cannot be used.
    """
    world = World(Store(state), key, clock)
    notes = _populate(world, tables, contacts)
    app = Starlette(
        routes=[Route("/api/{path:path}", Api(world, load_catalogue(), ROUTES)), *PAGES],
        exception_handlers={HTTPException: _refuse},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.world = world
    app.state.notes = notes
    return app


def _populate(world: World, tables: Mapping[str, Path], contacts: str | None) -> list[str]:
    """Fill a new world and tidy up one that was left; a world that cannot be filled is closed."""
    try:
        notes = plant(world, tables, contacts)
        executions.interrupt_all(world)
        bulk_executions.interrupt_all(world)
        jobs.interrupt_all(world)
        queries.interrupt_all(world)
    except BaseException as error:
        world.close()
        if isinstance(error, ValueError):
            raise ConfigurationError(str(error)) from error
        raise
    return notes


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    yield
    app.state.world.close()


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer what no route takes in the API's own error shape."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    refusal = RefusalError(status, "Nothing here takes that; the API's paths start with /api/.")
    return render(Answer(refusal.body(CURRENT), status))
