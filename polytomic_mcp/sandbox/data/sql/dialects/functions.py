"""Functions of each dialect that sqlglot does not know, or brings over with another meaning."""

from collections.abc import Mapping
from typing import Final

from sqlglot import exp
from sqlglot.errors import ParseError

from polytomic_mcp.sandbox.data.sql.dialects.json_functions import functions_of
from polytomic_mcp.sandbox.data.sql.dialects.templates import filled
from polytomic_mcp.sandbox.data.sql.rewrites import function_name

_WEEKDAY: Final = "(isodow(CAST(:a AS TIMESTAMP)) - 1)"

_PLAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "databricks": {"WEEKDAY": _WEEKDAY},
    "mysql": {
        "WEEKDAY": _WEEKDAY,
        "UNIX_TIMESTAMP/1": "CAST(epoch(CAST(:a AS TIMESTAMP)) AS BIGINT)",
        "FIELD": "coalesce(list_position([:rest], :a), 0)",
        "FIND_IN_SET": "coalesce(list_position(string_split(:b, ','), :a), 0)",
        "ELT": "list_extract([:rest], :a)",
        "SUBSTRING_INDEX": (
            "CASE WHEN :c >= 0 THEN array_to_string(list_slice(string_split(:a, :b), 1, :c), :b) "
            "ELSE array_to_string(list_slice(string_split(:a, :b), :c, len(string_split(:a, :b))), :b) END"
        ),
    },
    "redshift": {"ISNULL": "coalesce(:a, :b)", "NVL": "coalesce(:a, :b)"},
    "postgres": {"EVERY": "bool_and(:a)"},
    "snowflake": {"OBJECT_AGG": "json_group_object(:a, :b)"},
    "clickhouse": {"TOSTRING": "CAST(:a AS VARCHAR)", "TOINT64": "CAST(:a AS BIGINT)"},
}


def use_functions(query: exp.Expr, dialect: str) -> None:
    """Replace functions by DuckDB's, in place."""
    templates = {**functions_of(dialect), **_PLAIN.get(dialect, {})}
    # Innermost first, because an outer function takes copies of its arguments.
    for function in reversed([*query.find_all(exp.Func)]):
        name, arguments = function_name(function), _arguments(function)
        template = templates.get(f"{name}/{len(arguments)}") or templates.get(name)
        if template is not None:
            function.replace(_filled(template, arguments))
        elif isinstance(function, exp.FromJson):
            _read_json(function, dialect)

    for value in [*query.find_all(exp.JSONValue)]:
        text = filled("json_extract_string(:a, :b)", value.this, value.args["path"])
        sql_type = value.args.get("returning")
        value.replace(exp.cast(text, sql_type.copy()) if isinstance(sql_type, exp.DataType) else text)


def _filled(template: str, arguments: list[exp.Expr]) -> exp.Expr:
    if ":" not in template:
        return exp.func(template, *(each.copy() for each in arguments))
    for place, step in ((":path", _position), (":keys", _key)):
        if place in template:
            path = exp.Literal.string("$" + "".join(map(step, arguments[1:])))
            return filled(template.replace(place, path.sql("duckdb")), arguments[0])
    if ":rest" in template:
        rest = ", ".join(each.sql("duckdb") for each in arguments[1:])
        return filled(template.replace(":rest", rest), *arguments)
    return filled(template, *arguments)


def _position(part: exp.Expr) -> str:
    """Return a step of ClickHouse's path: a key, or a position from 1."""
    is_key = isinstance(part, exp.Literal) and part.is_string
    return f'."{part.name}"' if is_key else f"[{int(part.to_py()) - 1}]"


def _key(part: exp.Expr) -> str:
    """Return a step of PostgreSQL's path: a key, or an index from 0 as text."""
    return f"[{part.name}]" if part.name.isdecimal() else f'."{part.name}"'


def _read_json(function: exp.FromJson, dialect: str) -> None:
    """Replace Spark's FROM_JSON, whose schema is a type or the fields of a structure."""
    schema = function.expression.name
    try:
        sql_type = exp.DataType.build(schema, dialect=dialect)
    except ParseError:
        sql_type = exp.DataType.build(f"struct<{schema}>", dialect=dialect)
    function.replace(exp.TryCast(this=function.this.copy(), to=sql_type))


def _arguments(function: exp.Func) -> list[exp.Expr]:
    if isinstance(function, exp.Anonymous):
        return function.expressions
    return [*function.iter_expressions()]
