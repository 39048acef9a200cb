"""Which operation a request names: a method and a path against the catalogue's templates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.sandbox.refusals import RefusalError

Template = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation a request names and the arguments its path carries."""

    operation: Operation
    arguments: Mapping[str, str]


class Router:
    """The operations by path; a static segment wins over a placeholder.

    Segments are split before they are unquoted, so an id may hold a quoted slash.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._templates: dict[int, dict[Template, dict[str, Operation]]] = defaultdict(dict)
        for operation in operations:
            template = _segments(operation.path)
            methods = self._templates[len(template)].setdefault(template, {})
            methods[operation.method] = operation

    def match(self, method: str, raw_path: str) -> Match:
        """Return the match of a path as it came over the wire, still quoted.

        One trailing slash makes no difference: clients disagree on ``/api/connections/connect/``.

        Raises:
            RefusalError: 404 where no operation has the path, 405 where none has the method too.
        """
        segments = tuple(unquote(segment) for segment in _segments(raw_path))
        templates = self._templates.get(len(segments), {})
        fitting = [template for template in templates if _fits(template, segments)]
        if not fitting:
            raise RefusalError(404, "The API has no such path; check its spelling.", key="not_found")
        template = min(fitting, key=_placeholders)
        methods = templates[template]
        if method not in methods:
            raise _wrong_method(method, methods)
        arguments = {
            part[1:-1]: segment
            for part, segment in zip(template, segments, strict=True)
            if _is_placeholder(part)
        }
        return Match(methods[method], arguments)


def _segments(path: str) -> Template:
    return tuple(path.removesuffix("/").split("/"))


def _is_placeholder(part: str) -> bool:
    return part.startswith("{")


def _fits(template: Template, segments: Template) -> bool:
    pairs = zip(template, segments, strict=True)
    return all(part == segment or (_is_placeholder(part) and segment) for part, segment in pairs)


def _placeholders(template: Template) -> tuple[bool, ...]:
    return tuple(_is_placeholder(part) for part in template)


def _wrong_method(method: str, methods: Mapping[str, Operation]) -> RefusalError:
    known = ", ".join(operation.id for operation in methods.values())
    return RefusalError(
        405,
        f"This path does not take {method}; it takes {', '.join(methods)}. Call {known}.",
        key="method_not_allowed",
        headers={"Allow": ", ".join(methods)},
    )
