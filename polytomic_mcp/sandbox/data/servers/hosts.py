"""Which hosts the sandbox reaches: this machine, and those that the user allowed."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

_LAST_PORT: Final = 65_535
_MADE_UP: Final = ("example", "invalid", "test")
_MADE_UP_DOMAINS: Final = ("example.com", "example.net", "example.org")


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts by name or address; a port of None allows all of a host's."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Read ``HOST`` or ``HOST:PORT``, brackets around an IPv6 address; ``ValueError`` for others."""
        return cls(frozenset(map(_parsed, texts)))

    def allows(self, host: str, port: int) -> bool:
        """Say whether the sandbox may reach a host at a port."""
        name = host.casefold()
        return is_loopback(name) or not self.hosts.isdisjoint({(name, None), (name, port)})


LOOPBACK: Final = AllowedHosts()
"""This machine only."""


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, by its name or address alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def is_made_up(host: str) -> bool:
    """Say whether nobody can take the host for one that exists: it is of a domain kept for examples."""
    name = host.casefold()
    return name.rpartition(".")[2] in _MADE_UP or name.endswith(_MADE_UP_DOMAINS)


def _parsed(text: str) -> tuple[str, int | None]:
    host, separator, port = text.strip().rpartition(":")
    if text.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif not separator or ":" in host:  # a name, or an IPv6 address without a port
        host, port = text.strip().strip("[]"), ""
    is_port = (not port and not text.rstrip().endswith(":")) or (
        port.isascii() and port.isdecimal() and 0 < int(port) <= _LAST_PORT
    )
    if not host or not is_port or any(mark in host for mark in "/@, "):
        raise ValueError(f"{text!r} is no host that can be allowed; write HOST or HOST:PORT")
    return host.casefold(), int(port) if port else None
