"""How messages name things: in quotes, cut to length, and with the valid names where one is wrong."""

import difflib
import json
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 80
_SHOWN: Final = 12
_CUTOFF: Final = 0.6
_NEAREST: Final = 3
_SHORTEST: Final = 3
"""Letters of the shortest text for which a name that contains it is near."""

_SEPARATORS: Final = str.maketrans("", "", " -_")


def quoted(value: object) -> str:
    """Return a string in quotes, and any other value as JSON; cut where it is too long for a message."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return repr(cut) if isinstance(value, str) else cut


def near(wrong: object, known: Iterable[str]) -> list[str]:
    """Return the valid names that differ least, in any case, nearest first; then those that contain it."""
    by_case = {name.casefold(): name for name in known}
    text = str(wrong)[:_LONGEST].casefold()
    close = difflib.get_close_matches(text, by_case, n=_NEAREST, cutoff=_CUTOFF)
    longer = [name for name in by_case if len(text) >= _SHORTEST and text in name and name not in close]
    return [by_case[name] for name in [*close, *longer][:_NEAREST]]


def nearest(wrong: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest valid name; an empty text if none is near."""
    close = near(wrong, known)
    return f" Did you mean {close[0]!r}?" if close else ""


def valid_values(wrong: object, known: Iterable[str]) -> str:
    """Return the hint for a wrong name: the nearest valid one, then up to twelve of all, nearest first."""
    names = list(dict.fromkeys(known))
    close = near(wrong, names)
    ordered = [*close, *(name for name in names if name not in close)]
    more = f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    listed = f"Valid values: {', '.join(ordered[:_SHOWN])}{more}." if ordered else "There are none."
    return f"{nearest(wrong, close)} {listed}"


def unknown(noun: str, wrong: object, known: Iterable[str]) -> str:
    """Return the refusal of a wrong name, such as "Unknown mode 'x'. Valid values: create, update."."""
    return f"Unknown {noun} {quoted(wrong)}.{valid_values(wrong, known)}"


def canonical(text: str, known: Iterable[str]) -> str | None:
    """Return the one known name that a text spells, whatever its case, spaces, hyphens and underscores."""
    names = list(known)
    if text in names:
        return text
    found = [name for name in names if _letters(name) == _letters(text)]
    return found[0] if len(found) == 1 else None


def _letters(name: str) -> str:
    return name.translate(_SEPARATORS).casefold()
