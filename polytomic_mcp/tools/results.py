"""The shape of what tools answer: named fields where they are known, the API's own beside them."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

MASK: Final = "********"
"""What stands in place of a secret."""


class Result(BaseModel):
    """A structured result; what the API says beyond the named fields is kept."""

    model_config = ConfigDict(extra="allow")


class Row(Result):
    """One line of a list."""

    id: str
    name: str | None = None


class Page(BaseModel):
    """A list: its items, and where it goes on."""

    items: list[Row]
    next_page_token: Annotated[str | None, Field(description="Send as page_token for more")] = None


class Change(BaseModel):
    """A field before and after an update."""

    before: Any = None
    after: Any = None


class Deleted(BaseModel):
    """What was deleted, what went with it and what no longer works."""

    deleted: bool
    id: str
    name: str
    affected: list[Row] = []
    note: str | None = None
