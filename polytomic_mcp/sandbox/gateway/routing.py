"""Routing: which operation a request names, by its method and path."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.calls.versions import HEADER, SERVED, UNNAMED
from polytomic_mcp.sandbox.common.refusals import RefusalError

_MATCH: Final = "polytomic.match"
"""The key in a request's scope for its ``Match``, or for the refusal if it names no operation."""

Shape = tuple[str | None, ...]
"""A path's segments; None means a placeholder."""


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request names, and the arguments in its path."""

    operation: Operation
    arguments: Mapping[str, str]


class Router:
    """Operations by path; a static segment takes precedence over a placeholder.

    Segments are split before they are unquoted, so an id may contain a quoted slash. Placeholders are
    anonymous: ``/api/syncs/{id}/executions`` and ``/api/syncs/{sync_id}/executions`` are the same path.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._shapes: dict[int, dict[Shape, dict[str, Operation]]] = defaultdict(dict)
        for operation in operations:
            shape = _shape(operation.path)
            self._shapes[len(shape)].setdefault(shape, {})[operation.method] = operation

    def match(self, method: str, raw_path: str) -> Match:
        """Return the match of a path as it was sent, still quoted.

        One trailing slash makes no difference: clients disagree on ``/api/connections/connect/``.

        Raises:
            RefusalError: 404, no operation has this path; 405, none has it with this method.
        """
        segments = tuple(unquote(segment) for segment in _segments(raw_path))
        shapes = self._shapes.get(len(segments), {})
        fitting = [shape for shape in shapes if _fits(shape, segments)]
        if not fitting:
            raise RefusalError(404, "The API has no such path. Check its spelling.", key="not_found")
        methods = shapes[min(fitting, key=_placeholders)]
        if method not in methods:
            raise _wrong_method(method, methods)
        operation = methods[method]
        pairs = zip(_segments(operation.path), segments, strict=True)
        return Match(operation, {part[1:-1]: segment for part, segment in pairs if _is_placeholder(part)})


class RoutingMiddleware:
    """Matches each request once, and stores the result in its scope for the stages that follow.

    ``older`` are the operations that only versions before the current one have.
    """

    def __init__(
        self, app: ASGIApp, operations: Iterable[Operation], older: Iterable[Operation] = ()
    ) -> None:
        self._app = app
        current = tuple(operations)
        self._current = Router(current)
        self._older = Router((*current, *older))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Match the request and pass it on, even if it names no operation."""
        await self._app({**scope, _MATCH: self._match(Request(scope))}, receive, send)

    def _match(self, request: Request) -> Match | RefusalError:
        version = request.headers.get(HEADER, UNNAMED)
        router = self._older if version in (UNNAMED, *SERVED[:-1]) else self._current
        try:
            return router.match(request.method, raw_path(request))
        except RefusalError as refusal:
            return refusal


def find_match(request: Request) -> Match | None:
    """Return the match of a request, or None if it names no operation."""
    match: Match | RefusalError = request.scope[_MATCH]
    return match if isinstance(match, Match) else None


def require_match(request: Request) -> Match:
    """Return the match of a request.

    Raises:
        RefusalError: 404 or 405, it names no operation.
    """
    match: Match | RefusalError = request.scope[_MATCH]
    if isinstance(match, RefusalError):
        raise match
    return match


def raw_path(request: Request) -> str:
    """Return a request's path as it was sent, still quoted, without its query."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode(errors="replace").partition("?")[0]


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.removesuffix("/").split("/"))


@cache
def _shape(path: str) -> Shape:
    return tuple(None if _is_placeholder(part) else part for part in _segments(path))


def _is_placeholder(part: str) -> bool:
    return part.startswith("{")


def _fits(shape: Shape, segments: tuple[str, ...]) -> bool:
    pairs = zip(shape, segments, strict=True)
    return all(segment if part is None else part == segment for part, segment in pairs)


def _placeholders(shape: Shape) -> tuple[bool, ...]:
    return tuple(part is None for part in shape)


def _wrong_method(method: str, methods: Mapping[str, Operation]) -> RefusalError:
    known = ", ".join(operation.id for operation in methods.values())
    return RefusalError(
        405,
        f"Method {method} is not allowed for this path. Valid values: {', '.join(methods)}. Call {known}.",
        key="method_not_allowed",
        headers={"Allow": ", ".join(methods)},
    )
