"""A connection's configuration: validated against its type's fields, and shown with its secrets masked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules import consent
from polytomic_mcp.catalogue.rules.configuration_keys import valid_keys
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, texts
from polytomic_mcp.sandbox.calls.schema_problems import Problem, find_problems
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType

MASK: Final = "********"
"""What replaces a secret in every response (seen in the API's responses)."""

_LONGEST_NAME: Final = 80


def with_defaults(type_: ConnectionType, configuration: Mapping[str, Any]) -> JsonObject:
    """Return the configuration without its nulls, and with the defaults of required fields."""
    given = {name: value for name, value in configuration.items() if value is not None}
    defaults = {name: value for name, value in type_.defaults.items() if name in type_.required}
    return {**defaults, **given}


def required_fields(type_: ConnectionType, *, is_signed_in_by_consent: bool) -> list[str]:
    """Return the names of the fields that a configuration must have."""
    return consent.required_fields(
        type_.required, type_.fields, is_signed_in_by_consent=is_signed_in_by_consent
    )


def configuration_problems(
    type_: ConnectionType, configuration: Mapping[str, Any], *, is_signed_in_by_consent: bool
) -> list[Problem]:
    """Return everything that is wrong with a configuration that has its defaults, by dotted name."""
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
    """Return the configuration with every secret replaced by the mask, at any depth."""
    return _masked({"properties": dict(type_.fields)}, configuration)


def unmasked(type_: ConnectionType, configuration: JsonObject, stored: Mapping[str, Any]) -> JsonObject:
    """Return the configuration with each mask replaced by the stored secret.

    What the API does with a mask that it receives is unknown; keeping the secret is a choice.
    """
    return _unmasked({"properties": dict(type_.fields)}, configuration, stored)


def mask_problems(configuration: JsonObject) -> list[Problem]:
    """Return the fields that still contain a mask because no secret is stored for them."""
    return [
        (f"configuration.{name}", "contains the mask of a secret; send the secret itself")
        for name, value in configuration.items()
        if MASK in texts(value)
    ]


def _is_absent(value: Any) -> bool:
    return value is None or value == ""


def _unknown_fields(
    type_: ConnectionType, schema: Mapping[str, Any], value: Any, place: str
) -> Iterator[Problem]:
    """Yield the fields, at any depth, that the type does not have: they might be secrets, left unmasked."""
    if isinstance(value, dict) and "properties" in schema:
        for name, part in as_object(value).items():
            path = f"{place}.{name[:_LONGEST_NAME]}"
            if name in schema["properties"]:
                yield from _unknown_fields(type_, _member(schema, name), part, path)
            else:
                hint = valid_keys(name, schema["properties"]).removesuffix(".")
                yield path, f"is not a field of {type_.id}.{hint}"
    elif isinstance(value, list) and "items" in schema:
        for position, part in enumerate(as_list(value)):
            yield from _unknown_fields(type_, schema["items"], part, f"{place}.{position}")


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
    """Yield the stored counterpart of each item, or None if it is ambiguous.

    Items with the same name, or with none, are matched in order if their number is unchanged.
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
