"""Every error this package raises, in one tree.

::

    PolytomicError                 what happened, and what to do next
    ├── ConfigurationError         the environment or an option is wrong
    ├── ArgumentError              refused before anything was sent
    │   ├── UnknownOperationError  no operation has that name
    │   ├── UnknownArgumentError   the operation takes no such argument
    │   └── MissingArgumentError   the operation needs an argument that is absent
    ├── AccessDeniedError          this configuration may not do that
    ├── NoAnswerError              no answer came: network, TLS, time
    ├── UnexpectedAnswerError      an answer came that cannot be the API's
    └── RefusedError               the API answered with an error
        ├── UnauthorizedError      401: the key
        ├── ForbiddenError         403: the permissions
        ├── NotFoundError          404 and 410
        ├── ConflictError          409: already running, name taken
        ├── RateLimitedError       429
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
    """The root: its text says what happened and what to do next."""


class ConfigurationError(PolytomicError):
    """The environment or an option holds a value that cannot work."""


class ArgumentError(PolytomicError):
    """The arguments do not fit the operation; nothing was sent."""


class UnknownOperationError(ArgumentError):
    """No operation of the catalogue has that name."""


class UnknownArgumentError(ArgumentError):
    """The operation takes no argument of that name."""


class MissingArgumentError(ArgumentError):
    """The operation needs an argument that is absent."""


class AccessDeniedError(PolytomicError):
    """The access mode forbids the operation; nothing was sent."""


class NoAnswerError(PolytomicError):
    """No answer arrived: the host is unreachable, TLS failed, or time ran out.

    ``may_have_arrived`` is true when the request may have reached the API all the same.
    """

    def __init__(self, text: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(text)
        self.may_have_arrived = may_have_arrived


class UnexpectedAnswerError(PolytomicError):
    """The answer is not JSON, is too large, or leads to another host; what the call did is not known."""


class RefusedError(PolytomicError):
    """The API answered with an error.

    ``status`` is the HTTP status, ``key`` the API's own error key if it gave one, ``reason`` its
    message, ``metadata`` its details, ``operation`` the operation's name, ``request_id`` what
    Polytomic's support asks for, and ``retry_after`` the seconds it asked to be left alone.
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
    """401: the key is wrong, revoked or of the wrong kind."""


class ForbiddenError(RefusedError):
    """403: the key's permissions do not reach that far."""


class NotFoundError(RefusedError):
    """404 or 410: there is no such object, or it is gone."""


class ConflictError(RefusedError):
    """409: already running, name taken, or the object is in use."""


class RateLimitedError(RefusedError):
    """429: too many calls, and the retries are used up."""


class UnavailableError(RefusedError):
    """500 and above: Polytomic or something before it failed."""
