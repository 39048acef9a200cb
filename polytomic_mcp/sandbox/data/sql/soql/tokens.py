"""The tokens of a SOQL query."""

import re
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError

COMMENT: Final = r"--[^\n]*|/\*.*?\*/"
"""A guess: Salesforce documents neither comments nor semicolons, but people paste queries with them."""

_PATTERN: Final = re.compile(
    rf"""(?:\s|{COMMENT})*(?:
      (?P<text>'(?:\\.|[^'\\])*')
    | (?P<datetime>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{{4}}-\d\d-\d\d)(?![\dT])
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)(?![\w.]|-(?!-))
    | (?P<word>[A-Z_]\w*(?:\.[A-Z_]\w*)*)
    | (?P<sign><=|>=|!=|<>|[=<>(),:*;])
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
    """A token: ``kind`` is a group of the pattern, ``position`` the number of its first character, from 1."""

    kind: str
    text: str
    position: int

    def is_any(self, *words: str) -> bool:
        """Return whether it is one of these words, in any case, or signs."""
        return self.kind in ("word", "sign") and self.text.upper() in words


def tokenized(query: str) -> list[Token]:
    """Return the tokens, the last of kind ``end``; ``QueryError`` for text that is not a token."""
    found: list[Token] = []
    start = 0
    while not found or found[-1].kind != "end":
        match = _PATTERN.match(query, start)
        if match is None:
            rest = query[start:].lstrip()
            raise QueryError(
                f"Unexpected {rest[:20]!r} at character {len(query) - len(rest) + 1} of the SOQL query."
            )
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        start = match.end()
    return found


def unescaped(text: str, *, is_pattern: bool = False) -> str:
    """Return the text of a string literal; a pattern keeps the backslash before a wildcard.

    Raises:
        QueryError: It has an escape sequence that SOQL does not have.
    """

    def plain(found: re.Match[str]) -> str:
        letter = _ESCAPES.get(found[1].lower() if found[1].isalpha() else found[1])
        if letter is None:
            raise QueryError(f"{found[0]} is not an escape sequence of SOQL; write \\\\ for a backslash.")
        return found[0] if is_pattern and letter in "_%\\" else letter

    return re.sub(r"\\(.)", plain, text[1:-1], flags=re.DOTALL)
