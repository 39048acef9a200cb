"""Connection types and the schemas of their configurations."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types


def list_all(call: Call) -> JsonObject:
    """Answer with every type."""
    del call
    return {"data": [type_.entry() for type_ in load_connection_types().values()]}


def get_schema(call: Call) -> JsonObject:
    """Answer with a type's schema, bare: the one answer without an envelope."""
    return load_connection_types().find(call.arguments["id"]).json_schema()


ROUTES: Final[Routes] = {
    "GET /api/connection_types": list_all,
    "GET /api/connection_types/{id}": get_schema,
}
