"""The period that a list of events or deliveries covers."""

from datetime import datetime
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.common.spelling import quoted

Since = Annotated[str | None, Field(description="After this time, ISO 8601")]
Until = Annotated[str | None, Field(description="Before this time")]


def period(tool: str, since: str | None, until: str | None) -> tuple[str | None, str | None]:
    """Return both times as the API writes them: with time of day and zone.

    Raises:
        ToolError: One is not a time, or nothing can be between them.
    """
    first, last = _moment(tool, "since", since), _moment(tool, "until", until)
    if first and last and first >= last:
        raise ToolError(f"{tool}: until must be later than since. Nothing is between {since} and {until}.")
    return _written(first), _written(last)


def _moment(tool: str, argument: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = to_moment(text)
    if moment is None:
        raise ToolError(
            f"{tool}: Invalid {argument} {quoted(text)}. Send a date or time in ISO 8601, such as "
            "2026-01-31T09:00:00Z."
        )
    return moment


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
