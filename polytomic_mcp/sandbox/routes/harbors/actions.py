"""The actions of a Harbor: none is enabled, as administrators do this in the app and not through the API.

Each operation answers as the SDK's docstrings say of a Harbor without enabled actions.
"""

from typing import Final, NoReturn

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.resources.harbors import harbors


def list_all(call: Call) -> JsonObject:
    """List the enabled actions: there are none."""
    _harbor(call)
    return {"data": [], "pagination": {}}


def refuse(call: Call) -> NoReturn:
    """Refuse an action.

    Raises:
        RefusalError: 403, it is not enabled.
    """
    harbor, action = _harbor(call), quoted(call.arguments["operation_id"])
    raise RefusalError(
        403,
        f"Harbor {harbor['name']} has not enabled the action {action}. Administrators enable actions in "
        "Polytomic's app. Use saved queries or a sync.",
        key="forbidden",
    )


def find_execution(call: Call) -> NoReturn:
    """Refuse to execute an action, or to read its receipt.

    Raises:
        RefusalError: 404, as nothing can be prepared, no id is known.
    """
    _harbor(call)
    raise not_found("action execution", call.arguments["execution_id"])


def _harbor(call: Call) -> JsonObject:
    harbors.require_own(call)
    return harbors.find(call)


_ACTIONS: Final = "/api/harbors/{harbor_id}/actions"

ROUTES: Final[Routes] = {
    f"GET {_ACTIONS}": list_all,
    f"GET {_ACTIONS}/describe": refuse,
    f"POST {_ACTIONS}/lookup": refuse,
    f"POST {_ACTIONS}/prepare": refuse,
    f"POST {_ACTIONS}/execute": find_execution,
    "GET /api/harbors/{harbor_id}/action-executions/{execution_id}": find_execution,
}
