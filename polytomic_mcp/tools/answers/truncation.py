"""Truncation: a value that exceeds a context window is cut where it is longest, and the cuts are reported."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from typing import Any, Final

from pydantic_core import to_json

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.json_pointers import escaped
from polytomic_mcp.tools.answers.token_counts import estimate, estimate_json, length_within

MOST_TOKENS: Final = 4_800
"""The most estimated tokens of a result, so that it stays below 6,000 tokens whatever its text."""

ROWS_TOKENS: Final = 4_200
"""The most estimated tokens of a page's rows; the rest is for the fields around them."""

_REPORT_TOKENS: Final = 600
_MOST_CUTS: Final = 5
_FEW: Final = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """A list or a text that was cut: its JSON Pointer, and how much of it is shown."""

    pointer: str
    shown: int
    total: int


@dataclass(slots=True)
class Fitting:
    """A value that was cut to fit, and the cuts."""

    value: Any
    cuts: list[Cut] = field(default_factory=list[Cut])

    @property
    def few_cuts(self) -> list[Cut]:
        """The cuts worth reporting: those that omitted most."""
        return sorted(self.cuts, key=lambda cut: cut.shown - cut.total)[:_MOST_CUTS]


def room_beside(value: Any) -> int:
    """Return the tokens left for a page's rows next to such a value; at least half of a page."""
    return ROWS_TOKENS - min(estimate_json(value, ROWS_TOKENS), ROWS_TOKENS // 2)


def truncate_around_rows(value: JsonObject, rows: AbstractSet[str]) -> Fitting:
    """Truncate an object but keep its rows: a page token counts them as shown.

    If the rows alone are too long, such as one enormous row, they are cut like the rest.
    """
    kept = {name: part for name, part in value.items() if name in rows}
    left = MOST_TOKENS - estimate_json(kept, MOST_TOKENS)
    if not kept or left < _REPORT_TOKENS:
        return truncate(value)
    fitting = truncate({name: part for name, part in value.items() if name not in rows}, left)
    shown = kept | fitting.value
    fitting.value = {name: shown[name] for name in value if name in shown}
    return fitting


def truncate(value: Any, tokens: int = MOST_TOKENS) -> Fitting:
    """Return the value in full if it fits, else truncated, with room to report the cuts."""
    text = to_json(value)
    if len(text) <= tokens or estimate(text.decode(), tokens) <= tokens:  # no token is shorter than a byte
        return Fitting(value)
    room = tokens - _REPORT_TOKENS
    while True:
        fitting = Fitting(None)
        fitting.value = _cut(value, room, "", fitting.cuts)
        if estimate_json(fitting.value) <= tokens - _REPORT_TOKENS or room <= 0:
            return fitting
        room = room * 3 // 4  # the parts may cost more together than the sum of each alone


def _cut(value: Any, tokens: int, pointer: str, cuts: list[Cut]) -> Any:
    if estimate_json(value, tokens) <= tokens:
        return value
    if isinstance(value, dict):
        return _cut_object(as_object(value), tokens, pointer, cuts)
    if isinstance(value, list):
        return _cut_list(as_list(value), tokens, pointer, cuts)
    text = str(value)
    return text if estimate(text, tokens) <= tokens else _cut_text(text, tokens, pointer, cuts)


def _cut_object(members: JsonObject, tokens: int, pointer: str, cuts: list[Cut]) -> JsonObject:
    """Keep all members, the short ones in full, if there is room for each; else the first of them."""
    left = tokens - sum(estimate_json(name) + 1 for name in members)
    if left // len(members) < _FEW:
        return _first_members(members, tokens, pointer, cuts)
    costs = {name: estimate_json(part, tokens) for name, part in members.items()}
    shortened: JsonObject = {}
    for rank, name in enumerate(sorted(members, key=lambda name: costs[name])):
        share = left // (len(members) - rank)
        if costs[name] <= share:
            shortened[name] = members[name]
        else:
            shortened[name] = _cut(members[name], share, f"{pointer}/{escaped(name)}", cuts)
        left -= min(costs[name], share)
    return {name: shortened[name] for name in members}


def _first_members(members: JsonObject, tokens: int, pointer: str, cuts: list[Cut]) -> JsonObject:
    names = list(members)
    kept = _fitting_count([{name: members[name]} for name in names], tokens)
    shown = {name: members[name] for name in names[:kept]}
    if not shown and tokens > _FEW:
        shown = {names[0]: _cut(members[names[0]], tokens, f"{pointer}/{escaped(names[0])}", cuts)}
    if len(shown) < len(members):
        cuts.append(Cut(pointer, len(shown), len(members)))
    return shown


def _cut_list(items: list[Any], tokens: int, pointer: str, cuts: list[Cut]) -> list[Any]:
    """Keep the first items in full; the first is itself cut if it alone is too long."""
    shown = items[: _fitting_count(items, tokens)]
    if not shown and tokens > _FEW:
        shown = [_cut(items[0], tokens, f"{pointer}/0", cuts)]
    if len(shown) < len(items):
        cuts.append(Cut(pointer, len(shown), len(items)))
    return shown


def _fitting_count(items: list[Any], tokens: int) -> int:
    """Return how many of the first items fit in full."""
    costs = accumulate(estimate_json(item, tokens) + 1 for item in items)
    return sum(1 for _ in takewhile(lambda cost: cost <= tokens, costs))


def _cut_text(text: str, tokens: int, pointer: str, cuts: list[Cut]) -> str:
    """Keep the longest beginning that fits; the whole text does not."""
    shown = length_within(text, tokens)
    cuts.append(Cut(pointer, shown, len(text)))
    return text[:shown]
