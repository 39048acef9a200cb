"""A tool as this server runs it: its errors say what to do next, and its results are compact."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, Final, Self

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import InputRequiredResult
from pydantic import ValidationError

from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.replies import answer, written
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.framework.definitions import Definition, load_definition
from polytomic_mcp.tools.framework.functions import ToolFunction, callable_tool, import_function
from polytomic_mcp.tools.framework.validation import describe_errors, refuse_unknown, refuse_unsendable

_INVALID_CONFIRMATION: Final = (
    "The answer does not match the form, so it does not confirm anything. Nothing was deleted; call again to "
    "be asked again."
)


class PolytomicTool(Tool):
    """A tool that is listed from its definition; its module is imported at the first call.

    It validates arguments strictly and reports every expected failure as a ``ToolError``.
    """

    @classmethod
    def load(cls, path: str) -> Self:
        """Return the tool whose function is at a path such as ``models.models.get_model``."""
        return cls.of(load_definition(path.rpartition(".")[2]), partial(import_function, path))

    @classmethod
    def of(cls, definition: Definition, load: Callable[[], ToolFunction]) -> Self:
        """Return the tool of a definition; ``load`` returns its function and is called once, when needed."""
        return cls(
            fn=load,
            name=definition.name,
            title=definition.title,
            description=definition.description or "",
            parameters=definition.input_schema,
            fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=definition.output_schema),
            is_async=True,
            annotations=definition.annotations,
        )

    @cached_property
    def implementation(self) -> Tool:
        """The tool of mcp that runs the calls."""
        return callable_tool(self.fn())

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Run the tool. The text of a ``ToolError`` is the failure's own.

        An unexpected exception is handled by mcp: it hides the text from the model and logs the traceback.

        Raises:
            ToolError: The arguments are invalid, or the call failed in an expected way.
            UnexpectedToolError: The tool crashed.
        """
        arguments = self._validated(arguments)
        try:
            result = await self.implementation.run(arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise ToolError(
                    self._invalid(cause, is_answer=isinstance(error, UnexpectedToolError))
                ) from None
            if isinstance(cause, ToolError | PolytomicError):
                raise ToolError(await self._refusal(cause, context)) from None
            raise
        if isinstance(result, InputRequiredResult) or not convert_result:
            return result
        return answer(result, (await caller_of(context)).tools)

    def _validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with JSON text parsed, and without the nulls that mean "not given"."""
        required = self.parameters.get("required", ())
        try:
            refuse_unknown(arguments, list(self.parameters["properties"]))
        except ValueError as error:
            raise ToolError(f"{self.name}: {error}") from None
        given = {name: part for name, part in arguments.items() if part is not None or name in required}
        parsed = self.implementation.fn_metadata.pre_parse_json(given)
        for name, value in parsed.items():
            try:
                refuse_unsendable(value)
            except ValueError as error:
                raise ToolError(f"{self.name}: {name} {error}.") from None
        return parsed

    def _invalid(self, error: ValidationError, *, is_answer: bool) -> str:
        if is_answer:
            return (
                f"{self.name}: Polytomic's answer does not have the expected shape. "
                f"{describe_errors(error, {})} The request may have succeeded: read the object's state before "
                "you repeat it. Check POLYTOMIC_API_URL and POLYTOMIC_API_VERSION."
            )
        return f"{self.name}: Invalid arguments. {describe_errors(error, self.parameters)}"

    async def _refusal(self, cause: Exception, context: Context[Any, Any]) -> str:
        """Return a failure's own text; mcp's text about an answer to a question names our modules."""
        is_resolvers = str(cause).startswith("Resolver ")
        return _INVALID_CONFIRMATION if is_resolvers else written(cause, (await caller_of(context)).tools)
