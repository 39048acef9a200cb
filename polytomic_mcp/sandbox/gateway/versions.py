"""Versions: which version of the API serves a request, and which operations it has."""

from fnmatch import fnmatchcase
from typing import Final

from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.sandbox.calls.versions import CURRENT, HEADER, NOT_SERVED, SERVED, UNNAMED
from polytomic_mcp.sandbox.common.refusals import RefusalError

_NEW: Final = (
    "* /api/harbor*",
    "* /api/operations/*",
    "* /api/*entities/*",
    "* /api/organization",
    "* /api/organization/*",
    "* /api/record-view-links*",
    "* /api/temporary-credentials",
    "* */error-handling",
    "* */consolelog",
    "* */proxy*",
    "* */usage",
    "* */deliveries",
    "PATCH */fields/{field_id}",
)
"""The operations that the current version added, as patterns of their ids (from the SDKs of both versions).

The index of a run's logs is new as well, but served for every version: the sandbox has no other list of log
files.
"""


def served_version(requested: str | None) -> str:
    """Return the version that serves a request; a request without the header gets the oldest one.

    Raises:
        RefusalError: 400, the header does not name a version that is served.
    """
    if requested is None:
        return UNNAMED
    if requested not in SERVED:
        raise _not_served(requested)
    return requested


def require_served(operation: str, version: str) -> None:
    """Raise a 404 refusal if the version does not have the operation yet."""
    if version < CURRENT and any(fnmatchcase(operation, pattern) for pattern in _NEW):
        raise RefusalError(
            404,
            f"Version {version} does not have {operation}. Send {HEADER}: {CURRENT} to call it.",
            key="not_found",
        )


def version_headers(requested: str | None, served: str) -> dict[str, str]:
    """Return the headers that report the version served, with a warning if the request named none."""
    headers = {HEADER: served}
    if requested is None:
        headers["Warning"] = f'299 - "no {HEADER} was sent, so {served} applies; send {CURRENT}"'
    return headers


def _not_served(requested: str) -> RefusalError:
    """Return the refusal of a version; a text that is none may be a secret, and is not shown."""
    known = requested if requested in NOT_SERVED else ""
    problem = f"The sandbox does not serve version {known}" if known else "The header names no version"
    valid = valid_values(requested, reversed(SERVED)).strip()
    return RefusalError(400, f"{HEADER}: {problem} of the API. {valid}", key="unknown_version")
