"""What a model can select from a connection: tables and objects, and their fields."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import described, holds_nothing, system_of
from polytomic_mcp.sandbox.resources.models.models import require_healthy, source_fields
from polytomic_mcp.sandbox.resources.models.reading import VIEW, read_source
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_TRACKING: Final = "tracking_columns"


def get(call: Call) -> JsonObject:
    """Return the values that a model's configuration can have, given those already in ``params``.

    The shape is that of the guide for MySQL.
    """
    connection = require_healthy(call.workspace, call.arguments["id"])
    key = system_of(connection)
    if reason := holds_nothing(key):
        raise RefusalError(422, reason, key="no_data")
    chosen = _chosen(call)
    items = _alternatives(call.workspace, key, chosen)
    alternatives = list(items)
    if chosen or described(key).is_warehouse:
        items[_TRACKING] = _items(_columns(call.workspace, connection, chosen) if chosen else None)
    found = {"items": dict(sorted(items.items())), "requires_one_of": alternatives}
    configuration = {name: {"type": "string", "items": [value]} for name, value in chosen.items()}
    return {"data": found | ({"configuration": configuration} if chosen else {})}


def _columns(workspace: Workspace, connection: JsonObject, chosen: Mapping[str, str]) -> list[str]:
    """Return the names of the columns of what is chosen; none if it is not complete."""
    if not _is_complete(system_of(connection), chosen):
        return []
    return [field["name"] for field in source_fields(read_source(workspace, connection, chosen))]


def _alternatives(workspace: Workspace, key: str, chosen: Mapping[str, str]) -> JsonObject:
    """Return each alternative with its values; of a name with several parts, only the next part."""
    system = described(key)
    found: JsonObject = {"query": _items(None)} if system.query else {}
    tables = workspace.tables.list(key)
    for alternative, keys in system.sources.items():
        above = ".".join(chosen[each] for each in takewhile(chosen.__contains__, keys[:-1]))
        depth = above.count(".") + 1 if above else 0
        names = [table.name for table in tables if (table.kind == VIEW) is (alternative == VIEW)]
        below = [
            name.removeprefix(f"{above}.") if above else name for name in names if name.startswith(above)
        ]
        is_last = depth == len(keys) - 1
        values = below if is_last else list(dict.fromkeys(name.partition(".")[0] for name in below))
        # A system without views lists the key without values, as the guide for MySQL shows it.
        found[keys[depth]] = _items((values or None) if alternative == VIEW else values)
    return found


def _is_complete(key: str, chosen: Mapping[str, str]) -> bool:
    """Whether the chosen values select an object or a query's rows."""
    return "query" in chosen or any(set(keys) <= chosen.keys() for keys in described(key).sources.values())


def get_fields(call: Call) -> JsonObject:
    """Return the fields of what ``params`` select."""
    connection = require_healthy(call.workspace, call.arguments["id"])
    return {"data": source_fields(read_source(call.workspace, connection, _chosen(call)))}


def _chosen(call: Call) -> dict[str, str]:
    params: Mapping[str, Any] = call.arguments.get("params", {})
    return {
        name: values[0] if isinstance(values, list) else values for name, values in params.items() if values
    }


def _items(values: list[str] | None) -> JsonObject:
    return {"items": values, "has_items": values is not None, "requires_one_of": None}


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/modelsync/source": get,
    "GET /api/connections/{id}/modelsync/source/fields": get_fields,
}
