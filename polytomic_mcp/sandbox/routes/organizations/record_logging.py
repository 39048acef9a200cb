"""Whether the organization keeps logs of records, and where they are delivered: a setting, kept.

Runs in the sandbox always write their logs, and deliver none of them.
"""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call, Routes

_KIND: Final = "record_logging"


def get(call: Call) -> JsonObject:
    """Answer with the setting: on without a delivery, where nobody has changed it (a guess)."""
    kept = call.workspace.store.get(_KIND, call.credential.organization_id)
    return {"data": kept or {"enabled": True}}


def replace(call: Call) -> JsonObject:
    """Replace the setting; a delivery that is left out is removed."""
    setting: JsonObject = {"enabled": call.arguments["enabled"]}
    if "deliveryPrefix" in call.arguments:
        setting["deliveryPrefix"] = call.arguments["deliveryPrefix"]
    if "deliveryConnectionId" in call.arguments:
        connection = call.workspace.find("connection", call.arguments["deliveryConnectionId"])
        setting |= {"deliveryConnectionId": connection["id"], "deliveryConnectionName": connection["name"]}
    call.workspace.store.put(_KIND, call.credential.organization_id, setting)
    return {"data": setting}


ROUTES: Final[Routes] = {
    "GET /api/organization/record-logging": get,
    "PUT /api/organization/record-logging": replace,
}
