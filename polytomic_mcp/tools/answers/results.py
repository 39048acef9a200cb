"""The results of tools: named fields if they are known, and the API's own fields."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field

from polytomic_mcp.common.json_values import AnyJson, JsonObject

MASK: Final = "********"
"""What is shown in place of a secret."""


class _Data:
    """Marks a field of a result as data of the user, such as rows: its nulls are kept."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> JsonObject:
        return handler(schema) | {"description": "Integers beyond 2^53 are text"}


DATA: Final = _Data()


class NextStep(BaseModel):
    """A suggested call, with all arguments."""

    tool: str
    arguments: JsonObject
    reason: str


class WaitingStep(NextStep):
    """A suggested call that waits. ``tools/framework/calls.py`` adds for how long: as long as a call may."""


class Refusal(ToolError):  # noqa: N818 - the tool works; it refuses the call
    """An expected failure, with up to three calls that resolve it."""

    def __init__(self, text: str, *next_steps: NextStep) -> None:
        super().__init__(text)
        self.next_steps = next_steps


@dataclass(frozen=True, slots=True)
class Source:
    """The call whose answer a result shows, and where the result's parts are in that answer.

    ``places`` maps the name of a part to its JSON Pointer; fields without a name of their own are under
    ``/data``.
    """

    operation: str
    arguments: JsonObject
    places: Mapping[str, str] = field(default_factory=dict[str, str])


class Answer(BaseModel):
    """What every result may include: what was truncated, and what to call next."""

    ROWS: ClassVar[AbstractSet[str]] = frozenset()
    """The parts with rows that the page token counts."""

    truncated: list[JsonObject] | None = None
    next_steps: list[NextStep] | None = None

    def source(self) -> Source | None:
        """Return the call that reads the whole; None if another call of the same tool reads the rest."""
        return None


class Result(Answer):
    """A structured result; additional fields of the API are kept."""

    model_config = ConfigDict(extra="allow")


class Row(BaseModel):
    """One item of a list."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None = None


class Page(Answer):
    """A page of a list, and the token of the next one."""

    ROWS = frozenset({"items"})

    items: list[Row]
    next_page_token: Annotated[str | None, Field(description="Send as page_token for more")] = None


def _leave_out_members(schema: JsonObject) -> None:
    """Many tools answer changes, and in each the types of two values of any kind would cost 300 tokens."""
    del schema["properties"]


class Change(BaseModel):
    """The values before and after an update."""

    model_config = ConfigDict(json_schema_extra=_leave_out_members)

    before: Annotated[AnyJson, DATA] = None
    after: Annotated[AnyJson, DATA] = None


class ListChange(BaseModel):
    """What an update removed from a list and added to it."""

    model_config = ConfigDict(json_schema_extra=_leave_out_members)

    removed: Annotated[list[AnyJson] | None, DATA] = None
    added: Annotated[list[AnyJson] | None, DATA] = None


class Deleted(Answer):
    """What was deleted, and what else was deleted or no longer works."""

    deleted: bool
    id: str
    name: str
    affected: list[Row] = []
    note: str | None = None
