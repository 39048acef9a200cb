"""What to do instead of calling what the sandbox does not emulate."""

from collections.abc import Mapping
from typing import Final

_ENRICHMENT: Final = "enrichment has no source here: make models without enricher, or call Polytomic itself"
_SESSIONS: Final = "its service alone signs sessions: send Harbor calls without a session"
_REMEDIES: Final[Mapping[str, str]] = {
    "GET /api/connections/{id}/modelsync/enrichment-source": _ENRICHMENT,
    "POST /api/enrichment/{connection_id}/inputfields": _ENRICHMENT,
    "POST /api/harbor/sessions": _SESSIONS,
    "DELETE /api/harbor/sessions/{session_id}": _SESSIONS,
}


def remedy(operation: str) -> str:
    """Return what to do, as the end of a sentence that names the operation."""
    return _REMEDIES.get(operation, "call it on Polytomic itself")
