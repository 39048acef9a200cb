"""The form for a connection's configuration: built from its type's schema, and parsed when submitted.

An input is named by its path (``configuration.basic.username``). Secrets are never sent to the browser:
one that is left empty is unchanged.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.calls.schema_problems import Problem
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType
from polytomic_mcp.sandbox.resources.connections.configuration import required_fields
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent

ROOT: Final = "configuration"
_FEW: Final = 6
"""A form with at most this many fields shows its optional fields as well."""

_ACRONYMS: Final = frozenset({"api", "arn", "aws", "ca", "csv", "iam", "id", "s3", "ssh", "ssl", "url"})
_SPARE_ROWS: Final = 2
_MOST_ROWS: Final = 50
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_KINDS: Final = {"array": "lines", "boolean": "checkbox", "integer": "number", "object": "json"}


@dataclass(frozen=True, slots=True)
class Field:
    """One input, or a group of inputs if it has ``parts``.

    ``kind``: text, password, number, checkbox, select, area (long text), secret_area, lines (one value
    per line), json or group. ``value`` is the text shown, or whether the box is checked.
    """

    name: str
    label: str
    kind: str
    value: str | bool = ""
    is_required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    error: str = ""
    parts: tuple["Field", ...] = ()

    def flat(self) -> Iterator["Field"]:
        """Yield this field and all fields in it."""
        yield self
        for part in self.parts:
            yield from part.flat()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields that are shown, those under "More settings", and the problems that belong to no field."""

    main: tuple[Field, ...]
    more: tuple[Field, ...]
    problems: tuple[str, ...] = ()

    def error_count(self) -> int:
        """Return how many fields show a problem."""
        return sum(bool(field.error) for part in (*self.main, *self.more) for field in part.flat())


def build(type_: ConnectionType, configuration: Mapping[str, Any], problems: list[Problem]) -> Form:
    """Return the form of a type, filled in with a configuration, with each problem at its field."""
    required = required_fields(type_, is_signed_in_by_consent=needs_consent(type_, configuration))
    errors = {re.sub(r"\[(\d+)\]", r".\1", name): text for name, text in problems}
    schemas = type_.json_schema()["properties"]
    fields = tuple(
        _field(f"{ROOT}.{name}", schemas[name], configuration.get(name), errors, is_required=name in required)
        for name in _shown(type_)
    )
    placed = {field.name for each in fields for field in each.flat()}
    other = (f"{name} {text}" for name, text in errors.items() if name not in placed)
    main = _main(type_, configuration, fields)
    return Form(main, tuple(field for field in fields if field not in main), tuple(other))


def parse(type_: ConnectionType, inputs: Mapping[str, str], stored: Mapping[str, Any]) -> JsonObject:
    """Return the stored configuration updated with the inputs."""
    shown = _shown(type_)
    given = {name: _parse(f"{ROOT}.{name}", type_.fields[name], inputs, stored.get(name)) for name in shown}
    unchanged = {name: value for name, value in stored.items() if name not in given}
    return unchanged | {name: value for name, value in given.items() if value is not None}


def _shown(type_: ConnectionType) -> list[str]:
    """Return the names of the form's fields, without choices that only the signed-in account can list."""
    required = required_fields(type_, is_signed_in_by_consent=needs_consent(type_, {}))
    return [
        name
        for name, schema in type_.fields.items()
        if not any(schema.get(word) for word in ("hidden", "readOnly", "api_field"))
        and (name in required or not schema.get("completions") or schema["type"] == "string")
    ]


def _main(
    type_: ConnectionType, configuration: Mapping[str, Any], fields: tuple[Field, ...]
) -> tuple[Field, ...]:
    """Return the fields that are shown at once; a form for a consent shows only the required ones."""
    last = max((at for at, field in enumerate(fields) if field.is_required), default=-1)
    if needs_consent(type_, configuration):
        last = -1
    elif len(fields) <= _FEW:
        last = len(fields)
    chosen = {f"{ROOT}.{type_.selector}"}
    return tuple(
        field
        for at, field in enumerate(fields)
        if at <= last or field.is_required or field.name in chosen or field.error
    )


