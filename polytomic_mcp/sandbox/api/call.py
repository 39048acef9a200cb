"""One call as a route sees it, and the answer it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.credentials import Credential
from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was authenticated, matched to its operation and held against its schema.

    ``arguments`` is flat: path, query and body arguments under their wire names, absent ones
    absent. ``version`` is the API version that serves the call, ``base_url`` the address the
    caller reached, without a trailing slash. ``credential`` says who calls. ``headers`` are those that
    the operation takes, by the catalogue's names; ``fault`` is one that strikes the route itself.
    """

    operation: str
    arguments: Mapping[str, Any]
    version: str
    base_url: str
    workspace: Workspace
    credential: Credential
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers: a JSON body, or none, and the status and headers around it.

    ``is_secret`` marks a body that is shown once and must not be kept beyond the process.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    is_secret: bool = False


Handler = Callable[[Call], Any]
"""A route: a synchronous function from a call to an ``Answer``, the JSON body of a 200, or None.

Handlers run on worker threads, so they may block; they refuse by raising ``RefusalError``. Those
that write run in one transaction, which a refusal rolls back; what must start after it commits goes
through ``Workspace.run_later``.
"""

Routes = Mapping[str, Handler]
"""Handlers by operation id (``"GET /api/me"``); each module in ``routes`` offers one as ``ROUTES``."""


def public(document: JsonObject) -> JsonObject:
    """Return the document as callers see it: without its private keys, which start with ``_``."""
    return {name: value for name, value in document.items() if not name.startswith("_")}
