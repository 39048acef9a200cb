"""How many tokens a text costs a model, estimated without a tokenizer's vocabulary.

A tokenizer's tables take 75 MB and half a second to load; a limit needs neither. The estimate is calibrated
on o200k: for the API's JSON it is 1.4 to 2 times the true count; for random letters, the worst case found, it
is 0.8 times. tests/tools/answers/test_token_counts.py compares it with the real tokenizer.
"""

import re
from bisect import bisect_right
from collections import Counter
from typing import Any, Final

from pydantic_core import to_json

_PIECE: Final = re.compile(
    r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+| +|[\xa0-\ud7ff]+|[\x80-\x9f\ue000-\U0010ffff]+|[!-/:-@[-`{-~\x00-\x1f\x7f]+"
)
_VOWEL: Final = re.compile(r"[aeiouyAEIOUY]")
_LONGEST_WORD: Final = 16
_COMMON: Final = range(0xA0, 0xD800)
"""Outside this range, control, private-use and rare characters may take one token per byte."""


LONGEST_TOKEN: Final = 16
"""The most characters that one token is estimated to have."""


def estimate(text: str, most: int | None = None) -> int:
    """Return the estimated tokens of a text; above ``most``, any number greater than ``most``."""
    read = text if most is None else text[: (most + 1) * LONGEST_TOKEN]
    return sum(times * _cost(piece) for piece, times in Counter(_PIECE.findall(read)).items())


def estimate_json(value: Any, most: int | None = None) -> int:
    """Return the estimated tokens of a JSON value, written without spaces; ``most`` as in ``estimate``."""
    return estimate(to_json(value).decode(), most)


def length_within(text: str, tokens: int) -> int:
    """Return the length of the longest beginning of a text that is estimated at no more than ``tokens``."""
    low, high = 0, min(len(text), tokens * LONGEST_TOKEN)
    starts: list[int] = []
    costs_before: list[int] = []
    cost = read = 0
    for piece in _PIECE.finditer(text, 0, max(high, 0)):
        starts.append(piece.start())
        costs_before.append(cost)
        cost, read = cost + _cost(piece[0]), piece.end()
        if cost > tokens:
            break

    def fits(length: int) -> bool:
        last = bisect_right(starts, length - 1) - 1
        return length <= read and costs_before[last] + _cost(text[starts[last] : length]) <= tokens

    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _cost(piece: str) -> int:
    first, length = piece[0], len(piece)
    if not first.isascii():
        size = len(piece.encode())
        return -(-size * 3 // 4) if ord(first) in _COMMON else size
    if first == " ":
        return (length > 1) + length // _LONGEST_WORD
    if first.isdigit():
        return -(-length // 3)
    if first.isalpha():
        return _cost_of_letters(piece, length)
    return -(-length * 3 // 5)


def _cost_of_letters(letters: str, length: int) -> int:
    """Distinguish words from keys: words have vowels, and are short."""
    if length <= 2:  # noqa: PLR2004 - any two letters are one token
        return 1
    vowels = len(_VOWEL.findall(letters))
    if length <= _LONGEST_WORD and length * 0.2 <= vowels <= length * 0.67:
        return -(-length // 3)
    return -(-length * 3 // 5)
