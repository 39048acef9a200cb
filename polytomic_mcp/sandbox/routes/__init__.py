"""Every route the sandbox emulates, one module a resource.

A module joins by its line in the import and its line in ``MODULES``; nothing registers itself.
``PAGES`` are the addresses outside the API, which browsers and downloads reach without the key.
"""

from types import MappingProxyType
from typing import Final

from starlette.routing import Route

from polytomic_mcp.sandbox.call import Routes
from polytomic_mcp.sandbox.routes import (
    bulk_discovery,
    bulk_executions,
    bulk_logs,
    bulk_schedules,
    bulk_schemas,
    bulk_syncs,
    connect,
    connect_page,
    connection_proxy,
    connection_types,
    connection_usage,
    connections,
    consent,
    entities,
    error_handling,
    events,
    executions,
    harbor_activity,
    harbor_connections,
    harbor_contexts,
    harbor_queries,
    harbors,
    identity,
    jobs,
    logs,
    model_sources,
    models,
    notifications,
    operation_search,
    organizations,
    parameter_values,
    policies,
    queries,
    record_logging,
    record_views,
    roles,
    schedules,
    schemas,
    sharing,
    syncs,
    targets,
    temporary_credentials,
    users,
    webhooks,
)

MODULES: Final[tuple[Routes, ...]] = (
    bulk_discovery.ROUTES,
    bulk_executions.ROUTES,
    bulk_logs.ROUTES,
    bulk_schedules.ROUTES,
    bulk_schemas.ROUTES,
    bulk_syncs.ROUTES,
    connect.ROUTES,
    connection_proxy.ROUTES,
    connection_types.ROUTES,
    connection_usage.ROUTES,
    connections.ROUTES,
    entities.ROUTES,
    error_handling.ROUTES,
    events.ROUTES,
    executions.ROUTES,
    harbor_activity.ROUTES,
    harbor_connections.ROUTES,
    harbor_contexts.ROUTES,
    harbor_queries.ROUTES,
    harbors.ROUTES,
    identity.ROUTES,
    jobs.ROUTES,
    logs.ROUTES,
    model_sources.ROUTES,
    models.ROUTES,
    notifications.ROUTES,
    operation_search.ROUTES,
    organizations.ROUTES,
    parameter_values.ROUTES,
    policies.ROUTES,
    queries.ROUTES,
    record_logging.ROUTES,
    record_views.ROUTES,
    roles.ROUTES,
    schedules.ROUTES,
    schemas.ROUTES,
    sharing.ROUTES,
    syncs.ROUTES,
    targets.ROUTES,
    temporary_credentials.ROUTES,
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
    *consent.PAGES,
    *logs.PAGES,
    *record_views.PAGES,
)
