"""The settings of a server or client, read once from the environment into a frozen value."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeVar, get_args

from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.errors import ConfigurationError

AccessMode = Literal["full-access", "read-only"]
AuthMode = Literal["user", "partner", "deployment"]
_Choice = TypeVar("_Choice", bound=str)

DEFAULT_API_URL: Final = "https://app.polytomic.com"
DEFAULT_API_VERSION: Final = "2025-09-18"
DEFAULT_TOOLSETS: Final = ("connections", "models", "syncs", "operations")
DEFAULT_CALL_SECONDS: Final = 45.0
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
        f"The toolsets to show, separated by commas: {', '.join(TOOLSETS)}, default (shown if this is unset) "
        "or all.",
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
        "POLYTOMIC_CALL_SECONDS",
        "How long a call may take, in seconds; hosts give up after 60. A longer wait_seconds extends it.",
        f"{DEFAULT_CALL_SECONDS:g}",
    ),
    Variable(
        "POLYTOMIC_SANDBOX_STATE",
        "The SQLite file in which --sandbox keeps its state. Without it, state is kept in memory.",
    ),
)
"""Every variable that ``Settings.from_environ`` reads; docs/configuration.md lists the same."""


_PLACEHOLDER: Final = re.compile(r"\$\{.*\}", re.DOTALL)
_FALLBACK: Final = re.compile(r"(:[-=+?]).+\}", re.DOTALL)
_PROXY: Final = re.compile("(http|https|all|no)_proxy", re.IGNORECASE)
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d\ufeff\u200b"
"""Quotation marks, and the invisible characters that are copied along with a text."""

_CALL_SECONDS: Final = (1.0, 3_600.0)
"""The shortest and the longest time of a call."""

_BEARER: Final = re.compile(r"^(authorization\s*:\s*)?bearer(\s+|$)", re.IGNORECASE)
"""What stands before a key in the header that it was copied from."""


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
    tools without naming toolsets, only these tools are shown. ``unset`` has the variables whose value is a
    placeholder that the host did not substitute, each with that placeholder.
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
    call_seconds: float = DEFAULT_CALL_SECONDS
    sandbox_state: str | None = None
    unset: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the ``VARIABLES`` from a mapping.

        An empty value counts as absent, and so does a placeholder that the host did not substitute.

        Raises:
            ConfigurationError: A variable does not have one of its valid values.
        """
        read = [*(variable.name for variable in VARIABLES), *filter(_PROXY.fullmatch, environ)]
        given = {name: cleaned(environ.get(name, "")) for name in read}
        given["POLYTOMIC_API_KEY"] = cleaned(_BEARER.sub("", given["POLYTOMIC_API_KEY"], count=1))
        unset = {name: text for name, value in given.items() if (text := placeholder(value)) is not None}
        values = {name: value for name, value in given.items() if value and name not in unset}
        allowed = _names(values.get("POLYTOMIC_TOOLS_ALLOW", ""))
        return cls(
            api_key=Secret(values["POLYTOMIC_API_KEY"]) if "POLYTOMIC_API_KEY" in values else None,
            api_url=values.get("POLYTOMIC_API_URL", DEFAULT_API_URL),
            api_version=values.get("POLYTOMIC_API_VERSION", DEFAULT_API_VERSION),
            access_mode=_choice(values, "POLYTOMIC_ACCESS_MODE", get_args(AccessMode)),
            auth_mode=_choice(values, "POLYTOMIC_AUTH_MODE", get_args(AuthMode)),
            organization_id=values.get("POLYTOMIC_ORGANIZATION_ID"),
            toolsets=_toolsets(values.get("POLYTOMIC_TOOLSETS", ""), () if allowed else DEFAULT_TOOLSETS),
            tools_allow=allowed,
            tools_deny=_names(values.get("POLYTOMIC_TOOLS_DENY", "")),
            call_seconds=_seconds(values, "POLYTOMIC_CALL_SECONDS", DEFAULT_CALL_SECONDS),
            sandbox_state=values.get("POLYTOMIC_SANDBOX_STATE"),
            unset=unset,
        )

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each variable whose value the host did not substitute."""
        for name, text in self.unset.items():
            yield f"{not_substituted(name, text)} It counts as unset."


def cleaned(value: str) -> str:
    """Return a value without the white space and quotation marks around it."""
    while (inner := value.strip().strip(_QUOTES)) != value:
        value = inner
    return value


def placeholder(value: str) -> str | None:
    """Return a value of the form ``${...}``, for a message; None for any other value.

    What follows ``:-`` in it is left out: that is a default, which may be a secret.
    """
    text = cleaned(value)
    return _FALLBACK.sub(r"\1…}", text) if _PLACEHOLDER.fullmatch(text) else None


def not_substituted(name: str, text: str) -> str:
    """Return the sentence about a placeholder that stands where a setting's value should be."""
    return f"{name} is {quoted(text)}: the host did not substitute it."


def _choice(values: Mapping[str, str], name: str, choices: tuple[_Choice, ...]) -> _Choice:
    """Return the valid value of a variable; the first of ``choices`` if it is absent."""
    value = values.get(name, choices[0]).lower()
    for choice in choices:
        if value == choice:
            return choice
    raise ConfigurationError(f"{name}: {unknown('value', value, choices)}")


def _seconds(values: Mapping[str, str], name: str, default: float) -> float:
    text = values.get(name, f"{default}")
    least, most = _CALL_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not least <= seconds <= most:
        raise ConfigurationError(
            f"{name}: {quoted(text)} is not a number of seconds from {least:g} to {most:g}. Set it to "
            f"a number such as {default:g}, or unset it."
        )
    return seconds


def _toolsets(text: str, default: tuple[str, ...]) -> tuple[str, ...]:
    names = _names(text)
    groups = {"default": DEFAULT_TOOLSETS, "all": TOOLSETS}
    valid = (*TOOLSETS, *groups)
    if wrong := sorted(names.difference(valid)):
        problems = " ".join(unknown("toolset", name, valid) for name in wrong)
        raise ConfigurationError(f"POLYTOMIC_TOOLSETS: {problems}")
    if not names:
        return default
    wanted = {toolset for name in names for toolset in groups.get(name, (name,))}
    return tuple(name for name in TOOLSETS if name in wanted)


def _names(text: str) -> frozenset[str]:
    return frozenset(cleaned(name).lower() for name in text.split(",") if cleaned(name))
