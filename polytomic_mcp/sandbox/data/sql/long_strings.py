"""Texts that one expression makes: DuckDB's memory limit does not see a value grow."""

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.errors import QueryError

LONGEST_STRING: Final = 10_000
"""Characters that repeating and padding may make: DuckDB's memory limit does not see a value grow."""

LONGEST_REPLACED: Final = 200_000
"""Characters that replacing may make."""

_GROWING: Final[Mapping[type[exp.Expr], str]] = {
    exp.Pad: "expression",
    exp.RegexpReplace: "replacement",
    exp.Repeat: "times",
    exp.Replace: "replacement",
    exp.Space: "this",
}
"""Functions whose result may be far longer than what they are given, and the argument that says so."""

_HARMLESS: Final = 1_000
_DEEPEST: Final = 4
_LONGER: Final = ("BIN", "HEX", "REGEXP_ESCAPE", "TO_BASE64", "TO_BINARY", "TO_HEX", "TO_JSON", "URL_ENCODE")
"""Functions whose result is a few times as long as what they are given."""


def bound_strings(query: exp.Expr) -> None:
    """Refuse in DuckDB, before it starts, what would make a string beyond its bounds."""
    for function in query.find_all(exp.Func):
        if _is_longer(function):
            _require_shallow(function, _is_longer)
    # The innermost first, so that what an outer one measures is bounded already.
    for function in reversed([*query.find_all(*_GROWING)]):
        part = _GROWING[type(function)]
        factor = function.args.get(part)
        if isinstance(factor, exp.Literal) and factor.is_string and len(factor.name) <= _HARMLESS:
            continue
        if factor is not None:
            _require_shallow(function, lambda outer: isinstance(outer, tuple(_GROWING)))
            function.set(part, _bounded(function, factor.copy()))


def _require_shallow(function: exp.Expr, grows: Callable[[exp.Expr], bool]) -> None:
    outer, depth = function.parent, 1
    while outer:
        outer, depth = outer.parent, depth + grows(outer)
    if depth > _DEEPEST:
        raise QueryError("Functions that repeat, pad, replace or encode are nested too deeply")


def _is_longer(function: exp.Expr) -> bool:
    return isinstance(function, exp.Func) and _name(function) in _LONGER


def _bounded(function: exp.Expr, factor: exp.Expr) -> exp.Expr:
    size, limit = exp.paren(factor.copy()), LONGEST_STRING
    if isinstance(function, exp.Replace | exp.RegexpReplace):
        size, limit = exp.Length(this=size), LONGEST_REPLACED
    if not isinstance(function, exp.Pad | exp.Space):
        size = exp.Mul(this=exp.Length(this=function.this.copy()), expression=size)
    is_long = exp.GT(this=size, expression=exp.Literal.number(limit))
    refusal = exp.func("error", exp.Literal.string(f"A string may have {limit} characters"))
    return exp.case().when(is_long, refusal).else_(factor)


def _name(function: exp.Func) -> str:
    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).upper()
