"""A tool's calls: arguments are validated, expected failures are reported, and results are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import InputRequiredResult
from pydantic import ValidationError

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.replies import answer, written
from polytomic_mcp.tools.answers.results import NextStep, Refusal, WaitingStep
from polytomic_mcp.tools.api_access.call_time import CallTime
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.framework.consent import INVALID_CONFIRMATION
from polytomic_mcp.tools.framework.page_tokens import BoundToArguments, PageTokens
from polytomic_mcp.tools.framework.reading import read, refuse_unsendable, respelled, wire_fields
from polytomic_mcp.tools.framework.validation import describe_errors, refuse_unknown

_OMITTED: Final[tuple[Any, ...]] = (None, "")


@dataclass(frozen=True, slots=True)
class Calls:
    """Runs the calls of one tool. ``schema`` is its input schema, as callers see it."""

    tool: Tool
    schema: JsonObject

    async def run(
        self, arguments: JsonObject, context: Context[Any, Any], *, convert_result: bool = False
    ) -> Any:
        """Run one call. The text of a ``ToolError`` is the failure's own.

        An unexpected exception is left to mcp, which hides its text from the model and logs the traceback.

        Raises:
            ToolError: The arguments are invalid, or the call failed in an expected way.
            UnexpectedToolError: The tool crashed.
        """
        arguments = self._validated(arguments)
        pages = self._page_tokens()
        sent = pages.opened(arguments) if pages else arguments
        caller = await caller_of(context)
        with caller.time.running():
            result = await self._run(sent, context, caller)
            if isinstance(result, InputRequiredResult) or not convert_result:
                return result
            if pages:
                pages.bind(result, arguments)
            _let_wait(result.next_steps, caller.time)
            return answer(result, caller.tools)
        raise ToolError(
            f"{self.tool.name} was stopped because it took longer than a call may take. If it writes, "
            "the write may have happened: read the object's state before you repeat the call."
        )

    async def _run(self, arguments: JsonObject, context: Context[Any, Any], caller: Caller) -> Any:
        try:
            with caller.questions.during(id(context)):
                return await self.tool.run(arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                is_answer = isinstance(error, UnexpectedToolError)
                raise ToolError(self._invalid(cause, is_answer=is_answer)) from None
            if isinstance(cause, ToolError | PolytomicError):
                raise ToolError(_refusal(cause, caller)) from None
            raise

    def _validated(self, arguments: JsonObject) -> JsonObject:
        """Return the arguments as read, without the nulls and empty texts that mean "not given"."""
        arguments = respelled(arguments, self.schema["properties"])
        try:
            refuse_unknown(arguments, list(self.schema["properties"]))
        except ValueError as error:
            raise ToolError(f"{self.tool.name}: {error}") from None
        required = self.schema.get("required", ())
        given = {name: part for name, part in arguments.items() if part not in _OMITTED or name in required}
        fields = wire_fields(self.tool.fn_metadata.arg_model)
        try:
            return {name: _read(name, fields[name].annotation, part) for name, part in given.items()}
        except ValueError as error:
            raise ToolError(f"{self.tool.name}: {error}") from None

    def _page_tokens(self) -> PageTokens | None:
        """Return what binds this tool's page tokens to its arguments; None if it has no such tokens."""
        field = wire_fields(self.tool.fn_metadata.arg_model).get("page_token")
        is_bound = field is not None and BoundToArguments() in field.metadata
        return PageTokens(self.tool.name, self.schema) if is_bound else None

    def _invalid(self, error: ValidationError, *, is_answer: bool) -> str:
        if is_answer:
            return (
                f"{self.tool.name}: Polytomic's answer does not have the expected shape. "
                f"{describe_errors(error)} The request may have succeeded: read the object's state "
                "before you repeat it. Check POLYTOMIC_API_URL and POLYTOMIC_API_VERSION."
            )
        return (
            f"{self.tool.name}: Invalid arguments. {describe_errors(error, self.tool.fn_metadata.arg_model)}"
        )


def _read(name: str, type_: Any, value: Any) -> Any:
    try:
        refuse_unsendable(value)
        return read(type_, value)
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None


def _refusal(cause: Exception, caller: Caller) -> str:
    """Return a failure's own text; mcp's text about an answer to a question names modules of ours."""
    if str(cause).startswith("Resolver "):
        return INVALID_CONFIRMATION
    if isinstance(cause, Refusal):
        _let_wait(cause.next_steps, caller.time)
    return written(cause, caller.tools)


def _let_wait(steps: Sequence[NextStep] | None, time: CallTime) -> None:
    """Let the suggested calls that wait do so for the time of a call."""
    for step in steps or ():
        if isinstance(step, WaitingStep):
            whole = time.seconds.is_integer()
            step.arguments["wait_seconds"] = int(time.seconds) if whole else time.seconds
