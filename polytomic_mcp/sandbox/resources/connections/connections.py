"""Connections: created, replaced, signed in to, shown without their secrets, and checked as destinations."""

import logging
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, public
from polytomic_mcp.sandbox.calls.schema_problems import Problem, invalid_arguments
from polytomic_mcp.sandbox.common.addresses import is_web_address
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.servers import WEBHOOK
from polytomic_mcp.sandbox.data.servers.webhook_credentials import new_secret
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.connections import consents, sharing
from polytomic_mcp.sandbox.resources.connections.configuration import (
    configuration_problems,
    mask_problems,
    masked,
    missing_fields,
    unmasked,
    value_problems,
    with_defaults,
)
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent, sign_in_error, sign_in_method
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "connection"
HEALTHY: Final = "healthy"
UNHEALTHY: Final = "unhealthy"
"""The states seen in the API's responses; a connection that waits for consent is unhealthy (a guess)."""

_LOG: Final = logging.getLogger(__name__)
_WAITING: Final = "Waiting for a person to sign in: open auth_url in a browser."
_EXPIRED: Final = "The link for consent has expired; update the connection with reconnect=true for a new one."


def new_document(workspace: Workspace, type_: ConnectionType) -> JsonObject:
    """Return the fields of a new connection that its updates never replace."""
    return {
        "id": workspace.new_id(),
        "type": type_.brief(),
        "api_calls_last_24_hours": 0,
        "rate_limit": None,
        "created_at": workspace.now(),
        "created_by": ACTOR,
        "_redirect_url": None,
        "_is_consented": False,
    }


def create(call: Call) -> JsonObject:
    """Create a connection and return it; one that needs a person's consent has an ``auth_url``.

    Without a configuration it is unhealthy until an update completes it.

    Raises:
        RefusalError: 400 for an unknown type, 422 for an invalid configuration or ``redirect_url``.
    """
    type_ = load_connection_types().require(call.arguments["type"])
    configuration = _valid_configuration(call, type_, {})
    document = new_document(call.workspace, type_) | {"_redirect_url": _redirect_url(call)}
    return _save(call, type_, document, configuration)


def update(call: Call) -> JsonObject:
    """Replace a connection's name and configuration and return it.

    A secret that is omitted, or sent as its mask, is unchanged, as is what only Polytomic sets; so is
    everything if the configuration is omitted. A link for consent that a person holds stays valid, except
    with ``reconnect`` or another configuration (guesses).

    Raises:
        RefusalError: 403 for a shared connection, 404 if it does not exist, 422 for an invalid
            configuration or another type.
    """
    document = call.workspace.find(KIND, call.arguments["id"])
    sharing.require_not_shared(document)
    type_ = load_connection_types()[document["type"]["id"]]
    if call.arguments.get("type", type_.id) != type_.id:
        raise invalid_arguments(
            call.operation, [("type", f"cannot change; this connection is of type {type_.id}")]
        )
    configuration = _valid_configuration(call, type_, document["configuration"])
    if call.arguments.get("reconnect"):
        document["_is_consented"] = False
    if call.arguments.get("reconnect") or configuration != document["configuration"]:
        consents.cancel(call.workspace.store, document["id"])
    return _save(call, type_, document, configuration)


def problems(type_: ConnectionType, configuration: JsonObject) -> list[Problem]:
    """Return everything that is wrong with a complete configuration that has its defaults."""
    by_consent = needs_consent(type_, configuration)
    return [
        *configuration_problems(type_, configuration, is_signed_in_by_consent=by_consent),
        *mask_problems(configuration),
    ]


def show(document: JsonObject) -> JsonObject:
    """Return a connection as callers see it: its secrets masked."""
    type_ = load_connection_types()[document["type"]["id"]]
    return {**public(document), "configuration": masked(type_, document["configuration"])}


def show_state(workspace: Workspace, document: JsonObject) -> JsonObject:
    """Return a connection as callers see it now: unhealthy while an injected fault makes it so."""
    return show(document) | _expiry(workspace, document) | workspace.faults.state(document)


def require_destination(workspace: Workspace, connection_id: str) -> str:
    """Return the system that a connection writes to.

    Raises:
        RefusalError: 404 if the connection does not exist; 422 if it is unhealthy or a source only.
    """
    connection = workspace.find(KIND, connection_id)
    require_writable(workspace, connection)
    return system_of(connection)


def require_writable(workspace: Workspace, connection: JsonObject) -> None:
    """Raise a 422 refusal if the connection is unhealthy or a source only, or if its system is down."""
    if problem := destination_problem(connection):
        raise RefusalError(422, problem, key="not_a_destination")
    workspace.faults.require_up(connection)


