"""Resources: objects and operations that an application loads by address, as the tools show them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.shared.exceptions import MCPError
from mcp.shared.uri_template import UriTemplate
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)
from pydantic import ValidationError
from pydantic_core import to_json

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import NotFoundError, PolytomicError, UnknownOperationError
from polytomic_mcp.tools.answers.replies import answer
from polytomic_mcp.tools.answers.results import Answer, Result
from polytomic_mcp.tools.answers.truncation import truncate
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.arguments import api_of, caller_of
from polytomic_mcp.tools.framework.definitions import compact
from polytomic_mcp.tools.framework.validation import describe_errors

CATALOGUE: Final = "polytomic://operations"
OPERATION: Final = "polytomic://operations/{+operation}"
CONNECTION_TYPE: Final = "polytomic://connection_types/{type}"
CONNECTION: Final = "polytomic://connections/{connection_id}"
MODEL: Final = "polytomic://models/{model_id}"
SYNC: Final = "polytomic://syncs/{sync_id}"
BULK_SYNC: Final = "polytomic://bulk_syncs/{bulk_sync_id}"
EXECUTION: Final = "polytomic://syncs/{sync_id}/executions/{execution_id}"

CONNECTION_TYPES: Final = "polytomic://connection_types/"

LATEST: Final = "latest"
"""The execution id that means the newest execution of a sync."""

_JSON: Final = "application/json"

_Request = ServerRequestContext[Caller, Any]
_Read = Callable[..., Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ExecutionAddress:
    """The sync and the execution in an address, each as an id or a name."""

    sync_id: str
    id: str


def execution_of(uri: str) -> ExecutionAddress | None:
    """Return the execution in an address; None if the address is not that of an execution."""
    if match := UriTemplate.parse(EXECUTION).match(uri):
        return ExecutionAddress(str(match["sync_id"]), str(match["execution_id"]))
    return None


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of resource: its address or URI template, its title, and the function that reads it."""

    uri: str
    title: str
    read: _Read

    @property
    def name(self) -> str:
        """The name in lists."""
        return self.read.__name__

    @property
    def description(self) -> str | None:
        """The description in lists."""
        return self.read.__doc__


