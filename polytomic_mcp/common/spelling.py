"""How messages name things: in quotes, cut to length, and with the valid names where one is wrong."""

import difflib
import json
import re
from collections.abc import Iterable
from typing import Final

from polytomic_mcp.common import synonyms
from polytomic_mcp.common.synonyms import letters

_LONGEST: Final = 80
_SHOWN: Final = 12
_CUTOFF: Final = 0.6
_NEAREST: Final = 3
_CANDIDATES: Final = 12
_SHORTEST: Final = 3
"""Letters of the shortest word that may begin another one."""

_SHORT: Final = 3
"""Letters up to which a word may have one wrong; a longer one may have two."""

_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NEGATIONS: Final = ("non", "not", "in", "un", "dis", "anti", "no")
_OPPOSITES: Final = (
    frozenset({"include", "exclude"}),
    frozenset({"included", "excluded"}),
    frozenset({"import", "export"}),
    frozenset({"increase", "decrease"}),
    frozenset({"ascending", "descending"}),
)
"""Pairs that two edits turn into each other."""


def quoted(value: object) -> str:
    """Return a string in quotes, and any other value as JSON; cut where it is too long for a message."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    cut = shortened(text, _LONGEST)
    return repr(cut) if isinstance(value, str) else cut


def shortened(text: str, most: int) -> str:
    """Return the first ``most`` characters of a text, with an ellipsis if that is not all of it."""
    return text if len(text) <= most else f"{text[:most]}…"


def near(wrong: object, known: Iterable[str]) -> list[str]:
    """Return the valid names that a wrong one may stand for: by its meaning, or else by its spelling.

    A word with a meaning of its own is not a typo: unless a valid name means the same, there are none.
    """
    names, text = list(dict.fromkeys(known)), str(wrong)[:_LONGEST]
    if spelled := canonical(text, names):
        return [spelled]
    named = synonyms.alike(text, names)
    if named or synonyms.is_word(text, names):
        return named[:_NEAREST]
    return _spelled_alike(text, names)[:_NEAREST]


def nearest(wrong: object, known: Iterable[str]) -> str:
    """Return a hint that names the valid name that was probably meant; an empty text if there is none."""
    names, text = list(known), str(wrong)
    close = near(text, names)
    if not close:
        return ""
    if canonical(text, names) is None and synonyms.alike(text, names):
        if synonyms.exact(text, names):
            return f" {quoted(text)} is {close[0]} here."
        return f" {quoted(text)} is closest to {' or '.join(close)}."
    return f" Did you mean {close[0]!r}?"


def valid_values(wrong: object, known: Iterable[str]) -> str:
    """Return the hint for a wrong name: the nearest valid one, then up to twelve of all, nearest first."""
    names = list(dict.fromkeys(known))
    close = near(wrong, names)
    ordered = [*close, *(name for name in names if name not in close)]
    more = f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    listed = f"Valid values: {', '.join(ordered[:_SHOWN])}{more}." if ordered else "There are none."
    return f"{nearest(wrong, names)} {listed}"


def unknown(noun: str, wrong: object, known: Iterable[str]) -> str:
    """Return the refusal of a wrong name, such as "Unknown mode 'x'. Valid values: create, update."."""
    return f"Unknown {noun} {quoted(wrong)}.{valid_values(wrong, known)}"


def canonical(text: str, known: Iterable[str]) -> str | None:
    """Return the one known name that a text spells, whatever its case, spaces, hyphens and underscores."""
    names = list(known)
    if text in names:
        return text
    found = [name for name in names if letters(name) == letters(text)]
    return found[0] if len(found) == 1 else None


def meant(text: str, known: Iterable[str]) -> str | None:
    """Return the one known name that a text spells, or means exactly in the words of another product."""
    names = list(known)
    return canonical(text, names) or synonyms.exact(text, names)


def _spelled_alike(text: str, names: list[str]) -> list[str]:
    """Return the names that a typo turns into the text, then those that have each word of it."""
    by_letters = {letters(name): name for name in names}
    wrong = letters(text)
    close = difflib.get_close_matches(wrong, by_letters, n=_CANDIDATES, cutoff=_CUTOFF)
    typos = [by_letters[each] for each in close if _is_typo(wrong, each)]
    typos.sort(key=lambda name: (_edits(wrong, letters(name)), _edits(text.casefold(), name.casefold())))
    words = [word for word in _words(text.rpartition(".")[2]) if len(word) >= _SHORTEST]
    having = [name for name in names if words and _has_words(name, words)]
    return list(dict.fromkeys([*typos, *having]))


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", name))]


def _has_words(name: str, wanted: list[str]) -> bool:
    words = _words(name)
    return all(
        any(word.startswith(each) or (len(each) > _SHORT and _is_typo(each, word)) for word in words)
        for each in wanted
    )


def _is_typo(wrong: str, name: str) -> bool:
    """Whether one or two edits turn one word into another, and not into its opposite."""
    most = 1 if len(wrong) <= _SHORT else 2
    if len(wrong) == 1 or abs(len(wrong) - len(name)) > most or _are_opposite(wrong, name):
        return False
    return _edits(wrong, name) <= most


def _are_opposite(one: str, other: str) -> bool:
    long, short = sorted((one, other), key=len, reverse=True)
    return frozenset({one, other}) in _OPPOSITES or any(long == negation + short for negation in _NEGATIONS)


def _edits(one: str, other: str) -> int:
    """Return how many letters must be added, removed, replaced or swapped with the next."""
    before, last = list[int](), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != its))
            is_swapped = row > 1 < column and (letter, one[row - 2]) == (other[column - 2], its)
            current.append(min(cost, before[column - 2] + 1) if is_swapped else cost)
        before, last = last, current
    return last[-1]
