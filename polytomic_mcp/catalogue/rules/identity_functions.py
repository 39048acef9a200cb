"""Identity functions: how a sync finds the record of the target that a record of the source matches."""

from typing import Final

from polytomic_mcp.common import spelling

EQUALITY: Final = "Equality"
FUNCTIONS: Final = (EQUALITY, "ISubstring", "OneOf", "DomainMatch", "HostnameMatch")


def canonical(function: str) -> str | None:
    """Return the API's name for a name in any case, or None if it is unknown."""
    return spelling.canonical(function, FUNCTIONS)
