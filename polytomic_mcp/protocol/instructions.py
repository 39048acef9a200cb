"""The server's instructions: how the objects work together, and what is hidden in this configuration."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from polytomic_mcp.tools.framework.toolset import Toolset

_PIPELINE: Final = (
    "Polytomic moves data. A connection connects a system; a model is a query or table of a connection; "
    "a sync writes a model's fields to a target object of another connection. "
    "Order: create_connection (source, destination), create_model, list_target_objects, "
    "list_target_fields, create_sync, start_sync. An exact name works in place of any id. "
    "next_steps in an answer are suggested next calls."
)
_BY_TOOL: Final[Mapping[str, str]] = {
    "get_guide": "get_guide gives the steps of a common task.",
    "find_operations": "For tasks without a tool, use find_operations.",
}
"""What to say if a tool is shown."""

_PURPOSES: Final[Mapping[str, str]] = {
    "connections": "connect systems, and test the connections",
    "models": "queries and tables that syncs read",
    "syncs": "map models onto targets, run syncs, and find out why they fail",
    "operations": "any operation of the API",
    "queries": "run SQL",
    "bulk_syncs": "copy whole tables or objects, such as all HubSpot contacts into Postgres",
    "schemas": "tables, keys and custom fields of a connection",
    "events": "past events, webhooks, error notifications",
    "administration": "users, roles, policies, keys",
}


def instructions(tools: AbstractSet[str], hidden: Iterable[Toolset]) -> str:
    """Return the instructions of a server that shows these tools; ``hidden`` toolsets could be shown too."""
    sentences = [_PIPELINE, *(text for tool, text in _BY_TOOL.items() if tool in tools)]
    named = [f"{each.name} ({_PURPOSES[each.name]})" for each in hidden]
    if named:
        sentences.append(f"Hidden toolsets, shown by setting POLYTOMIC_TOOLSETS: {'; '.join(named)}.")
    return " ".join(sentences)
