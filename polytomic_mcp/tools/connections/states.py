"""What state a connection is in, and the calls that lead out of it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from polytomic_mcp.catalogue.rules.consent import APP_SECRETS
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.consent_links import LIFETIME, ConsentLink, ConsentLinks
from polytomic_mcp.tools.connections.masks import masked_fields

WAITING: Final = "waiting for consent"

_HEALTHY: Final = frozenset({"healthy", "ready", "ok"})
_CONSENT: Final = re.compile(
    r"\b(sign(ed)?[ -]?in|log ?in again|consent|re-?connect|re-?authenticate|re-?authori[sz]e|oauth"
    r"|invalid_grant)\b",
    re.IGNORECASE,
)
_PENDING: Final = re.compile(r"\b(wait(s|ing)?|pending)\b", re.IGNORECASE)
_ENDED: Final = re.compile(
    r"\b(denied|declined|cancell?ed|expired|revoked|again|re-?connect|re-?authenticate|re-?authori[sz]e"
    r"|invalid_grant)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class State:
    """What to say of a connection, what to call next, and the link at which a person can consent."""

    note: str | None = None
    next_steps: tuple[NextStep, ...] = ()
    link: ConsentLink | None = None
    is_waiting: bool = False


def is_healthy(connection: JsonObject) -> bool:
    """Whether the API says that a connection works."""
    return str(connection.get("status") or "").lower() in _HEALTHY


def needs_consent(connection: JsonObject) -> bool:
    """Whether a person must consent before a connection works.

    That is so if it was never saved although no credentials of its own are stored, or (a guess) by the words
    of the reason that it gives.
    """
    if is_healthy(connection):
        return False
    was_never_saved = connection.get("saved") is False and not _has_credentials(connection)
    return was_never_saved or bool(_CONSENT.search(_error(connection)))


def state_of(
    connection: JsonObject, now: datetime, links: ConsentLinks | None = None, *, is_tested: bool = False
) -> State:
    """Return the state of a connection as the API answered it; ``now`` is the date at the API.

    ``links`` has the links that it may be waiting for; those that have ended are forgotten. A new link would
    end an earlier one, so none is suggested while a person may hold one. ``is_tested`` says that the status
    is the result of this very call.
    """
    if link := _pending_link(connection, now, links or ConsentLinks()):
        code = " and enter auth_code" if link.code else ""
        return _waiting(connection, f"A person must open auth_url{code}.", link)
    if needs_consent(connection):
        return _without_link(connection, now)
    if is_healthy(connection) or not connection.get("status"):
        return State()
    this = {"connection_id": _id(connection)}
    test = NextStep(tool="test_connection", arguments=this, reason="shows what is wrong, or that it works")
    return State(next_steps=(test,) if is_tested else (test, *stored_test(connection)))


def state_after(stored: JsonObject, reason: str, now: datetime, links: ConsentLinks) -> State:
    """Return the state of a stored connection whose test failed just now for a reason.

    The stored status may be older than the reason, but knows more of a consent that it waits for.
    """
    tested = stored | {"status": "unhealthy", "status_error": reason}
    return state_of(stored if needs_consent(stored) else tested, now, links)


def stored_test(connection: JsonObject) -> tuple[NextStep, ...]:
    """Return the call that tests a connection again and stores the status, if the caller can change it."""
    reason = "tests the connection again and stores its status"
    return _update(connection, reason, validate=True)


def remember_link(
    caller: Caller, answer: JsonObject, before: JsonObject | None = None, *, is_new_consent: bool = False
) -> bool:
    """Remember the link for consent in the answer of a create or an update; return whether it has one.

    ``before`` is the connection before the update. ``is_new_consent`` ends an earlier link.
    """
    if is_new_consent:
        caller.consent_links.forget(_id(answer))
    if not answer.get("auth_url") or is_healthy(answer):
        return False
    errors = frozenset((_error(before or {}), _error(answer)))
    link = ConsentLink(answer["auth_url"], answer.get("auth_code"), caller.date(), errors)
    caller.consent_links.keep(_id(answer), link)
    return True


def note_on(masked: list[str], before: JsonObject, after: JsonObject, *, is_tested: bool) -> str | None:
    """Return what an update shows of secrets whose mask it sent back; None if it sent none."""
    if not masked:
        return None
    sent = f"Sent back as masks: {', '.join(masked)}."
    if is_tested and is_healthy(after):
        return f"{sent} The test that followed passed."
    if is_tested and is_healthy(before):
        return (
            f"{sent} Polytomic may have stored the mask: the connection was healthy before. Send them again."
        )
    return f"{sent} Polytomic may have stored the mask: send them again if test_connection fails."


def _pending_link(connection: JsonObject, now: datetime, links: ConsentLinks) -> ConsentLink | None:
    """Return the link that a person may still open; forget one that was used or has ended."""
    link, error = links.read(_id(connection), now), _error(connection)
    if link is None:
        return None
    if is_healthy(connection) or (error not in link.errors and _has_ended(error)):
        links.forget(_id(connection))
        return None
    return link


def _without_link(connection: JsonObject, now: datetime) -> State:
    """Return the state of a connection that needs consent and whose link, if it has one, is unknown."""
    error, changed = _error(connection), to_moment(connection.get("updated_at"))
    is_old = changed is not None and now - changed >= LIFETIME
    is_pending = bool(_PENDING.search(error)) or (connection.get("saved") is False and not _has_ended(error))
    if is_pending and not is_old:
        return _waiting(
            connection,
            "Polytomic showed auth_url once, when the connection was created or reconnected. Only if nobody "
            "has it, call update_connection with reconnect for a new one: the earlier one stops working.",
        )
    reason = "returns a new auth_url for a person to open"
    return State("A person must consent again.", _update(connection, reason, reconnect=True))


def _waiting(connection: JsonObject, note: str, link: ConsentLink | None = None) -> State:
    step = NextStep(
        tool="get_connection",
        arguments={"connection_id": _id(connection)},
        reason="call again after the person has consented: status is then healthy",
    )
    return State(f"{WAITING.capitalize()}. {note}", (step,), link, is_waiting=True)


def _update(connection: JsonObject, reason: str, **arguments: bool) -> tuple[NextStep, ...]:
    """Return a complete call of update_connection; none for a connection that another organization shares."""
    if connection.get("parent_connection_id"):
        return ()
    if masked_fields(as_object(connection.get("configuration"))):
        arguments["keep_masked"] = True
        reason += "; keep_masked sends the masks of secrets back: if Polytomic stores them, send the secrets"
    these = {"connection_id": _id(connection), **arguments}
    return (NextStep(tool="update_connection", arguments=these, reason=reason),)


def _has_credentials(connection: JsonObject) -> bool:
    """Whether secrets are stored that replace a person's consent."""
    return any(name not in APP_SECRETS for name in masked_fields(as_object(connection.get("configuration"))))


def _has_ended(error: str) -> bool:
    return bool(_ENDED.search(error)) and not _PENDING.search(error)


def _id(connection: JsonObject) -> str:
    return str(connection.get("id"))


def _error(connection: JsonObject) -> str:
    return str(connection.get("status_error") or "")
