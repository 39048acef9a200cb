"""The API's errors, in all their shapes, as typed errors."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Self, cast

from polytomic_mcp.catalogue import Catalogue, Operation
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.names import Names
from polytomic_mcp.client.outages import NOTHING_WRONG, SYSTEM_IS_OUT, UNSURE, is_system_out, when
from polytomic_mcp.client.transport import Answer
from polytomic_mcp.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)

__all__ = ["Problem", "refusal"]

_LONGEST_SHOWN: Final = 1000
# A guess: no source names the header; servers and proxies commonly use these.
_REQUEST_IDS: Final = ("X-Request-Id", "X-Amzn-Trace-Id", "CF-Ray")

# Seen in the Terraform provider, which repeats the call for minutes after it creates a connection.
_NOT_READY: Final = re.compile("did not provide any schemas|cache refresh in progress", re.IGNORECASE)

_CLASSES: Final[Mapping[int, type[RefusedError]]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    429: RateLimitedError,
}

_ADVICE: Final[Mapping[int, str]] = {
    400: "Correct the problem and call again.",
    403: "The key does not have the permission. Ask an administrator, or use another key.",
    409: "It was not repeated. Read the object's state: it may be running or in use, or its name taken.",
    407: "A proxy asks for a user and a password. Put them into HTTP_PROXY: http://user:password@host:port.",
    423: f"It is locked. {NOTHING_WRONG}: call again later.",
    425: f"It was too early. {NOTHING_WRONG}: call again later.",
    408: f"It took Polytomic too long. {NOTHING_WRONG}: call again, or request less.",
    410: "It no longer exists or has expired. Start again without it.",
    413: "The request is too large: send less at a time.",
    422: "Correct the problem and call again.",
    501: "The operation is not available there, and nothing was done. Calling again does not help.",
}

# A guess, like the words of an outage: what a refusal says of a connection that does not work.
_NOT_HEALTHY: Final = re.compile(
    r"\b(unhealthy|not healthy|waits? for a person|(finish|complete) its authori[sz]ation|sign in again)\b",
    re.IGNORECASE,
)
_SEE_CONNECTION: Final = (
    f"{NOTHING_WRONG}: the connection does not work. GET /api/connections/{{id}} says why, such as that a "
    "person's consent is pending."
)
_ABOUT_THE_REQUEST: Final = frozenset({400, 409, 422, 424})
_BEING_READ: Final = (
    "The connection's schemas are being read. Call again when GET .../schemas/status returns fresh."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error body: ``ApiError`` has key, message and metadata, ``RestErrResponse`` error and context."""

    reason: str = ""
    key: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_markup: bool = False

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read any body: JSON of any shape, text, HTML, or nothing. It never fails."""
        try:
            body: Any = json.loads(content)
        except (ValueError, RecursionError):
            text = content.decode(errors="replace").strip()
            return cls(is_markup=True) if text.startswith("<") else cls(_shown(text))
        if not isinstance(body, dict):
            return cls("" if body is None else _shown(body))
        fields = cast("dict[str, Any]", body)
        metadata = fields.get("metadata") or fields.get("context")
        key = fields.get("key")
        return cls(
            reason=_shown(fields.get("message") or fields.get("error") or ""),
            key=None if key is None else _shown(key),
            metadata=cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {},
        )


def refusal(message: Message, answer: Answer, catalogue: Catalogue) -> RefusedError:
    """Return the error for an answer whose status is not a success."""
    problem = Problem.read(answer.content)
    server = UnavailableError if answer.is_server_error else RefusedError
    parts = [*_description(answer, problem), *_advice(message, answer, problem, catalogue)]
    return _CLASSES.get(answer.status, server)(
        f"{message.operation.id} was refused: {' '.join(part for part in parts if part)}",
        status=answer.status,
        operation=message.operation.id,
        key=problem.key,
        reason=problem.reason,
        metadata=problem.metadata,
        request_id=_request_id(answer),
        retry_after=answer.retry_after,
    )


def _description(answer: Answer, problem: Problem) -> list[str]:
    parts = [str(answer.status)]
    if problem.key:
        parts.append(f"({problem.key})")
    if problem.reason:
        parts.append(problem.reason)
    parts[-1] = parts[-1].rstrip(".") + "."
    if problem.metadata:
        parts.append(f"Details: {_shown(problem.metadata)}.")
    return parts


def _advice(message: Message, answer: Answer, problem: Problem, catalogue: Catalogue) -> Iterator[str]:
    if answer.is_elsewhere:
        yield "The address of the file may have expired. Make the call again for a new one."
        return
    if problem.is_markup and answer.is_server_error:
        yield "The answer is a web page, so a proxy sent it."
    elif problem.is_markup:
        check = message.names.check(message.names.api_url)
        yield f"The answer is a web page, which does not look like the Polytomic API. {check}"
    yield _next_step(message, answer, problem, catalogue)
    if message.is_write:
        yield _effect(answer)


def _effect(answer: Answer) -> str:
    """Return whether a write happened; nothing where the status itself says that it did not."""
    has_failed = answer.is_server_error and answer.status != HTTPStatus.NOT_IMPLEMENTED
    if answer.is_unsure or has_failed or answer.status == HTTPStatus.REQUEST_TIMEOUT:
        return f"{UNSURE}."
    return "Nothing was changed." if answer.status == HTTPStatus.TOO_MANY_REQUESTS else ""


def _next_step(message: Message, answer: Answer, problem: Problem, catalogue: Catalogue) -> str:
    match answer.status:
        case _ if _NOT_READY.search(problem.reason):
            return _BEING_READ
        case HTTPStatus.NOT_FOUND:
            return _how_to_list(message.operation, catalogue)
        case HTTPStatus.UNAUTHORIZED:
            return _which_key(message.names)
        case status if status in _ABOUT_THE_REQUEST and is_system_out(problem.key, problem.reason):
            return SYSTEM_IS_OUT
        case status if status in _ABOUT_THE_REQUEST and _NOT_HEALTHY.search(problem.reason):
            return _SEE_CONNECTION
        case status:
            return _ADVICE.get(status) or _when_to_repeat(answer)


def _when_to_repeat(answer: Answer) -> str:
    """Return what to do about a failure that is not the call's; nothing for any other."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        what = "Polytomic limits how often this key may call."
    elif answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        what = "Polytomic failed."
    elif answer.is_server_error:
        what = "Polytomic, or a proxy in front of it, is unavailable."
    else:
        return ""
    return f"{what} {NOTHING_WRONG}: call again {when(answer.retry_after)}."


def _which_key(names: Names) -> str:
    key, url, mode = names.api_key, names.api_url, names.auth_mode
    return f"Check {key} and {mode}, and that the key belongs to {url}.{names.note(url, mode)}"


def _how_to_list(operation: Operation, catalogue: Catalogue) -> str:
    """Name the nearest operation that lists the objects in the path."""
    path = operation.path
    while "{" in path:
        path = path[: path.rindex("{")].rstrip("/")
        if f"GET {path}" in catalogue and f"GET {path}" != operation.id:
            return f"Check the ids. GET {path} lists the objects that exist."
    return "Check the ids, and that this version of the API has the operation."


def _request_id(answer: Answer) -> str | None:
    return next((answer.headers[name] for name in _REQUEST_IDS if name in answer.headers), None)


def _shown(value: Any) -> str:
    """Return printable text: short, and without lone surrogates."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to show)"
    text = text.encode(errors="replace").decode()
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
