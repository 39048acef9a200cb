"""Names as messages write them: short, and with the nearest right one for a wrong one."""

import difflib
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 80


def quoted(text: str) -> str:
    """Return a text in quotes, cut where it is too long for a message."""
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest right name, or an empty text."""
    by_case = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wrong[:_LONGEST].casefold(), by_case, n=1, cutoff=0.5)
    return f" Did you mean {by_case[near[0]]!r}?" if near else ""