def register(server: Server[Caller]) -> None:
    """Serve every resource and template. An object is read by its id or, if it has one, by its exact name."""

    async def list_resources(_: _Request, _params: PaginatedRequestParams) -> ListResourcesResult:
        return ListResourcesResult(resources=[_resource(_catalogue())])

    async def list_templates(_: _Request, _params: PaginatedRequestParams) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=[_template(kind) for kind in _kinds()])

    async def read_resource(request: _Request, params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        try:
            kind, variables = _find(uri)
            text = await kind.read(Context(request_context=request), **variables)
        except ResourceError as error:
            code = INVALID_PARAMS if isinstance(error, ResourceNotFoundError) else INTERNAL_ERROR
            raise MCPError(code, str(error), {"uri": uri}) from error
        return ReadResourceResult(contents=[TextResourceContents(uri=uri, text=text, mime_type=_JSON)])

    server.add_request_handler("resources/list", PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/templates/list", PaginatedRequestParams, list_templates)
    server.add_request_handler("resources/read", ReadResourceRequestParams, read_resource)


def _resource(kind: _Kind) -> Resource:
    return Resource(
        uri=kind.uri, name=kind.name, title=kind.title, description=kind.description, mime_type=_JSON
    )


def _template(kind: _Kind) -> ResourceTemplate:
    return ResourceTemplate(
        uri_template=kind.uri,
        name=kind.name,
        title=kind.title,
        description=kind.description,
        mime_type=_JSON,
    )


def _catalogue() -> _Kind:
    return _Kind(CATALOGUE, "Operations of the API", operations)


def _kinds() -> tuple[_Kind, ...]:
    """Return the templates, in the order in which they are listed and matched."""
    return (
        _Kind(OPERATION, "Operation", operation),
        _Kind(CONNECTION_TYPE, "Connection type", connection_type),
        _Kind(CONNECTION, "Connection", connection),
        _Kind(MODEL, "Model", model),
        _Kind(SYNC, "Sync", sync),
        _Kind(EXECUTION, "Execution of a sync", execution),
        _Kind(BULK_SYNC, "Bulk sync", bulk_sync),
    )


def _find(uri: str) -> tuple[_Kind, Mapping[str, Any]]:
    """Return what an address names, with the values of its template's variables.

    Raises:
        ResourceNotFoundError: It names nothing, or a value has a null character.
    """
    if uri == CATALOGUE:
        return _catalogue(), {}
    for kind in _kinds():
        variables = UriTemplate.parse(kind.uri).match(uri)
        if variables is not None and "\0" not in "".join(map(str, variables.values())):
            return kind, variables
    raise ResourceNotFoundError(
        f"Unknown resource {quoted(uri)}. resources/templates/list shows all addresses."
    )


async def operations(_: Context[Caller]) -> str:
    """Show every operation of Polytomic's API: for each path, what each method does."""
    summaries: dict[str, dict[str, str]] = {}
    for entry in load_catalogue().values():
        summaries.setdefault(entry.path, {})[entry.method] = entry.summary
    return to_json(summaries).decode()


async def operation(_: Context[Caller], operation: str) -> str:
    """Show an operation of the API, such as GET /api/syncs: its purpose and its arguments, with schemas."""
    try:
        found = load_catalogue().find(operation)
    except UnknownOperationError as error:
        raise ResourceNotFoundError(str(error)) from error
    return _text(Result.model_validate(_described(found)))


async def connection_type(context: Context[Caller], type: str) -> str:  # noqa: A002 - the API's name
    """Show a connection type, such as snowflake: the configuration it takes."""
    describe = _tool("connections.connection_types", "describe_connection_type")
    return await _read(describe, await api_of(context), type=type)


async def connection(context: Context[Caller], connection_id: str) -> str:
    """Show a connection: its status, and its configuration with secrets masked."""
    get = _tool("connections.connections", "get_connection")
    return await _read(get, await caller_of(context), connection_id=connection_id)


async def model(context: Context[Caller], model_id: str) -> str:
    """Show a model: what it reads, and its fields."""
    get = _tool("models.models", "get_model")
    return await _read(get, await api_of(context), model_id=model_id)


async def sync(context: Context[Caller], sync_id: str) -> str:
    """Show a sync: its mappings, identity, filters, schedule and problems."""
    get = _tool("syncs.syncs", "get_sync")
    return await _read(get, await caller_of(context), sync_id=sync_id)


async def execution(context: Context[Caller], sync_id: str, execution_id: str) -> str:
    """Show a run of a sync: status, counts, first errors. The execution id "latest" means the newest run."""
    get = _tool("syncs.executions", "get_sync_execution")
    wanted = None if execution_id == LATEST else execution_id
    return await _read(get, await caller_of(context), context, sync_id=sync_id, execution_id=wanted)


async def bulk_sync(context: Context[Caller], bulk_sync_id: str) -> str:
    """Show a bulk sync: its connections, settings, schedules and schemas."""
    get = _tool("bulk_syncs.bulk_syncs", "get_bulk_sync")
    return await _read(get, await caller_of(context), bulk_sync_id=bulk_sync_id)


def _tool(module: str, name: str) -> Callable[..., Awaitable[Answer]]:
    """Return a tool's function. Its module is imported only now, so that a start does not wait for it."""
    return getattr(import_module(f"polytomic_mcp.tools.{module}"), name)


async def _read(tool: Callable[..., Awaitable[Answer]], *who: object, **arguments: object) -> str:
    """Call a tool's function and return its answer as text.

    Raises:
        ResourceNotFoundError: The object does not exist.
        ResourceError: Polytomic refused the request or could not be reached.
    """
    try:
        return _text(await tool(*who, **arguments))
    except (ToolError, NotFoundError) as error:
        raise ResourceNotFoundError(truncate(str(error)).value) from error
    except PolytomicError as error:
        raise ResourceError(truncate(str(error)).value) from error
    except ValidationError as error:
        raise ResourceError(unexpected_shape(error)) from error


def unexpected_shape(error: ValidationError) -> str:
    """Return the message for an answer of the API that is not what a result can hold."""
    return f"Polytomic's answer does not have the expected shape. {describe_errors(error)}"


def _text(result: Answer) -> str:
    """Return a result as the tools write it, within their limits, but without next steps."""
    (content,) = answer(result, frozenset()).content
    return cast("TextContent", content).text


def _described(operation: Operation) -> JsonObject:
    """Return an operation with the schema of its arguments, its references resolved."""
    schema = {
        "type": "object",
        "properties": {part.name: part.schema for part in operation.parameters},
        "required": [part.name for part in operation.parameters if part.required],
        "$defs": load_catalogue().definitions,
    }
    return {
        "id": operation.id,
        "summary": operation.summary,
        "effect": operation.effect,
        "is_paged": operation.is_paged,
        "arguments": compact(schema),
    }
