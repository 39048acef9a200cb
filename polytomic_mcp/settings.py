"""The settings of a server or client, read once from the environment into a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeVar, get_args

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import ConfigurationError

AccessMode = Literal["full-access", "read-only"]
AuthMode = Literal["user", "partner", "deployment"]
_Choice = TypeVar("_Choice", bound=str)

DEFAULT_API_URL: Final = "https://app.polytomic.com"
DEFAULT_API_VERSION: Final = "2025-09-18"
DEFAULT_TOOLSETS: Final = ("connections", "models", "syncs", "operations")
TOOLSETS: Final = (*DEFAULT_TOOLSETS, "queries", "bulk_syncs", "schemas", "events", "administration")


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: its name, its meaning, and its default; None for no default."""

    name: str
    meaning: str
    default: str | None = None


VARIABLES: Final = (
    Variable(
        "POLYTOMIC_API_KEY",
        "The API key. Without it the server starts, and every tool explains how to set it.",
    ),
    Variable(
        "POLYTOMIC_API_URL", "The address of Polytomic, with its path prefix if it has one.", DEFAULT_API_URL
    ),
    Variable("POLYTOMIC_API_VERSION", "The API version: 2025-09-18 or 2024-02-08.", DEFAULT_API_VERSION),
    Variable(
        "POLYTOMIC_ACCESS_MODE",
        "full-access, where a person confirms deletions, or read-only.",
        get_args(AccessMode)[0],
    ),
    Variable(
        "POLYTOMIC_TOOLSETS",
        f"The toolsets to show, separated by commas: {', '.join(TOOLSETS)}; or all.",
        ",".join(DEFAULT_TOOLSETS),
    ),
    Variable(
        "POLYTOMIC_TOOLS_ALLOW",
        "Tools to show as well, separated by commas. Without POLYTOMIC_TOOLSETS, only these are shown.",
    ),
    Variable("POLYTOMIC_TOOLS_DENY", "Tools to hide, separated by commas. It overrides the other variables."),
    Variable("POLYTOMIC_AUTH_MODE", "The kind of key: user, partner or deployment.", get_args(AuthMode)[0]),
    Variable(
        "POLYTOMIC_ORGANIZATION_ID", "The id of the organization that a partner or deployment key acts in."
    ),
    Variable(
        "POLYTOMIC_SANDBOX_STATE",
        "The SQLite file in which --sandbox keeps its state. Without it, state is kept in memory.",
    ),
)
"""Every variable that ``Settings.from_environ`` reads; docs/configuration.md lists the same."""


class Secret(str):
    """A string whose ``repr`` is masked; ``str`` returns the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('**********')"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one caller's server or client.

    Names and defaults follow the environment variables; see ``VARIABLES``. ``tools_allow`` are tools to show
    in addition to those of the toolsets, ``tools_deny`` tools to hide in any case. If the environment allows
    tools without naming toolsets, only these tools are shown.
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
        """Read the ``VARIABLES`` from a mapping; an empty value counts as absent.

        Raises:
            ConfigurationError: A variable does not have one of its valid values.
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
    """Return the valid value of a variable; the first of ``choices`` if it is absent."""
    value = values.get(name, choices[0]).lower()
    for choice in choices:
        if value == choice:
            return choice
    raise ConfigurationError(f"{name}: {unknown('value', value, choices)}")


def _toolsets(text: str, default: tuple[str, ...]) -> tuple[str, ...]:
    names = _names(text)
    valid = (*TOOLSETS, "all")
    if wrong := sorted(names.difference(valid)):
        problems = " ".join(unknown("toolset", name, valid) for name in wrong)
        raise ConfigurationError(f"POLYTOMIC_TOOLSETS: {problems}")
    if not names:
        return default
    return tuple(name for name in TOOLSETS if name in names or "all" in names)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())
