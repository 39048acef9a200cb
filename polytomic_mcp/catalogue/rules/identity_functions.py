"""Identity functions: how a sync finds the record of the target that a record of the source matches."""

from typing import Final

EQUALITY: Final = "Equality"
FUNCTIONS: Final = (EQUALITY, "ISubstring", "OneOf", "DomainMatch", "HostnameMatch")
