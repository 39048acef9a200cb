"""Arguments that several tools share, each described in one place."""

from collections.abc import Iterable
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve
from pydantic import AfterValidator, BeforeValidator, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import canonical
from polytomic_mcp.tools.api_access.caller import Caller


async def caller_of(context: Context[Caller]) -> Caller:
    """Return the caller of a tool; only this function depends on where a request stores it."""
    return context.request_context.lifespan_context


async def api_of(context: Context[Caller]) -> Polytomic:
    """Return the caller's API client."""
    return (await caller_of(context)).api


def refuse_boolean(value: Any) -> Any:
    """Refuse ``true`` and ``false`` as a number: pydantic would read them as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004 - pydantic's protocol
    return value


def refuse_blank(text: str) -> str:
    """Refuse a name that is empty or only whitespace: no one could refer to it."""
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def in_any_case(names: Iterable[str]) -> AfterValidator:
    """Spell one of these names as the API does, whatever its case; leave any other text unchanged."""
    known = tuple(names)
    return AfterValidator(lambda text: canonical(text, known) or text)


Api = Annotated[Polytomic, Resolve(api_of)]
TheCaller = Annotated[Caller, Resolve(caller_of)]
Name = Annotated[str, AfterValidator(refuse_blank)]
ConnectionId = Annotated[str, Field(description="Connection: id or exact name")]
ModelId = Annotated[str, Field(description="Model: id or exact name")]
SyncId = Annotated[str, Field(description="Sync: id or exact name")]
Query = Annotated[str | None, Field(description="Only items with this text in name, id or type")]
Integer = Annotated[int, BeforeValidator(refuse_boolean)]
DryRun = Annotated[bool, Field(description="Check and show what would be sent; write nothing")]
Limit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(refuse_boolean)]
WaitSeconds = Annotated[
    float | None,
    Field(ge=0, le=600, description="Maximum seconds to wait"),
    BeforeValidator(refuse_boolean),
]
Fields = Annotated[list[str] | None, Field(description="More API fields to include for each item")]
PageToken = Annotated[str | None, Field(description="next_page_token of the previous page")]
ConfirmName = Annotated[
    str | None, Field(description="Exact name to delete; only if the client cannot ask a person")
]
