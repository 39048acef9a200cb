"""SQL templates: DuckDB SQL with ``{{name}}`` references to typed parameters.

References in quotes or comments are plain text. A value is written as a literal of its parameter's type, so
it cannot be anything but a value.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown

TYPES: Final = ("string", "number", "boolean", "date", "timestamp", "uuid")

_BRACES: Final = ("L_BRACE", "L_BRACE", None, "R_BRACE", "R_BRACE")
"""The token kinds of a reference; its name may be a token of any kind."""


class TemplateError(ValueError):
    """A template, declaration or value that is not valid; the text says which and why."""


def check(template: str, parameters: Sequence[JsonObject], values: Mapping[str, Any]) -> None:
    """Validate a template against its declared parameters, and ``values`` against their types.

    Raises:
        TemplateError: A name, type or value is not valid, or a reference is not declared.
    """
    names = [each["name"] for each in parameters]
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise TemplateError("Parameter names must be unique and consist of letters, digits and _.")
    for each in parameters:
        if each["type"] not in TYPES:
            raise TemplateError(unknown(f"type of parameter {each['name']}", each["type"], TYPES))
        for value in (each.get("default_value"), values.get(each["name"])):
            if value is not None:
                _literal(each, value)
    _require_declared({name for _, _, name in _references(template)}, names)
    _require_declared(values, names)


def bind(template: str, parameters: Sequence[JsonObject], values: Mapping[str, Any]) -> str:
    """Return the SQL with values in place of references; an omitted value is the default, or null.

    Raises:
        TemplateError: A value has the wrong type or no parameter, or a required value is missing.
    """
    _require_declared(values, [each["name"] for each in parameters])
    literals = {each["name"]: _value(each, values) for each in parameters}
    written = template
    for start, end, name in reversed(_references(template)):
        written = written[:start] + literals[name] + written[end:]
    return written


def _require_declared(names: Iterable[str], declared: Sequence[str]) -> None:
    for name in sorted(set(names) - set(declared)):
        raise TemplateError(unknown("parameter", name, declared))


def _value(parameter: JsonObject, values: Mapping[str, Any]) -> str:
    name = parameter["name"]
    value = values.get(name, parameter.get("default_value"))
    if value is None:
        if parameter.get("required"):
            raise TemplateError(f"Parameter {name} is required.")
        return "NULL"
    return _literal(parameter, value)


def _literal(parameter: JsonObject, value: Any) -> str:
    """Return a value as an SQL literal of its parameter's type."""
    type_ = parameter["type"]
    try:
        match type_, value:
            case "boolean", bool():
                return "TRUE" if value else "FALSE"
            case "number", int() | float() if not isinstance(value, bool):
                return f"({value!r})"
            case "string", str():
                return exp.Literal.string(value).sql("duckdb")
            case "date", str():
                return f"DATE '{date.fromisoformat(value).isoformat()}'"
            case "timestamp", str():
                return f"TIMESTAMPTZ '{datetime.fromisoformat(value).isoformat()}'"
            case "uuid", str():
                return f"CAST('{UUID(value)}' AS UUID)"
            case _:
                pass
    except ValueError:
        pass
    raise TemplateError(f"Parameter {parameter['name']} must be of type {type_}.")


def _references(template: str) -> list[tuple[int, int, str]]:
    """Return the start, end and name of each reference."""
    try:
        tokens = sqlglot.tokenize(template, dialect="duckdb")
    except SqlglotError as error:
        raise TemplateError("sql_template is not valid SQL: a quote or comment is not closed.") from error
    kinds = [token.token_type.name for token in tokens]
    size = len(_BRACES)
    groups = [tokens[at : at + size] for at in range(len(tokens)) if _is_reference(kinds[at : at + size])]
    return [(group[0].start, group[-1].end + 1, group[2].text) for group in groups]


def _is_reference(kinds: Sequence[str]) -> bool:
    return len(kinds) == len(_BRACES) and all(
        wanted in (None, kind) for wanted, kind in zip(_BRACES, kinds, strict=True)
    )
