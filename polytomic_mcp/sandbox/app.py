"""The sandbox as an application: a workspace, the API over it, the control routes, and pages for people."""

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox.calls.call import Answer
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.common.times import Clock, utc_now
from polytomic_mcp.sandbox.control import CONTROLS
from polytomic_mcp.sandbox.control.guard import Guard
from polytomic_mcp.sandbox.data.servers.hosts import AllowedHosts
from polytomic_mcp.sandbox.data.state_errors import StateError, unusable
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.faults.reader import Spec
from polytomic_mcp.sandbox.faults.rules import Faults
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.gateway.extensions import Extensions
from polytomic_mcp.sandbox.gateway.middleware import FaultMiddleware
from polytomic_mcp.sandbox.gateway.responses import render
from polytomic_mcp.sandbox.gateway.routing import RoutingMiddleware
from polytomic_mcp.sandbox.initial_data import seed_workspace
from polytomic_mcp.sandbox.past.past import prepare
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import older_arguments
from polytomic_mcp.sandbox.resources.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.resources.harbors import access as harbor_access
from polytomic_mcp.sandbox.resources.harbors import activity as harbor_activity
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.organizations import organizations, policies
from polytomic_mcp.sandbox.resources.runs import jobs
from polytomic_mcp.sandbox.resources.syncs import executions, older_filters
from polytomic_mcp.sandbox.routes import PAGES, ROUTES, older_operations
from polytomic_mcp.sandbox.scheduler.timer import Timer
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_LATER: Final = "later"
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
    past: bool | Literal["later"] = False,
) -> Starlette:
    """Return a sandbox for Polytomic, as an ASGI application in this process.

    ``key`` is the API key that it accepts. ``state`` is the file in which it keeps its state, or None for
    memory. ``tables`` are CSV, JSON lines or Parquet files that become tables of the warehouse, by name.
    ``contacts`` is SQL that selects contacts to add to the sample CRM. ``clock`` returns the current time,
    aware and in UTC. The sandbox's own clock runs like it, from ``start`` if given, and can be moved ahead,
    which starts what is due by then. ``app.state.workspace`` is the ``Workspace``, ``app.state.notes`` are
    notes for the user about their files.

    With ``past``, a new organization has connections, models, and syncs that ran for two weeks, some with
    faults to be found; ``"later"`` makes most of it when a request first needs it. The organization of a
    ``state`` file that exists is left as it is.

    Connections of types postgresql, mysql and webhook reach real servers on ``allowed_hosts``, as ``HOST`` or
    ``HOST:PORT``, and always on this machine; on all other hosts they have sample data.

    ``faults`` apply from the first request on, as texts such as ``"status=503; times=2"``.
    ``app.state.faults`` are the active ones, ``app.state.requests`` the requests received.

    Within a lifespan, what is due starts as time passes, and the end of the lifespan closes the workspace.
    Without one (``httpx.ASGITransport``), it starts when the clock is moved; everything else is the same.

    Raises:
        ConfigurationError: ``state`` is not a sandbox's file, or its clock is later than ``start``; or
            ``tables``, ``contacts``, ``faults`` or ``allowed_hosts`` are not valid.
    """
    with _configuration_errors(state):
        active = Faults(faults)
        hosts = AllowedHosts.of(allowed_hosts)
        workspace = _open(Store(state), key, clock, start, hosts)
        workspace.faults = active
        notes = _populate(workspace, tables, contacts, past)
    app = Starlette(
        routes=[Route("/api/{path:path}", _gateway(workspace)), *PAGES, *CONTROLS],
        exception_handlers={HTTPException: _refuse, RefusalError: _refuse},
        middleware=[Middleware(Guard)],
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
        argument_upgrades=(older_arguments.current, older_filters.current),
        placements=(organizations.in_named_organization,),
        guards=(policies.require_allowed, harbor_access.require_access),
        observers=(harbor_activity.record,),
        preparations=(prepare,),
    )
    api = Api(workspace, catalogue, {**ROUTES, **older_operations.ROUTES}, extensions)
    middleware = FaultMiddleware(api, workspace)
    return RoutingMiddleware(middleware, catalogue.values(), older_operations.OPERATIONS)


@contextmanager
def _configuration_errors(state: str | Path | None) -> Generator[None]:
    """Raise ``ConfigurationError`` for an option or a state file that cannot be used."""
    try:
        yield
    except StateError as error:
        raise ConfigurationError(unusable(state, error)) from error
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _open(store: Store, key: str, clock: Clock, start: datetime | None, hosts: AllowedHosts) -> Workspace:
    try:
        return Workspace(store, key, clock, start, hosts)
    except BaseException:
        store.close()
        raise


def _populate(
    workspace: Workspace,
    tables: Mapping[str, str | Path],
    contacts: str | None,
    past: bool | Literal["later"],  # noqa: FBT001 - as create_sandbox takes it
) -> list[str]:
    """Add initial data to a workspace and interrupt what was running; close the workspace if this fails."""
    try:
        notes = seed_workspace(workspace, tables, contacts, has_past=bool(past))
        executions.interrupt_all(workspace)
        bulk_executions.interrupt_all(workspace)
        jobs.interrupt_all(workspace)
        queries.interrupt_all(workspace)
        if past != _LATER:
            workspace.deferred.finish()
    except BaseException:
        workspace.close()
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
    """Return an error in the API's shape: a refusal, or a path or method that has no route."""
    del request
    if isinstance(error, RefusalError):
        return render(Answer(error.body(CURRENT), error.status, error.headers))
    status = error.status_code if isinstance(error, HTTPException) else 500
    refusal = RefusalError(status, "No such path. The paths of the API start with /api/.")
    return render(Answer(refusal.body(CURRENT), status))
