"""A tool as this server runs it: every foreseen refusal speaks, every result is compact."""

from functools import cache
from typing import Any, Final, Self, cast, get_type_hints

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, ValidationError

from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.replies import answer, written
from polytomic_mcp.tools.framework.argument_errors import complaints_of
from polytomic_mcp.tools.framework.argument_limits import refuse_unsendable
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.framework.definitions import JsonSchema, compact

_TEXT: Final[tuple[Any, ...]] = (str, str | None)
_UNFIT_ANSWER: Final = (
    "The answer to the question does not fit its form, so it is no yes. Nothing was deleted; call again to "
    "be asked again."
)


class Arguments(FuncMetadata):
    """Reads a call's arguments: text stays text, also where it looks like JSON."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Parse what came as JSON text for an object or a list; nothing of what is text by its type."""
        fields = self.arg_model.model_fields
        texts = {name for name in data if name in fields and fields[name].annotation in _TEXT}
        parsed = super().pre_parse_json({name: part for name, part in data.items() if name not in texts})
        return {name: data[name] if name in texts else parsed[name] for name in data}


class PolytomicTool(Tool):
    """A tool whose arguments are held strictly, and whose errors say what to do next."""

    @classmethod
    def of(cls, function: Any, annotations: ToolAnnotations) -> Self:
        """Make the tool of an async function: its name, docstring, arguments and return type."""
        made = cls.from_function(
            function,
            title=function.__name__.replace("_", " ").capitalize(),
            description=_one_line_paragraphs(function.__doc__),
            annotations=annotations,
            structured_output=False,  # mcp would build an adapter a tool; ``_answer`` needs none
        )
        tool = cast("Self", made)  # typed as the base class; made by ``cls``
        tool.fn_metadata = Arguments(arg_model=tool.fn_metadata.arg_model)
        tool.parameters = compact(tool.parameters) | {"additionalProperties": False}
        tool.fn_metadata.output_schema = output_schema(get_type_hints(function)["return"])
        return tool

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Run the tool; a foreseen failure becomes a ``ToolError`` with its own words and no more.

        An unforeseen one stays what mcp makes of it: hidden from the model, logged with its
        traceback.
        """
        self._refuse_unknown(arguments)
        arguments = self.fn_metadata.pre_parse_json(self._without_nulls(arguments))
        self._refuse_unsendable(arguments)
        try:
            result = await super().run(arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                is_answer = isinstance(error, UnexpectedToolError)
                problems = complaints_of(cause, {} if is_answer else self.parameters)
                raise ToolError(_explain(self.name, problems, is_answer=is_answer)) from None
            if isinstance(cause, ToolError | PolytomicError):
                raise ToolError(await self._refusal(cause, context)) from None
            raise
        if isinstance(result, InputRequiredResult) or not convert_result:
            return result
        return answer(result, (await caller_of(context)).tools)

    async def _refusal(self, cause: Exception, context: Context[Any, Any]) -> str:
        """Return a foreseen failure's own words; mcp's, for an answer to a question, name our modules."""
        is_resolvers = str(cause).startswith("Resolver ")
        return _UNFIT_ANSWER if is_resolvers else written(cause, (await caller_of(context)).tools)

    def _without_nulls(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Leave out the nulls that a model sends for what it does not give."""
        required = self.parameters.get("required", ())
        return {name: part for name, part in arguments.items() if part is not None or name in required}

    def _refuse_unknown(self, arguments: dict[str, Any]) -> None:
        known = list(self.parameters["properties"])
        problems = [
            f"{quoted(name)} is not an argument.{nearest(name, known)}"
            for name in arguments
            if name not in known
        ]
        if problems:
            raise ToolError(f"{self.name}: {' '.join(problems)} Its arguments: {', '.join(known)}.")

    def _refuse_unsendable(self, arguments: dict[str, Any]) -> None:
        for name, value in arguments.items():
            try:
                refuse_unsendable(value)
            except ValueError as error:
                raise ToolError(f"{self.name}: {name} {error}.") from None


@cache
def output_schema(model: type[BaseModel]) -> JsonSchema:
    """Return what a model reads of a result; several tools answer the same."""
    return compact(model.model_json_schema())


def _one_line_paragraphs(docstring: str) -> str:
    paragraphs = docstring.strip().split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _explain(tool: str, problems: str, *, is_answer: bool) -> str:
    if is_answer:
        return (
            f"{tool}: Polytomic's answer is not of the expected shape. {problems}. What was asked for may "
            "have been done all the same: read the object's state. Check POLYTOMIC_API_URL and its version."
        )
    return f"{tool}: the arguments do not fit. {problems}."
