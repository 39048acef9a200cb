"""Deliveries of events to webhooks: signed, sent in the background, and recorded.

Events are sent to addresses of this machine only; a delivery to any other is recorded as blocked. If
the endpoint does not answer 2xx, the event is sent again up to five times, after pauses that double:
when the clock reaches the time, or with the next event.
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
from polytomic_mcp.sandbox.workspace.retention import delete_expired
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "webhook_delivery"
SIGNATURE: Final = "Polytomic-Signature"
"""Seen in the API's documentation; that its value is a SHA-256 HMAC in hex is a guess."""

RETRIES: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=30)
"""A guess; the API's documentation says only that the pauses grow."""

_TYPE: Final = {"id": "webhook", "name": "Webhook"}
"""The type of a webhook's endpoint, by which an injected outage selects it as it does connections."""

_PENDING: Final = "pending_delivery"
_TIMEOUT_SECONDS: Final = 5.0
_LONGEST_RESPONSE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one attempt; it succeeded if ``error_kind`` is None."""

    status_code: int | None = None
    error_kind: str | None = None
    error: str | None = None
    response_body: str = ""


def enqueue(workspace: Workspace, event: JsonObject) -> None:
    """Send an event to its organization's webhook in the background, if it has an enabled one."""
    for webhook in workspace.store.list("webhook"):
        if webhook["organization_id"] == event["organization_id"] and not webhook["disabled"]:
            _schedule(workspace, {"webhook_id": webhook["id"], "event": event, "retries": 0}, timedelta())
    _send_later(workspace)


def _send_later(workspace: Workspace) -> None:
    if workspace.store.list(_PENDING):
        workspace.store.after_commit(partial(_submit, workspace))


def _submit(workspace: Workspace) -> None:
    """Let the workers send what is due; if the sandbox is closing, it is sent after the next start."""
    with suppress(RuntimeError):
        workspace.workers.submit(send_due, workspace)


def send_due(workspace: Workspace) -> None:
    """Make every attempt that is due, one at a time across all threads."""
    with workspace.signals.sending:
        for pending in workspace.store.list(_PENDING):
            is_due = datetime.fromisoformat(pending["due"]) <= workspace.clock()
            if is_due and workspace.store.delete(_PENDING, pending["id"]):
                _attempt(workspace, pending)


def next_due(workspace: Workspace) -> datetime | None:
    """Return when the next attempt is due, or None if none is pending."""
    times = (datetime.fromisoformat(pending["due"]) for pending in workspace.store.list(_PENDING))
    return min(times, default=None)


def show(delivery: JsonObject) -> JsonObject:
    """Return a summary of an attempt, with the id of its webhook."""
    keys = ("event_id", "event_type", "attempted_at", "success", "error_kind")
    return {"webhook_id": delivery["_webhook_id"], **{key: delivery[key] for key in keys}}


def delete(workspace: Workspace, webhook_id: str) -> None:
    """Delete a webhook's recorded and pending deliveries."""
    for kind in (KIND, _PENDING):
        for each in workspace.store.list(kind):
            if webhook_id in (each.get("webhook_id"), each.get("_webhook_id")):
                workspace.store.delete(kind, each["id"])


def _schedule(workspace: Workspace, pending: JsonObject, pause: timedelta) -> None:
    id_ = workspace.new_id()
    workspace.store.put(_PENDING, id_, pending | {"id": id_, "due": written(workspace.clock() + pause)})
    workspace.store.after_commit(workspace.signals.alarm.set)


def _attempt(workspace: Workspace, pending: JsonObject) -> None:
    webhook = workspace.store.get("webhook", pending["webhook_id"])
    if webhook is None or webhook["disabled"]:
        return
    started = time.monotonic()
    outage = workspace.faults.outage({"id": webhook["id"], "type": _TYPE})
    outcome = (
        _send(webhook, pending["event"]) if outage is None else Outcome(None, "connection", f"{outage}.")
    )
    with workspace.store.transaction():
        record(workspace, pending, outcome, round((time.monotonic() - started) * 1000))
        retries: int = pending["retries"]
        if outcome.error_kind not in (None, "blocked") and retries < RETRIES:
            _schedule(workspace, pending | {"retries": retries + 1}, FIRST_PAUSE * 2**retries)


def record(workspace: Workspace, pending: JsonObject, outcome: Outcome, milliseconds: int) -> None:
    """Record an attempt; ``pending`` has the ``event`` and the ``webhook_id``."""
    delete_expired(workspace, KIND, "attempted_at")
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
    """Make one attempt; the values of ``error_kind`` are a guess."""
    import httpx  # noqa: PLC0415 - most sandboxes send nothing

    if not is_loopback(webhook["endpoint"]):
        return Outcome(
            error_kind="blocked", error="The sandbox sends events to addresses of this machine only."
        )
    body = json.dumps(event).encode()
    headers = {"Content-Type": "application/json", SIGNATURE: sign(webhook["secret"], body)}
    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            answer = client.post(webhook["endpoint"], content=body, headers=headers)
    except httpx.TimeoutException:
        return Outcome(
            error_kind="timeout", error=f"The endpoint did not respond within {_TIMEOUT_SECONDS:.0f} s."
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome(error_kind="connection", error=f"The endpoint could not be reached: {error}.")
    text = answer.text[:_LONGEST_RESPONSE]
    if answer.is_success:
        return Outcome(answer.status_code, response_body=text)
    return Outcome(answer.status_code, "status", f"The endpoint answered {answer.status_code}.", text)


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a raw request body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_loopback(endpoint: str) -> bool:
    """Return whether an address is on this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
