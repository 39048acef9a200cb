"""Connect sessions: links with which a person creates a connection without an API key."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes, public
from polytomic_mcp.sandbox.calls.schema_problems import invalid_arguments
from polytomic_mcp.sandbox.common.addresses import is_web_address
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.resources.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.resources.organizations import organizations


def create(call: Call) -> Answer:
    """Create a session and return the URL of its page; the token is shown only once.

    ``type`` is the older form of a ``whitelist`` with one type.
    """
    seconds: int = call.arguments.get("ttl", connect_sessions.USUAL)
    if not 1 <= seconds <= connect_sessions.LONGEST:
        raise invalid_arguments(
            call.operation, [("ttl", f"must be between 1 and {connect_sessions.LONGEST}")]
        )
    redirect_url: str = call.arguments["redirect_url"]
    if not is_web_address(redirect_url):
        raise invalid_arguments(call.operation, [("redirect_url", "must be an http or https address")])
    connection = _connection(call)
    whitelist = _whitelist(call, connection)
    _require_unused_name(call, connection)
    organization = call.workspace.find(organizations.KIND, call.workspace.organization_id)
    session: JsonObject = {
        "name": call.arguments["name"],
        "type": whitelist[0] if len(whitelist) == 1 else None,
        "whitelist": whitelist,
        "connection_id": connection["id"] if connection else None,
        "redirect_url": redirect_url,
        "dark": call.arguments.get("dark", False),
        "logo": None,
        "organization_name": organization["name"] if call.arguments.get("use_organization_name") else None,
    }
    token = connect_sessions.create(call.workspace, session, user_id=call.credential.user_id, seconds=seconds)
    address = call.base_url + connect_sessions.PATH.format(token=token)
    return Answer({"data": {"redirect_url": address, "token": token}}, is_secret=True)


def get(call: Call) -> JsonObject:
    """Return the session of a token, including the id of the connection that it created.

    The token is sent as ``token``, with or without an API key, or instead of the API key (a guess: no
    source says which of these the API accepts).
    """
    if call.credential.method != connect_sessions.METHOD:
        raise RefusalError(
            401,
            f"{call.operation}: pass the token of an open connect session as ?token=.",
            key="unauthorized",
        )
    return {"data": public(call.workspace.find(connect_sessions.KIND, call.credential.user_id))}


def _connection(call: Call) -> JsonObject | None:
    id_ = call.arguments.get("connection")
    return None if id_ is None else call.workspace.find("connection", id_)


def _whitelist(call: Call, connection: JsonObject | None) -> list[str]:
    types = load_connection_types()
    whitelist: list[str] = list(dict.fromkeys(call.arguments.get("whitelist") or []))
    type_: str | None = connection["type"]["id"] if connection else call.arguments.get("type")
    problems = [("whitelist", _unknown_type(id_)) for id_ in whitelist if id_ not in types]
    if type_ is not None and type_ not in types:
        problems.append(("type", _unknown_type(type_)))
    elif type_ is not None and type_ not in (whitelist or [type_]):
        problems.append(("whitelist", f"must include {type_}"))
    if problems:
        raise invalid_arguments(call.operation, problems)
    return whitelist if type_ is None else [type_]


def _unknown_type(id_: str) -> str:
    hint = valid_values(id_, load_connection_types()).removesuffix(".")
    return f"must be a connection type, not {quoted(id_)}.{hint}"


def _require_unused_name(call: Call, connection: JsonObject | None) -> None:
    name = call.arguments["name"]
    for other in call.workspace.store.list("connection", {"name": name}):
        if connection is None or other["id"] != connection["id"]:
            raise RefusalError(
                409, f"A connection named {name} already exists; choose another name.", key="name_taken"
            )


ROUTES: Final[Routes] = {
    "POST /api/connections/connect/": create,
    "GET /api/connections/connect/session": get,
}
