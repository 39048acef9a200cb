"""The extension ``io.modelcontextprotocol/tasks`` (SEP-2663): calls that start long work return a task."""

from collections.abc import Sequence
from typing import Any, Final

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.mcpserver import Context, Extension, MethodBinding, require_client_extension
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp.types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    RequestParams,
    TextContent,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field, ValidationError

from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.errors import NotFoundError, PolytomicError
from polytomic_mcp.protocol.tasks.seal import Reference, Seal
from polytomic_mcp.protocol.tasks.task import began, detailed, status_of, task
from polytomic_mcp.protocol.tasks.work import Outcome, Work, Works
from polytomic_mcp.tools.answers.replies import written
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.framework.arguments import caller_of

IDENTIFIER: Final = "io.modelcontextprotocol/tasks"
_LONGEST_ID: Final = 2_000
_UNKNOWN: Final = (
    "Unknown task: its id was not created with this API key, or Polytomic no longer has the run."
)


class TaskParams(RequestParams):
    """The parameters of ``tasks/get`` and ``tasks/cancel``."""

    task_id: str = Field(max_length=_LONGEST_ID)


class UpdateParams(TaskParams):
    """The parameters of ``tasks/update``; no task of this server waits for an answer."""

    input_responses: dict[str, Any]


class Tasks(Extension):
    """Tasks whose id is the sealed reference to the work. Any server with the same API key can answer."""

    identifier = IDENTIFIER

    def __init__(self, seal: Seal, works: Works) -> None:
        self._seal = seal
        self._works = works

    def methods(self) -> Sequence[MethodBinding]:
        """Return the three methods; clients of the older era do not have them."""
        versions = frozenset(MODERN_PROTOCOL_VERSIONS)
        return (
            MethodBinding("tasks/get", TaskParams, self._get, versions),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, versions),
            MethodBinding("tasks/update", UpdateParams, self._update, versions),
        )

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Return a task if the tool starts long work and the client declared the extension.

        Errors and questions of the tool are returned unchanged: no work has started.
        """
        work = self._works.get(params.name)
        arguments = params.arguments or {}
        if work is None or not work.begins(arguments) or not _has_declared(ctx):
            return await call_next(ctx)
        # mcp runs the call with this object, whatever context it is given.
        params.arguments = arguments | work.at_once
        result = await call_next(ctx)
        if not isinstance(result, CallToolResult) or result.is_error:
            return result
        now = (await caller_of(_context(ctx))).own_date()
        answer = as_object(result.structured_content)
        kept = given(**{name: arguments.get(name) for name in work.kept})
        ids = tuple(answer[name] for name in work.ids)
        reference = Reference(params.name, ids, kept, began(answer, now))
        return {"resultType": "task"} | task(self._seal.close(reference), reference, work, result, now)

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        reference, work = self._opened(ctx, params.task_id)
        context = _context(ctx)
        outcome = await _look(work, context, reference)
        now = (await caller_of(context)).own_date()
        return detailed(task(params.task_id, reference, work, outcome, now), outcome)

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        """Ask Polytomic to stop the work. Do nothing if it has ended or cannot be stopped."""
        reference, work = self._opened(ctx, params.task_id)
        context = _context(ctx)
        if work.stop is not None and status_of(work, await _look(work, context, reference)) == "working":
            try:
                await work.stop(context, *reference.ids)
            except PolytomicError as error:
                raise _translated(error) from None
        return {}

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> HandlerResult:
        """Acknowledge answers that no task asked for, as the protocol requires."""
        self._opened(ctx, params.task_id)
        return {}

    def _opened(self, ctx: ServerRequestContext[Any, Any], task_id: str) -> tuple[Reference, Work]:
        _refuse_other_header(ctx, task_id)
        require_client_extension(ctx, IDENTIFIER)
        reference = self._seal.open(task_id)
        if reference is None or reference.tool not in self._works:
            raise MCPError(INVALID_PARAMS, _UNKNOWN)
        return reference, self._works[reference.tool]


async def _look(work: Work, context: Context[Caller], reference: Reference) -> Outcome:
    try:
        return await work.look(context, *reference.ids, **reference.kept)
    except ToolError as refusal:
        text = written(refusal, (await caller_of(context)).tools)
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
    except (PolytomicError, ValidationError) as error:
        raise _translated(error) from None


def _translated(error: PolytomicError | ValidationError) -> MCPError:
    """Return the protocol's error. The task goes on, and the client may ask again."""
    if isinstance(error, NotFoundError):
        return MCPError(INVALID_PARAMS, _UNKNOWN)
    if isinstance(error, ValidationError):
        return MCPError(INTERNAL_ERROR, "Polytomic's answer does not have the expected shape.")
    return MCPError(INTERNAL_ERROR, str(error))


def _context(ctx: ServerRequestContext[Any, Any]) -> Context[Caller]:
    return Context(request_context=ctx)


def _has_declared(ctx: ServerRequestContext[Any, Any]) -> bool:
    declared = ctx.session.client_capabilities
    extensions = declared.extensions if declared else None
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and IDENTIFIER in (extensions or {})


def _refuse_other_header(ctx: ServerRequestContext[Any, Any], task_id: str) -> None:
    """Compare HTTP's routing header to the body, as SEP-2663 requires; mcp does so only for its methods."""
    if ctx.request is not None and decode_header_value(ctx.request.headers.get(MCP_NAME_HEADER)) != task_id:
        raise MCPError(
            HEADER_MISMATCH, f"{MCP_NAME_HEADER} header does not match the request body's 'taskId' parameter"
        )
