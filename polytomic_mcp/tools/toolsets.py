"""The toolsets: which tools belong to each, what each tool may do, and where its function is.

A tool is named by the path of its function below ``polytomic_mcp.tools``. Nothing is imported by naming it.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import TOOLSETS, Settings
from polytomic_mcp.tools.framework.tool import PolytomicTool
from polytomic_mcp.tools.framework.toolset import Toolset

_ALL: Final = (
    Toolset(
        "connections",
        reads=(
            "connections.connection_types.list_connection_types",
            "connections.connection_types.describe_connection_type",
            "connections.connections.list_connections",
            "connections.connections.get_connection",
            "connections.connections.test_connection",
        ),
        writes=(
            "connections.connections.create_connection",
            "connections.connections.update_connection",
        ),
        destroys=("connections.connections.delete_connection",),
    ),
    Toolset(
        "models",
        reads=("models.models.list_models", "models.models.get_model", "models.previews.preview_model"),
        writes=("models.models.create_model", "models.models.update_model"),
        destroys=("models.models.delete_model",),
    ),
    Toolset(
        "syncs",
        reads=(
            "syncs.targets.list_target_objects",
            "syncs.targets.list_target_fields",
            "syncs.syncs.list_syncs",
            "syncs.syncs.get_sync",
            "syncs.executions.get_sync_execution",
            "analysis.diagnosis.diagnosis.diagnose_sync",
            "analysis.overview.overview.sync_overview",
            "analysis.lineage.lineage.trace_lineage",
        ),
        writes=(
            "syncs.syncs.create_sync",
            "syncs.syncs.update_sync",
            "syncs.starts.start_sync",
            "syncs.executions.cancel_sync",
            "syncs.activation.set_syncs_active",
            "syncs.copies.copy_sync",
        ),
        destroys=("syncs.syncs.delete_sync",),
    ),
    Toolset(
        "operations",
        reads=(
            "guides.guides.get_guide",
            "operations.operations.find_operations",
            "operations.operations.read_operation",
        ),
        destroys=("operations.operations.write_operation",),
    ),
    Toolset("queries", writes=("models.queries.run_query",)),
    Toolset(
        "bulk_syncs",
        reads=(
            "bulk_syncs.bulk_syncs.list_bulk_syncs",
            "bulk_syncs.bulk_syncs.get_bulk_sync",
            "schemas.source_schemas.list_source_schemas",
            "bulk_syncs.executions.get_bulk_sync_execution",
        ),
        writes=(
            "bulk_syncs.bulk_syncs.create_bulk_sync",
            "bulk_syncs.bulk_syncs.update_bulk_sync",
            "bulk_syncs.starts.start_bulk_sync",
            "bulk_syncs.executions.cancel_bulk_sync",
        ),
        destroys=("bulk_syncs.bulk_syncs.delete_bulk_sync",),
    ),
    Toolset(
        "schemas",
        reads=(
            "schemas.schemas.get_schema_status",
            "schemas.schemas.get_schema",
            "schemas.schemas.read_schema_records",
        ),
        writes=("schemas.schemas.refresh_schemas",),
        destroys=("schemas.fields.set_schema_fields", "schemas.keys.set_primary_keys"),
    ),
    Toolset(
        "events",
        reads=(
            "events.events.list_events",
            "events.webhooks.list_webhooks",
            "events.webhooks.list_webhook_deliveries",
            "events.notifications.get_error_notifications",
        ),
        writes=(
            "events.webhooks.save_webhook",
            "events.webhooks.set_webhook_active",
            "events.notifications.set_error_notifications",
        ),
        destroys=("events.webhooks.delete_webhook",),
    ),
    Toolset(
        "administration",
        reads=(
            "administration.organizations.get_organization",
            "administration.users.list_users",
            "administration.roles.list_roles",
            "administration.policies.list_policies",
        ),
        writes=(
            "administration.users.invite_user",
            "administration.users.update_user",
            "administration.roles.save_role",
            "administration.policies.save_policy",
            "administration.credentials.create_temporary_credential",
        ),
        destroys=(
            "administration.credentials.create_api_key",
            "administration.users.delete_user",
            "administration.roles.delete_role",
            "administration.policies.delete_policy",
        ),
    ),
)


def toolsets(names: Sequence[str] = TOOLSETS) -> list[Toolset]:
    """Return the toolsets of those names, in the order in which they are listed."""
    return [toolset for toolset in _ALL if toolset.name in names]


def toolset_of(tool: str) -> str | None:
    """Return the name of a tool's toolset, shown or hidden; None if the tool does not exist."""
    return next((toolset.name for toolset in _ALL if tool in toolset.names()), None)


def hidden_tools(shown: AbstractSet[str]) -> dict[str, str]:
    """Return the toolset of each tool that is not among those shown."""
    return {name: toolset.name for toolset in _ALL for name in toolset.names() if name not in shown}


def hidden_toolsets(settings: Settings, shown: AbstractSet[str]) -> list[Toolset]:
    """Return the toolsets of which no tool is shown, although the access mode allows some."""
    allowed = [(toolset, toolset.paths(settings.access_mode)) for toolset in _ALL]
    return [
        toolset
        for toolset, paths in allowed
        if paths and shown.isdisjoint(path.rpartition(".")[2] for path in paths)
    ]


def shown_tools(settings: Settings) -> list[tuple[Toolset, PolytomicTool]]:
    """Return the tools that these settings show, each with its toolset, in a fixed order.

    Raises:
        ConfigurationError: The settings allow or deny a tool that does not exist.
    """
    _refuse_unknown(settings.tools_allow | settings.tools_deny)
    return [
        (toolset, PolytomicTool.load(path))
        for toolset in _ALL
        for path in toolset.paths(settings.access_mode)
        if _is_shown(path.rpartition(".")[2], toolset.name, settings)
    ]


def _is_shown(tool: str, toolset: str, settings: Settings) -> bool:
    is_chosen = toolset in settings.toolsets or tool in settings.tools_allow
    return is_chosen and tool not in settings.tools_deny


def _refuse_unknown(tools: Iterable[str]) -> None:
    known = [name for toolset in _ALL for name in toolset.names()]
    if wrong := sorted({*tools} - {*known}):
        raise ConfigurationError(
            f"POLYTOMIC_TOOLS_ALLOW or POLYTOMIC_TOOLS_DENY has unknown tools: {', '.join(wrong)}."
            f"{valid_values(wrong[0], known)}"
        )
