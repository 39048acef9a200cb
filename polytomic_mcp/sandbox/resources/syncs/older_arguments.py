"""The arguments of a sync that 2024-02-08 does not have yet, and what it has instead."""

from collections.abc import Mapping
from typing import Any, Final

from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.refusals import RefusalError

_NEWER: Final[Mapping[str, str]] = {
    "identities": "identity",
    "model_filters": "filters",
    "target_filters": "filters with the field_type Target",
}
"""The arguments that came with 2025-09-18 (its SDK), and their older forms."""


def refuse_newer(arguments: Mapping[str, Any], version: str) -> None:
    """Refuse what a version does not have.

    Raises:
        RefusalError: 400, an argument came with a later version.
    """
    for name, older in _NEWER.items():
        if version < CURRENT and name in arguments:
            message = f"Version {version} does not accept {name}. Send {older}, or use version {CURRENT}."
            raise RefusalError(400, message, key="bad_request")
