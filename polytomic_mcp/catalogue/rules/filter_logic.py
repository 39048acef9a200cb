"""How conditions combine: an expression of their labels with ``and``, ``or`` and parentheses.

Operators are read in any case and labels in their own; an expression must use every label (seen in
the 2025-09-18 SDK).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

Kind = TypeVar("Kind")

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_TOKEN: Final = re.compile(r"\s*(?:([()])|([A-Za-z_]\w*)|(\S))")
_DEEPEST: Final = 50
_OPERATORS: Final = ("and", "or")


class LogicError(ValueError):
    """An expression is invalid; the text says why and continues a sentence that begins with it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A tree: ``parts``, each a label or a tree, combined by ``operator``."""

    operator: Literal["and", "or"]
    parts: tuple["Expression | str", ...]

    def holds(self, truth: Callable[[str], bool]) -> bool:
        """Return whether the expression is true, given that of each label; evaluate only what is needed."""
        answers = (truth(part) if isinstance(part, str) else part.holds(truth) for part in self.parts)
        return all(answers) if self.operator == "and" else any(answers)

    def labels(self) -> Iterator[str]:
        """Yield every label in the expression, in order."""
        for part in self.parts:
            yield from [part] if isinstance(part, str) else part.labels()

    def flat(self) -> "Expression":
        """Return the expression without parentheses that change nothing, so that equal ones compare equal."""
        parts: list[Expression | str] = []
        for part in self.parts:
            inner = part if isinstance(part, str) else part.flat()
            if isinstance(inner, Expression) and inner.operator == self.operator:
                parts.extend(inner.parts)
            else:
                parts.append(inner)
        if len(parts) == 1 and isinstance(parts[0], Expression):
            return parts[0]
        return Expression(self.operator, tuple(parts))

    def renamed(self, names: Mapping[str, str]) -> str:
        """Return the expression as text, its labels replaced."""
        words = (names[part] if isinstance(part, str) else f"({part.renamed(names)})" for part in self.parts)
        return f" {self.operator} ".join(words)


def relabeled(text: str, names: Mapping[str, str]) -> str:
    """Return an expression as it is written, but with its labels replaced."""
    return _WORD.sub(lambda word: names.get(word.group(), word.group()), text)


def default_label(position: int) -> str:
    """Return the label of the condition at a position: A to Z, then AA, AB, ..."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def label_problem(labels: Sequence[str | None]) -> str | None:
    """Return the reason why these cannot be the labels of a sync's conditions, or None."""
    if not all(labels):
        return "Label every condition or none of them."
    if bad := [label for label in labels if not _LABEL.fullmatch(label or "")]:
        names = ", ".join(map(str, bad))
        return f"Invalid label: {names}. Use letters, digits and underscores, and no digit first."
    return None if len(set(labels)) == len(labels) else "Every condition needs a different label."


def parse(text: str | None, labels: Sequence[str]) -> Expression:
    """Read an expression over these labels; an empty one, or none, means that all must be true.

    Raises:
        LogicError: If it is malformed, uses an unknown label, or omits one.
    """
    if text is None or not text.strip():
        return Expression("and", tuple(labels))
    parser = _Parser(text)
    whole = parser.expression(depth=0)
    parser.require_end()
    expression = Expression("and", (whole,)) if isinstance(whole, str) else whole
    used = set(expression.labels())
    if unknown := sorted(used - set(labels)):
        known = f"The labels are {', '.join(labels)}" if labels else "There are no conditions"
        raise LogicError(f"uses unknown labels: {', '.join(unknown)}. {known}")
    if missing := [label for label in labels if label not in used]:
        raise LogicError(f"omits {', '.join(missing)}. Use every condition's label")
    return expression


def split(text: str, kinds: Mapping[str, Kind]) -> dict[Kind, Expression]:
    """Read an expression over conditions of several kinds, and return that of each kind.

    ``kinds`` has the kind of each label. The expressions must all be true.

    Raises:
        LogicError: If it is malformed, or combines conditions of different kinds with ``or``.
    """
    expression = parse(text, list(kinds))
    parts: dict[Kind, list[Expression | str]] = {kind: [] for kind in kinds.values()}
    for part in _conjuncts(expression, kinds) if kinds else ():
        parts[kinds[part if isinstance(part, str) else next(part.labels())]].append(part)
    return {kind: Expression("and", tuple(each)) for kind, each in parts.items()}


def _conjuncts(part: Expression | str, kinds: Mapping[str, Kind]) -> Iterator[Expression | str]:
    """Yield the largest parts that have conditions of one kind only and that must all be true."""
    if isinstance(part, str) or len({kinds[label] for label in part.labels()}) <= 1:
        yield part
    elif part.operator == "and":
        for each in part.parts:
            yield from _conjuncts(each, kinds)
    else:
        raise LogicError("combines model and target conditions with 'or'. Use 'and' between them")


class _Parser:
    """A recursive descent over the tokens; ``and`` binds tighter than ``or``."""

    def __init__(self, text: str) -> None:
        self._tokens = [found.group().strip() for found in _TOKEN.finditer(text)]
        self._at = 0

    def expression(self, depth: int) -> Expression | str:
        if depth > _DEEPEST:
            raise LogicError(f"nests more than {_DEEPEST} parentheses")
        return self._joined("or", lambda: self._joined("and", lambda: self._term(depth)))

    def require_end(self) -> None:
        if self._peek():
            raise LogicError(f"has {self._peek()!r} where 'and' or 'or' is expected")

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
                raise LogicError("has no closing parenthesis")
            self._at += 1
            return inner
        if not word:
            raise LogicError("ends where a condition's label is expected")
        if word.lower() in _OPERATORS or not (word[0].isalpha() or word[0] == "_"):
            raise LogicError(f"has {word!r} where a condition's label is expected")
        return word

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""
