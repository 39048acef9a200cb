"""A call as its route receives it, and the answer that the route returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.faults.fault import Status
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed every stage of the gateway.

    ``arguments`` is flat: path, query and body arguments under their wire names; absent ones are absent.
    ``version`` is the API version that serves the call, ``base_url`` the address that the caller used,
    without a trailing slash. ``credential`` identifies the caller. ``headers`` are those that the
    operation accepts, under the catalogue's names. ``fault`` is a failure of the API itself, if one applies.
    """

    operation: str
    arguments: Mapping[str, Any]
    version: str
    base_url: str
    workspace: Workspace
    credential: Credential
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    fault: Status | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route returns: a JSON body or None, with a status and headers.

    ``is_secret`` marks a body that is shown once and must not be stored beyond the process.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_secret: bool = False


Handler = Callable[[Call], Any]
"""A route: a synchronous function from a call to an ``Answer``, the JSON body of a 200, or None.

Handlers run on worker threads, so they may block. They refuse a call by raising ``RefusalError``. Those
that write run in one transaction, which a refusal rolls back; use ``Workspace.run_later`` for work that must
start after it commits.
"""

Routes = Mapping[str, Handler]
"""Handlers by operation id (``"GET /api/me"``); each module in ``routes`` has one named ``ROUTES``."""


def public(document: JsonObject) -> JsonObject:
    """Return the document without its private keys, which start with ``_`` and are not shown to callers."""
    return {name: value for name, value in document.items() if not name.startswith("_")}
