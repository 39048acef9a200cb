"""The form for a connection's configuration: what its type's schema asks for, and what was filled in.

An input is named by its path (``configuration.basic.username``). Secrets never go back to a browser: one
that is left empty stays what it was.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.api.schema_problems import Problem
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType
from polytomic_mcp.sandbox.resources.connections.configuration import required_fields
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent

ROOT: Final = "configuration"
_FEW: Final = 6
"""Optional fields stay in sight while there are no more fields than these."""

_ACRONYMS: Final = frozenset({"api", "arn", "aws", "ca", "csv", "iam", "id", "s3", "ssh", "ssl", "url"})
_SPARE_ROWS: Final = 2
_MOST_ROWS: Final = 50
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_KINDS: Final = {"array": "lines", "boolean": "checkbox", "integer": "number", "object": "json"}


@dataclass(frozen=True, slots=True)
class Field:
    """One input, or with ``parts`` a group of them.

    ``kind``: text, password, number, checkbox, select, area (long text), secret_area, lines (a text a
    line), json or group. ``value`` is what it shows: a text, or whether a box is checked.
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
        """Return this field and all within it."""
        yield self
        for part in self.parts:
            yield from part.flat()


@dataclass(frozen=True, slots=True)
class Form:
    """The fields a person must see, those that may stay closed, and the problems no field shows."""

    main: tuple[Field, ...]
    more: tuple[Field, ...]
    problems: tuple[str, ...] = ()

    def errors(self) -> int:
        """Return how many fields show a problem."""
        return sum(bool(field.error) for part in (*self.main, *self.more) for field in part.flat())


def draw(type_: ConnectionType, configuration: Mapping[str, Any], problems: list[Problem]) -> Form:
    """Return the form of a type, filled with a configuration, each problem at its field."""
    required = required_fields(type_, is_signed_in_by_consent=needs_consent(type_, configuration))
    errors = {re.sub(r"\[(\d+)\]", r".\1", name): text for name, text in problems}
    schemas = type_.json_schema()["properties"]
    fields = tuple(
        _field(f"{ROOT}.{name}", schemas[name], configuration.get(name), errors, is_required=name in required)
        for name in _shown(type_)
    )
    placed = {field.name for each in fields for field in each.flat()}
    lost = (f"{name} {text}" for name, text in errors.items() if name not in placed)
    main = _main(type_, configuration, fields)
    return Form(main, tuple(field for field in fields if field not in main), tuple(lost))


def read(type_: ConnectionType, inputs: Mapping[str, str], stored: Mapping[str, Any]) -> JsonObject:
    """Return the configuration that the inputs hold, over what was stored before."""
    shown = _shown(type_)
    given = {name: _read(f"{ROOT}.{name}", type_.fields[name], inputs, stored.get(name)) for name in shown}
    kept = {name: value for name, value in stored.items() if name not in given}
    return kept | {name: value for name, value in given.items() if value is not None}


def _shown(type_: ConnectionType) -> list[str]:
    """Return the fields a form has; what only a signed-in account offers is chosen later, if it can be."""
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
    """Return the fields in sight: what is required, and what stands before unless a consent brings it."""
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
    is_secret = bool(schema.get("sensitive"))
    hint = schema.get("description", "")
    if is_secret and value:
        hint = "Leave it empty to keep the one there is."
    elif schema.get("widget") == "file":
        hint = hint or "Paste the content of the file."
    elif kind == "lines":
        hint = hint or "One a line."
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
    """Return name, schema and value of each part of an object, or of each row of a list of objects."""
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
        return "secret_area" if schema.get("sensitive") else "area"
    return _KINDS.get(schema["type"], "password" if schema.get("sensitive") else "text")


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "lines":
        return "\n".join(map(str, as_list(value)))
    return value if isinstance(value, str) else json.dumps(value)


def _read(name: str, schema: JsonObject, inputs: Mapping[str, str], stored: Any) -> Any:
    """Return what an input holds, None for nothing; what does not fit its type stays text."""
    if schema["type"] == "object" and "properties" in schema:
        within = {
            key: _read(f"{name}.{key}", part, inputs, as_object(stored).get(key))
            for key, part in schema["properties"].items()
        }
        return {key: value for key, value in within.items() if value is not None} or None
    if _has_rows(schema):
        before = [*as_list(stored), *[None] * _MOST_ROWS][:_MOST_ROWS]
        rows = [_read(f"{name}.{at}", schema["items"], inputs, row) for at, row in enumerate(before)]
        return [row for row in rows if row is not None] or None
    if schema["type"] == "boolean":
        was_on = schema.get("default") if stored is None else stored
        return name in inputs or (False if was_on else None)
    text = inputs.get(name, "").replace("\r\n", "\n").strip()
    if not text:
        return stored if schema.get("sensitive") else None
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
