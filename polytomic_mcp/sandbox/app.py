"""The sandbox assembled: one workspace, the API over it, and the pages people see."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox.api.call import Answer
from polytomic_mcp.sandbox.api.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.common.times import Clock, utc_now
from polytomic_mcp.sandbox.control import CONTROLS
from polytomic_mcp.sandbox.data.servers.hosts import AllowedHosts
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.faults.reader import Spec
from polytomic_mcp.sandbox.faults.rules import Faults
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.gateway.extensions import Extensions
from polytomic_mcp.sandbox.gateway.middleware import FaultMiddleware
from polytomic_mcp.sandbox.gateway.responses import render
from polytomic_mcp.sandbox.gateway.routing import RoutingMiddleware
from polytomic_mcp.sandbox.initial_data import seed_workspace
from polytomic_mcp.sandbox.resources.bulk_syncs import older_arguments
from polytomic_mcp.sandbox.resources.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.resources.harbors import access as harbor_access
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.organizations import organizations
from polytomic_mcp.sandbox.resources.organizations.permissions import require_allowed
from polytomic_mcp.sandbox.resources.runs import bulk_executions, executions, jobs
from polytomic_mcp.sandbox.routes import PAGES, ROUTES, older_operations
from polytomic_mcp.sandbox.scheduler.timer import Timer
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_NO_TABLES: Final[Mapping[str, str | Path]] = MappingProxyType({})


def create_sandbox(
    *,
    key: str = "sandbox-key",
    state: str | Path | None = None,
    tables: Mapping[str, str | Path] = _NO_TABLES,
    contacts: str | None = None,
    clock: Clock = utc_now,
    start: datetime | None = None,
    faults: Iterable[Spec] = (),
    allowed_hosts: Iterable[str] = (),
) -> Starlette:
    """Return a Polytomic in this process, as an ASGI application.

    ``key`` is the API key it wants. ``state`` names the file that keeps everything; without one it
    lives in memory. ``tables`` become tables of the warehouse by name, from CSV, JSON lines or
    Parquet files. ``contacts`` is the SQL that picks the contacts the CRM knows. ``clock`` returns
    the time now, aware and in UTC; the sandbox's own clock goes as this one does, from ``start`` on
    where that is given, and can be moved ahead: what is due by then happens. ``app.state.workspace`` is the
    ``Workspace``, ``app.state.notes`` lists what is worth telling the user about their files.

    ``allowed_hosts`` are those, as ``HOST`` or ``HOST:PORT``, at which connections of types postgresql,
    mysql and webhook reach real servers; those of this machine always do, all others have sample data.

    ``faults`` go wrong from the first request on, as texts such as ``"status=503; times=2"``;
    ``app.state.faults`` are those that stand, and ``app.state.requests`` the requests seen.

    Within a lifespan, what is due happens as time passes, and its end closes the workspace; without one
    (``httpx.ASGITransport``) it happens when the clock is moved, and all the rest works the same.

    Raises:
        ConfigurationError: ``state`` is no file of a sandbox, or its clock is later than ``start``; or
            ``tables``, ``contacts``, ``faults`` or ``allowed_hosts`` cannot be used.
    """
    standing = _stand(faults)
    hosts = _allow(allowed_hosts)
    workspace = _open(Store(state), key, clock, start, hosts)
    workspace.faults = standing
    notes = _populate(workspace, tables, contacts)
    app = Starlette(
        routes=[Route("/api/{path:path}", _gateway(workspace)), *PAGES, *CONTROLS],
        exception_handlers={HTTPException: _refuse},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.workspace = workspace
    app.state.faults = workspace.faults
    app.state.requests = workspace.requests
    app.state.notes = notes
    return app


def _gateway(workspace: Workspace) -> ASGIApp:
    """Return the API behind its middleware, with what single resources add to its stages."""
    catalogue = load_catalogue()
    extensions = Extensions(
        credential_readers={connect_sessions.READ_PATH: connect_sessions.read_credential},
        argument_upgrades=(older_arguments.current,),
        placements=(organizations.place,),
        guards=(require_allowed, harbor_access.require_access),
        observers=(harbor_access.note,),
    )
    api = Api(workspace, catalogue, {**ROUTES, **older_operations.ROUTES}, extensions)
    middleware = FaultMiddleware(api, workspace)
    return RoutingMiddleware(middleware, catalogue.values(), older_operations.OPERATIONS)


def _stand(faults: Iterable[Spec]) -> Faults:
    try:
        return Faults(faults)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _allow(texts: Iterable[str]) -> AllowedHosts:
    try:
        return AllowedHosts.of(texts)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _open(store: Store, key: str, clock: Clock, start: datetime | None, hosts: AllowedHosts) -> Workspace:
    try:
        return Workspace(store, key, clock, start, hosts)
    except ValueError as error:
        store.close()
        raise ConfigurationError(str(error)) from error


def _populate(workspace: Workspace, tables: Mapping[str, str | Path], contacts: str | None) -> list[str]:
    """Fill a new workspace and tidy up one that was left; a workspace that cannot be filled is closed."""
    try:
        notes = seed_workspace(workspace, tables, contacts)
        executions.interrupt_all(workspace)
        bulk_executions.interrupt_all(workspace)
        jobs.interrupt_all(workspace)
        queries.interrupt_all(workspace)
    except BaseException as error:
        workspace.close()
        if isinstance(error, ValueError):
            raise ConfigurationError(str(error)) from error
        raise
    return notes


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    timer = Timer(app.state.workspace)
    timer.start()
    yield
    timer.stop()
    app.state.workspace.close()


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer what no route takes in the API's own error shape."""
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    refusal = RefusalError(status, "Nothing here takes that; the API's paths start with /api/.")
    return render(Answer(refusal.body(CURRENT), status))
