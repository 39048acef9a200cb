"""The syntax tree of a SOQL query, before any name is looked up."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["null", "boolean", "number", "text", "date", "datetime", "date_literal"]


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a field of a parent: ``Account.Owner.Name``."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one field, or of none for ``COUNT()``. The name is in capitals."""

    name: str
    path: Path | None

    def __str__(self) -> str:
        return f"{self.name}({self.path or ''})"


Expression = Path | Call


@dataclass(frozen=True, slots=True)
class Value:
    """A literal; ``text`` is its source, with quotes.

    ``count`` is the number after the colon of a date literal, as in ``LAST_N_DAYS:30``.
    """

    kind: Kind
    text: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison, such as ``Amount > 5``; the operator is one of ``= != < <= > >= LIKE``."""

    expression: Expression
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``Name IN ('a', 'b')`` or ``Id IN (SELECT ...)``."""

    expression: Expression
    choices: "tuple[Value, ...] | Query"


@dataclass(frozen=True, slots=True)
class Negation:
    """``NOT`` before a condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by one ``operator``, ``AND`` or ``OR``."""

    operator: str
    conditions: "tuple[Condition, ...]"


Condition = Comparison | Membership | Negation | Junction


@dataclass(frozen=True, slots=True)
class Item:
    """A selected item: a field or function, with its alias if it has one, or a query of child records."""

    value: "Expression | Query"
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A criterion of ``ORDER BY``."""

    expression: Expression
    is_descending: bool = False
    is_null_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """``SELECT items FROM source alias ...``."""

    items: tuple[Item, ...]
    source: str
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Expression, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
