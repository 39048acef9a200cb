"""What a tool is about to write: the parts of a request body, and the problems found before it is sent."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.tools.answers.results import NextStep, Refusal


def _keep_fields(schema: JsonObject) -> None:
    del schema["description"], schema["additionalProperties"]


class Part(BaseModel):
    """A part of a request. Unknown keys are refused; omitted ones stay absent.

    Neither that rule nor a part's docstring is in the tool definitions: its fields say what a model needs.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_keep_fields)

    def body(self) -> JsonObject:
        """Return the part as it is sent. Null means omitted, except in ``override_value``."""
        given = self.model_dump(mode="json", exclude_unset=True)
        return {name: part for name, part in given.items() if part is not None or name == "override_value"}


@dataclass(slots=True)
class Draft:
    """A request body that has not been sent, its problems, and the calls that help to fix them."""

    body: JsonObject
    problems: list[str] = field(default_factory=list[str])
    next_steps: list[NextStep] = field(default_factory=list[NextStep])

    def refuse_if_wrong(self, tool: str) -> None:
        """Raise a ``Refusal`` that lists every problem, if there are any."""
        if self.problems:
            listed = "\n".join(f"- {problem}" for problem in self.problems)
            raise Refusal(f"{tool}: Nothing was written. Problems:\n{listed}", *self.next_steps)


def request_body(**arguments: Any) -> JsonObject:
    """Return the given arguments as JSON; those that are None are left out."""
    return {name: _plain(value) for name, value in arguments.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.body()
    return [_plain(item) for item in as_list(value)] if isinstance(value, list) else value