def destination_problem(connection: JsonObject) -> str | None:
    """Return why nothing can be written through the connection, or None."""
    name, system = connection["name"], system_of(connection)
    if "destination" not in connection["type"]["operations"]:
        return f"Connection {name} is of type {system}, which is a source only; use another connection."
    if connection["status"] != HEALTHY:
        status = connection["status"] or "not authorized yet"
        return (
            f"Connection {name} is {status}; finish its authorization or correct its configuration first. "
            "An update tests it again."
        )
    return None


def _expiry(workspace: Workspace, document: JsonObject) -> JsonObject:
    """Return the fields of a connection that an expired link for consent overrides."""
    waits = document["status_error"] == _WAITING and sharing.PARENT not in document
    return {"status_error": _EXPIRED} if waits and not consents.is_pending(workspace, document["id"]) else {}


def _valid_configuration(call: Call, type_: ConnectionType, stored: JsonObject) -> JsonObject:
    """Return the configuration to store; an empty one, and one that is not validated, may be incomplete."""
    own = {name: stored[name] for name in type_.read_only if name in stored}
    given: JsonObject = call.arguments.get("configuration", stored)
    configuration = with_defaults(type_, own | unmasked(type_, given, stored))
    is_empty = all(value is None for value in given.values())
    is_draft = is_empty or call.arguments.get("validate") is False
    found = (
        [*value_problems(type_, configuration), *mask_problems(configuration)]
        if is_draft
        else problems(type_, configuration)
    )
    if found:
        raise invalid_arguments(call.operation, found)
    return configuration


def _redirect_url(call: Call) -> str | None:
    address: str | None = call.arguments.get("redirect_url")
    if address is not None and not is_web_address(address):
        raise invalid_arguments(call.operation, [("redirect_url", "must be an http or https address")])
    return address


def _save(call: Call, type_: ConnectionType, document: JsonObject, configuration: JsonObject) -> JsonObject:
    """Store the arguments, sign in or ask for consent, and return the connection."""
    document |= {
        "name": call.arguments["name"],
        "configuration": configuration,
        "healthcheck_interval": call.arguments.get("healthcheck_interval"),
        "organization_id": call.workspace.organization_id,
        "policies": call.arguments.get("policies", []),
        "updated_at": call.workspace.now(),
        "updated_by": ACTOR,
    }
    consent: JsonObject = {}
    if not needs_consent(type_, configuration):
        _sign_in(call, type_, document)
    elif not (document["_is_consented"] or consents.is_pending(call.workspace, document["id"])):
        consent = _ask_for_consent(call, type_, document)
    call.workspace.store.put(KIND, document["id"], document)
    sharing.update_copies(call.workspace, document)
    return {**show_state(call.workspace, document), **consent}


def _ask_for_consent(call: Call, type_: ConnectionType, document: JsonObject) -> JsonObject:
    document |= {"status": UNHEALTHY, "status_error": _WAITING, "saved": document.get("saved", False)}
    has_code = sign_in_method(type_, document["configuration"]) == "code"
    consent = consents.create(
        call.workspace, document["id"], redirect_url=document["_redirect_url"], has_code=has_code
    )
    return {"auth_url": consent.url(call.base_url)} | ({"auth_code": consent.code} if has_code else {})


def _sign_in(call: Call, type_: ConnectionType, document: JsonObject) -> None:
    """Set the status of a connection with credentials; ``validate=false`` skips the sign-in (a guess)."""
    workspace, configuration = call.workspace, document["configuration"]
    consents.cancel(workspace.store, document["id"])
    document["_server"] = workspace.servers.is_reached(type_.id, configuration)
    if document["_server"] and type_.id == WEBHOOK:
        configuration.setdefault("secret", new_secret(document["id"]))
    error = _sign_in_error(call, type_, configuration)
    document |= {"status": UNHEALTHY if error else HEALTHY, "status_error": error, "saved": True}
    if warning := workspace.servers.host_warning(type_.id, configuration):
        _LOG.warning("Connection %s: %s", document["name"], warning)
    if error is None:
        schema_cache.start(workspace, document["id"])


def _sign_in_error(call: Call, type_: ConnectionType, configuration: JsonObject) -> str | None:
    if missing := missing_fields(type_, configuration, is_signed_in_by_consent=False):
        return f"The configuration is incomplete: {', '.join(missing)} missing."
    is_tested = call.arguments.get("validate", True)
    return sign_in_error(call.workspace, type_, configuration) if is_tested else None
