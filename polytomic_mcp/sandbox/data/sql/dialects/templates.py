"""SQL of DuckDB with places for the arguments of another dialect's function: ``json_type(:a)``."""

from typing import Final

import sqlglot
from sqlglot import exp

OWN: Final = "own"
"""Marks what is DuckDB's already, so that no other dialect's meaning is read into it."""

_PLACES: Final = "abcdef"


def filled(template: str, *arguments: exp.Expr) -> exp.Expr:
    """Return the template's expression with copies of the arguments at ``:a``, ``:b``, and so on."""
    query = sqlglot.parse_one(template, dialect="duckdb")
    for node in query.walk():
        node.meta[OWN] = True
    return exp.replace_placeholders(query, **dict(zip(_PLACES, map(_grouped, arguments), strict=False)))


def _grouped(argument: exp.Expr) -> exp.Expr:
    is_plain = isinstance(argument, exp.Column | exp.Literal | exp.Func | exp.Paren)
    return argument.copy() if is_plain and not is_arrow(argument) else exp.paren(argument.copy())


def is_arrow(value: exp.Expr) -> bool:
    """Whether DuckDB writes the expression as ``a -> b``, which binds weakly."""
    return isinstance(value, exp.JSONExtract | exp.JSONExtractScalar)
