"""A connection's configuration: validated against its type's fields, and shown with its secrets masked."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules import consent
from polytomic_mcp.catalogue.rules.configuration_keys import valid_keys
from polytomic_mcp.common.json_values import JsonObject, texts
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
    """Return everything that is wrong with a configuration that has its defaults, by dotted name.

    Unknown fields are stored, since a client may know newer ones. If required fields are missing, unknown
    ones are probably these by another name, and are listed as well.
    """
    missing = missing_fields(type_, configuration, is_signed_in_by_consent=is_signed_in_by_consent)
    return [
        *((f"configuration.{name}", "is missing") for name in missing),
        *(_unknown_fields(type_, configuration) if missing else ()),
        *value_problems(type_, configuration),
    ]


def missing_fields(
    type_: ConnectionType, configuration: Mapping[str, Any], *, is_signed_in_by_consent: bool
) -> list[str]:
    """Return the names of the required fields that a configuration does not have."""
    required = required_fields(type_, is_signed_in_by_consent=is_signed_in_by_consent)
    return [name for name in required if configuration.get(name) in (None, "")]


def value_problems(type_: ConnectionType, configuration: Mapping[str, Any]) -> list[Problem]:
    """Return the fields whose values do not have the type that they need."""
    schema: JsonObject = {"properties": {"configuration": {"properties": dict(type_.fields)}}}
    return find_problems(schema, {"configuration": configuration})


def masked(type_: ConnectionType, configuration: JsonObject) -> JsonObject:
    """Return the configuration with every secret replaced by the mask.

    Secrets are the fields that their type marks as ``sensitive``. It marks none inside of others, such as the
    value of a header, so the API shows these (the Terraform provider would report a mask there as a change).
    """
    return configuration | {name: MASK for name in type_.sensitive if configuration.get(name)}


def unmasked(type_: ConnectionType, configuration: JsonObject, stored: Mapping[str, Any]) -> JsonObject:
    """Return the configuration with the stored secrets that it masks or omits.

    The Terraform provider omits the secrets that did not change. What the API does with a mask that it
    receives is unknown; keeping the secret is a choice. Null and an empty text remove a secret.
    """
    secrets = {name: stored[name] for name in type_.sensitive if name in stored}
    return configuration | {
        name: secret for name, secret in secrets.items() if configuration.get(name, MASK) == MASK
    }


def mask_problems(configuration: JsonObject) -> list[Problem]:
    """Return the fields that still contain a mask because no secret is stored for them."""
    return [
        (f"configuration.{name}", "contains the mask of a secret; send the secret itself")
        for name, value in configuration.items()
        if MASK in texts(value)
    ]


def _unknown_fields(type_: ConnectionType, configuration: Mapping[str, Any]) -> Iterator[Problem]:
    for name in configuration:
        if name not in type_.fields:
            hint = valid_keys(name, type_.fields).removesuffix(".")
            yield f"configuration.{name[:_LONGEST_NAME]}", f"is not a field of {type_.id}.{hint}"
