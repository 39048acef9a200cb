"""The date at the API: times that it writes are compared with its own clock, not with this machine's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["ServerDate"]


@dataclass(slots=True)
class ServerDate:
    """The ``Date`` of the latest answer, which goes on with ``clock``, in seconds since the epoch."""

    clock: Callable[[], float]
    _ahead: timedelta = timedelta()

    def read(self, headers: httpx.Headers) -> None:
        """Remember an answer's date; one that is missing or unreadable changes nothing."""
        try:
            date = parsedate_to_datetime(headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError, OverflowError):
            return
        self._ahead = date - self._own()

    def now(self) -> datetime:
        """Return the date at the API, in UTC; this machine's before the first answer."""
        return self._own() + self._ahead

    def _own(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)
