"""The tools that do what an operation does, with names for ids, checks and short answers."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from polytomic_mcp.catalogue import Operation

TOOLS: Final[Mapping[str, str]] = {
    "GET /api/bulk/syncs": "list_bulk_syncs",
    "POST /api/bulk/syncs": "create_bulk_sync",
    "DELETE /api/bulk/syncs/{id}": "delete_bulk_sync",
    "GET /api/bulk/syncs/{id}": "get_bulk_sync",
    "PUT /api/bulk/syncs/{id}": "update_bulk_sync",
    "POST /api/bulk/syncs/{id}/activate": "update_bulk_sync",
    "POST /api/bulk/syncs/{id}/cancel": "cancel_bulk_sync",
    "POST /api/bulk/syncs/{id}/executions": "start_bulk_sync",
    "GET /api/bulk/syncs/{id}/executions/{exec_id}": "get_bulk_sync_execution",
    "PATCH /api/bulk/syncs/{id}/schemas": "update_bulk_sync",
    "GET /api/connection_types": "list_connection_types",
    "GET /api/connection_types/{id}": "describe_connection_type",
    "GET /api/connections": "list_connections",
    "POST /api/connections": "create_connection",
    "POST /api/connections/test": "test_connection",
    "POST /api/connections/{connection_id}/query": "run_query",
    "DELETE /api/connections/{id}": "delete_connection",
    "GET /api/connections/{id}": "get_connection",
    "PUT /api/connections/{id}": "update_connection",
    "GET /api/connections/{id}/bulksync/source": "list_source_schemas",
    "GET /api/connections/{id}/modelsync/target/fields": "list_target_fields",
    "GET /api/connections/{id}/modelsync/targetobjects": "list_target_objects",
    "POST /api/connections/{id}/schemas/refresh": "refresh_schemas",
    "GET /api/connections/{id}/schemas/status": "get_schema_status",
    "GET /api/connections/{id}/schemas/{schema_id}": "get_schema",
    "GET /api/connections/{id}/schemas/{schema_id}/records": "read_schema_records",
    "GET /api/events": "list_events",
    "POST /api/model-preview": "preview_model",
    "GET /api/models": "list_models",
    "POST /api/models": "create_model",
    "DELETE /api/models/{id}": "delete_model",
    "GET /api/models/{id}": "get_model",
    "PUT /api/models/{id}": "update_model",
    "GET /api/models/{id}/sample": "preview_model",
    "GET /api/notifications/global-error-subscribers": "get_error_notifications",
    "PUT /api/notifications/global-error-subscribers": "set_error_notifications",
    "GET /api/organization/users": "list_users",
    "POST /api/organization/users": "invite_user",
    "DELETE /api/organization/users/{id}": "delete_user",
    "PUT /api/organization/users/{id}": "update_user",
    "POST /api/organizations/{org_id}/users/{id}/keys": "create_api_key",
    "GET /api/permissions/policies": "list_policies",
    "GET /api/permissions/roles": "list_roles",
    "GET /api/queries/{id}": "run_query",
    "GET /api/syncs": "list_syncs",
    "POST /api/syncs": "create_sync",
    "DELETE /api/syncs/{id}": "delete_sync",
    "GET /api/syncs/{id}": "get_sync",
    "PUT /api/syncs/{id}": "update_sync",
    "POST /api/syncs/{id}/activate": "update_sync",
    "POST /api/syncs/{id}/cancel": "cancel_sync",
    "PUT /api/syncs/{id}/error-handling": "set_error_notifications",
    "POST /api/syncs/{id}/executions": "start_sync",
    "GET /api/syncs/{sync_id}/executions/{id}": "get_sync_execution",
    "GET /api/syncs/{sync_id}/executions/{id}/{type}": "get_sync_execution",
    "POST /api/temporary-credentials": "create_temporary_credential",
    "GET /api/webhooks": "list_webhooks",
    "POST /api/webhooks": "save_webhook",
    "DELETE /api/webhooks/{id}": "delete_webhook",
    "PUT /api/webhooks/{id}": "save_webhook",
    "GET /api/webhooks/{id}/deliveries": "list_webhook_deliveries",
    "POST /api/webhooks/{id}/disable": "set_webhook_active",
    "POST /api/webhooks/{id}/enable": "set_webhook_active",
}


def tool_for(operation: Operation, shown: AbstractSet[str]) -> str | None:
    """Return the shown tool that does what the operation does; None if there is none."""
    tool = TOOLS.get(operation.id)
    return tool if tool in shown else None
