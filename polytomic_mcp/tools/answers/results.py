"""The shape of what tools answer: named fields where they are known, the API's own beside them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from polytomic_mcp.common.json_values import JsonObject

MASK: Final = "********"
"""What stands in place of a secret."""


AnyJson = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean", "object", "array", "null"]})]
"""Any JSON value, which a schema has to say: some clients take an empty one for a mistake."""


class NextStep(BaseModel):
    """A call that follows well: a tool, its complete arguments, and why."""

    tool: str
    arguments: JsonObject
    reason: str


class Refusal(ToolError):  # noqa: N818 - the tool works; it refuses the call
    """An expected failure, with up to three calls that resolve it."""

    def __init__(self, text: str, *next_steps: NextStep) -> None:
        super().__init__(text)
        self.next_steps = next_steps


@dataclass(frozen=True, slots=True)
class Source:
    """The call whose answer a result shows, and where the result's parts stand in that answer.

    ``places`` gives JSON Pointers by the name of a part; what the API says beyond a result's named parts
    stands under ``/data``.
    """

    operation: str
    arguments: JsonObject
    places: Mapping[str, str] = field(default_factory=dict[str, str])


class Answer(BaseModel):
    """What every result may carry: what was left out for its length, and what to call next."""

    ROWS: ClassVar[AbstractSet[str]] = frozenset()
    """The parts whose rows a page token counts."""

    truncated: list[JsonObject] | None = None
    next_steps: list[NextStep] | None = None

    def source(self) -> Source | None:
        """Return where the whole is read from; None where another call of the same tool gets the rest."""
        return None


class Result(Answer):
    """A structured result; what the API says beyond the named fields is kept."""

    model_config = ConfigDict(extra="allow")


class Row(BaseModel):
    """One line of a list."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None = None


class Page(Answer):
    """A list: its items, and where it goes on."""

    ROWS = frozenset({"items"})

    items: list[Row]
    next_page_token: Annotated[str | None, Field(description="Send as page_token for more")] = None


class Change(BaseModel):
    """A field before and after an update."""

    before: AnyJson = None
    after: AnyJson = None


class Deleted(Answer):
    """What was deleted, what went with it and what no longer works."""

    deleted: bool
    id: str
    name: str
    affected: list[Row] = []
    note: str | None = None
