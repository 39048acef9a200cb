"""The page on which a person lets the sandbox into an account: what an ``auth_url`` opens."""

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
from polytomic_mcp.sandbox.resources.connections import consents, sharing
from polytomic_mcp.sandbox.resources.connections.consents import Consent
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.routes.page_layout import page
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_LARGEST_FORM: Final = 4096
_DENIED: Final = "Access was denied on the consent page; update the connection with reconnect to ask again."


async def show(request: Request) -> Response:
    """Show what is asked for; the token in the address is all it takes."""
    return await _with_consent(request, _ask)


async def decide(request: Request) -> Response:
    """Take the person's answer: the form's ``decision`` is ``allow`` or ``deny``."""
    body = await read_body(request, _LARGEST_FORM)
    if body is None:
        return page("That form is too large", "Go back and use the buttons.", status=413)
    fields = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    return await _with_consent(request, partial(_decide, fields))


async def _with_consent(
    request: Request, act: Callable[[Workspace, Consent, JsonObject], Response]
) -> Response:
    """Find the consent and its connection, and act on both in one transaction on a worker thread."""
    workspace: Workspace = request.app.state.workspace
    token: str = request.path_params["token"]

    def work() -> Response:
        with workspace.store.transaction():
            consent = consents.find(workspace.store, token)
            if consent is None:
                return page(
                    "This link is not valid",
                    "It was used already, or a newer one took its place. Ask for a new one by updating the "
                    "connection with reconnect.",
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
            return _form(consent, connection, note="That is not the code the API gave; try again.")
        case _:
            return _form(consent, connection, note="Choose one of the two buttons.")


def _allow(workspace: Workspace, consent: Consent, connection: JsonObject) -> Response:
    connection |= {"status": "healthy", "status_error": None, "saved": True, "_is_consented": True}
    schema_cache.start(workspace, connection["id"])
    _settle(workspace, connection)
    if consent.redirect_url is not None:
        return RedirectResponse(consent.redirect_url, 303, {"Referrer-Policy": "no-referrer"})
    return page("Connected", f"{connection['name']} is healthy now. You may close this page.")


def _deny(workspace: Workspace, consent: Consent, connection: JsonObject) -> Response:
    del consent
    connection |= {"status": "unhealthy", "status_error": _DENIED}
    _settle(workspace, connection)
    if "_denied_url" in connection:
        return RedirectResponse(connection["_denied_url"], 303, {"Referrer-Policy": "no-referrer"})
    return page("Denied", f"{connection['name']} stays disconnected. You may close this page.")


def _settle(workspace: Workspace, connection: JsonObject) -> None:
    connection["updated_at"] = workspace.now()
    workspace.store.put("connection", connection["id"], connection)
    sharing.follow(workspace, connection)
    consents.withdraw(workspace.store, connection["id"])


def _form(consent: Consent, connection: JsonObject, *, note: str | None) -> Response:
    service = connection["type"]["name"]
    return page(
        f"Connect to {service}",
        f"The sandbox asks to read and write {service} as “{connection['name']}”. "
        "No account outside this sandbox is touched.",
        has_decision=True,
        has_code=consent.code is not None,
        note=note,
        status=200 if note is None else 422,
    )


PAGES: Final = (
    Route(consents.PATH, show, methods=["GET"]),
    Route(consents.PATH, decide, methods=["POST"]),
)
"""The addresses that need no key: their token is one."""
