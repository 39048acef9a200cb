"""SOQL conditions in SQL: always true or false, never unknown, and without regard to case.

A null field is not equal to any value, and neither greater nor less than one. For ``NOT`` and ``NOT IN``
this is a guess: of null, Salesforce documents ``= null`` only.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.date_literals import days_of
from polytomic_mcp.sandbox.data.sql.soql.scope import Operand, lowered
from polytomic_mcp.sandbox.data.sql.soql.syntax import (
    Comparison,
    Condition,
    Expression,
    Membership,
    Negation,
    Query,
    Value,
)
from polytomic_mcp.sandbox.data.sql.soql.tokens import unescaped

_EXAMPLES: Final = {
    "boolean": "true or false",
    "date": "2026-01-15 or TODAY, without quotes",
    "datetime": "2026-01-15T09:00:00Z or TODAY, without quotes",
    "number": "5, without quotes",
    "text": "'text' in single quotes",
}
_SHORT_ID: Final = 15

_Time = TypeVar("_Time", date, datetime)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Translates conditions; ``operand`` translates an expression, and ``id_query`` the query behind IN."""

    operand: Callable[[Expression], Operand]
    id_query: Callable[[Query], str]
    today: date

    def sql(self, condition: Condition) -> str:
        """Return the condition in SQL.

        Raises:
            QueryError: A field cannot be compared with a value or by an operator.
        """
        if isinstance(condition, Comparison):
            return self._compared(self.operand(condition.expression), condition.operator, condition.value)
        if isinstance(condition, Membership):
            return self._among(condition)
        if isinstance(condition, Negation):
            return f"(NOT {self.sql(condition.condition)})"
        return f"({f' {condition.operator} '.join(map(self.sql, condition.conditions))})"

    def _compared(self, left: Operand, operator: str, value: Value) -> str:
        if value.kind == "null" or value.text == "''":
            return _with_null(left, operator)
        _require_fitting(left, operator, value)
        if value.kind == "date_literal":
            return _never_null(self._in_days(left, operator, value), unknown=operator == "!=")
        if operator == "LIKE":
            pattern = quoted_text(unescaped(value.text, is_pattern=True))
            return _never_null(f"{left.sql} ILIKE {pattern} ESCAPE '\\'")
        right, comparable = _literal(left, value), left.comparable
        if _is_short_id(left, value):
            # The short form of an id is case-sensitive; the long form is not.
            right, comparable = quoted_text(value.text[1:-1]), f"left({left.sql}, {_SHORT_ID})"
        compared = f"{comparable} {operator.replace('!=', '<>')} {right}"
        return _never_null(compared, unknown=operator == "!=")

    def _in_days(self, left: Operand, operator: str, value: Value) -> str:
        first, end = (f"{left.sql} {{}} {_day(left, day)}" for day in days_of(value, self.today))
        inside = f"({first.format('>=')} AND {end.format('<')})"
        return {
            "=": inside,
            "!=": f"NOT {inside}",
            "<": first.format("<"),
            "<=": end.format("<"),
            ">": end.format(">="),
            ">=": first.format(">="),
        }[operator]

    def _among(self, membership: Membership) -> str:
        left, choices = self.operand(membership.expression), membership.choices
        if isinstance(choices, Query):
            if not left.is_reference:
                raise QueryError(f"Only an id can be IN (SELECT ...); {left.name} is not an id.")
            return _never_null(f"{left.comparable} IN {self.id_query(choices)}")
        return f"({' OR '.join(self._one_of(left, choices))})"

    def _one_of(self, left: Operand, values: Iterable[Value]) -> Iterable[str]:
        plain: list[str] = []
        for value in values:
            if value.kind in ("null", "date_literal") or value.text == "''" or _is_short_id(left, value):
                yield self._compared(left, "=", value)
            else:
                _require_fitting(left, "=", value)
                plain.append(_literal(left, value))
        if plain:
            yield _never_null(f"{left.comparable} IN ({', '.join(plain)})")


def quoted_text(text: str) -> str:
    """Return a text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _never_null(condition: str, *, unknown: bool = False) -> str:
    return f"COALESCE({condition}, {unknown})"


def _is_short_id(left: Operand, value: Value) -> bool:
    return left.is_reference and len(value.text) == _SHORT_ID + len("''")


def _with_null(left: Operand, operator: str) -> str:
    if operator not in ("=", "!="):
        raise QueryError(f"{left.name} {operator} null is not valid; compare null with = or !=.")
    # A checkbox has two states: null is false.
    condition = f"{left.sql} IS NOT TRUE" if left.kind == "boolean" else f"{left.sql} IS NULL"
    return f"({condition})" if operator == "=" else f"(NOT {condition})"


def _require_fitting(left: Operand, operator: str, value: Value) -> None:
    is_date_literal = value.kind == "date_literal" and left.kind in ("date", "datetime")
    if value.kind != left.kind and not is_date_literal:
        raise QueryError(
            f"{left.name} is of type {left.kind} and cannot be compared with {value.text[:40]}."
            f" Write {_EXAMPLES[left.kind]}."
        )
    operators = {"boolean": ("=", "!="), "text": ("=", "!=", "<", "<=", ">", ">=", "LIKE")}
    if operator not in operators.get(left.kind, ("=", "!=", "<", "<=", ">", ">=")):
        raise QueryError(f"{left.name} is of type {left.kind} and cannot be compared with {operator}.")


def _literal(left: Operand, value: Value) -> str:
    match left.kind:
        case "text":
            return lowered(quoted_text(unescaped(value.text)))
        case "date":
            return _day(left, _parsed(date.fromisoformat, value.text))
        case "datetime":
            time = _parsed(datetime.fromisoformat, value.text)
            return f"CAST({quoted_text(time.isoformat())} AS TIMESTAMP WITH TIME ZONE)"
        case _:
            return value.text


def _parsed(parse: Callable[[str], _Time], text: str) -> _Time:
    try:
        return parse(text)
    except ValueError as error:
        raise QueryError(f"{text} is not a valid date.") from error


def _day(left: Operand, day: date) -> str:
    sql_type = "DATE" if left.kind == "date" else "TIMESTAMP WITH TIME ZONE"
    return f"CAST('{day.isoformat()}{'' if left.kind == 'date' else 'T00:00:00Z'}' AS {sql_type})"
