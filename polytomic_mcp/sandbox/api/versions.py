"""Which API version serves a call: the ``X-Polytomic-Version`` header."""

from fnmatch import fnmatchcase
from typing import Final

from polytomic_mcp.sandbox.common.refusals import RefusalError

HEADER: Final = "X-Polytomic-Version"

VERSIONS: Final = ("2021-05-23", "2022-12-12", "2023-04-25", "2024-02-08", "2025-09-18")
"""The versions that exist, as dates, so that they compare as text.

The sandbox behaves as the last two do; the older ones are served as 2024-02-08.
"""

OLDEST, CURRENT = VERSIONS[0], VERSIONS[-1]

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
"""The operations that the current version added, as patterns of their ids (by the SDKs of both).

The index of a run's logs is new too, and served all the same: the sandbox lists no log files otherwise.
"""


def served_version(asked: str | None) -> str:
    """Return the version that serves a call; a call that names none is served the oldest.

    Raises:
        RefusalError: 400, the header names no version.
    """
    if asked is None:
        return OLDEST
    if asked not in VERSIONS:
        raise RefusalError(
            400,
            f"{HEADER} names no version of the API; send one of: {', '.join(VERSIONS)}.",
            key="unknown_version",
        )
    return asked


def require_served(operation: str, version: str) -> None:
    """Refuse with 404 an operation that the version does not have yet."""
    if version < CURRENT and any(fnmatchcase(operation, pattern) for pattern in _NEW):
        raise RefusalError(
            404, f"{version} has no {operation}; send {HEADER}: {CURRENT} to call it.", key="not_found"
        )


def version_headers(asked: str | None, served: str) -> dict[str, str]:
    """Return the headers that tell a caller which version served it, with a warning if it named none."""
    headers = {HEADER: served}
    if asked is None:
        headers["Warning"] = f'299 - "no {HEADER} was sent, so {served} applies; send {CURRENT}"'
    return headers
