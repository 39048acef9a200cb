"""How a connection signs in to its system: with a person's consent or its own credentials.

Only hosts that the user allows are contacted; every other system is simulated. To make failures
testable, a secret that is exactly ``wrong`` is rejected, and a field that starts with ``unreachable``
names a host that does not respond.
"""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules import consent
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType
from polytomic_mcp.sandbox.workspace.workspace import Workspace

WRONG: Final = "wrong"
UNREACHABLE: Final = "unreachable"


def sign_in_method(type_: ConnectionType, configuration: Mapping[str, Any]) -> Any:
    """Return the sign-in method that the configuration selects; None for a type with only one."""
    return consent.sign_in_method(type_.selector, type_.fields, configuration)


def needs_consent(type_: ConnectionType, configuration: Mapping[str, Any]) -> bool:
    """Return whether a person must sign in with a browser before the connection works."""
    return consent.needs_consent(type_.selector, type_.fields, configuration, has_oauth=type_.has_oauth)


def sign_in_error(
    workspace: Workspace, type_: ConnectionType, configuration: Mapping[str, Any]
) -> str | None:
    """Sign in, to the real server if its host is allowed; return why that fails, or None if it works."""
    servers = workspace.servers
    if servers.is_reached(type_.id, configuration):
        return servers.connection_error(type_.id, configuration)
    return _simulated_error(type_, configuration)


def _simulated_error(type_: ConnectionType, configuration: Mapping[str, Any]) -> str | None:
    secrets = {name: configuration.get(name) for name in type_.sensitive}
    if WRONG in secrets.values():
        return f"{type_.name} rejected the credentials"
    if any(isinstance(value, str) and value.startswith(UNREACHABLE) for value in configuration.values()):
        return f"{type_.name} could not be reached"
    if type_.has_oauth and not any(secrets.values()):
        return f"{type_.name} needs credentials, but the configuration has none"
    return None
