"""What the other end of a connection would say: who may sign in, and how that fails.

No system is reached. So that unhappy paths can be tried, a secret that is exactly ``wrong`` is
refused, and a field that starts with ``unreachable`` names a host that does not answer.
"""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType

WRONG: Final = "wrong"
UNREACHABLE: Final = "unreachable"

_OWN_TOKENS: Final = ("oauth_refresh_token", "oauth_access_token", "refresh_token", "access_token")
_APP_SECRETS: Final = frozenset(
    {"app_key", "app_secret", "application_id", "client_id", "client_secret", "subscription_key"}
)
"""They identify an application; a person's consent is still needed."""


def sign_in_method(type_: ConnectionType, configuration: Mapping[str, Any]) -> Any:
    """Return what the selector field picks, or None for a type that has a single way."""
    if type_.selector is None:
        return None
    schema = type_.fields[type_.selector]
    return configuration.get(type_.selector, schema.get("default", schema["enum"][0]))


def needs_consent(type_: ConnectionType, configuration: Mapping[str, Any]) -> bool:
    """Say whether a person must sign in with a browser before the connection works."""
    if any(configuration.get(name) for name in _OWN_TOKENS):
        return False
    if type_.selector is not None:
        return sign_in_method(type_, configuration) in type_.consent_methods
    return type_.has_oauth and not any(
        configuration.get(name) for name in type_.sensitive if name not in _APP_SECRETS
    )


def upstream_error(type_: ConnectionType, configuration: Mapping[str, Any]) -> str | None:
    """Return why signing in fails, or None when it works."""
    secrets = {name: configuration.get(name) for name in type_.sensitive}
    if WRONG in secrets.values():
        return f"{type_.name} refused the credentials"
    if any(isinstance(value, str) and value.startswith(UNREACHABLE) for value in configuration.values()):
        return f"{type_.name} could not be reached"
    if type_.has_oauth and not any(secrets.values()):
        return f"{type_.name} needs credentials, and the configuration holds none"
    return None
