"""Changes to a query before DuckDB runs it: the sandbox's time, dates that stay dates, and limits on size.

DuckDB's memory limit does not cover a single value while it grows, so a query that could make a very long
list or string gets a check that fails before DuckDB builds it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.backend import QueryError

LONGEST_LIST: Final = 1_000_000
"""Maximum entries of a list of numbers or times; a series in FROM is read row by row and has no limit."""

LONGEST_STRING: Final = 10_000
"""Maximum characters of a string that is made by repeating or padding."""

LONGEST_REPLACED: Final = 200_000
"""Maximum characters of a string that is made by replacing."""

_DATES: Final = (exp.CurrentDate,)
_TIMES: Final = (exp.CurrentTime, exp.Localtime)
_ZONED: Final = (exp.CurrentTimestamp,)
_UNZONED: Final = (exp.CurrentDatetime, exp.Localtimestamp, exp.UtcTimestamp)

_TIME_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CLOCK_TIMESTAMP", "GET_CURRENT_TIMESTAMP", "NOW", "NOW64"), "TIMESTAMPTZ"),
    **dict.fromkeys(("STATEMENT_TIMESTAMP", "TRANSACTION_TIMESTAMP"), "TIMESTAMPTZ"),
    **dict.fromkeys(("CURRENT_LOCALTIMESTAMP", "GETUTCDATE", "SYSDATE", "SYSUTCDATETIME"), "TIMESTAMP"),
    **dict.fromkeys(("CURRENT_LOCALTIME", "GET_CURRENT_TIME", "UTC_TIME"), "TIME"),
    **dict.fromkeys(("TODAY", "UTC_DATE"), "DATE"),
}
"""Functions without a class in sqlglot, and the types they return."""

_DATE_SUMS: Final = (exp.DateAdd, exp.DateSub, exp.TsOrDsAdd)
DATE_UNITS: Final = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
"""Units whose sum with a date is a date."""

_GROWING: Final[Mapping[type[exp.Expr], str]] = {
    exp.Pad: "expression",
    exp.RegexpReplace: "replacement",
    exp.Repeat: "times",
    exp.Replace: "replacement",
    exp.Space: "this",
}
"""Functions whose result may be far longer than their arguments, and the argument that decides its length."""

_ENCODERS: Final = (
    "BIN",
    "HEX",
    "REGEXP_ESCAPE",
    "TO_BASE64",
    "TO_BINARY",
    "TO_HEX",
    "TO_JSON",
    "URL_ENCODE",
)
"""Functions whose result is a few times as long as their argument."""

_SHORT_LITERAL: Final = 1_000
_DEEPEST: Final = 4


def rewrite(query: exp.Expr, now: datetime) -> None:
    """Apply every rewrite to a query, in place; ``now`` is aware and in UTC.

    Raises:
        QueryError: Functions that make long strings are nested too deeply.
    """
    _fix_time(query, now)
    _keep_dates(query)
    _limit_lists(query)
    _limit_strings(query)


def function_name(function: exp.Func) -> str:
    """Return the name of a function in capitals."""
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    return name.upper().replace("J_S_O_N_B_", "JSONB_").replace("J_S_O_N", "JSON")


def _fix_time(query: exp.Expr, now: datetime) -> None:
    """Replace every function that returns the current time, in any dialect, by ``now``."""
    for function in list(query.find_all(exp.Func)):
        if fixed := _fixed(function, now):
            function.replace(fixed)


def _fixed(function: exp.Func, now: datetime) -> exp.Expr | None:
    sql_type = _time_type(function)
    if sql_type is not None:
        return _time_literal(now, sql_type, _zone_of(function))
    if not isinstance(function, exp.Anonymous):
        return None
    name, arguments = function.name.upper(), function.expressions
    if name == "UNIX_TIMESTAMP" and not arguments:
        return exp.Literal.number(int(now.timestamp()))
    if name == "YESTERDAY" and not arguments:
        return _time_literal(now - timedelta(days=1), "DATE")
    if name == "AGE" and len(arguments) == 1:
        midnight = _time_literal(now.replace(hour=0, minute=0, second=0, microsecond=0), "TIMESTAMP")
        return exp.func("age", midnight, arguments[0].copy())
    return None


def _time_type(function: exp.Func) -> str | None:
    if isinstance(function, _ZONED):
        return "TIMESTAMP" if function.args.get("sysdate") else "TIMESTAMPTZ"
    if isinstance(function, _UNZONED):
        return "TIMESTAMP"
    if isinstance(function, _DATES):
        return "DATE"
    if isinstance(function, _TIMES):
        return "TIME"
    return _TIME_TYPES.get(function.name.upper()) if isinstance(function, exp.Anonymous) else None


def _zone_of(function: exp.Func) -> exp.Expr | None:
    """Return the time zone that a function's argument names; a number there is a precision."""
    zone = None if isinstance(function, exp.Anonymous) else function.this
    return zone if isinstance(zone, exp.Literal) and zone.is_string else None


