"""Extensions: what single resources add to the stages of the gateway, which does not depend on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CredentialReader = Callable[[Workspace, Request], Credential | None]
"""Return the credential that a request to this path presents, or None to use the API key."""

ArgumentUpgrade = Callable[[str, JsonObject, str], JsonObject]
"""Take an operation's id, its arguments and the version, and return the arguments of the current version."""

Preparation = Callable[[Call], None]
"""Do what must be done before the call, outside of its transaction."""

Placement = Callable[[Call], Call]
"""Return the call within the organization that it is for."""

Guard = Callable[[Call, Operation], None]
"""Raise ``RefusalError`` if the caller may not make the call."""

Observer = Callable[[Call], None]
"""Record a call that succeeded, in its transaction."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """What resources add; ``credential_readers`` are by path, all others apply to every call, in order."""

    credential_readers: Mapping[str, CredentialReader] = field(default_factory=dict[str, CredentialReader])
    argument_upgrades: tuple[ArgumentUpgrade, ...] = ()
    preparations: tuple[Preparation, ...] = ()
    placements: tuple[Placement, ...] = ()
    guards: tuple[Guard, ...] = ()
    observers: tuple[Observer, ...] = ()
