"""JSON where a query uses it as a value: text without quotes, numbers, booleans, times.

A warehouse converts a JSON value by its type; DuckDB would convert its JSON text, with a string's quotes.
"""

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.dialects.kinds import INTEGER, Kinds
from polytomic_mcp.sandbox.data.sql.dialects.templates import OWN, filled

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv, exp.Neg)
_NUMERIC: Final = (
    *(exp.Abs, exp.Avg, exp.Ceil, exp.Floor, exp.Round, exp.Sqrt, exp.Stddev, exp.Sum, exp.Variance),
)
_TEXTUAL: Final = (
    *(exp.Concat, exp.ConcatWs, exp.DPipe, exp.GroupConcat, exp.ILike, exp.Initcap, exp.Left, exp.Length),
    *(exp.Like, exp.Lower, exp.MD5, exp.RegexpExtract, exp.RegexpLike, exp.RegexpReplace, exp.Replace),
    *(exp.Right, exp.SHA2, exp.Split, exp.SplitPart, exp.StartsWith, exp.StrPosition, exp.Substring),
    *(exp.ToChar, exp.Trim, exp.Upper),
)
_CHOICES: Final = (exp.Coalesce, exp.Nullif, exp.In, exp.Between, exp.If, exp.Case)
_NESTED: Final = ("json", "jsonb", "variant", "object", "super", "array", "map", "struct", "list")


def use_values(query: exp.Expr, kinds: Kinds) -> None:
    """Convert every JSON expression whose place needs another type, in place."""
    # Innermost first, so that the result of a conversion is seen as what it is.
    for node in reversed([*query.walk()]):
        if OWN in node.meta:
            continue
        if isinstance(node, exp.Cast):
            _convert_cast(node, kinds)
        elif isinstance(node, exp.Ordered):
            _order_by_value(node, kinds)
        else:
            for operand, wanted in _operands(node, kinds):
                operand.replace(exp.cast(text_of(operand), wanted) if wanted else text_of(operand))


def text_of(value: exp.Expr) -> exp.Expr:
    """Return the text of a JSON value: a string without its quotes; null for JSON's null."""
    inner = value.unnest()
    if isinstance(inner, exp.JSONExtract):
        return exp.paren(exp.JSONExtractScalar(this=inner.this.copy(), expression=inner.expression.copy()))
    return exp.paren(filled("json_extract_string(:a, '$')", value))


def _convert_cast(cast: exp.Cast, kinds: Kinds) -> None:
    if not kinds.is_json(cast.this):
        if cast.to.is_type("variant", "object"):
            cast.replace(filled("to_json(:a)", cast.this))
        return
    if not cast.to.is_type(*_NESTED):
        cast.set("this", text_of(cast.this))
    elif not cast.to.expressions:
        cast.replace(cast.this.copy())


def _order_by_value(ordered: exp.Ordered, kinds: Kinds) -> None:
    """Order numbers by value, and everything else as text."""
    order = ordered.parent
    if isinstance(order, exp.Order) and kinds.is_json(ordered.this):
        number, text = ordered.copy(), ordered.copy()
        number.set("this", exp.TryCast(this=text_of(ordered.this), to=exp.DataType.build("double")))
        text.set("this", text_of(ordered.this))
        at = order.expressions.index(ordered)
        order.set("expressions", [*order.expressions[:at], number, text, *order.expressions[at + 1 :]])


def _operands(node: exp.Expr, kinds: Kinds) -> Iterator[tuple[exp.Expr, str | None]]:
    """Yield the JSON operands of an expression, each with the type it needs, which is None for text."""
    operands = _parts(node)
    found = [each for each in operands if kinds.is_json(each)]
    others = [each for each in operands if each not in found and not isinstance(each, exp.Null)]
    if isinstance(node, (_ARITHMETIC, _NUMERIC)):
        yield from ((each, "double") for each in found)
    elif isinstance(node, _TEXTUAL):
        yield from ((each, None) for each in found)
    elif isinstance(node, (_COMPARISONS, _CHOICES)) and others:
        wanted = _type_for(others, kinds)
        yield from ((each, wanted) for each in found)
    elif isinstance(node, _COMPARISONS) and found:
        yield from ((each, None) for each in found)


def _parts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        return [part for name in ("true", "false") if (part := node.args.get(name)) is not None]
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]]
        return [*results, *([node.args["default"]] if node.args.get("default") else [])]
    if isinstance(node, exp.If):
        return []
    return [*node.iter_expressions()]


def _type_for(others: list[exp.Expr], kinds: Kinds) -> str | None:
    """Return the type of what JSON is compared with, or None for text."""
    if all(kinds.of(each) == INTEGER or _is_number(each) for each in others):
        return "double"
    return "boolean" if all(isinstance(each, exp.Boolean) for each in others) else None


def _is_number(value: exp.Expr) -> bool:
    value = value.unnest()
    if isinstance(value, exp.Literal):
        return not value.is_string
    is_numeric_cast = isinstance(value, exp.Cast) and value.to.is_type(*exp.DataType.NUMERIC_TYPES)
    return is_numeric_cast or isinstance(value, _ARITHMETIC)
