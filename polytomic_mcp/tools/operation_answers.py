"""What an operation answered: the part that was asked for, in a size that fits, and the calls that get the rest."""

from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Final, cast

import httpx
from pydantic import Field

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.tools.bounds import MOST_TOKENS, Cut, fit
from polytomic_mcp.tools.json_pointers import resolve
from polytomic_mcp.tools.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.refusals import Refusal
from polytomic_mcp.tools.results import Answer, NextStep
from polytomic_mcp.tools.token_counts import estimate_json

_FORMS: Final = frozenset({"configurationForm", "jsonschema", "logo_url", "uiSchema", "uischema"})
"""Members that draw a form or a picture: long, and of use to a screen alone."""

_AROUND: Final = 300
_FEWEST: Final = 1_500
_MOST_REPORTS: Final = 3
_LONG_ARGUMENTS: Final = 150


class Reading(Answer):
    """An answer of the API, or the part of it that was asked for."""

    operation: str
    result: Any = None
    next_page_token: Annotated[str | None, Field(description="In arguments, for more")] = None


@dataclass(frozen=True, slots=True)
class View:
    """Which part of an answer is wanted: a JSON Pointer, and a stretch of what it names."""

    operation: Operation
    arguments: JsonObject
    pointer: str | None = None
    offset: int = 0
    limit: int | None = None

    def of(self, body: Any) -> Reading:
        """Return the wanted part.

        Raises:
            Refusal: The pointer names nothing, or what it names has no stretches.
        """
        named = self._named(body if not isinstance(body, bytes) else f"{len(body)} bytes that are no text")
        part = self._stretch(named)
        cost = estimate_json(self.arguments)
        fitting = fit(part, max(MOST_TOKENS - _AROUND - _MOST_REPORTS * cost, _FEWEST))
        whole = _size(part)
        cuts = list(fitting.few_cuts)
        if whole is not None and self.offset + whole < (total := _size(named) or 0):
            cuts = [cut for cut in cuts if cut.pointer] or [Cut("", whole, whole)]
            shown = _size(fitting.value) or 0
            cuts = [Cut("", shown, total), *(cut for cut in cuts if cut.pointer)]
        reports = cuts[: _MOST_REPORTS if cost <= _LONG_ARGUMENTS else 1]
        reading = Reading(operation=self.operation.id, result=fitting.value)
        reading.truncated = [self._report(cut, part) for cut in reports] or None
        self._lead_on(reading, body)
        return reading
