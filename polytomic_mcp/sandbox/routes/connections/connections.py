"""Connections: create, read, replace, test and delete."""

import logging
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.api.validation import Problem, unfit
from polytomic_mcp.sandbox.common.addresses import is_web_address
from polytomic_mcp.sandbox.common.owner import ACTOR
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.servers import WEBHOOK
from polytomic_mcp.sandbox.data.servers.webhook_credentials import new_secret
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.connections import consents, sharing
from polytomic_mcp.sandbox.resources.connections.configuration import (
    complete,
    configuration_problems,
    mask_problems,
    masked,
    unmasked,
)
from polytomic_mcp.sandbox.resources.connections.dependents import Dependents, dependents
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent, sign_in_method, upstream_error
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.workspace.workspace import Workspace

HEALTHY: Final = "healthy"
UNHEALTHY: Final = "unhealthy"
"""The states seen in the API's answers; a connection that waits for consent is unhealthy (a guess)."""

_LOG: Final = logging.getLogger(__name__)
_WAITING: Final = "Waiting for a person to sign in: open auth_url in a browser."


def list_all(call: Call) -> JsonObject:
    """Answer with every connection, secrets masked."""
    return {"data": [_shown(call, document) for document in call.workspace.store.list("connection")]}


def get(call: Call) -> JsonObject:
    """Answer with one connection, secrets masked."""
    return {"data": _shown(call, call.workspace.find("connection", call.arguments["id"]))}


def create(call: Call) -> JsonObject:
    """Create a connection; one that needs a person's consent starts unsaved, with an ``auth_url``."""
    type_ = load_connection_types().require(call.arguments["type"])
    configuration = _checked(call, type_, unmasked(type_, call.arguments["configuration"], {}))
    redirect_url = _web_address(call)
    now = call.workspace.now()
    document: JsonObject = {
        "id": call.workspace.new_id(),
        "type": type_.brief(),
        "api_calls_last_24_hours": 0,
        "rate_limit": None,
        "created_at": now,
        "created_by": ACTOR,
        "_redirect_url": redirect_url,
        "_is_consented": False,
    }
    return _save(call, type_, document, configuration)


def update(call: Call) -> JsonObject:
    """Replace name and configuration; a secret that comes back as its mask stays what it was."""
    document = call.workspace.find("connection", call.arguments["id"])
    sharing.require_own(document)
    type_ = load_connection_types()[document["type"]["id"]]
    if call.arguments.get("type", type_.id) != type_.id:
        raise unfit(call.operation, [("type", f"cannot change; this connection is of type {type_.id}")])
    stored = document["configuration"]
    configuration = _checked(call, type_, unmasked(type_, call.arguments["configuration"], stored))
    if call.arguments.get("reconnect"):
        document["_is_consented"] = False
    return _save(call, type_, document, configuration)


def test(call: Call) -> Answer:
    """Try a configuration, merged over a stored one if asked; nothing is kept."""
    type_ = load_connection_types().require(call.arguments["type"])
    stored: JsonObject = {}
    is_consented = False
    if "connection_id" in call.arguments:
        connection = call.workspace.find("connection", call.arguments["connection_id"])
        _require_same_type(connection, type_)
        stored, is_consented = connection["configuration"], connection["_is_consented"]
    given = unmasked(type_, call.arguments["configuration"], stored)
    configuration = complete(type_, {**stored, **given})
    if problems := _problems(type_, configuration):
        raise RefusalError(400, unfit(call.operation, problems).message, key="connection_failed")
    if needs_consent(type_, configuration):
        error = None if is_consented else f"{type_.name} waits for a person to sign in"
    else:
        error = trial(call.workspace, type_, configuration)
    tried = {"id": call.arguments.get("connection_id"), "type": type_.brief()}
    if error := error or call.workspace.faults.outage(tried):
        raise RefusalError(400, f"{call.operation}: {error}.", key="connection_failed")
    return Answer()


