"""The consent page, which an ``auth_url`` opens: a person lets the sandbox access an account."""

from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import parse_qs

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.gateway.arguments import read_body
from polytomic_mcp.sandbox.resources.connections import consents
from polytomic_mcp.sandbox.resources.connections.consents import Consent
from polytomic_mcp.sandbox.routes.page_layout import page
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_LARGEST_FORM: Final = 4096


async def show(request: Request) -> Response:
    """Show the consent page; the token in the address is the only credential."""
    return await _with_consent(request, _ask)


async def decide(request: Request) -> Response:
    """Process the person's decision: the form's ``decision`` is ``allow`` or ``deny``."""
    body = await read_body(request, _LARGEST_FORM)
    if body is None:
        return page("The form is too large", "Go back and choose Allow or Deny.", status=413)
    fields = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    return await _with_consent(request, partial(_decide, fields))


async def _with_consent(
    request: Request, act: Callable[[Workspace, Consent, JsonObject], Response]
) -> Response:
    """Find the consent and its connection, and run ``act`` in one transaction on a worker thread."""
    workspace: Workspace = request.app.state.workspace
    token: str = request.path_params["token"]

    def work() -> Response:
        with workspace.store.transaction():
            consent = consents.find(workspace, token)
            if consent is None:
                return page(
                    "This link is not valid",
                    "It was already used, it expired, or a newer link replaced it. To get a new link, update "
                    "the connection with reconnect=true.",
                    status=404,
                )
            return act(workspace, consent, workspace.find("connection", consent.connection_id))

    return await anyio.to_thread.run_sync(work)


def _ask(workspace: Workspace, consent: Consent, connection: JsonObject) -> Response:
    del workspace
    return _form(consent, connection, note=None)


def _decide(
    fields: dict[str, str], workspace: Workspace, consent: Consent, connection: JsonObject
) -> Response:
    match fields.get("decision"):
        case "deny":
            return _deny(workspace, consent, connection)
        case "allow" if consent.code in {None, fields.get("code", "").strip().upper()}:
            return _allow(workspace, consent, connection)
        case "allow":
            return _form(
                consent, connection, note="That code is not correct. Enter the code from the API's response."
            )
        case _:
            return _form(consent, connection, note="Choose Allow or Deny.")


def _allow(workspace: Workspace, consent: Consent, connection: JsonObject) -> Response:
    consents.allow(workspace, connection)
    if consent.redirect_url is not None:
        return RedirectResponse(consent.redirect_url, 303, {"Referrer-Policy": "no-referrer"})
    return page("Connected", f"{connection['name']} is now healthy. You can close this page.")


def _deny(workspace: Workspace, consent: Consent, connection: JsonObject) -> Response:
    del consent
    consents.deny(workspace, connection)
    if "_denied_url" in connection:
        return RedirectResponse(connection["_denied_url"], 303, {"Referrer-Policy": "no-referrer"})
    return page("Access denied", f"{connection['name']} is not connected. You can close this page.")


def _form(consent: Consent, connection: JsonObject, *, note: str | None) -> Response:
    service = connection["type"]["name"]
    return page(
        f"Connect to {service}",
        f"The Polytomic sandbox wants to read and write data in {service} for the connection "
        f"“{connection['name']}”. This is a simulation: no real account is accessed.",
        has_decision=True,
        has_code=consent.code is not None,
        note=note,
        status=200 if note is None else 422,
    )


PAGES: Final = (
    Route(consents.PATH, show, methods=["GET"]),
    Route(consents.PATH, decide, methods=["POST"]),
)
"""The pages that need no API key: the token in the address is the credential."""
