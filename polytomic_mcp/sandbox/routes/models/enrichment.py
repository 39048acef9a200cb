"""Enrichment: what a connection can add to a model's records. The sandbox emulates no source of it."""

from typing import Final, NoReturn

from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

_ROLE: Final = "enrichment"


def get_source(call: Call) -> NoReturn:
    """Refuse to describe a connection as a source of enrichment.

    Raises:
        RefusalError: 404, its type has no enrichment; 501, the sandbox has none of this type.
    """
    raise _refusal(call, call.arguments["id"])


def list_input_fields(call: Call) -> NoReturn:
    """Refuse to list the fields that an enrichment needs.

    Raises:
        RefusalError: 404, the connection's type has no enrichment; 501, the sandbox has none of this type.
    """
    raise _refusal(call, call.arguments["connection_id"])


def _refusal(call: Call, connection_id: str) -> RefusalError:
    connection = call.workspace.find("connection", connection_id)
    name, type_ = connection["name"], load_connection_types()[connection["type"]["id"]]
    if _ROLE in type_.roles:
        message = (
            f"The sandbox does not emulate enrichment by {type_.name}. Create models without an enricher."
        )
        return RefusalError(501, message, key="not_implemented", metadata={"operation": call.operation})
    able = ", ".join(each.id for each in load_connection_types().values() if _ROLE in each.roles)
    message = f"Connection {name} has no enrichment: {type_.name} does not support it. Types with it: {able}."
    return RefusalError(404, message, key="not_found")


ROUTES: Final[Routes] = {
    "GET /api/connections/{id}/modelsync/enrichment-source": get_source,
    "POST /api/enrichment/{connection_id}/inputfields": list_input_fields,
}
