"""When a person's consent replaces credentials, and which fields of a configuration are then not required.

The recorded lists of required fields include what OAuth provides: Salesforce lists ``client_id`` and
``client_secret``, yet the guides send ``domain`` alone. That the other credentials of an OAuth type
replace the consent is a guess.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from polytomic_mcp.catalogue.rules.choices import Choices
from polytomic_mcp.common.json_values import as_object

CONSENT_METHODS: Final = ("browser", "code", "google", "microsoft", "oauth")
"""The authentication methods that need a person's consent."""

_USER_TOKENS: Final = ("oauth_refresh_token", "oauth_access_token", "refresh_token", "access_token")
APP_SECRETS: Final = frozenset(
    {"app_key", "app_secret", "application_id", "client_id", "client_secret", "subscription_key"}
)
"""They identify an application; a person must still consent."""


def sign_in_method(selector: str | None, fields: Mapping[str, Any], configuration: Mapping[str, Any]) -> Any:
    """Return the method that a configuration selects; None for a type with only one.

    ``selector`` names the field that selects it, and ``fields`` are the type's, as JSON Schemas.
    """
    if selector is None:
        return None
    schema = as_object(fields.get(selector))
    choices = Choices.of(schema.get("enum")).values
    return configuration.get(selector, schema.get("default", choices[0] if choices else None))


def needs_consent(
    selector: str | None, fields: Mapping[str, Any], configuration: Mapping[str, Any], *, has_oauth: bool
) -> bool:
    """Return whether a person must sign in with a browser before a connection works."""
    if any(configuration.get(name) for name in _USER_TOKENS):
        return False
    if selector is not None:
        return sign_in_method(selector, fields, configuration) in CONSENT_METHODS
    secrets = [name for name, schema in fields.items() if as_object(schema).get("sensitive")]
    return has_oauth and not any(configuration.get(name) for name in secrets if name not in APP_SECRETS)


def required_fields(
    required: Sequence[str], fields: Mapping[str, Any], *, is_signed_in_by_consent: bool
) -> list[str]:
    """Return the fields that a configuration must have.

    With a person's consent, secrets are not required, nor are choices that only the signed-in account lists.
    """
    return [
        name
        for name in required
        if not (is_signed_in_by_consent and _is_provided_by_consent(as_object(fields.get(name))))
    ]


def _is_provided_by_consent(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("sensitive") or schema.get("completions"))