def delete(call: Call) -> Answer:
    """Delete a connection; ``force`` takes along whatever stands on it."""
    store, id_ = call.workspace.store, call.arguments["id"]
    document = call.workspace.find("connection", id_)
    harbors.require_unbacked(call.workspace, id_)
    standing, shared = dependents(store, id_), sharing.children(call.workspace, id_)
    if (standing or shared) and not call.arguments.get("force"):
        raise RefusalError(
            422,
            "connection in use; delete what stands on it first, or pass force=true to delete that too.",
            key="connection_in_use",
            metadata=Dependents({**standing.documents, "shared_connection": shared}).named(),
        )
    standing.delete(call.workspace)
    sharing.end(call.workspace, id_)
    consents.withdraw(store, id_)
    schema_cache.forget(call.workspace, id_)
    call.workspace.tables.release(system_of(document))
    store.delete("connection", document["id"])
    return Answer(status=204)


def _checked(call: Call, type_: ConnectionType, configuration: JsonObject) -> JsonObject:
    completed = complete(type_, configuration)
    if problems := _problems(type_, completed):
        raise unfit(call.operation, problems)
    return completed


def _problems(type_: ConnectionType, configuration: JsonObject) -> list[Problem]:
    by_consent = needs_consent(type_, configuration)
    return [
        *configuration_problems(type_, configuration, is_signed_in_by_consent=by_consent),
        *mask_problems(configuration),
    ]


def _save(call: Call, type_: ConnectionType, document: JsonObject, configuration: JsonObject) -> JsonObject:
    """Write what the caller gave, find out how the connection is, and answer with it."""
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
    if needs_consent(type_, configuration):
        if not document["_is_consented"]:
            consent = _ask(call, type_, document)
    else:
        _sign_in(call, type_, document)
    call.workspace.store.put("connection", document["id"], document)
    sharing.follow(call.workspace, document)
    return {"data": {**_shown(call, document), **consent}}


def _ask(call: Call, type_: ConnectionType, document: JsonObject) -> JsonObject:
    document |= {"status": UNHEALTHY, "status_error": _WAITING, "saved": document.get("saved", False)}
    has_code = sign_in_method(type_, document["configuration"]) == "code"
    consent = consents.ask(
        call.workspace.store, document["id"], redirect_url=document["_redirect_url"], has_code=has_code
    )
    return {"auth_url": consent.url(call.base_url)} | ({"auth_code": consent.code} if has_code else {})


def _sign_in(call: Call, type_: ConnectionType, document: JsonObject) -> None:
    """Settle a connection that brings its own credentials; ``validate=false`` skips trying them (a guess)."""
    consents.withdraw(call.workspace.store, document["id"])
    is_tried = call.arguments.get("validate", True)
    configuration = document["configuration"]
    document["_server"] = call.workspace.servers.is_real(type_.id, configuration)
    if document["_server"] and type_.id == WEBHOOK:
        configuration.setdefault("secret", new_secret(document["id"]))
    error = trial(call.workspace, type_, configuration) if is_tried else None
    document |= {"status": UNHEALTHY if error else HEALTHY, "status_error": error, "saved": True}
    if note := call.workspace.servers.host_warning(type_.id, configuration):
        _LOG.warning("Connection %s: %s", document["name"], note)
    if error is None:
        schema_cache.start(call.workspace, document["id"])


def trial(workspace: Workspace, type_: ConnectionType, configuration: JsonObject) -> str | None:
    """Return why signing in fails, at the real server where there is one; None when it works."""
    servers = workspace.servers
    if servers.is_real(type_.id, configuration):
        return servers.connection_error(type_.id, configuration)
    return upstream_error(type_, configuration)


def show(document: JsonObject) -> JsonObject:
    """Return a connection as callers see it: its secrets masked."""
    type_ = load_connection_types()[document["type"]["id"]]
    return {**public(document), "configuration": masked(type_, document["configuration"])}


def _web_address(call: Call) -> str | None:
    address: str | None = call.arguments.get("redirect_url")
    if address is None:
        return None
    if not is_web_address(address):
        raise unfit(call.operation, [("redirect_url", "must be an http or https address")])
    return address


def _require_same_type(connection: JsonObject, type_: ConnectionType) -> None:
    if connection["type"]["id"] != type_.id:
        actual = connection["type"]["id"]
        raise RefusalError(400, f"connection_id names a connection of type {actual}, not {type_.id}.")


def _shown(call: Call, document: JsonObject) -> JsonObject:
    return show(document) | call.workspace.faults.state(document)


ROUTES: Final[Routes] = {
    "GET /api/connections": list_all,
    "POST /api/connections": create,
    "GET /api/connections/{id}": get,
    "PUT /api/connections/{id}": update,
    "DELETE /api/connections/{id}": delete,
    "POST /api/connections/test": test,
}
