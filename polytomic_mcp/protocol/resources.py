"""Resources: what an application can load by address, in the words of the tools that show the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.server.mcpserver.resources import ResourceSecurity
from mcp.shared.uri_template import UriTemplate
from mcp.types import TextContent
from pydantic_core import to_json

from polytomic_mcp.catalogue import Operation, load_catalogue
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import NotFoundError, PolytomicError, UnknownOperationError
from polytomic_mcp.tools.answers.replies import answer
from polytomic_mcp.tools.answers.results import Answer, Result
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.connections.connection_types import describe_connection_type
from polytomic_mcp.tools.connections.connections import get_connection
from polytomic_mcp.tools.framework.arguments import api_of, caller_of
from polytomic_mcp.tools.framework.definitions import compact
from polytomic_mcp.tools.models.models import get_model
from polytomic_mcp.tools.syncs.executions import get_sync_execution
from polytomic_mcp.tools.syncs.syncs import get_sync

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
"""Stands for the newest execution of a sync."""

_VALUES_ARE_NO_PATHS: Final = ResourceSecurity(reject_path_traversal=False, reject_absolute_paths=False)
"""Names may look like paths: no value reaches a file, and ``Operation.bind`` quotes each in a URL."""


@dataclass(frozen=True, slots=True)
class ExecutionAddress:
    """Which execution of which sync an address means; both are ids or names as the address has them."""

    sync_id: str
    id: str


def execution_of(uri: str) -> ExecutionAddress | None:
    """Return the execution an address means, if it means one."""
    if match := UriTemplate.parse(EXECUTION).match(uri):
        return ExecutionAddress(str(match["sync_id"]), str(match["execution_id"]))
    return None


def register(server: MCPServer[Caller]) -> None:
    """Serve every resource and template; each is read by an id or, where it has one, by its exact name."""
    for uri, title, read in (
        (CATALOGUE, "Operations of the API", operations),
        (OPERATION, "Operation", operation),
        (CONNECTION_TYPE, "Connection type", connection_type),
        (CONNECTION, "Connection", connection),
        (MODEL, "Model", model),
        (SYNC, "Sync", sync),
        (EXECUTION, "Execution of a sync", execution),
        (BULK_SYNC, "Bulk sync", bulk_sync),
    ):
        server.resource(uri, title=title, mime_type="application/json", security=_VALUES_ARE_NO_PATHS)(read)


def operations() -> str:
    """Show every operation of Polytomic's API: by path, what each method does."""
    summaries: dict[str, dict[str, str]] = {}
    for entry in load_catalogue().values():
        summaries.setdefault(entry.path, {})[entry.method] = entry.summary
    return to_json(summaries).decode()


async def operation(operation: str) -> str:
    """Show an operation of the API, such as GET /api/syncs: what it does and takes, with schemas."""
    try:
        found = load_catalogue().find(operation)
    except UnknownOperationError as error:
        raise ResourceNotFoundError(str(error)) from error
    return _text(Result.model_validate(_described(found)))


async def connection_type(context: Context[Caller], type: str) -> str:  # noqa: A002 - the API's name
    """Show a connection type, such as snowflake: the configuration it takes."""
    return await _read(describe_connection_type, await api_of(context), type=type)


async def connection(context: Context[Caller], connection_id: str) -> str:
    """Show a connection: status, and configuration with secrets masked."""
    return await _read(get_connection, await api_of(context), connection_id=connection_id)


async def model(context: Context[Caller], model_id: str) -> str:
    """Show a model: what it reads, and its fields."""
    return await _read(get_model, await api_of(context), model_id=model_id)


async def sync(context: Context[Caller], sync_id: str) -> str:
    """Show a sync: mappings, identity, filters, schedule, problems."""
    return await _read(get_sync, await api_of(context), sync_id=sync_id)


async def execution(context: Context[Caller], sync_id: str, execution_id: str) -> str:
    """Show a run of a sync: status, counts, first errors. The execution id "latest" is the newest run."""
    wanted = None if execution_id == LATEST else execution_id
    caller = await caller_of(context)
    return await _read(get_sync_execution, caller, context, sync_id=sync_id, execution_id=wanted)


async def bulk_sync(context: Context[Caller], bulk_sync_id: str) -> str:
    """Show a bulk sync: connections, settings, schedules, schemas."""
    from polytomic_mcp.tools.bulk_syncs.bulk_syncs import get_bulk_sync  # noqa: PLC0415 - its toolset is seldom on

    return await _read(get_bulk_sync, await api_of(context), bulk_sync_id=bulk_sync_id)


async def _read(tool: Callable[..., Awaitable[Answer]], *who: object, **arguments: object) -> str:
    """Call a tool's function and write what it answers; a foreseen failure keeps its words."""
    try:
        return _text(await tool(*who, **arguments))
    except (ToolError, NotFoundError) as error:
        raise ResourceNotFoundError(str(error)) from error
    except PolytomicError as error:
        raise ResourceError(str(error)) from error


def _text(result: Answer) -> str:
    """Write a result as the tools do, compact and bounded; next steps are a model's, not a reader's."""
    (content,) = answer(result, frozenset()).content
    return cast("TextContent", content).text


def _described(operation: Operation) -> JsonObject:
    """Return an operation with the schema of its arguments, references put in place."""
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
