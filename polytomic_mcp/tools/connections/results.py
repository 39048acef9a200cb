"""What the tools answer of a connection: itself, a row of a list, and whether it works."""

from polytomic_mcp.client.outages import SYSTEM_IS_OUT, is_system_out
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import Answer, Change, Result, Source
from polytomic_mcp.tools.api_access.names import CONNECTION, type_id
from polytomic_mcp.tools.connections.masks import concealed
from polytomic_mcp.tools.connections.states import WAITING, State, is_healthy, stored_test


class Connection(Result):
    """A connection, with secrets masked. auth_url: where a person gives consent."""

    id: str
    name: str | None = None
    type: str | None = None
    status: str | None = None
    saved: bool | None = None
    auth_url: str | None = None
    note: str | None = None
    changed: dict[str, Change] | None = None

    def source(self) -> Source:
        """Return where the API answers the connection."""
        return Source(CONNECTION.get, {"id": self.id})


class Health(Answer):
    """Whether a configuration works and, if not, why."""

    ok: bool
    reason: str | None = None


def shown(connection: JsonObject, state: State) -> Connection:
    """Return a connection in its state; the link for consent is shown although the API does not repeat it."""
    link = {"auth_url": state.link.url, "auth_code": state.link.code} if state.link else {}
    answer = Connection.model_validate(
        concealed(connection) | link | {"type": type_id(connection), "note": state.note}
    )
    answer.next_steps = list(state.next_steps)
    return answer


def row(connection: JsonObject, state: State) -> JsonObject:
    """Return a connection as a row of a list."""
    short = {name: connection.get(name) for name in ("id", "name", "status")} | {"type": type_id(connection)}
    return short | ({"note": WAITING} if state.is_waiting else {})


def failed(reason: str | None, state: State) -> Health:
    """Return that a test failed and, if a person's consent is what is missing, how to get it."""
    if state.note is None:
        is_out = is_system_out(reason)
        return Health(ok=False, reason=f"{str(reason).rstrip('.')}. {SYSTEM_IS_OUT}" if is_out else reason)
    return Health(ok=False, reason=f"{reason} {_whole_note(state)}", next_steps=list(state.next_steps))


def passed(stored: JsonObject, state: State, *, is_changed: bool) -> Health:
    """Return that a test passed and, if the stored status says otherwise, what changes it.

    ``is_changed`` says that the test replaced parts of the stored configuration.
    """
    status = stored.get("status")
    if not status or is_healthy(stored):
        return Health(ok=True)
    if state.is_waiting:
        return Health(ok=True, reason=_whole_note(state), next_steps=list(state.next_steps))
    reason = f"The test passes, but the stored status is still {quoted(status)}."
    if is_changed:
        return Health(ok=True, reason=f"{reason} Send this configuration to update_connection to store it.")
    return Health(ok=True, reason=reason, next_steps=list(stored_test(stored)))


def _whole_note(state: State) -> str:
    """Return the note with the link, for an answer that has no place of its own for it."""
    code = f" auth_code: {state.link.code}" if state.link and state.link.code else ""
    return f"{state.note} auth_url: {state.link.url}{code}" if state.link else str(state.note)
