"""Page tokens that belong to the arguments of their page: with other arguments, they are refused.

A token says where a list continues. In another list, or with another query, it would continue at the wrong
place or show nothing, which reads like the end of the list.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic_core import to_json

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import Answer

_ARGUMENT: Final = "page_token"
_RESULT: Final = "next_page_token"
_FREE: Final = frozenset({_ARGUMENT, "detail", "fields", "limit", "wait_seconds"})
"""The arguments that may differ from page to page: they do not change which rows are listed."""

_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class BoundToArguments:
    """Marks an argument as a page token that is valid only with the arguments of the page before."""


@dataclass(frozen=True, slots=True)
class PageTokens:
    """The page tokens of one tool; ``schema`` is its input schema, which has the defaults."""

    tool: str
    schema: JsonObject

    def opened(self, arguments: JsonObject) -> JsonObject:
        """Return the arguments with the token as the tool wrote it.

        Raises:
            ToolError: The token is of no page with these arguments.
        """
        if _ARGUMENT not in arguments:
            return arguments
        token, _, digest = str(arguments[_ARGUMENT]).rpartition("~")
        if digest != self._digest(arguments):
            raise ToolError(
                f"{self.tool}: Invalid page_token. Send the next_page_token of a page with the same "
                "arguments as that page, or omit it to start over."
            )
        return arguments | {_ARGUMENT: token}

    def bind(self, result: Answer, arguments: JsonObject) -> None:
        """Bind the result's token to the arguments, and the token of a suggested call to its own."""
        if token := getattr(result, _RESULT, None):
            setattr(result, _RESULT, f"{token}~{self._digest(arguments)}")
        for step in result.next_steps or ():
            if step.tool == self.tool and _ARGUMENT in step.arguments:
                token = f"{step.arguments[_ARGUMENT]}~{self._digest(step.arguments)}"
                step.arguments = step.arguments | {_ARGUMENT: token}

    def _digest(self, arguments: JsonObject) -> str:
        """Return a short digest, which guards against mistakes, of the arguments that are not defaults."""
        bound = {
            name: value
            for name, value in arguments.items()
            if name not in _FREE and value != self._default(name)
        }
        text = to_json([self.tool, sorted(bound.items())])
        return hashlib.sha256(text).hexdigest()[:_LENGTH]

    def _default(self, name: str) -> Any:
        return self.schema["properties"][name].get("default")
