"""The groups of operations, by subject."""

import re
from typing import Final

from polytomic_mcp.catalogue.operation import Operation

__all__ = ["GROUPS", "group_of"]

_PATHS: Final = {
    "harbors": r"harbor|organization/harbor-activity",
    "queries": r"queries|connections/\{\w+\}/query",
    "schemas": r"connections/\{\w+\}/schemas|record-view-links",
    "bulk_syncs": r"bulk/|connections/\{\w+\}/bulksync",
    "models": r"model|connections/\{\w+\}/modelsync/(source|enrichment)|enrichment",
    "syncs": r"syncs|connections/\{\w+\}/modelsync/target",
    "connections": r"connection",
    "events": r"events|webhooks|notifications",
    "administration": r"organization|permissions|temporary-credentials|me$",
    "operations": r"operations|jobs|entities",
}
"""How the paths of a group begin after ``/api/``; the first match decides."""

GROUPS: Final = tuple(sorted(_PATHS))
"""The names of the groups."""


def group_of(operation: Operation) -> str:
    """Return the group of an operation of the catalogue."""
    path = operation.path.removeprefix("/api/")
    return next(group for group, pattern in _PATHS.items() if re.match(pattern, path))
