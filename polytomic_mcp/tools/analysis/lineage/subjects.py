"""The object that a trace starts at, found by its id or name, and how an answer names it."""

from collections.abc import Sequence
from functools import partial

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.analysis.lineage.graph import Graph, Subject
from polytomic_mcp.tools.answers.results import Row
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import SYNC, every
from polytomic_mcp.tools.connections.target_kinds import IN_ROWS, usual_kind
from polytomic_mcp.tools.syncs.stored import target_of
from polytomic_mcp.tools.syncs.targets import find_target, target_fields, target_objects


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


async def name_targets(api: Polytomic, rows: Sequence[Row]) -> None:
    """Give the rows of target objects their names, which differ from their ids in some systems.

    What cannot be listed keeps its id as its name.
    """
    targets = {row.id: row for row in rows if row.model_dump().get("kind") in IN_ROWS}
    connections = {str(row.model_dump().get("connection_id")) for row in targets.values()}
    async with Gathering().together() as read:
        listed = [read("target objects", partial(target_objects, api, id_)) for id_ in sorted(connections)]
    for each in (item for found in listed for item in as_objects(as_object(found.value).get("data"))):
        if (row := targets.get(str(each.get("id")))) is not None:
            row.name = str(each.get("name") or row.name)


def described(graph: Graph, subject: Subject, item: JsonObject) -> JsonObject:
    """Return how an answer names the subject: its kind, id and name, and those of what it belongs to."""
    connection_id = subject.connection_id
    target_connection_id, target = target_of(item) if subject.kind == "sync" else ("", "")
    named = graph.connection
    kind = usual_kind(named(connection_id)) if subject.kind == "target" else subject.kind
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
