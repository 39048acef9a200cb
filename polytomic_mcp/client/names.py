"""What errors call the settings of a client: the arguments of a program, or the environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.settings import not_substituted

__all__ = ["ARGUMENTS", "VARIABLES", "Names"]


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the settings; ``unset`` has the placeholders that the host did not substitute, by name."""

    api_key: str
    api_url: str
    api_version: str
    auth_mode: str
    organization_id: str
    access_mode: str
    unset: Mapping[str, str] = field(default_factory=dict[str, str])

    def check(self, name: str, *others: str) -> str:
        """Return the advice to check a setting, and what else; it says if the setting is a placeholder."""
        return f"Check {' and '.join([name, *others])}.{self.note(name)}"

    def note(self, *names: str) -> str:
        """Return a sentence for each of the settings whose value the host did not substitute."""
        return "".join(f" {not_substituted(name, self.unset[name])}" for name in names if name in self.unset)


ARGUMENTS: Final = Names("api_key", "base_url", "api_version", "auth_mode", "organization_id", "access_mode")
"""The arguments of ``Polytomic``."""

VARIABLES: Final = Names(
    "POLYTOMIC_API_KEY",
    "POLYTOMIC_API_URL",
    "POLYTOMIC_API_VERSION",
    "POLYTOMIC_AUTH_MODE",
    "POLYTOMIC_ORGANIZATION_ID",
    "POLYTOMIC_ACCESS_MODE",
)
"""The environment variables that ``Settings`` are read from."""
