"""Every error this package raises, in one tree.

::

    PolytomicError                 the message says what happened and what to do next
    ├── ConfigurationError         the environment or an option is wrong
    ├── ArgumentError              the arguments are not valid; nothing was sent
    │   ├── UnknownOperationError  the operation does not exist
    │   ├── UnknownArgumentError   the operation does not have that argument
    │   └── MissingArgumentError   a required argument is missing
    ├── AccessDeniedError          the configuration does not allow the call
    ├── NoAnswerError              no answer came: network, TLS, time
    │   └── OutOfTimeError         the time that the caller had for it is over
    ├── UnexpectedAnswerError      the answer is not one that the API gives
    └── RefusedError               the API answered with an error
        ├── UnauthorizedError      401: the key does not work
        ├── ForbiddenError         403: the key lacks a permission
        ├── NotFoundError          404 and 410
        ├── ConflictError          409: already running, or the name is taken
        ├── RateLimitedError       429: too many calls
        └── UnavailableError       500 and above
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "AccessDeniedError",
    "ArgumentError",
    "ConfigurationError",
    "ConflictError",
    "ForbiddenError",
    "MissingArgumentError",
    "NoAnswerError",
    "NotFoundError",
    "OutOfTimeError",
    "PolytomicError",
    "RateLimitedError",
    "RefusedError",
    "UnauthorizedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnknownArgumentError",
    "UnknownOperationError",
]


class PolytomicError(Exception):
    """The base class. The message says what happened and what to do next."""


class ConfigurationError(PolytomicError):
    """The environment or an option has an invalid value."""


class ArgumentError(PolytomicError):
    """The arguments are not valid for the operation; nothing was sent."""


class UnknownOperationError(ArgumentError):
    """The catalogue does not have the operation."""


class UnknownArgumentError(ArgumentError):
    """The operation does not have an argument of that name."""


class MissingArgumentError(ArgumentError):
    """A required argument is missing."""


class AccessDeniedError(PolytomicError):
    """The access mode does not allow the operation; nothing was sent."""


class NoAnswerError(PolytomicError):
    """No answer arrived: the host is unreachable, TLS failed, or the call timed out.

    ``may_have_arrived`` is true if the request may have reached the API nevertheless.
    """

    def __init__(self, text: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(text)
        self.may_have_arrived = may_have_arrived


class OutOfTimeError(NoAnswerError):
    """No answer arrived before the deadline of the code that called, or there was no time left to ask."""


class UnexpectedAnswerError(PolytomicError):
    """The answer is not JSON, is too large, or redirects to another host; the call's effect is unknown."""


class RefusedError(PolytomicError):
    """The API answered with an error.

    ``status`` is the HTTP status, ``key`` the API's error key if there is one, ``reason`` its message,
    ``metadata`` its details, ``operation`` the id of the operation, ``request_id`` the id that Polytomic's
    support asks for, and ``retry_after`` the seconds to wait before the next call.
    """

    def __init__(
        self,
        text: str,
        *,
        status: int,
        operation: str,
        key: str | None = None,
        reason: str = "",
        metadata: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.operation = operation
        self.key = key
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.request_id = request_id
        self.retry_after = retry_after


class UnauthorizedError(RefusedError):
    """401: the key is wrong, revoked, or of the wrong kind."""


class ForbiddenError(RefusedError):
    """403: the key does not have the permission."""


class NotFoundError(RefusedError):
    """404 or 410: the object does not exist, or no longer exists."""


class ConflictError(RefusedError):
    """409: already running, the name is taken, or the object is in use."""


class RateLimitedError(RefusedError):
    """429: too many calls, and retrying did not help."""


class UnavailableError(RefusedError):
    """500 and above: Polytomic, or a proxy in front of it, failed."""
