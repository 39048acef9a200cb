"""Events on their way to webhooks: signed, sent beside the calls, and written down.

Only addresses of this machine are sent to; an attempt at any other is written down as blocked. An
endpoint must answer 2xx, or the event is sent again up to five times, after pauses that double: when
the clock says so, or with the next event.
"""

import hashlib
import hmac
import ipaddress
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.resources.events.retention import forget_old
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "webhook_delivery"
SIGNATURE: Final = "Polytomic-Signature"
"""Seen in the API's documentation; that it is the hex form of a SHA-256 HMAC is a guess."""

RETRIES: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=30)
"""A guess; the API's documentation says only that the pauses grow."""

_TYPE: Final = {"id": "webhook", "name": "Webhook"}
"""What an outage calls the receivers of events, as it does the destinations."""

_PENDING: Final = "pending_delivery"
_PATIENCE: Final = 5.0
_LONGEST_RESPONSE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; without an ``error_kind`` it succeeded."""

    status_code: int | None = None
    error_kind: str | None = None
    error: str | None = None
    response_body: str = ""


def announce(workspace: Workspace, event: JsonObject) -> None:
    """Send an event to its organization's webhook, if there is one that is enabled."""
    for webhook in workspace.store.list("webhook"):
        if webhook["organization_id"] == event["organization_id"] and not webhook["disabled"]:
            _put_off(workspace, {"webhook_id": webhook["id"], "event": event, "retries": 0}, timedelta())
    send_later(workspace)


def send_later(workspace: Workspace) -> None:
    """Have the workers send what is due, if anything is."""
    if workspace.store.list(_PENDING):
        workspace.store.after_commit(partial(_submit, workspace))


def _submit(workspace: Workspace) -> None:
    """Hand the sending to the workers; where the sandbox closes, what waits leaves after the next start."""
    with suppress(RuntimeError):
        workspace.workers.submit(send_due, workspace)


def send_due(workspace: Workspace) -> None:
    """Make every attempt that is due, one at a time, those that another thread makes included."""
    with workspace.signals.sending:
        for pending in workspace.store.list(_PENDING):
            is_due = datetime.fromisoformat(pending["due"]) <= workspace.clock()
            if is_due and workspace.store.delete(_PENDING, pending["id"]):
                _attempt(workspace, pending)


def next_due(workspace: Workspace) -> datetime | None:
    """Return when the next attempt is due, or None where nothing waits."""
    times = (datetime.fromisoformat(pending["due"]) for pending in workspace.store.list(_PENDING))
    return min(times, default=None)


def show(delivery: JsonObject) -> JsonObject:
    """Return an attempt in a few words, with the webhook it was for."""
    keys = ("event_id", "event_type", "attempted_at", "success", "error_kind")
    return {"webhook_id": delivery["_webhook_id"], **{key: delivery[key] for key in keys}}


def forget(workspace: Workspace, webhook_id: str) -> None:
    """Remove what was and what would be sent to a webhook."""
    for kind in (KIND, _PENDING):
        for each in workspace.store.list(kind):
            if webhook_id in (each.get("webhook_id"), each.get("_webhook_id")):
                workspace.store.delete(kind, each["id"])


def _put_off(workspace: Workspace, pending: JsonObject, pause: timedelta) -> None:
    id_ = workspace.new_id()
    workspace.store.put(_PENDING, id_, pending | {"id": id_, "due": written(workspace.clock() + pause)})
    workspace.store.after_commit(workspace.signals.alarm.set)


def _attempt(workspace: Workspace, pending: JsonObject) -> None:
    webhook = workspace.store.get("webhook", pending["webhook_id"])
    if webhook is None or webhook["disabled"]:
        return
    begun = time.monotonic()
    down = workspace.faults.outage({"id": webhook["id"], "type": _TYPE})
    outcome = Outcome(error_kind="connection", error=f"{down}.") if down else _send(webhook, pending["event"])
    with workspace.store.transaction():
        _write_down(workspace, pending, outcome, round((time.monotonic() - begun) * 1000))
        retries: int = pending["retries"]
        if outcome.error_kind not in (None, "blocked") and retries < RETRIES:
            _put_off(workspace, pending | {"retries": retries + 1}, FIRST_PAUSE * 2**retries)


def _write_down(workspace: Workspace, pending: JsonObject, outcome: Outcome, milliseconds: int) -> None:
    forget_old(workspace, KIND, "attempted_at")
    id_ = workspace.new_id()
    delivery: dict[str, Any] = {
        "id": id_,
        "event_id": pending["event"]["id"],
        "event_type": pending["event"]["type"],
        "attempted_at": workspace.now(),
        "duration_ms": milliseconds,
        "success": outcome.error_kind is None,
        "status_code": outcome.status_code,
        "error_kind": outcome.error_kind,
        "error": outcome.error,
        "response_body": outcome.response_body,
        "_webhook_id": pending["webhook_id"],
    }
    workspace.store.put(KIND, id_, delivery)


def _send(webhook: Mapping[str, Any], event: JsonObject) -> Outcome:
    """Make one attempt; the names of the kinds of errors are a guess."""
    import httpx  # noqa: PLC0415 - most sandboxes send nothing

    if not is_loopback(webhook["endpoint"]):
        return Outcome(error_kind="blocked", error="The sandbox sends to addresses of this machine only.")
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", SIGNATURE: sign(webhook["secret"], body)}
    try:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            answer = client.post(webhook["endpoint"], content=body, headers=headers)
    except httpx.TimeoutException:
        return Outcome(error_kind="timeout", error=f"The endpoint did not answer within {_PATIENCE:.0f} s.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(error_kind="connection", error=f"The endpoint cannot be reached: {error}.")
    text = answer.text[:_LONGEST_RESPONSE]
    if answer.is_success:
        return Outcome(answer.status_code, response_body=text)
    return Outcome(answer.status_code, "status", f"The endpoint answered {answer.status_code}.", text)


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_loopback(endpoint: str) -> bool:
    """Say whether an address leads to this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
