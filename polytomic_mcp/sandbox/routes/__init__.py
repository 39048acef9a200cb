"""Every route the sandbox emulates, a folder for each resource.

A new module is added to the imports and to ``MODULES``; no module registers itself. ``PAGES`` are the
addresses outside the API that browsers open without an API key.
"""

from types import MappingProxyType
from typing import Final

from starlette.routing import Route

from polytomic_mcp.sandbox.calls.call import Routes
from polytomic_mcp.sandbox.routes import entities, jobs, operation_search
from polytomic_mcp.sandbox.routes.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.routes.bulk_syncs import discovery as bulk_discovery
from polytomic_mcp.sandbox.routes.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.routes.bulk_syncs import logs as bulk_logs
from polytomic_mcp.sandbox.routes.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.routes.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.routes.connections import connection_types, connections, consents, sharing
from polytomic_mcp.sandbox.routes.connections import proxy as connection_proxy
from polytomic_mcp.sandbox.routes.connections.connect import page as connect_page
from polytomic_mcp.sandbox.routes.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.routes.events import events, notifications, webhooks
from polytomic_mcp.sandbox.routes.harbors import actions as harbor_actions
from polytomic_mcp.sandbox.routes.harbors import activity as harbor_activity
from polytomic_mcp.sandbox.routes.harbors import connections as harbor_connections
from polytomic_mcp.sandbox.routes.harbors import contexts as harbor_contexts
from polytomic_mcp.sandbox.routes.harbors import harbors
from polytomic_mcp.sandbox.routes.harbors import queries as harbor_queries
from polytomic_mcp.sandbox.routes.models import enrichment, models, queries
from polytomic_mcp.sandbox.routes.models import sources as model_sources
from polytomic_mcp.sandbox.routes.organizations import credentials, organizations, policies, roles, users
from polytomic_mcp.sandbox.routes.schemas import record_views, schemas
from polytomic_mcp.sandbox.routes.syncs import error_handling, executions, logs, syncs, targets

MODULES: Final[tuple[Routes, ...]] = (
    bulk_discovery.ROUTES,
    bulk_executions.ROUTES,
    bulk_logs.ROUTES,
    bulk_schedules.ROUTES,
    bulk_schemas.ROUTES,
    bulk_syncs.ROUTES,
    connect_sessions.ROUTES,
    connection_proxy.ROUTES,
    connection_types.ROUTES,
    connections.ROUTES,
    credentials.ROUTES,
    enrichment.ROUTES,
    entities.ROUTES,
    error_handling.ROUTES,
    events.ROUTES,
    executions.ROUTES,
    harbor_actions.ROUTES,
    harbor_activity.ROUTES,
    harbor_connections.ROUTES,
    harbor_contexts.ROUTES,
    harbor_queries.ROUTES,
    harbors.ROUTES,
    jobs.ROUTES,
    logs.ROUTES,
    model_sources.ROUTES,
    models.ROUTES,
    notifications.ROUTES,
    operation_search.ROUTES,
    organizations.ROUTES,
    policies.ROUTES,
    queries.ROUTES,
    record_views.ROUTES,
    roles.ROUTES,
    schemas.ROUTES,
    sharing.ROUTES,
    syncs.ROUTES,
    targets.ROUTES,
    users.ROUTES,
    webhooks.ROUTES,
)

ROUTES: Final[Routes] = MappingProxyType(
    {operation: handler for module in MODULES for operation, handler in module.items()}
)

PAGES: Final[tuple[Route, ...]] = (
    *bulk_logs.PAGES,
    *connect_page.PAGES,
    *connection_proxy.PAGES,
    *consents.PAGES,
    *logs.PAGES,
    *record_views.PAGES,
)
