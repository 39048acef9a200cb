"""The words of a SOQL query."""

import re
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError

_PATTERN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:\\.|[^'\\])*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)(?![\dT])
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)(?![\w.-])
    | (?P<word>[A-Z_]\w*(?:\.[A-Z_]\w*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),:*])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)

_ESCAPES: Final = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "_",
    "%": "%",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word: ``kind`` is the group of the pattern that it is, ``place`` the number of its first letter."""

    kind: str
    text: str
    place: int

    def reads(self, *words: str) -> bool:
        """Say whether it is one of the words, in any case, or of the signs."""
        return self.kind in ("word", "sign") and self.text.upper() in words


def tokenized(query: str) -> list[Token]:
    """Return the tokens, the last of kind ``end``; ``QueryError`` says what is none."""
    found: list[Token] = []
    place = 0
    while not found or found[-1].kind != "end":
        match = _PATTERN.match(query, place)
        if match is None:
            rest = query[place:].lstrip()
            raise QueryError(
                f"Unexpected {rest[:20]!r} at character {len(query) - len(rest) + 1} of the SOQL"
            )
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return found


def unescaped(text: str, *, is_pattern: bool = False) -> str:
    """Return what stands between the quotes of a string; a pattern keeps what says that ``%`` is no sign.

    Raises:
        QueryError: A backslash is before something that SOQL does not escape.
    """

    def plain(found: re.Match[str]) -> str:
        letter = _ESCAPES.get(found[1].lower() if found[1].isalpha() else found[1])
        if letter is None:
            raise QueryError(f"{found[0]} is no escape of SOQL; write \\\\ for a backslash")
        return found[0] if is_pattern and letter in "_%\\" else letter

    return re.sub(r"\\(.)", plain, text[1:-1], flags=re.DOTALL)
