"""The page of a connect session, on which a person chooses a type and fills in its form to connect."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.calls.schema_problems import Problem
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType, load_connection_types
from polytomic_mcp.sandbox.gateway.arguments import read_body
from polytomic_mcp.sandbox.resources.connections import connections, consents
from polytomic_mcp.sandbox.resources.connections.configuration import configuration_problems, with_defaults
from polytomic_mcp.sandbox.resources.connections.connect import forms as connect_forms
from polytomic_mcp.sandbox.resources.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.resources.connections.sign_in import needs_consent, sign_in_error
from polytomic_mcp.sandbox.routes.connections.connect import screens
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_LARGEST_FORM: Final = 256 * 1024
_MOST_INPUTS: Final = 1_000
_NO_REFERRER: Final = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a session's page: the session, its connection if it has one, and the query."""

    workspace: Workspace
    token: str
    session: JsonObject
    connection: JsonObject | None
    base_url: str
    type_id: str | None
    query: str

    def types(self) -> list[ConnectionType]:
        """Return the types that the person can choose from, by name."""
        types = load_connection_types()
        allowed = [types[id_] for id_ in self.session["whitelist"] or types]
        return sorted(allowed, key=lambda type_: type_.name.casefold())

    def type(self) -> ConnectionType | None:
        """Return the chosen type, or the only one available; None if the person must choose."""
        types = {type_.id: type_ for type_ in self.types()}
        return next(iter(types.values())) if len(types) == 1 else types.get(self.type_id or "")

    def return_url(self, **parameters: str) -> str:
        """Return the session's redirect URL with query parameters, whose names are a guess."""
        parts: SplitResult = urlsplit(str(self.session["redirect_url"]))
        query = "&".join(filter(None, (parts.query, urlencode(parameters))))
        return SplitResult(parts.scheme, parts.netloc, parts.path, query, parts.fragment).geturl()

    def stored(self) -> JsonObject:
        """Return the configuration of the existing connection; empty for a new one."""
        return self.connection["configuration"] if self.connection else {}

    def subtitle(self) -> str:
        """Return the line under the title."""
        organization = self.session["organization_name"] or "The Polytomic sandbox"
        return f"{organization} asks you to set up the connection “{self.session['name']}”."


async def show(request: Request) -> Response:
    """Show the types, or the form of the chosen one."""
    return await _visit(request, _show)


async def submit(request: Request) -> Response:
    """Process the form: create or update the connection, or show what is wrong."""
    body = await read_body(request, _LARGEST_FORM)
    if body is None:
        return screens.message("The form is too large", "Go back and shorten the values.", status=413)
    try:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_INPUTS)
    except ValueError:
        return screens.message("The form has too many fields", "Go back and remove some of them.", status=413)
    return await _visit(request, partial(_submit, dict(pairs)))


async def _visit(request: Request, act: Callable[[Visit], Response]) -> Response:
    """Find the session and run ``act`` on it in one transaction on a worker thread."""
    workspace: Workspace = request.app.state.workspace

    def work() -> Response:
        with workspace.store.transaction():
            session = connect_sessions.find(workspace, request.path_params["token"])
            if session is None:
                return screens.message("This link is not valid", "Ask for a new link.", status=404)
            if not connect_sessions.is_unexpired(workspace, session) or connect_sessions.is_used(
                workspace, session
            ):
                return screens.message(
                    "This link can no longer be used",
                    "It was already used, or it has expired. Ask for a new link.",
                    is_dark=session["dark"],
                    status=410,
                )
            return act(_visit_of(request, workspace, session))

    return await anyio.to_thread.run_sync(work)


def _visit_of(request: Request, workspace: Workspace, session: JsonObject) -> Visit:
    inside = workspace.within(session["_organization_id"])
    connection = session["connection_id"] and inside.store.get("connection", session["connection_id"])
    query = request.query_params
    return Visit(
        inside,
        request.path_params["token"],
        session,
        connection or None,
        str(request.base_url).rstrip("/"),
        connection["type"]["id"] if connection else query.get("type"),
        query.get("q", ""),
    )


def _show(visit: Visit) -> Response:
    type_ = visit.type()
    if type_ is None:
        return _choose(visit)
    return _fill(visit, type_, visit.stored(), [])


