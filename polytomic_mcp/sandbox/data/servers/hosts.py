"""The hosts that the sandbox connects to: this machine, and those that the user allows."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

_LAST_PORT: Final = 65_535
_RESERVED: Final = ("example", "invalid", "test")
_RESERVED_DOMAINS: Final = ("example.com", "example.net", "example.org")


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Allowed hosts by name or address, each with a port; None allows every port."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Parse texts of the form ``HOST`` or ``HOST:PORT``; an IPv6 address before a port needs brackets.

        Raises:
            ValueError: A text has another form.
        """
        return cls(frozenset(map(_parse, texts)))

    def allows(self, host: str, port: int) -> bool:
        """Return whether the sandbox may connect to a port of a host; this machine is always allowed."""
        name = host.casefold()
        return is_loopback(name) or not self.hosts.isdisjoint({(name, None), (name, port)})


LOOPBACK: Final = AllowedHosts()
"""This machine only."""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or address, without a lookup."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def is_reserved(host: str) -> bool:
    """Return whether a host is in a domain reserved for examples and tests (RFC 2606)."""
    name = host.casefold()
    return name.rpartition(".")[2] in _RESERVED or name.endswith(_RESERVED_DOMAINS)


def _parse(text: str) -> tuple[str, int | None]:
    host, separator, port = text.strip().rpartition(":")
    if text.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif not separator or ":" in host:  # a name, or an IPv6 address without a port
        host, port = text.strip().strip("[]"), ""
    is_port = (not port and not text.rstrip().endswith(":")) or (
        port.isascii() and port.isdecimal() and 0 < int(port) <= _LAST_PORT
    )
    if not host or not is_port or any(mark in host for mark in "/@, "):
        raise ValueError(f"Invalid host {text!r} in --allow-host. Write HOST or HOST:PORT.")
    return host.casefold(), int(port) if port else None
