"""The modes that a connection's target object or bulk destination supports."""

from collections.abc import Iterator
from typing import Any

from polytomic_mcp.common.json_values import as_objects
from polytomic_mcp.common.spelling import quoted, valid_values


def mode_names(modes: Any) -> list[str]:
    """Return the names of modes; the API answers each under ``mode`` or ``id``."""
    return [str(mode.get("mode") or mode.get("id")) for mode in as_objects(modes)]


def mode_problems(mode: str, modes: Any, owner: str) -> Iterator[str]:
    """Yield a problem if ``owner``, such as the destination, lists its modes without this one."""
    known = mode_names(modes)
    if known and mode not in known:
        yield f"mode: {owner} does not support {quoted(mode)}.{valid_values(mode, known)}"
