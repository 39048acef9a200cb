"""A tool as this server runs it: every foreseen refusal speaks, every result is compact."""

import difflib
from functools import cache
from typing import Any, Self, cast, get_type_hints

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.json_values import as_list, as_object
from polytomic_mcp.tools.schemas import JsonSchema, compact


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
        try:
            result = await super().run(arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise ToolError(_explain(self.name, cause)) from None
            if isinstance(cause, ToolError | PolytomicError):
                raise ToolError(str(cause)) from None
            raise
        if isinstance(result, InputRequiredResult) or not convert_result:
            return result
        return _answer(result)

    def _refuse_unknown(self, arguments: dict[str, Any]) -> None:
        known = list(self.parameters["properties"])
        problems = [
            f"{name!r} is not an argument{_nearest(name, known)}" for name in arguments if name not in known
        ]
        if problems:
            raise ToolError(f"{self.name}: {'; '.join(problems)}. Its arguments: {', '.join(known)}.")


@cache
def output_schema(model: type[BaseModel]) -> JsonSchema:
    """Return what a model reads of a result; several tools answer the same."""
    return compact(model.model_json_schema())


def _one_line_paragraphs(docstring: str) -> str:
    paragraphs = docstring.strip().split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _explain(tool: str, error: ValidationError) -> str:
    """Name each wrong argument and what it should be, never its value: it may be a secret."""
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return f"{tool}: the arguments do not fit. {'; '.join(problems[:20])}."


def _answer(result: BaseModel) -> CallToolResult:
    structured = _without_nulls(result.model_dump(mode="json", by_alias=True, exclude_none=True))
    return CallToolResult(
        content=[TextContent(type="text", text=to_json(structured).decode())],
        structured_content=structured,
    )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in as_object(value).items() if part is not None}
    return [_without_nulls(part) for part in as_list(value)] if isinstance(value, list) else value
