"""A connection's configuration: held against its type's fields, and shown with its secrets masked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, texts
from polytomic_mcp.sandbox.api.schema_problems import Problem, find_problems
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType

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


def required_fields(type_: ConnectionType, *, is_signed_in_by_consent: bool) -> list[str]:
    """Return the names of the fields that a configuration must hold.

    The recorded lists name what OAuth brings by itself: secrets, and choices among what only the
    signed-in account shows; those are not asked for where a person consents.
    """
    return [
        name
        for name in type_.required
        if not (is_signed_in_by_consent and _is_brought_by_consent(type_.fields.get(name, {})))
    ]


def configuration_problems(
    type_: ConnectionType, configuration: Mapping[str, Any], *, is_signed_in_by_consent: bool
) -> list[Problem]:
    """Return everything that is wrong with a completed configuration, by dotted name."""
    required = required_fields(type_, is_signed_in_by_consent=is_signed_in_by_consent)
    missing = [name for name in required if _is_absent(configuration.get(name))]
    return [
        *((f"configuration.{name}", "is missing") for name in missing),
        *_unknown_fields(type_, {"properties": dict(type_.fields)}, configuration, "configuration"),
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


def _unknown_fields(
    type_: ConnectionType, schema: Mapping[str, Any], value: Any, place: str
) -> Iterator[Problem]:
    """Yield the fields, at any depth, that the type does not have: nothing tells whether they are secret."""
    if isinstance(value, dict) and "properties" in schema:
        for name, part in as_object(value).items():
            path = f"{place}.{name[:_LONGEST_NAME]}"
            if name in schema["properties"]:
                yield from _unknown_fields(type_, _member(schema, name), part, path)
            else:
                yield path, f"is no field of {type_.id} ({_hint(name[:_LONGEST_NAME], schema['properties'])})"
    elif isinstance(value, list) and "items" in schema:
        for position, part in enumerate(as_list(value)):
            yield from _unknown_fields(type_, schema["items"], part, f"{place}.{position}")


def _hint(name: str, fields: Iterable[str]) -> str:
    nearest = _nearest(name, fields)
    return f"did you mean {nearest}?" if nearest else f"it has {', '.join(fields) or 'none'}"


def _nearest(name: str, fields: Iterable[str]) -> str | None:
    synonyms = next((group for group in _SYNONYMS if name.casefold() in group), frozenset[str]())
    same = [field for field in fields if field in synonyms]
    nearest = get_close_matches(name, same, n=1, cutoff=0) or get_close_matches(name, [*fields], n=1)
    return next(iter(nearest), None)


def _masked(schema: Mapping[str, Any], value: Any) -> Any:
    if schema.get("sensitive"):
        return MASK if value else value
    if isinstance(value, dict):
        return {name: _masked(_member(schema, name), part) for name, part in as_object(value).items()}
    if isinstance(value, list):
        return [_masked(schema.get("items", {}), part) for part in as_list(value)]
    return value


def _unmasked(schema: Mapping[str, Any], value: Any, stored: Any) -> Any:
    if schema.get("sensitive"):
        return stored if value == MASK and stored is not None else value
    if isinstance(value, dict):
        old = as_object(stored)
        return {
            name: _unmasked(_member(schema, name), part, old.get(name))
            for name, part in as_object(value).items()
        }
    if isinstance(value, list):
        given = as_list(value)
        pairs = zip(given, _counterparts(given, as_list(stored)), strict=True)
        return [_unmasked(schema.get("items", {}), part, old) for part, old in pairs]
    return value


def _counterparts(given: list[Any], stored: list[Any]) -> Iterator[Any]:
    """Yield for each item the stored one that it stands for, or None where that cannot be told.

    Items of one name, or of none, stand for each other in order if there are as many as before.
    """
    counts = Counter(map(_name, given))
    groups: dict[str | None, list[Any]] = {}
    for part in stored:
        groups.setdefault(_name(part), []).append(part)
    remaining = {name: iter(group) for name, group in groups.items() if len(group) == counts[name]}
    for part in given:
        yield next(remaining.get(_name(part), iter(())), None)


def _name(item: Any) -> str | None:
    name = as_object(item).get("name")
    return name if isinstance(name, str) else None


def _member(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return as_object(schema.get("properties")).get(name, {})
