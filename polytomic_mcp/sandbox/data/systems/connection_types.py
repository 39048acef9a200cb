"""The 232 connection types: their roles and the fields of their configurations."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.catalogue.rules.consent import CONSENT_METHODS
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found

ROLES: Final = ("source", "destination", "enrichment", "logging", "orchestration")

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LOGGING: Final = frozenset({"azureblob", "gcs", "s3"})
"""The types that can store record logs: buckets (a guess)."""


@dataclass(frozen=True, slots=True)
class ConnectionType:
    """A connection type, with the fields that the Terraform provider's sources of July 2026 record.

    ``fields`` are JSON Schemas with the API's extra keywords: ``sensitive``, ``hidden``, ``readOnly``,
    ``api_field`` (absent from the form), ``widget``, and ``completions`` if the API offers parameter values.
    ``selector`` names the field that selects the authentication method. A type without recorded roles is a
    source (a guess).
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
        """Return the default values of the fields that have one."""
        return {name: schema["default"] for name, schema in self.fields.items() if "default" in schema}

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Return the names of the fields that hold secrets."""
        return tuple(name for name, schema in self.fields.items() if schema.get("sensitive"))

    @property
    def read_only(self) -> tuple[str, ...]:
        """Return the names of the fields that only Polytomic sets."""
        return tuple(name for name, schema in self.fields.items() if schema.get("readOnly"))

    @property
    def consent_methods(self) -> tuple[str, ...]:
        """Return the authentication methods of the selector that need a person's consent."""
        offered = self.fields[self.selector]["enum"] if self.selector else ()
        return tuple(method for method in offered if method in CONSENT_METHODS)

    def brief(self) -> JsonObject:
        """Return the type as a connection shows it; that its operations are its roles is a guess."""
        return {"id": self.id, "name": self.name, "operations": list(self.roles), "logo_url": None}

    def entry(self) -> JsonObject:
        """Return the type as the list of connection types shows it."""
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
        """Return the configuration's schema in the API's form, in which the values of an enum have labels."""
        return {
            "$schema": _DIALECT,
            "title": self.name,
            "type": "object",
            "properties": {name: _api_schema(name, schema) for name, schema in self.fields.items()},
            "required": list(self.required),
        }


class ConnectionTypes(Mapping[str, ConnectionType]):
    """The connection types by id, in alphabetical order."""

    def __init__(self, types: Mapping[str, ConnectionType]) -> None:
        self._types = types

    def __getitem__(self, id_: str) -> ConnectionType:
        return self._types[id_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def find(self, id_: str) -> ConnectionType:
        """Return the type; raises a 404 refusal if it does not exist."""
        if id_ not in self._types:
            raise not_found("connection type", id_)
        return self._types[id_]

    def require(self, id_: str) -> ConnectionType:
        """Return the type that a request body names; raises a 400 refusal if it does not exist."""
        if id_ in self._types:
            return self._types[id_]
        by_name = {type_.name.casefold(): type_.id for type_ in self.values()}
        hint = valid_values(by_name.get(id_.casefold(), id_), self._types)
        raise RefusalError(
            400,
            f"Unknown connection type {quoted(id_)}.{hint} GET /api/connection_types lists all types.",
            key="unknown_connection_type",
        )


@cache
def load_connection_types() -> ConnectionTypes:
    """Read the connection types, once in each process."""
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


def _api_schema(name: str, schema: JsonObject) -> JsonObject:
    published = {"title": _label(name), **schema}
    if "enum" in schema:
        published["enum"] = [{"value": value, "label": _label(str(value))} for value in schema["enum"]]
    return published


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
