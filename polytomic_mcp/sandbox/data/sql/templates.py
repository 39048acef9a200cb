"""DuckDB SQL with ``{{name}}`` in it: its parameters, their types, and the SQL with values in place.

A reference counts where SQL has room for a value, and nowhere else: what stands in quotes or in a
comment is text. Values are written as literals of their types, so none can be anything but a value.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from polytomic_mcp.common.json_values import JsonObject

TYPES: Final = ("string", "number", "boolean", "date", "timestamp", "uuid")

_BRACES: Final = ("L_BRACE", "L_BRACE", None, "R_BRACE", "R_BRACE")
"""The kinds of the tokens of a reference; its name may be of any."""


class TemplateError(ValueError):
    """A template, a declaration or a value that does not fit; the text says which and why."""


def check(template: str, parameters: Sequence[JsonObject], values: Mapping[str, Any]) -> None:
    """Hold a template to its declarations, and the values given beside them to their types."""
    names = [each["name"] for each in parameters]
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise TemplateError("parameters must have names of letters, digits and _, each its own")
    for each in parameters:
        if each["type"] not in TYPES:
            raise TemplateError(f"parameter {each['name']} must be one of {', '.join(TYPES)}")
        for value in (each.get("default_value"), values.get(each["name"])):
            if value is not None:
                _literal(each, value)
    undeclared = {name for _, _, name in _references(template)} - set(names) or set(values) - set(names)
    if undeclared:
        raise TemplateError(f"there is no parameter {', '.join(sorted(undeclared))}")


def bind(template: str, parameters: Sequence[JsonObject], values: Mapping[str, Any]) -> str:
    """Return the SQL with the values in place; absent ones are the defaults, or null where none is wanted."""
    unknown = set(values) - {each["name"] for each in parameters}
    if unknown:
        raise TemplateError(f"there is no parameter {', '.join(sorted(unknown))}")
    literals = {each["name"]: _value(each, values) for each in parameters}
    written = template
    for start, end, name in reversed(_references(template)):
        written = written[:start] + literals[name] + written[end:]
    return written


def _value(parameter: JsonObject, values: Mapping[str, Any]) -> str:
    name = parameter["name"]
    value = values.get(name, parameter.get("default_value"))
    if value is None:
        if parameter.get("required"):
            raise TemplateError(f"parameter {name} is required")
        return "NULL"
    return _literal(parameter, value)


def _literal(parameter: JsonObject, value: Any) -> str:
    """Write a value as a literal of its parameter's type."""
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
    raise TemplateError(f"parameter {parameter['name']} must be of type {type_}")


def _references(template: str) -> list[tuple[int, int, str]]:
    """Return where the references are, and what they name."""
    try:
        tokens = sqlglot.tokenize(template, dialect="duckdb")
    except SqlglotError as error:
        raise TemplateError("sql_template is not valid SQL: a quote or a comment has no end") from error
    kinds = [token.token_type.name for token in tokens]
    size = len(_BRACES)
    groups = [tokens[at : at + size] for at in range(len(tokens)) if _is_reference(kinds[at : at + size])]
    return [(group[0].start, group[-1].end + 1, group[2].text) for group in groups]


def _is_reference(kinds: Sequence[str]) -> bool:
    return len(kinds) == len(_BRACES) and all(
        wanted in (None, kind) for wanted, kind in zip(_BRACES, kinds, strict=True)
    )
