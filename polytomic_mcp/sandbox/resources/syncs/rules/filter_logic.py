"""How conditions combine: an expression of their labels with ``and``, ``or`` and parentheses.

Operators are read in any case, labels are not, and every label has to be named: facts seen in the
2025-09-18 SDK.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

_TOKEN: Final = re.compile(r"\s*(?:([()])|([A-Za-z_]\w*)|(\S))")
_DEEPEST: Final = 50
_OPERATORS: Final = ("and", "or")


class LogicError(ValueError):
    """The expression cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A tree: ``parts`` combined by ``operator``, each a label or a tree of its own."""

    operator: Literal["and", "or"]
    parts: tuple["Expression | str", ...]

    def holds(self, truth: Callable[[str], bool]) -> bool:
        """Say whether the expression holds, given each label's truth; asks for no more than it needs."""
        answers = (truth(part) if isinstance(part, str) else part.holds(truth) for part in self.parts)
        return all(answers) if self.operator == "and" else any(answers)

    def labels(self) -> Iterator[str]:
        """Yield every label the expression names, in order."""
        for part in self.parts:
            yield from [part] if isinstance(part, str) else part.labels()

    def renamed(self, names: Mapping[str, str]) -> str:
        """Return the expression as text, its labels replaced."""
        words = (names[part] if isinstance(part, str) else f"({part.renamed(names)})" for part in self.parts)
        return f" {self.operator} ".join(words)


def default_label(position: int) -> str:
    """Return the label of the condition at that position: A to Z, then AA, AB, ..."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def parse(text: str, labels: Sequence[str]) -> Expression:
    """Read the expression over these labels; an empty one asks for all of them.

    Raises:
        LogicError: It is malformed, names an unknown label, or leaves one out.
    """
    if not text.strip():
        return Expression("and", tuple(labels))
    parser = _Parser(text)
    whole = parser.expression(depth=0)
    parser.require_end()
    expression = Expression("and", (whole,)) if isinstance(whole, str) else whole
    named = set(expression.labels())
    if unknown := sorted(named - set(labels)):
        raise LogicError(f"names {', '.join(unknown)}, but the conditions are {', '.join(labels) or 'none'}")
    if missing := [label for label in labels if label not in named]:
        raise LogicError(f"leaves out {', '.join(missing)}; it must name every condition")
    return expression


class _Parser:
    """Recursive descent over the tokens; ``and`` binds closer than ``or``."""

    def __init__(self, text: str) -> None:
        self._tokens = [found.group().strip() for found in _TOKEN.finditer(text)]
        self._at = 0

    def expression(self, depth: int) -> Expression | str:
        if depth > _DEEPEST:
            raise LogicError(f"nests deeper than {_DEEPEST} parentheses")
        return self._joined("or", lambda: self._joined("and", lambda: self._term(depth)))

    def require_end(self) -> None:
        if self._peek():
            raise LogicError(f"has {self._peek()!r} where 'and' or 'or' should stand")

    def _joined(
        self, operator: Literal["and", "or"], read: Callable[[], Expression | str]
    ) -> Expression | str:
        parts = [read()]
        while self._peek().lower() == operator:
            self._at += 1
            parts.append(read())
        return parts[0] if len(parts) == 1 else Expression(operator, tuple(parts))

    def _term(self, depth: int) -> Expression | str:
        word = self._peek()
        self._at += 1
        if word == "(":
            inner = self.expression(depth + 1)
            if self._peek() != ")":
                raise LogicError("lacks a closing parenthesis")
            self._at += 1
            return inner
        if not word or word.lower() in _OPERATORS or not (word[0].isalpha() or word[0] == "_"):
            raise LogicError(f"has {word or 'its end'!r} where a condition's label should stand")
        return word

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""
