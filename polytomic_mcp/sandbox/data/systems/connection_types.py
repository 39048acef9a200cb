"""The 226 connection types: what each can do and which fields its configuration has."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found

ROLES: Final = ("source", "destination", "enrichment", "logging", "orchestration")

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_CONSENT_METHODS: Final = ("browser", "code", "google", "microsoft", "oauth")
_LOGGING: Final = frozenset({"azureblob", "gcs", "s3"})
"""Where record logs may be kept: the types of bucket (a guess)."""


@dataclass(frozen=True, slots=True)
class ConnectionType:
    """One type of connection; names, fields and required lists are those of a recording of the API.

    ``fields`` are JSON Schemas with the API's extra keywords: ``sensitive``, ``hidden``,
    ``readOnly``, ``api_field`` (absent from the form), ``widget``, and ``completions`` where the
    API offers parameter values. ``selector`` names the field that picks the way to sign in.
    A type whose roles are not recorded counts as a source (a guess).
    """

    id: str
    name: str
    roles: tuple[str, ...]
    has_oauth: bool
    selector: str | None
    required: tuple[str, ...]
    fields: Mapping[str, JsonObject] = field(hash=False)

    @property
    def defaults(self) -> JsonObject:
        """Return the value of each field that has one before anybody sets it."""
        return {name: schema["default"] for name, schema in self.fields.items() if "default" in schema}

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Return the names of the fields that hold secrets."""
        return tuple(name for name, schema in self.fields.items() if schema.get("sensitive"))

    @property
    def consent_methods(self) -> tuple[str, ...]:
        """Return the ways to sign in, among those the selector offers, that need a person's consent."""
        offered = self.fields[self.selector]["enum"] if self.selector else ()
        return tuple(method for method in offered if method in _CONSENT_METHODS)

    def brief(self) -> JsonObject:
        """Return the type as a connection carries it; that its operations are its roles is a guess."""
        return {"id": self.id, "name": self.name, "operations": list(self.roles), "logo_url": None}

    def entry(self) -> JsonObject:
        """Return the type as the list of types shows it."""
        methods = self.consent_methods
        return {
            "id": self.id,
            "name": self.name,
            "capabilities": {role: role in self.roles for role in ROLES},
            "use_oauth": self.has_oauth,
            "oauth_prompt": {"key": self.selector, "value": methods[0]} if methods else None,
            "configurationForm": {
                "jsonschema": self.json_schema(),
                "uischema": {"ui:order": list(self.fields)},
            },
            "initialConfiguration": self.defaults,
            "envConfig": {},
            "logo_url": None,
        }

    def json_schema(self) -> JsonObject:
        """Return the configuration's schema as the API writes it: an enum's values carry labels."""
        return {
            "$schema": _DIALECT,
            "title": self.name,
            "type": "object",
            "properties": {name: _published(name, schema) for name, schema in self.fields.items()},
            "required": list(self.required),
        }


class ConnectionTypes(Mapping[str, ConnectionType]):
    """The connection types by id, in the order of their ids."""

    def __init__(self, types: Mapping[str, ConnectionType]) -> None:
        self._types = types

    def __getitem__(self, id_: str) -> ConnectionType:
        return self._types[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def find(self, id_: str) -> ConnectionType:
        """Return the type or refuse with 404."""
        if id_ not in self._types:
            raise not_found("connection type", id_)
        return self._types[id_]

    def require(self, id_: str) -> ConnectionType:
        """Return the type that a body names, or refuse with 400, naming it by its display name too."""
        if id_ in self._types:
            return self._types[id_]
        named = [type_.id for type_ in self.values() if type_.name.casefold() == id_.casefold()]
        hint = f"did you mean {named[0]}?" if named else "GET /api/connection_types lists them all."
        raise RefusalError(400, f"type names no connection type; {hint}", key="unknown_connection_type")


@cache
def load_connection_types() -> ConnectionTypes:
    """Read the connection types, once in a process."""
    document = json.loads(
        files("polytomic_mcp.sandbox.data.systems").joinpath("connection_types.json").read_bytes()
    )
    return ConnectionTypes({id_: _type(id_, row) for id_, row in document.items()})


def _type(id_: str, row: Mapping[str, Any]) -> ConnectionType:
    roles = [*row["roles"], "logging"] if id_ in _LOGGING else row["roles"]
    return ConnectionType(
        id=id_,
        name=row["name"],
        roles=tuple(role for role in ROLES if role in roles),
        has_oauth=row.get("oauth", False),
        selector=row.get("selector"),
        required=tuple(row["required"]),
        fields=row["fields"],
    )


def _published(name: str, schema: JsonObject) -> JsonObject:
    published = {"title": _label(name), **schema}
    if "enum" in schema:
        published["enum"] = [{"value": value, "label": _label(str(value))} for value in schema["enum"]]
    return published


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
