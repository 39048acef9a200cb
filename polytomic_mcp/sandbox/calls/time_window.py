"""The time window that a list's arguments describe."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.common.times import read_time


@dataclass(frozen=True, slots=True)
class Window:
    """A window of time, which excludes its ends; None for no limit."""

    after: datetime | None
    before: datetime | None

    @classmethod
    def of(cls, call: Call, after: str, before: str) -> Self:
        """Return the window from two arguments of a call, by their names.

        Raises:
            RefusalError: 422, one of them is not a time.
        """
        return cls(_time(call, after), _time(call, before))

    def holds(self, text: str) -> bool:
        """Return whether the window contains a time in the API's format."""
        time = datetime.fromisoformat(text)
        is_late_enough = self.after is None or time > self.after
        return is_late_enough and (self.before is None or time < self.before)


def _time(call: Call, name: str) -> datetime | None:
    """Return the time in an argument, which is UTC if it has no time zone."""
    text: str | None = call.arguments.get(name)
    if text is None:
        return None
    try:
        return read_time(text)
    except ValueError:
        raise RefusalError(
            422, f"{call.operation}: {name} must be a time such as 2026-01-31T09:00:00Z.", key="bad_request"
        ) from None