def _time_literal(now: datetime, sql_type: str, zone: exp.Expr | None = None) -> exp.Expr:
    value: exp.Expr = exp.cast(exp.Literal.string(now.isoformat()), "TIMESTAMPTZ")
    if zone is not None:
        value = exp.AtTimeZone(this=value, zone=zone.copy())
    elif sql_type == "TIME":
        value = exp.Literal.string(now.time().isoformat())
    return exp.cast(value, sql_type)


def _keep_dates(query: exp.Expr) -> None:
    """Cast a date plus days to a date, as warehouses do; DuckDB would return a timestamp."""
    for added in list(query.find_all(*_DATE_SUMS)):
        if _is_date(added.this) and added.text("unit").upper().rstrip("S") in DATE_UNITS:
            added.replace(exp.cast(added.copy(), "DATE"))


def _is_date(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and value.to.is_type("date")


def _limit_lists(query: exp.Expr) -> None:
    for series in list(query.find_all(exp.GenerateSeries, exp.ExplodingGenerateSeries)):
        if not isinstance(series.parent, exp.Table | exp.Lateral):
            series.set("end", _limited_end(series))


def _limited_end(series: exp.Expr) -> exp.Expr:
    start, end = exp.paren(series.args["start"].copy()), exp.paren(series.args["end"].copy())
    step = exp.paren((series.args.get("step") or exp.Literal.number(1)).copy())
    longest = exp.Literal.number(LONGEST_LIST)
    if step.find(exp.Interval) or any(cast.to.is_type("interval") for cast in step.find_all(exp.Cast)):
        span = exp.Sub(this=exp.cast(end, "TIMESTAMP"), expression=exp.cast(start, "TIMESTAMP"))
        is_long = exp.GT(this=span, expression=exp.Mul(this=step, expression=longest))
    else:
        span = exp.paren(exp.Sub(this=end, expression=start))
        is_long = exp.GT(this=exp.Div(this=span, expression=step), expression=longest)
    return _checked(is_long, f"A list may have up to {LONGEST_LIST} entries.", series.args["end"].copy())


def _limit_strings(query: exp.Expr) -> None:
    for function in query.find_all(exp.Func):
        if _is_encoder(function):
            _require_shallow(function, _is_encoder)
    # Innermost first, so that an outer function measures arguments that are limited already.
    for function in reversed([*query.find_all(*_GROWING)]):
        part = _GROWING[type(function)]
        factor = function.args.get(part)
        if isinstance(factor, exp.Literal) and factor.is_string and len(factor.name) <= _SHORT_LITERAL:
            continue
        if factor is not None:
            _require_shallow(function, lambda outer: isinstance(outer, tuple(_GROWING)))
            function.set(part, _limited_factor(function, factor.copy()))


def _require_shallow(function: exp.Expr, grows: Callable[[exp.Expr], bool]) -> None:
    outer, depth = function.parent, 1
    while outer:
        outer, depth = outer.parent, depth + grows(outer)
    if depth > _DEEPEST:
        raise QueryError(
            f"Functions that repeat, pad, replace or encode are nested too deeply: up to {_DEEPEST} levels"
            " are allowed."
        )


def _is_encoder(function: exp.Expr) -> bool:
    return isinstance(function, exp.Func) and function_name(function) in _ENCODERS


def _limited_factor(function: exp.Expr, factor: exp.Expr) -> exp.Expr:
    size, limit = exp.paren(factor.copy()), LONGEST_STRING
    if isinstance(function, exp.Replace | exp.RegexpReplace):
        size, limit = exp.Length(this=size), LONGEST_REPLACED
    if not isinstance(function, exp.Pad | exp.Space):
        size = exp.Mul(this=exp.Length(this=function.this.copy()), expression=size)
    is_long = exp.GT(this=size, expression=exp.Literal.number(limit))
    return _checked(is_long, f"A string may have up to {limit} characters.", factor)


def _checked(is_too_long: exp.Expr, message: str, value: exp.Expr) -> exp.Expr:
    """Return the value, or an expression that fails with the message if the condition holds."""
    return exp.case().when(is_too_long, exp.func("error", exp.Literal.string(message))).else_(value)
