"""The request models of operations that typed tools also call: they read and judge the same parts."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.framework.reading import read
from polytomic_mcp.tools.framework.requests import Request
from polytomic_mcp.tools.framework.validation import is_of_shape, problem_of

MODELS: Final[Mapping[str, str]] = {
    "POST /api/syncs": "syncs.requests.SyncRequest",
    "PUT /api/syncs/{id}": "syncs.requests.SyncRequest",
    "POST /api/syncs/{id}/executions": "syncs.starts.StartRequest",
}
"""The request model of each operation, by its path below ``polytomic_mcp.tools``."""


def model_of(operation_id: str) -> type[Request] | None:
    """Import and return the request model of an operation; None if it has none."""
    if (path := MODELS.get(operation_id)) is None:
        return None
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"polytomic_mcp.tools.{module}"), name)


def read_as(model: type[Request], name: str, value: Any) -> Any:
    """Return an argument as the model's types require it; what the model does not have is unchanged.

    Raises:
        ValueError: JSON cannot represent the value, or it is too deep; the text follows the argument's name.
    """
    field = model.model_fields.get(name)
    return value if field is None else read(field.annotation, value)


def problems_of(model: type[Request], operation: Operation, arguments: JsonObject) -> dict[str, str]:
    """Return what is wrong with the names and types of the arguments that the model has, by path.

    What is missing the catalogue knows; null and values outside a list are the API's to judge.
    """
    names = {parameter.name for parameter in operation.parameters if parameter.place == "body"}
    body = {name: arguments[name] for name in names & model.model_fields.keys() & arguments.keys()}
    try:
        model.model_validate(body)
    except ValidationError as error:
        return dict(
            problem_of(problem, model)
            for problem in error.errors(include_url=False, include_context=False)
            if is_of_shape(problem) and problem["type"] != "missing" and problem["input"] is not None
        )
    return {}
