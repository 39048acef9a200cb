"""Days added to a date: a date in every warehouse, and a timestamp in DuckDB."""

from typing import Final

from sqlglot import exp

_ADDING: Final = (exp.DateAdd, exp.DateSub, exp.TsOrDsAdd)
_DAYS: Final = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def keep_dates(query: exp.Expr) -> None:
    """Make dates of sums of dates, as far as the query itself says what is a date."""
    for added in list(query.find_all(*_ADDING)):
        if _is_date(added.this) and added.text("unit").upper().rstrip("S") in _DAYS:
            added.replace(exp.cast(added.copy(), "DATE"))


def _is_date(value: exp.Expr) -> bool:
    return isinstance(value, exp.Cast) and value.to.is_type("date")
