"""The object that a trace starts at, found by its id or name, and how an answer names it."""

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.analysis.health.nouns import target_noun
from polytomic_mcp.tools.analysis.lineage.graph import Graph, Subject
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import SYNC, every
from polytomic_mcp.tools.syncs.stored import target_of
from polytomic_mcp.tools.syncs.targets import find_target, target_fields


async def target_subject(
    api: Polytomic, connection: JsonObject, reference: str, field: str
) -> tuple[JsonObject, Subject]:
    """Return the API's answer about a target object, empty if it cannot be read, and the subject.

    One that is gone or cannot be listed is found by the syncs that write to it.

    Raises:
        ToolError: No target object matches, and no sync writes to one of that id.
    """
    try:
        found = await find_target(api, connection["id"], reference)
    except (PolytomicError, ToolError):
        syncs = map(target_of, await every(api, SYNC.list))
        ids = [
            id_
            for owner, id_ in syncs
            if owner == connection["id"] and id_.casefold() == reference.casefold()
        ]
        if not ids:
            raise
        return JsonObject(), Subject("target", ids[0], ids[0], field, connection_id=connection["id"])
    name = str(found.get("name") or found["id"])
    subject = Subject("target", found["id"], name, field, connection_id=connection["id"])
    return (await target_fields(api, connection["id"], target=found["id"])) if field else found, subject


def described(graph: Graph, subject: Subject, item: JsonObject) -> JsonObject:
    """Return how an answer names the subject: its kind, id and name, and those of what it belongs to."""
    connection_id = subject.connection_id
    target_connection_id, target = target_of(item) if subject.kind == "sync" else ("", "")
    named = graph.connection
    kind = target_noun(named(connection_id)) if subject.kind == "target" else subject.kind
    return given(
        kind=kind,
        id=subject.id,
        name=subject.name,
        field=subject.field or None,
        connection_id=connection_id or None,
        connection_name=named(connection_id).get("name"),
        target_connection_id=target_connection_id or None,
        target_connection_name=named(target_connection_id).get("name"),
        target=target or None,
    )
