"""Lists that one expression makes: DuckDB would fill the memory with one before it looks at any bound."""

from typing import Final

from sqlglot import exp

LONGEST_LIST: Final = 1_000_000
"""Entries that a list of numbers or times may have; a series in FROM is read row by row and has no bound."""


def bound_lists(query: exp.Expr) -> None:
    """Make DuckDB refuse, before it starts, a list beyond the bound."""
    for series in list(query.find_all(exp.GenerateSeries, exp.ExplodingGenerateSeries)):
        if not isinstance(series.parent, exp.Table | exp.Lateral):
            series.set("end", _bounded(series))


def _bounded(series: exp.Expr) -> exp.Expr:
    start, end = exp.paren(series.args["start"].copy()), exp.paren(series.args["end"].copy())
    step = exp.paren((series.args.get("step") or exp.Literal.number(1)).copy())
    longest = exp.Literal.number(LONGEST_LIST)
    if step.find(exp.Interval) or any(cast.to.is_type("interval") for cast in step.find_all(exp.Cast)):
        span = exp.Sub(this=exp.cast(end, "TIMESTAMP"), expression=exp.cast(start, "TIMESTAMP"))
        is_long = exp.GT(this=span, expression=exp.Mul(this=step, expression=longest))
    else:
        span = exp.paren(exp.Sub(this=end, expression=start))
        is_long = exp.GT(this=exp.Div(this=span, expression=step), expression=longest)
    refusal = exp.func("error", exp.Literal.string(f"A list may have {LONGEST_LIST} entries"))
    return exp.case().when(is_long, refusal).else_(series.args["end"].copy())
