"""Which connections reach a real server, and the way there."""

import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.drivers.wire import Wire
from polytomic_mcp.sandbox.data.servers.hosts import AllowedHosts, is_loopback, is_made_up
from polytomic_mcp.sandbox.data.store import Store

POSTGRESQL: Final = "postgresql"
MYSQL: Final = "mysql"
WEBHOOK: Final = "webhook"
REAL: Final = (POSTGRESQL, MYSQL, WEBHOOK)
"""The connection types that may reach a real server."""

SECONDS: Final = 60
"""Seconds a statement may take that writes, or reads a table."""

_PORTS: Final = {"http": 80, "https": 443}
_PATIENCE: Final = 5
_UNSUPPORTED: Final = {"ssh": "an SSH tunnel", "client_certs": "client certificates"}


class Reach:
    """The way from connections to the servers they name, if the user allowed the host."""

    def __init__(self, store: Store, hosts: AllowedHosts) -> None:
        self._store = store.within(None)
        self._hosts = hosts

    def is_real(self, type_id: str, configuration: Mapping[str, Any]) -> bool:
        """Say whether a connection so configured reaches a real server."""
        if type_id not in REAL:
            return False
        host, port = _address(type_id, configuration)
        return bool(host) and self._hosts.allows(host, port)

    def is_allowed(self, url: str) -> bool:
        """Say whether the sandbox may reach a web address."""
        host, port = _address(WEBHOOK, {"url": url})
        return bool(host) and self._hosts.allows(host, port)

    def objection(self, type_id: str, configuration: Mapping[str, Any]) -> str | None:
        """Try a connection that is real; return why it cannot be used, or None."""
        try:
            if type_id == WEBHOOK:
                _knock(*_address(type_id, configuration))
            else:
                self._open(type_id, configuration, _PATIENCE, is_read_only=True).close()
        except RefusalError as refusal:
            return refusal.message.removesuffix(".")
        return None

    def note(self, type_id: str, configuration: Mapping[str, Any]) -> str | None:
        """Return what a person should know whose host is not reached, unless it is plainly made up."""
        if type_id not in REAL or self.is_real(type_id, configuration):
            return None
        host, _ = _address(type_id, configuration)
        if not host or is_made_up(host):
            return None
        kept = "keeps what it would be sent" if type_id == WEBHOOK else "shows sample data in its place"
        return f"The sandbox does not reach {host} and {kept}; start it with --allow-host {host} to reach it."

    def configuration(self, key: str) -> JsonObject:
        """Return the configuration of the connection behind a key, which still must be allowed.

        Raises:
            RefusalError: 422, the host is allowed no more, as after a start without ``--allow-host``.
        """
        type_id, _, id_ = key.partition("@")
        configuration: JsonObject = (self._store.get("connection", id_) or {}).get("configuration", {})
        if not self.is_real(type_id, configuration):
            host = _address(type_id, configuration)[0]
            raise _unreachable(
                f"{host or 'its host'} is not allowed: start the sandbox with --allow-host {host}"
            )
        return configuration

    def open(self, key: str, *, seconds: float = SECONDS, is_read_only: bool = True) -> Wire:
        """Open a wire to the server of a database connection; ``RefusalError`` says why it cannot be."""
        return self._open(key.partition("@")[0], self.configuration(key), seconds, is_read_only=is_read_only)

    @staticmethod
    def _open(type_id: str, configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool) -> Wire:
        for field, what in _UNSUPPORTED.items():
            if configuration.get(field):
                raise _unreachable(f"the sandbox takes no {what}: leave out {field}")
        with _explained(_where(type_id, configuration)):
            open_ = _postgresql if type_id == POSTGRESQL else _mysql
            return open_(configuration, seconds, is_read_only=is_read_only)


@contextmanager
def explained(wire: Wire) -> Generator[None]:
    """Turn the driver's errors into refusals, in the server's own words."""
    try:
        yield
    except wire.errors as error:
        raise RefusalError(422, f"{wire.make}: {wire.words(error)}", key="server_error") from error


def _postgresql(configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool) -> Wire:
    from polytomic_mcp.sandbox.data.servers.drivers.postgresql import PostgresqlWire  # noqa: PLC0415 - an extra, on demand

    wanted = "prefer" if is_loopback(configuration["hostname"]) else "require"
    sslmode = wanted if configuration.get("ssl", True) else "disable"
    return PostgresqlWire(configuration, sslmode=sslmode, seconds=seconds, is_read_only=is_read_only)


def _mysql(configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool) -> Wire:
    from polytomic_mcp.sandbox.data.servers.drivers.mysql import MysqlWire  # noqa: PLC0415 - an extra, on demand

    is_plain = is_loopback(configuration["hostname"]) or not configuration.get("ssl", True)
    context = None if is_plain else ssl.create_default_context()
    return MysqlWire(configuration, ssl=context, seconds=seconds, is_read_only=is_read_only)


@contextmanager
def _explained(where: str) -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise _unreachable(f"{error.name} is missing: pip install 'polytomic-mcp[servers]'") from error
    except Exception as error:
        if not type(error).__module__.startswith(("psycopg", "pymysql")) and not isinstance(error, OSError):
            raise
        raise _unreachable(f"{where} could not be reached: {_words(error)}") from error


def _unreachable(message: str) -> RefusalError:
    return RefusalError(422, message, key="connection_failed")


def _words(error: Exception) -> str:
    """Return a driver's error in one line."""
    text = str(error.args[-1]) if error.args else type(error).__name__
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _where(type_id: str, configuration: Mapping[str, Any]) -> str:
    host, port = _address(type_id, configuration)
    return f"{'PostgreSQL' if type_id == POSTGRESQL else 'MySQL'} at {host}:{port}"


def _address(type_id: str, configuration: Mapping[str, Any]) -> tuple[str, int]:
    """Return host and port; an empty host where the configuration names none."""
    if type_id != WEBHOOK:
        return str(configuration.get("hostname") or ""), int(configuration.get("port") or 0)
    try:
        address = urlsplit(str(configuration.get("url") or ""))
        port = address.port
    except ValueError:
        return "", 0
    return address.hostname or "", port or _PORTS.get(address.scheme, 0)


def _knock(host: str, port: int) -> None:
    """See whether anybody listens; nothing is sent."""
    import socket  # noqa: PLC0415 - webhooks only

    with _explained(f"The webhook at {host}:{port}"):
        socket.create_connection((host, port), timeout=_PATIENCE).close()
