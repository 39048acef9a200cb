"""The time now in a query: the sandbox's own, whatever a dialect calls it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlglot import exp

_DATES: Final = (exp.CurrentDate,)
_TIMES: Final = (exp.CurrentTime, exp.Localtime)
_ZONED: Final = (exp.CurrentTimestamp,)
_PLAIN: Final = (exp.CurrentDatetime, exp.Localtimestamp, exp.UtcTimestamp)

_NAMED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CLOCK_TIMESTAMP", "GET_CURRENT_TIMESTAMP", "NOW", "NOW64"), "TIMESTAMPTZ"),
    **dict.fromkeys(("STATEMENT_TIMESTAMP", "TRANSACTION_TIMESTAMP"), "TIMESTAMPTZ"),
    **dict.fromkeys(("CURRENT_LOCALTIMESTAMP", "GETUTCDATE", "SYSDATE", "SYSUTCDATETIME"), "TIMESTAMP"),
    **dict.fromkeys(("CURRENT_LOCALTIME", "GET_CURRENT_TIME", "UTC_TIME"), "TIME"),
    **dict.fromkeys(("TODAY", "UTC_DATE"), "DATE"),
}
"""Functions that sqlglot has no type for, and the type of what they return."""


def fix_time(query: exp.Expr, now: datetime) -> None:
    """Put ``now``, aware and in UTC, in place of every function of a query that returns the time."""
    for function in list(query.find_all(exp.Func)):
        if fixed := _fixed(function, now):
            function.replace(fixed)


def _fixed(function: exp.Func, now: datetime) -> exp.Expr | None:
    sql_type = _type_of(function)
    if sql_type is not None:
        return _literal(now, sql_type, _zone_of(function))
    if not isinstance(function, exp.Anonymous):
        return None
    name, arguments = function.name.upper(), function.expressions
    if name == "UNIX_TIMESTAMP" and not arguments:
        return exp.Literal.number(int(now.timestamp()))
    if name == "YESTERDAY" and not arguments:
        return _literal(now - timedelta(days=1), "DATE")
    if name == "AGE" and len(arguments) == 1:
        midnight = _literal(now.replace(hour=0, minute=0, second=0, microsecond=0), "TIMESTAMP")
        return exp.func("age", midnight, arguments[0].copy())
    return None


def _type_of(function: exp.Func) -> str | None:
    if isinstance(function, _ZONED):
        return "TIMESTAMP" if function.args.get("sysdate") else "TIMESTAMPTZ"
    if isinstance(function, _PLAIN):
        return "TIMESTAMP"
    if isinstance(function, _DATES):
        return "DATE"
    if isinstance(function, _TIMES):
        return "TIME"
    return _NAMED.get(function.name.upper()) if isinstance(function, exp.Anonymous) else None


def _zone_of(function: exp.Func) -> exp.Expr | None:
    """Return the time zone a function names; a number there is the precision."""
    zone = None if isinstance(function, exp.Anonymous) else function.this
    return zone if isinstance(zone, exp.Literal) and zone.is_string else None


def _literal(now: datetime, sql_type: str, zone: exp.Expr | None = None) -> exp.Expr:
    value: exp.Expr = exp.cast(exp.Literal.string(now.isoformat()), "TIMESTAMPTZ")
    if zone is not None:
        value = exp.AtTimeZone(this=value, zone=zone.copy())
    elif sql_type == "TIME":
        value = exp.Literal.string(now.time().isoformat())
    return exp.cast(value, sql_type)
