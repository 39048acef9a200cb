"""A tool's function: imported by its path, and made into what mcp can call."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Annotated, Any, Final, get_args

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata

from polytomic_mcp.tools.framework.reading import branches
from polytomic_mcp.tools.framework.requests import Changes, Request

ToolFunction = Callable[..., Awaitable[Any]]

_TOOLS: Final = "polytomic_mcp.tools"


class Arguments(FuncMetadata):
    """The arguments of a tool; ``Calls`` has read their JSON text before mcp sees them."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments unchanged: mcp would parse text that is meant as text."""
        return data


def import_function(path: str) -> ToolFunction:
    """Import a tool's function by its path below ``polytomic_mcp.tools``."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"{_TOOLS}.{module}"), name)


def callable_tool(function: ToolFunction) -> Tool:
    """Return mcp's tool of a function: the one place that turns its signature into arguments."""
    # Without structured output, mcp builds no validator of results; ``replies.answer`` writes them.
    tool = Tool.from_function(flattened(function), structured_output=False)
    tool.fn_metadata = Arguments(arg_model=tool.fn_metadata.arg_model)
    return tool


def flattened(function: ToolFunction) -> ToolFunction:
    """Return the function with the fields of each ``Request`` parameter as parameters of their own."""
    signature = inspect.signature(function, eval_str=True)
    requests = {
        name: model
        for name, parameter in signature.parameters.items()
        if (model := _request_of(parameter.annotation)) is not None
    }
    if not requests:
        return function
    parameters = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in signature.parameters.values()
        for each in _expanded(parameter, requests.get(parameter.name))
    ]

    async def call(**arguments: Any) -> Any:
        for name, model in requests.items():
            fields = {each: arguments.pop(each) for each in model.model_fields if each in arguments}
            given = {each: value for each, value in fields.items() if value is not None}
            required = {each: None for each, field in model.model_fields.items() if field.is_required()}
            arguments[name] = model.model_construct(set(given), **required | given)
        return await function(**arguments)

    call.__name__, call.__qualname__ = function.__name__, function.__qualname__
    call.__doc__, call.__module__ = function.__doc__, function.__module__
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    vars(call)["__signature__"] = signature.replace(parameters=parameters)
    return call


def _request_of(annotation: Any) -> type[Request] | None:
    return next(
        (each for each in branches(annotation) if isinstance(each, type) and issubclass(each, Request)), None
    )


def _expanded(parameter: inspect.Parameter, model: type[Request] | None) -> Iterator[inspect.Parameter]:
    """Yield the parameters that take the place of one: the fields of its model, if it has one."""
    if model is None:
        yield parameter
        return
    changes = next((each for each in get_args(parameter.annotation) if isinstance(each, Changes)), None)
    for name, field in model.model_fields.items():
        annotation: Any = Annotated[field.annotation, field]
        default = inspect.Parameter.empty if field.is_required() else field.default
        if changes is not None:
            if name in model.CREATE_ONLY:
                continue
            hint = replace(changes, is_described=field.description is not None)
            annotation, default = Annotated[field.annotation | None, *field.metadata, hint], None
        yield parameter.replace(name=name, annotation=annotation, default=default)
