"""What a model can be built on: a connection's tables and objects, and their fields."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.sandbox.call import Call, Routes
from polytomic_mcp.sandbox.dialects import WAREHOUSES
from polytomic_mcp.sandbox.models import require_healthy, source_fields
from polytomic_mcp.sandbox.reading import read_source
from polytomic_mcp.sandbox.store import JsonObject

_WAREHOUSE: Final = ("query", "table", "view")
_QUERYABLE: Final = (*WAREHOUSES, "salesforce")


def get(call: Call) -> JsonObject:
    """Answer with what a model's configuration may hold, and with what ``params`` chose already."""
    connection = require_healthy(call.world, call.arguments["id"])
    system = connection["type"]["id"]
    chosen = _chosen(call)
    items: JsonObject = {"table": _items([table.name for table in call.world.tables.list(system)])}
    if system in _QUERYABLE:
        items["query"] = _items(None)
    if system in WAREHOUSES:
        items["view"] = _items([])
    if chosen:
        fields = source_fields(read_source(call.world, connection, chosen))
        items["tracking_columns"] = _items([field["name"] for field in fields])
    return {
        "data": {
            "items": items,
            "requires_one_of": [name for name in _WAREHOUSE if name in items],
            "configuration": {name: {"type": "string", "items": [value]} for name, value in chosen.items()},
        }
    }


def get_fields(call: Call) -> JsonObject:
    """Answer with the fields of what ``params`` chose."""
    connection = require_healthy(call.world, call.arguments["id"])
    return {"data": source_fields(read_source(call.world, connection, _chosen(call)))}


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
