"""A connection's configuration: held against its type's fields, and shown with its secrets masked."""

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import zip_longest
from typing import Any, Final

from polytomic_mcp.sandbox.connection_types import ConnectionType
from polytomic_mcp.sandbox.json_values import items, members, texts
from polytomic_mcp.sandbox.store import JsonObject
from polytomic_mcp.sandbox.validation import Problem, find_problems

MASK: Final = "********"
"""What stands for a secret in every answer (seen in the API's answers)."""

_LONGEST_NAME: Final = 80

_SYNONYMS: Final = (
    frozenset({"hostname", "host", "server", "server_hostname", "address", "hosts"}),
    frozenset({"username", "user", "account", "login"}),
    frozenset({"password", "passwd", "pass", "pwd"}),
    frozenset({"database", "dbname", "db", "database_name"}),
    frozenset({"api_key", "apikey", "key", "api_token", "apitoken", "token", "access_token", "access_key"}),
    frozenset({"bucket", "s3_bucket_name", "bucket_name"}),
    frozenset({"region", "s3_bucket_region", "bucket_region", "aws_region"}),
)
"""Names for one thing: which one a type takes differs from type to type."""


def complete(type_: ConnectionType, configuration: Mapping[str, Any]) -> JsonObject:
    """Return the configuration with nulls left out and the defaults of required fields filled in."""
    given = {name: value for name, value in configuration.items() if value is not None}
    defaults = {name: value for name, value in type_.defaults.items() if name in type_.required}
    return {**defaults, **given}


def configuration_problems(
    type_: ConnectionType, configuration: Mapping[str, Any], *, is_signed_in_by_consent: bool
) -> list[Problem]:
    """Return everything that is wrong with a completed configuration, by dotted name.

    The recorded required lists name what OAuth brings by itself: secrets, and choices among what
    only the signed-in account shows; those are not asked for where a person consents.
    """
    waived = {name for name, schema in type_.fields.items() if _is_brought_by_consent(schema)}
    required = set(type_.required) - (waived if is_signed_in_by_consent else set[str]())
    missing = [name for name in type_.required if name in required and _is_absent(configuration.get(name))]
    unknown = [name for name in configuration if name not in type_.fields]
    return [
        *((f"configuration.{name}", "is missing") for name in missing),
        *((f"configuration.{name[:_LONGEST_NAME]}", _unknown(name, type_)) for name in unknown),
        *find_problems(
            {"properties": {"configuration": {"properties": dict(type_.fields)}}},
            {"configuration": configuration},
        ),
    ]


def masked(type_: ConnectionType, configuration: JsonObject) -> JsonObject:
    """Return the configuration with the mask in place of every secret, nested ones too."""
    return _masked({"properties": dict(type_.fields)}, configuration)


def unmasked(type_: ConnectionType, configuration: JsonObject, stored: Mapping[str, Any]) -> JsonObject:
    """Return the configuration with each mask replaced by the secret stored in its place.

    What the API does with a mask that comes back is not known; keeping the secret is a choice.
    """
    return _unmasked({"properties": dict(type_.fields)}, configuration, stored)


def mask_problems(configuration: JsonObject) -> list[Problem]:
    """Return the fields that still hold a mask: nothing was stored in its place."""
    return [
        (f"configuration.{name}", "is only the mask of a secret; send the secret itself")
        for name, value in configuration.items()
        if MASK in texts(value)
    ]


def _is_brought_by_consent(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("sensitive") or schema.get("completions"))


def _is_absent(value: Any) -> bool:
    return value is None or value == ""


def _unknown(name: str, type_: ConnectionType) -> str:
    nearest = _nearest(name[:_LONGEST_NAME], type_)
    hint = f"did you mean {nearest}?" if nearest else f"it has {', '.join(type_.fields) or 'none'}"
    return f"is no field of {type_.id} ({hint})"


def _nearest(name: str, type_: ConnectionType) -> str | None:
    synonyms = next((group for group in _SYNONYMS if name.casefold() in group), frozenset[str]())
    same = [field for field in type_.fields if field in synonyms]
    nearest = get_close_matches(name, same, n=1, cutoff=0) or get_close_matches(name, type_.fields, n=1)
    return next(iter(nearest), None)


def _masked(schema: Mapping[str, Any], value: Any) -> Any:
    if schema.get("sensitive"):
        return MASK if value else value
    if isinstance(value, dict):
        return {name: _masked(_member(schema, name), part) for name, part in members(value).items()}
    if isinstance(value, list):
        return [_masked(schema.get("items", {}), part) for part in items(value)]
    return value


def _unmasked(schema: Mapping[str, Any], value: Any, stored: Any) -> Any:
    if schema.get("sensitive"):
        return stored if value == MASK and stored is not None else value
    if isinstance(value, dict):
        old = members(stored)
        return {
            name: _unmasked(_member(schema, name), part, old.get(name))
            for name, part in members(value).items()
        }
    if isinstance(value, list):
        given = items(value)
        pairs = zip_longest(given, items(stored)[: len(given)])
        return [_unmasked(schema.get("items", {}), part, old) for part, old in pairs]
    return value


def _member(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return members(schema.get("properties")).get(name, {})
