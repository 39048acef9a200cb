"""Which operation a request names: a method and a path against the catalogue's templates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.requests import Request

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.common.refusals import RefusalError

Shape = tuple[str | None, ...]
"""A path's segments; None stands for a placeholder."""


@dataclass(frozen=True, slots=True)
class Match:
    """The operation a request names and the arguments its path carries."""

    operation: Operation
    arguments: Mapping[str, str]


class Router:
    """The operations by path; a static segment wins over a placeholder.

    Segments are split before they are unquoted, so an id may hold a quoted slash. Placeholders have
    no name here: ``/api/syncs/{id}/executions`` and ``/api/syncs/{sync_id}/executions`` are one path.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._shapes: dict[int, dict[Shape, dict[str, Operation]]] = defaultdict(dict)
        for operation in operations:
            shape = tuple(None if _is_placeholder(part) else part for part in _segments(operation.path))
            self._shapes[len(shape)].setdefault(shape, {})[operation.method] = operation

    def match(self, method: str, raw_path: str) -> Match:
        """Return the match of a path as it came over the wire, still quoted.

        One trailing slash makes no difference: clients disagree on ``/api/connections/connect/``.

        Raises:
            RefusalError: 404 where no operation has the path, 405 where none has the method too.
        """
        segments = tuple(unquote(segment) for segment in _segments(raw_path))
        shapes = self._shapes.get(len(segments), {})
        fitting = [shape for shape in shapes if _fits(shape, segments)]
        if not fitting:
            raise RefusalError(404, "The API has no such path; check its spelling.", key="not_found")
        methods = shapes[min(fitting, key=_placeholders)]
        if method not in methods:
            raise _wrong_method(method, methods)
        operation = methods[method]
        pairs = zip(_segments(operation.path), segments, strict=True)
        return Match(operation, {part[1:-1]: segment for part, segment in pairs if _is_placeholder(part)})


def raw_path(request: Request) -> str:
    """Return a request's path as it came, still quoted, without its query."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode(errors="replace").partition("?")[0]


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.removesuffix("/").split("/"))


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
        f"This path does not take {method}; it takes {', '.join(methods)}. Call {known}.",
        key="method_not_allowed",
        headers={"Allow": ", ".join(methods)},
    )
