"""Expressions that every dialect has, with a meaning of its own: ``7/2``, days of the week, ``$1``."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import Dialect, exp

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.dialects.kinds import DATE, INTEGER, Kinds
from polytomic_mcp.sandbox.data.sql.dialects.templates import OWN, filled
from polytomic_mcp.sandbox.data.sql.rewrites import DATE_UNITS
from polytomic_mcp.sandbox.data.tables.tables import Table

_WHOLE_DIVISION: Final = ("athena", "postgres", "redshift", "tsql")
"""Dialects in which an integer divided by one is an integer."""

_SUNDAY_IS_1: Final = ("bigquery", "databricks", "mysql")
_SUNDAY_WEEKS: Final = ("bigquery", "mysql")
_DATES_STAY: Final = ("athena", "bigquery", "mysql", "snowflake")
"""Dialects in which a truncated date is a date, and a date plus days."""

_REFUSES_ZERO: Final = ("bigquery", "databricks", "postgres", "redshift", "snowflake", "tsql")
"""Dialects in which a division by zero is an error; in MySQL, it is null."""

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

_CUT: Final = ("mysql", "postgres", "redshift", "tsql")
"""Dialects in which a cast to a text of n characters cuts it."""

_VALUES_COLUMN: Final = {
    "databricks": "col",
    "postgres": "column",
    "redshift": "column",
    "snowflake": "column",
}
_DATED: Final = (exp.DayOfWeek, exp.Dayname, exp.Extract, exp.LastDay, exp.Quarter, exp.TimestampDiff)
_UNITS: Final = {"MM": "MONTH", "MON": "MONTH", "YY": "YEAR", "YYYY": "YEAR"}


def use_meanings(query: exp.Expr, dialect: str, kinds: Kinds) -> None:
    """Replace expressions by those that mean the same in DuckDB, in place."""
    for node in reversed([*query.walk()]):
        if OWN in node.meta:
            continue
        if isinstance(node, _DATED):
            _cast_dates(node)
        replace = _REPLACED.get(type(node))
        replacement = replace and replace(node, dialect, kinds)
        if replacement is not None:
            node.replace(replacement)


def name_columns(query: exp.Expr, dialect: str, tables: Mapping[str, Table]) -> None:
    """Name the columns of VALUES as the dialect does, and replace positions such as ``$1`` by names."""
    if prefix := _VALUES_COLUMN.get(dialect):
        for values in query.find_all(exp.Values):
            alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_values"))
            if isinstance(values.parent, exp.From | exp.Join | exp.Subquery) and not alias.columns:
                row = values.expressions[0]
                count = len(row.expressions) if isinstance(row, exp.Tuple) else 1
                alias.set("columns", [exp.to_identifier(f"{prefix}{at}") for at in range(1, count + 1)])
                values.set("alias", alias)
    if dialect == "snowflake":
        for parameter in [*query.find_all(exp.Parameter)]:
            _name_position(parameter, tables)


def _name_position(parameter: exp.Parameter, tables: Mapping[str, Table]) -> None:
    select = parameter.find_ancestor(exp.Select)
    position = parameter.name
    source = select.args["from_"].this if select is not None and select.args.get("from_") else None
    while isinstance(source, exp.Subquery):
        source = source.this
    names: list[str] = []
    if isinstance(source, exp.Values):
        names = [column.name for column in source.args["alias"].columns]
    elif isinstance(source, exp.Select):
        names = source.named_selects
    elif isinstance(source, exp.Table) and (table := tables.get(source.name)):
        names = [column.name for column in table.columns]
    if position.isdecimal() and 0 < int(position) <= len(names):
        parameter.replace(exp.column(names[int(position) - 1], quoted=True))


def _cast_dates(node: exp.Expr) -> None:
    """Read a text as a time where a function needs one."""
    for name in ("this", "expression"):
        text = node.args.get(name)
        if isinstance(text, exp.Literal) and text.is_string:
            node.set(name, exp.cast(text.copy(), "timestamp"))


def _division(node: exp.Div | exp.Mod, dialect: str, kinds: Kinds) -> exp.Expr | None:
    is_whole = isinstance(node, exp.Div) and dialect in _WHOLE_DIVISION
    is_whole = is_whole and kinds.of(node.this) == kinds.of(node.expression) == INTEGER
    divisor = _divisor(node.expression) if dialect in _REFUSES_ZERO else node.expression
    if is_whole:
        return exp.paren(filled(":a // :b", node.this, divisor))
    if divisor is not node.expression:
        node.set("expression", divisor)
    return None


def _divisor(value: exp.Expr) -> exp.Expr:
    """Return a divisor, or a case that fails if it is zero; DuckDB returns infinity or null."""
    is_known = isinstance(value, exp.Literal) and float(value.this) != 0
    # A divisor that divides is not written twice, since that would double with each level.
    if is_known or value.find(exp.Div, exp.Mod, exp.IntDiv):
        return value
    return exp.paren(filled("CASE WHEN :a = 0 THEN error('Division by zero.') ELSE :a END", value))


def _date_sum(node: exp.Expr, dialect: str, kinds: Kinds) -> exp.Expr | None:
    """Return a date plus days as a date, where the dialect does; DuckDB returns a timestamp."""
    is_of_days = node.text("unit").upper().rstrip("S") in DATE_UNITS
    is_date = dialect in _DATES_STAY and is_of_days and kinds.of(node.this) == DATE
    if dialect == "mysql" and isinstance(node.this, exp.Literal):
        is_date = is_of_days and _DAY.fullmatch(node.this.name) is not None
        node.set("this", exp.cast(node.this.copy(), "date" if is_date else "timestamp"))
    return exp.cast(node.copy(), "date") if is_date or dialect == "databricks" else None


def _whole_units(node: exp.TimestampDiff, dialect: str, kinds: Kinds) -> exp.Expr:
    """Count the whole units between two times, as BigQuery, Databricks and MySQL do.

    DuckDB's function counts the boundaries that they cross, as Snowflake's does, which sqlglot tells apart.
    """
    del dialect, kinds
    template = f"datesub('{node.text('unit')}', CAST(:b AS TIMESTAMP), CAST(:a AS TIMESTAMP))"
    return filled(template, node.this, node.expression)


def _formatted(node: exp.ToChar, dialect: str, kinds: Kinds) -> exp.Expr | None:
    """Write a time in a format, which sqlglot would leave out."""
    del kinds
    form = node.args.get("format")
    if form is None:
        return None
    if not isinstance(form, exp.Literal) or re.search("YY|MM|DD|HH", form.name.upper()) is None:
        raise QueryError(f"The sandbox cannot write a value in the format {form.sql(dialect)}.")
    written = Dialect.get_or_raise(dialect).format_time(form.copy())
    return exp.TimeToStr(this=exp.cast(node.this.copy(), "timestamp"), format=written)


def _join(node: exp.Join, dialect: str, kinds: Kinds) -> None:
    """Make lateral joins of CROSS APPLY and OUTER APPLY, which DuckDB does not have."""
    del dialect, kinds
    is_cross = node.this.args.get("cross_apply")
    if is_cross is None:
        return
    node.this.set("cross_apply", None)
    if is_cross:
        node.set("kind", "CROSS")
    else:
        node.set("side", "LEFT")
        node.set("on", exp.true())


def _day_of_week(node: exp.DayOfWeek, dialect: str, kinds: Kinds) -> exp.Expr | None:
    del kinds
    return filled("(isodow(:a) % 7 + 1)", node.this) if dialect in _SUNDAY_IS_1 else None


def _week(node: exp.Week, dialect: str, kinds: Kinds) -> exp.Expr | None:
    del kinds
    return (
        filled("CAST(strftime(CAST(:a AS TIMESTAMP), '%U') AS INTEGER)", node.this)
        if dialect == "mysql"
        else None
    )


def _extract(node: exp.Extract, dialect: str, kinds: Kinds) -> exp.Expr | None:
    del kinds
    if dialect != "bigquery":
        return None
    templates = {"DAYOFWEEK": "(isodow(:a) % 7 + 1)", "WEEK": "CAST(strftime(:a, '%U') AS INTEGER)"}
    template = templates.get(node.name.upper())
    return filled(template, node.expression) if template else None


def _date_trunc(node: exp.Expr, dialect: str, kinds: Kinds) -> exp.Expr | None:
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() in _UNITS:
        node.set("unit", exp.Literal.string(_UNITS[unit.name.upper()]))
    if dialect in _DATES_STAY and kinds.of(node.this) == DATE and not isinstance(node.parent, exp.Cast):
        return exp.cast(node.copy(), "date")
    return None


def _cast(node: exp.Cast, dialect: str, kinds: Kinds) -> exp.Expr | None:
    del kinds
    sizes = node.to.expressions
    if dialect not in _CUT or not node.to.is_type("varchar", "char", "nvarchar", "nchar") or not sizes:
        return None
    size = sizes[0].this
    if not isinstance(size, exp.Literal) or not size.is_int:  # MAX
        return exp.cast(node.this.copy(), "varchar")
    return filled("left(CAST(:a AS VARCHAR), :b)", node.this, size)


def _length(node: exp.Length, dialect: str, kinds: Kinds) -> exp.Expr | None:
    del kinds
    if dialect == "mysql" and node.args.get("binary"):
        return filled("strlen(:a)", node.this)
    return filled("length(rtrim(:a))", node.this) if dialect == "tsql" else None


def _like(node: exp.Like | exp.ILike, dialect: str, kinds: Kinds) -> exp.Expr | None:
    """Spell out ``LIKE ANY (ARRAY[...])``."""
    del dialect, kinds
    patterns = node.expression
    if isinstance(patterns, exp.Any) and isinstance(found := patterns.this.unnest(), exp.Array):
        each = (type(node)(this=node.this.copy(), expression=one.copy()) for one in found.expressions)
        return exp.paren(exp.or_(*each))
    return None


_REPLACED: Final[dict[type[exp.Expr], Callable[..., exp.Expr | None]]] = {
    exp.AddMonths: _date_sum,
    exp.Cast: _cast,
    exp.DateAdd: _date_sum,
    exp.DateSub: _date_sum,
    exp.DateTrunc: _date_trunc,
    exp.DayOfWeek: _day_of_week,
    exp.Div: _division,
    exp.Extract: _extract,
    exp.ILike: _like,
    exp.Join: _join,
    exp.Length: _length,
    exp.Like: _like,
    exp.Mod: _division,
    exp.TimestampDiff: _whole_units,
    exp.TimestampTrunc: _date_trunc,
    exp.ToChar: _formatted,
    exp.TsOrDsAdd: _date_sum,
    exp.Week: _week,
}
