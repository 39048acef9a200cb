"""The environment, read once into a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeVar, get_args

from polytomic_mcp.errors import ConfigurationError

AccessMode = Literal["full-access", "read-only"]
AuthMode = Literal["user", "partner", "deployment"]
_Choice = TypeVar("_Choice", bound=str)

DEFAULT_API_URL: Final = "https://app.polytomic.com"
DEFAULT_API_VERSION: Final = "2025-09-18"
DEFAULT_TOOLSETS: Final = ("connections", "models", "syncs", "operations")
TOOLSETS: Final = (*DEFAULT_TOOLSETS, "queries", "bulk_syncs", "schemas", "events", "administration")


class Secret(str):
    """A string whose ``repr`` does not show it; ``str`` still does."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('**********')"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one caller's server or client is set to.

    Names and defaults follow the ``POLYTOMIC_*`` variables; see ``from_environ``. ``tools_allow`` names
    tools to show beside those of the toolsets, ``tools_deny`` tools to hide whatever else is said. From
    the environment, tools that are allowed without naming toolsets stand alone.
    """

    api_key: Secret | None = None
    api_url: str = DEFAULT_API_URL
    api_version: str = DEFAULT_API_VERSION
    access_mode: AccessMode = "full-access"
    auth_mode: AuthMode = "user"
    organization_id: str | None = None
    toolsets: tuple[str, ...] = DEFAULT_TOOLSETS
    tools_allow: frozenset[str] = frozenset()
    tools_deny: frozenset[str] = frozenset()
    sandbox_state: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read ``POLYTOMIC_*`` from a mapping; an empty value counts as absent.

        Raises:
            ConfigurationError: A variable holds a value that is not one of its choices.
        """
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        key = values.get("POLYTOMIC_API_KEY")
        allowed = _names(values.get("POLYTOMIC_TOOLS_ALLOW", ""))
        return cls(
            api_key=Secret(key) if key else None,
            api_url=values.get("POLYTOMIC_API_URL", DEFAULT_API_URL),
            api_version=values.get("POLYTOMIC_API_VERSION", DEFAULT_API_VERSION),
            access_mode=_choice(values, "POLYTOMIC_ACCESS_MODE", get_args(AccessMode)),
            auth_mode=_choice(values, "POLYTOMIC_AUTH_MODE", get_args(AuthMode)),
            organization_id=values.get("POLYTOMIC_ORGANIZATION_ID"),
            toolsets=_toolsets(values.get("POLYTOMIC_TOOLSETS", ""), () if allowed else DEFAULT_TOOLSETS),
            tools_allow=allowed,
            tools_deny=_names(values.get("POLYTOMIC_TOOLS_DENY", "")),
            sandbox_state=values.get("POLYTOMIC_SANDBOX_STATE"),
        )


def _choice(values: Mapping[str, str], name: str, choices: tuple[_Choice, ...]) -> _Choice:
    """Return the choice a variable names, the first where it is absent."""
    value = values.get(name, choices[0]).lower()
    for choice in choices:
        if value == choice:
            return choice
    raise ConfigurationError(f"{name} is {value!r}; it must be one of: {', '.join(choices)}.")


def _toolsets(text: str, default: tuple[str, ...]) -> tuple[str, ...]:
    names = _names(text)
    if unknown := sorted(names - {*TOOLSETS, "all"}):
        raise ConfigurationError(
            f"POLYTOMIC_TOOLSETS names {', '.join(unknown)}; the toolsets are: {', '.join(TOOLSETS)}, or all."
        )
    if not names:
        return default
    return tuple(name for name in TOOLSETS if name in names or "all" in names)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())