def _choose(visit: Visit) -> Response:
    types = visit.types()
    words = visit.query.casefold().split()
    found = [type_ for type_ in types if all(word in f"{type_.name} {type_.id}".casefold() for word in words)]
    return screens.choose(
        found,
        total=len(types),
        query=visit.query,
        subtitle=visit.subtitle(),
        cancel=visit.return_url(error="canceled"),
        is_dark=visit.session["dark"],
    )


def _fill(
    visit: Visit,
    type_: ConnectionType,
    configuration: JsonObject,
    problems: list[Problem],
    note: str | None = None,
) -> Response:
    by_consent = needs_consent(type_, configuration)
    return screens.fill(
        type_,
        connect_forms.build(type_, configuration, problems),
        subtitle=visit.subtitle(),
        action=f"Continue to {type_.name}" if by_consent else "Connect",
        cancel=visit.return_url(error="canceled"),
        is_dark=visit.session["dark"],
        has_choice=visit.connection is None and len(visit.types()) > 1,
        note=note,
        status=422 if problems or note else 200,
    )


def _submit(inputs: dict[str, str], visit: Visit) -> Response:
    type_ = visit.type()
    if type_ is None:
        return _choose(visit)
    configuration = connect_forms.parse(type_, inputs, visit.stored())
    completed = with_defaults(type_, configuration)
    by_consent = needs_consent(type_, completed)
    if problems := configuration_problems(type_, completed, is_signed_in_by_consent=by_consent):
        return _fill(visit, type_, configuration, problems)
    if not by_consent and (error := _sign_in_error(visit, type_, completed)):
        return _fill(visit, type_, configuration, [], f"{error}.")
    if _is_name_taken(visit):
        note = f"A connection named {visit.session['name']} already exists. Ask for a new link."
        return _fill(visit, type_, configuration, [], note)
    return _connect(visit, type_, completed, by_consent=by_consent)


def _sign_in_error(visit: Visit, type_: ConnectionType, configuration: JsonObject) -> str | None:
    tested = {"type": type_.brief(), "id": visit.session["connection_id"]}
    return visit.workspace.faults.outage(tested) or sign_in_error(visit.workspace, type_, configuration)


def _is_name_taken(visit: Visit) -> bool:
    own = visit.session["connection_id"]
    named = visit.workspace.store.list("connection", {"name": visit.session["name"]})
    return any(each["id"] != own for each in named)


def _connect(visit: Visit, type_: ConnectionType, configuration: JsonObject, *, by_consent: bool) -> Response:
    """Create or update the connection and redirect: to the consent page if it needs one, or back."""
    session = visit.session
    arguments: dict[str, Any] = {"configuration": configuration, "name": session["name"], "type": type_.id}
    if visit.connection is not None:
        arguments |= {"id": visit.connection["id"], "reconnect": by_consent}
        arguments |= {key: visit.connection[key] for key in ("healthcheck_interval", "policies")}
    user = Credential(session["_organization_id"], session["_user_id"])
    save = connections.create if visit.connection is None else connections.update
    operation = "POST /api/connections" if visit.connection is None else "PUT /api/connections/{id}"
    saved = save(Call(operation, arguments, CURRENT, visit.base_url, visit.workspace, user))
    id_: str = saved["id"]
    session |= {"connection_id": id_, "type": type_.id, "_is_submitted": True}
    connect_sessions.save(visit.workspace, visit.token, session)
    return_url = visit.return_url(connection_id=id_, name=session["name"], type=type_.id)
    if not by_consent:
        return RedirectResponse(return_url, 303, _NO_REFERRER)
    return _ask_for_consent(visit, id_, return_url, has_code="auth_code" in saved)


def _ask_for_consent(visit: Visit, id_: str, return_url: str, *, has_code: bool) -> Response:
    """Redirect to the consent page, which redirects back; in code mode, show the code for it first."""
    urls = {"_redirect_url": return_url, "_denied_url": visit.return_url(error="access_denied")}
    connection = visit.workspace.find("connection", id_) | urls
    visit.workspace.store.put("connection", id_, connection)
    consent = consents.create(visit.workspace, id_, redirect_url=return_url, has_code=has_code)
    address = consent.url(visit.base_url)
    if consent.code is not None:
        return screens.show_code(consent.code, address, is_dark=visit.session["dark"])
    return RedirectResponse(address, 303, _NO_REFERRER)


PAGES: Final = (
    Route(connect_sessions.PATH, show, methods=["GET"]),
    Route(connect_sessions.PATH, submit, methods=["POST"]),
)
"""The pages that need no API key: the token in the address is the credential."""
