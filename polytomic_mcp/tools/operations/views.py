"""An operation's answer: the requested part, truncated to fit, with the calls that read the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import httpx
from pydantic import Field

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.json_pointers import escaped, parts_of, resolve
from polytomic_mcp.tools.answers.outgoing import DATA_NAMES, lean
from polytomic_mcp.tools.answers.results import DATA, Answer, AnyJson, NextStep, Refusal
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import MOST_TOKENS, Cut, truncate

_FORMS: Final = frozenset({"configurationForm", "jsonschema", "uiSchema", "uischema"})
_LOGO: Final = "logo_url"
_RECORDS: Final = "/records"
"""How the path of an operation ends that answers rows directly under ``data``."""

_EMPTY: Final[tuple[Any, ...]] = (None, {}, [])
_MOST_OMITTED: Final = 3
_MOST_REPORTS: Final = 3
_LONG_ARGUMENTS: Final = 150
_AROUND: Final = 300
_FEWEST: Final = 1_500


class Reading(Answer):
    """An answer of the API, or the requested part of it."""

    operation: str
    result: Annotated[AnyJson, DATA] = None
    omitted: Annotated[list[str] | None, Field(description="Omitted forms; send one as pointer")] = None
    next_page_token: Annotated[str | None, Field(description="Token of the next page")] = None


@dataclass(frozen=True, slots=True)
class View:
    """The requested part of an operation's answer: a JSON Pointer, and a range of what it refers to."""

    operation: Operation
    arguments: JsonObject
    pointer: str | None = None
    offset: int | None = None
    limit: int | None = None

    def of(self, body: Any) -> Reading:
        """Return the requested part, truncated if it is too long, with the calls that read the rest.

        Raises:
            Refusal: The pointer refers to nothing, or to a value that has no ranges.
        """
        whole = self._referenced(body)
        omitted: list[str] = []
        shown = self._shown(whole, omitted)
        part = self._range(shown)
        cost = estimate_json(self.arguments)
        fitting = truncate(part, max(MOST_TOKENS - _AROUND - _MOST_REPORTS * cost, _FEWEST))
        cuts = [*self._ends(shown, fitting.value), *(cut for cut in fitting.few_cuts if cut.pointer)]
        most = _MOST_REPORTS if cost <= _LONG_ARGUMENTS else 1
        return Reading(
            operation=self.operation.id,
            result=fitting.value,
            omitted=omitted[:_MOST_OMITTED] or None,
            truncated=[self._report(cut, part) for cut in cuts[:most]] or None,
            **self._continuation(body),
        )

    @property
    def _base(self) -> str:
        return self.pointer or ""

    def _shown(self, whole: Any, omitted: list[str]) -> Any:
        """Return data as it is, a form without nulls, and anything else without what says little."""
        names = parts_of(self._base)
        if self.operation.path.endswith(_RECORDS) or not DATA_NAMES.isdisjoint(names):
            return whole
        return lean(whole) if _FORMS.intersection(names) else _lean(whole, self._base, omitted)

    def _referenced(self, body: Any) -> Any:
        if isinstance(body, bytes):
            return f"{len(body)} bytes that are not text"
        try:
            return resolve(body, self._base)
        except ValueError as error:
            raise Refusal(f"{self.operation.id}: pointer {error}.") from None

    def _range(self, value: Any) -> Any:
        """Return the items, members or characters within the offset and limit."""
        if self.offset is None and self.limit is None:
            return value
        start = self.offset or 0
        end = None if self.limit is None else start + self.limit
        if isinstance(value, dict):
            return dict(list(as_object(value).items())[start:end])
        if isinstance(value, list | str):
            return cast("list[Any] | str", value)[start:end]
        raise Refusal(
            f"{self.operation.id}: offset and limit require a list, an object or a string at the pointer."
        )

    def _ends(self, whole: Any, shown: Any) -> Iterator[Cut]:
        """Yield the cut at the end of the range if there is more."""
        if isinstance(whole, dict | list | str):
            total, count = len(cast("str", whole)), len(cast("str", shown))
            if (self.offset or 0) + count < total:
                yield Cut("", count, total)

    def _report(self, cut: Cut, part: Any) -> JsonObject:
        """Return how much of a part is shown, and the call that reads the rest."""
        start, limit = (0, None) if cut.pointer else (self.offset or 0, self.limit)
        range_ = {"offset": start + cut.shown} | ({"limit": limit} if limit else {})
        rest = self._arguments() | {"pointer": self._base + self._shifted(cut.pointer, part)} | range_
        shown = {"pointer": f"/result{cut.pointer}", "shown": cut.shown, "total": cut.total}
        return shown | {"rest": {"tool": "read_operation", "arguments": rest}}

    def _shifted(self, pointer: str, part: Any) -> str:
        """Return a pointer into the shown items as a pointer into all items."""
        if not pointer or not self.offset or not isinstance(part, list):
            return pointer
        index, slash, inner = pointer[1:].partition("/")
        return f"/{int(index) + self.offset}{slash}{inner}"

    def _continuation(self, body: Any) -> JsonObject:
        """Return the token of the next page and the call that reads it."""
        name, token = _next_page(body)
        if token is None or all(name != parameter.name for parameter in self.operation.parameters):
            return {}
        arguments = self._arguments() | {"arguments": self.arguments | {name: token}}
        if self.pointer is not None:
            arguments["pointer"] = self.pointer
        step = NextStep(tool="read_operation", arguments=arguments, reason="Read the next page")
        return {"next_page_token": token, "next_steps": [step]}

    def _arguments(self) -> JsonObject:
        return {"operation": self.operation.id, "arguments": self.arguments}


def _lean(value: Any, pointer: str, omitted: list[str]) -> Any:
    """Omit nulls, empty containers, logos and forms, but not in data.

    The pointers of the forms are added to ``omitted``.
    """
    if isinstance(value, list):
        return [_lean(part, f"{pointer}/{index}", omitted) for index, part in enumerate(as_list(value))]
    if not isinstance(value, dict):
        return value
    members = as_object(value)
    omitted += [f"{pointer}/{escaped(name)}" for name in members if name in _FORMS and members[name]]
    kept = {
        name: part if name in DATA_NAMES else _lean(part, f"{pointer}/{escaped(name)}", omitted)
        for name, part in members.items()
        if name not in _FORMS and name != _LOGO
    }
    return {name: part for name, part in kept.items() if part not in _EMPTY or (not pointer and part == [])}


def _next_page(body: Any) -> tuple[str, str | None]:
    """Return the name and value of the argument that requests the next page; the API has three ways."""
    page = as_object(body)
    if token := as_object(page.get("pagination")).get("next_page_token"):
        return "page_token", str(token)
    if cursor := as_object(page.get("data")).get("next_cursor"):
        return "after", str(cursor)
    try:
        link = httpx.URL(str(as_object(page.get("links")).get("next") or ""))
    except httpx.InvalidURL:
        return "page", None
    return "page", link.params.get("page")
