"""What no argument may hold: whatever JSON cannot carry to Polytomic and back."""

import math
from typing import Any, Final

from polytomic_mcp.common.json_values import as_list, as_object

DEEPEST: Final = 64
_LARGEST_NUMBER: Final = 2**64


def refuse_unsendable(value: Any) -> None:
    """Raise a ``ValueError`` whose text goes on after the name of what holds the value."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"is nested deeper than {DEEPEST} levels")
        if isinstance(part, str):
            _refuse_half_pairs(part)
        elif isinstance(part, int | float) and not (math.isfinite(part) and abs(part) < _LARGEST_NUMBER):
            raise ValueError("holds a number that JSON cannot carry")
        members = as_object(part)
        waiting += [(inner, depth + 1) for inner in [*members, *members.values(), *as_list(part)]]


def _refuse_half_pairs(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no text") from None
