"""Members of a JSON value in a dialect's own notation: ``t.data.items[0].sku``, ``data->'a'``, ``#>>``."""

import re
from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.dialects.kinds import JSON, Kinds, sources_at
from polytomic_mcp.sandbox.data.sql.dialects.templates import filled

_ARROWS: Final = ("postgres", "mysql", "redshift")
"""Dialects without lambdas: sqlglot takes ``f(data->'a')`` for one."""

_BRACES: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)')


def read_arrows(query: exp.Expr, dialect: str) -> None:
    """Replace what sqlglot takes for a lambda, and PostgreSQL's paths in braces, in place.

    Raises:
        QueryError: Such a path is computed.
    """
    for function in [*query.find_all(exp.Lambda)] if dialect in _ARROWS else []:
        (name,) = function.expressions
        body = function.this
        first = body
        while isinstance(first, exp.JSONExtract | exp.JSONExtractScalar):
            first = first.this
        path = first.copy() if dialect == "mysql" else _path([first.name], first)
        whole = exp.JSONExtract(this=exp.column(name.copy()), expression=path)
        if first is body:
            function.replace(whole)
        else:
            first.replace(whole)
            function.replace(body)
    for extract in [*query.find_all(exp.JSONBExtract, exp.JSONBExtractScalar)]:
        kind = exp.JSONExtractScalar if isinstance(extract, exp.JSONBExtractScalar) else exp.JSONExtract
        extract.replace(kind(this=extract.this.copy(), expression=_path(_names(extract.expression))))


def use_members(query: exp.Expr, kinds: Kinds, offset: int) -> None:
    """Replace members of JSON columns, in place; ``offset`` is where the dialect's own arrays begin."""
    for column in [*query.find_all(exp.Column)]:
        _use_qualified(column, kinds)
    for bracket in reversed([*query.find_all(exp.Bracket)]):
        if kinds.is_json(bracket.this) and len(bracket.expressions) == 1:
            _use_bracket(bracket, offset)
    for dot in reversed([*query.find_all(exp.Dot)]):
        if kinds.is_json(dot.this) and isinstance(dot.expression, exp.Identifier):
            key = exp.JSONPathKey(this=dot.expression.name)
            dot.replace(_extracted(dot.this.copy(), [key]))


def _use_qualified(column: exp.Column, kinds: Kinds) -> None:
    """Replace a column whose qualifiers name a JSON column, and not a table."""
    parts = [part.copy() for part in column.parts]
    if len(parts) == 1 or isinstance(column.this, exp.Star):
        return
    first = parts[0].name.casefold()
    is_source = any(source.alias_or_name.casefold() == first for source in sources_at(column))
    if is_source and kinds.at(column, parts[1].name, first) not in (None, JSON):
        return
    for size in (2, 1):
        root = exp.Column(this=parts[size - 1], table=parts[size - 2] if size > 1 else None)
        if size == 1 and is_source:
            root = exp.Column(this=parts[0].copy(), table=parts[0].copy())
        if len(parts) > size and kinds.at(column, root.name, root.table) == JSON:
            keys = [exp.JSONPathKey(this=part.name) for part in parts[size:]]
            column.replace(_extracted(root, keys))
            return


def _use_bracket(bracket: exp.Bracket, offset: int) -> None:
    (index,) = bracket.expressions
    if isinstance(index, exp.Literal) and index.is_string:
        bracket.replace(_extracted(bracket.this.copy(), [exp.JSONPathKey(this=index.name)]))
    elif isinstance(number := index.unnest(), exp.Literal | exp.Neg):
        place = int(number.to_py()) + offset
        bracket.replace(_extracted(bracket.this.copy(), [exp.JSONPathSubscript(this=place)]))
    else:
        bracket.replace(filled("json_extract(:a, :b)", bracket.this, index))


def _names(path: exp.Expr) -> list[str]:
    """Return the steps of PostgreSQL's ``'{a,0}'`` or ``ARRAY['a', '0']``."""
    if isinstance(path, exp.Array):
        return [step.name for step in path.expressions]
    if isinstance(path, exp.Literal):
        return [quoted or plain.strip() for quoted, plain in _BRACES.findall(path.name)]
    raise QueryError("The sandbox only emulates #> and #>> with a path that is written out, such as '{a,0}'.")


def _extracted(value: exp.Expr, parts: Sequence[exp.Expr]) -> exp.Expr:
    """Return a member; a member of a member has one path."""
    if isinstance(value, exp.JSONExtract) and isinstance(value.expression, exp.JSONPath):
        above = [part.copy() for part in value.expression.expressions]
        return exp.JSONExtract(this=value.this.copy(), expression=exp.JSONPath(expressions=[*above, *parts]))
    path = exp.JSONPath(expressions=[exp.JSONPathRoot(), *parts])
    return exp.JSONExtract(this=value, expression=path)


def _path(names: list[str], first: exp.Expr | None = None) -> exp.JSONPath:
    """Return the path of names and indexes; ``first`` says whether a single one is an index."""
    is_text = isinstance(first, exp.Literal) and first.is_string
    parts = [
        exp.JSONPathSubscript(this=int(name))
        if not is_text and re.fullmatch(r"-?\d+", name)
        else exp.JSONPathKey(this=name)
        for name in names
    ]
    return exp.JSONPath(expressions=[exp.JSONPathRoot(), *parts])