def _field(
    name: str, schema: JsonObject, value: Any, errors: Mapping[str, str], *, is_required: bool = False
) -> Field:
    label = _label(schema.get("title") or name.rpartition(".")[2])
    error = errors.get(name, "")
    if children := _children(name, schema, value):
        parts = tuple(_field(each, part, below, errors) for each, part, below in children)
        return Field(name, label, "group", error=error, parts=parts)
    kind = _kind(schema)
    if kind == "checkbox":
        is_on = schema.get("default", False) if value is None else value
        return Field(name, label, kind, value=bool(is_on), error=error, hint=schema.get("description", ""))
    is_secret = _is_secret(schema)
    hint = schema.get("description", "")
    if is_secret and value:
        hint = "Leave empty to keep the current value."
    elif schema.get("widget") == "file":
        hint = hint or "Paste the contents of the file."
    elif kind == "lines":
        hint = hint or "One per line."
    return Field(
        name,
        label,
        kind,
        value="" if is_secret else _text(schema.get("default") if value is None else value, kind),
        is_required=is_required and not (is_secret and value),
        options=tuple((str(each["value"]), each["label"]) for each in schema.get("enum", ())),
        hint=hint,
        error=error,
    )


def _label(name: str) -> str:
    words = name.replace("_", " ").split()
    text = " ".join(word.upper() if word.casefold() in _ACRONYMS else word for word in words)
    return text[:1].upper() + text[1:]


def _children(name: str, schema: JsonObject, value: Any) -> list[tuple[str, JsonObject, Any]]:
    """Return the name, schema and value of each member of an object, or of each row of a list of objects."""
    if schema["type"] == "object":
        properties: Mapping[str, JsonObject] = schema.get("properties", {})
        return [(f"{name}.{key}", part, as_object(value).get(key)) for key, part in properties.items()]
    if _has_rows(schema):
        rows = [*as_list(value), *[None] * _SPARE_ROWS]
        titled = schema["items"]
        return [(f"{name}.{at}", titled | {"title": f"{at + 1}."}, row) for at, row in enumerate(rows)]
    return []


def _has_rows(schema: JsonObject) -> bool:
    return schema["type"] == "array" and bool(schema["items"].get("properties"))


def _kind(schema: JsonObject) -> str:
    if "enum" in schema:
        return "select"
    if schema.get("widget") in {"file", "textarea"}:
        return "secret_area" if _is_secret(schema) else "area"
    return _KINDS.get(schema["type"], "password" if _is_secret(schema) else "text")


def _is_secret(schema: JsonObject) -> bool:
    """Return whether a value must not be shown to a person; the API's own schemas mark only whole fields."""
    return bool(schema.get("sensitive")) or schema.get("widget") == "password"


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "lines":
        return "\n".join(map(str, as_list(value)))
    return value if isinstance(value, str) else json.dumps(value)


def _parse(name: str, schema: JsonObject, inputs: Mapping[str, str], stored: Any) -> Any:
    """Return an input's value, None if it is empty; a value that does not fit its type remains a text."""
    if schema["type"] == "object" and "properties" in schema:
        within = {
            key: _parse(f"{name}.{key}", part, inputs, as_object(stored).get(key))
            for key, part in schema["properties"].items()
        }
        return {key: value for key, value in within.items() if value is not None} or None
    if _has_rows(schema):
        before = [*as_list(stored), *[None] * _MOST_ROWS][:_MOST_ROWS]
        rows = [_parse(f"{name}.{at}", schema["items"], inputs, row) for at, row in enumerate(before)]
        return [row for row in rows if row is not None] or None
    if schema["type"] == "boolean":
        was_on = schema.get("default") if stored is None else stored
        return name in inputs or (False if was_on else None)
    text = inputs.get(name, "").replace("\r\n", "\n").strip()
    if not text:
        return stored if _is_secret(schema) else None
    return _value(schema, text)


def _value(schema: JsonObject, text: str) -> Any:
    match schema["type"]:
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "array":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "object":
            try:
                value = json.loads(text)
                json.dumps(value, allow_nan=False)
            except (ValueError, RecursionError):
                return text
            return value
        case _:
            return text
