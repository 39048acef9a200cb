"""The real servers of connections: which connections use one, and how a session to it is opened."""

import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.servers.hosts import AllowedHosts, is_loopback, is_reserved
from polytomic_mcp.sandbox.data.store import Store

POSTGRESQL: Final = "postgresql"
MYSQL: Final = "mysql"
WEBHOOK: Final = "webhook"
SERVER_TYPES: Final = (POSTGRESQL, MYSQL, WEBHOOK)
"""The connection types that can use a real server."""

SECONDS: Final = 60
"""Time limit of a statement that writes rows or reads a table."""

_PORTS: Final = {"http": 80, "https": 443}
_PRINTED_PORTS: Final = {POSTGRESQL: 5432, MYSQL: 3306}
"""The ports that the guides print beside ``localhost``."""

_CONNECT_SECONDS: Final = 5
_UNSUPPORTED: Final = {"ssh": "SSH tunnels", "client_certs": "client certificates"}


class Servers:
    """Opens sessions to the servers that connections name, if the user allowed the host.

    A connection that uses a real server has the key ``type@connection_id``.
    """

    def __init__(self, store: Store, hosts: AllowedHosts) -> None:
        self._store = store.within(None)
        self._hosts = hosts

    def is_real(self, type_id: str, configuration: Mapping[str, Any]) -> bool:
        """Return whether a connection with this configuration uses a real server."""
        if type_id not in SERVER_TYPES:
            return False
        host, port = _address(type_id, configuration)
        return bool(host) and self._hosts.allows(host, port)

    def is_reached(self, type_id: str, configuration: Mapping[str, Any]) -> bool:
        """Return whether a new connection is to use a real server.

        The guides print ``localhost`` with the usual port, so that one works with sample data where nothing
        listens there (a guess). Any other address of this machine is meant.
        """
        host, port = _address(type_id, configuration)
        is_printed = (host.casefold(), port) == ("localhost", _PRINTED_PORTS.get(type_id))
        return self.is_real(type_id, configuration) and not (is_printed and not _listens(host, port))

    def is_allowed(self, url: str) -> bool:
        """Return whether the sandbox may send requests to a URL."""
        host, port = _address(WEBHOOK, {"url": url})
        return bool(host) and self._hosts.allows(host, port)

    def connection_error(self, type_id: str, configuration: Mapping[str, Any]) -> str | None:
        """Try to connect to a real server; return the reason if that fails, without a full stop, or None."""
        try:
            if type_id == WEBHOOK:
                _require_listening(*_address(type_id, configuration))
            else:
                self._open(type_id, configuration, _CONNECT_SECONDS, is_read_only=True).close()
        except RefusalError as refusal:
            return refusal.message.removesuffix(".")
        return None

    def host_warning(self, type_id: str, configuration: Mapping[str, Any]) -> str | None:
        """Return a warning if the connection names a host that is not used and not reserved, or None."""
        if type_id not in SERVER_TYPES or self.is_reached(type_id, configuration):
            return None
        host, port = _address(type_id, configuration)
        if self.is_real(type_id, configuration):
            return f"Nothing listens at {host}:{port}, so the sandbox uses sample data instead."
        if not host or is_reserved(host):
            return None
        instead = "stores the records instead" if type_id == WEBHOOK else "uses sample data instead"
        return (
            f"The sandbox does not connect to {host} and {instead}. "
            f"To connect to it, start the sandbox with --allow-host {host}."
        )

    def configuration(self, key: str) -> JsonObject:
        """Return the configuration of a connection, by its key.

        Raises:
            RefusalError: 422, its host is not allowed, as after a restart without ``--allow-host``.
        """
        type_id, _, id_ = key.partition("@")
        configuration: JsonObject = (self._store.get("connection", id_) or {}).get("configuration", {})
        if not self.is_real(type_id, configuration):
            host = _address(type_id, configuration)[0]
            raise _connection_failed(
                f"{host or 'The host'} is not allowed. Start the sandbox with --allow-host {host}."
            )
        return configuration

    def open(self, key: str, *, seconds: float = SECONDS, is_read_only: bool = True) -> ServerSession:
        """Open a session to a connection's database server, by the connection's key.

        Raises:
            RefusalError: 422, the server cannot be reached, or its host is not allowed.
        """
        return self._open(key.partition("@")[0], self.configuration(key), seconds, is_read_only=is_read_only)

    @staticmethod
    def _open(
        type_id: str, configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool
    ) -> ServerSession:
        for field, feature in _UNSUPPORTED.items():
            if configuration.get(field):
                raise _connection_failed(f"The sandbox does not support {feature}. Leave out {field}.")
        host, port = _address(type_id, configuration)
        product, open_ = ("PostgreSQL", _postgresql) if type_id == POSTGRESQL else ("MySQL", _mysql)
        with _translate_connection_errors(f"{product} at {host}:{port}"):
            return open_(configuration, seconds, is_read_only=is_read_only)


@contextmanager
def translate_errors(session: ServerSession) -> Generator[None]:
    """Raise the driver's errors as refusals (422) with the server's message."""
    try:
        yield
    except session.errors as error:
        message = f"{session.product}: {session.error_message(error)}"
        raise RefusalError(422, message, key="server_error") from error


def _postgresql(configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool) -> ServerSession:
    from polytomic_mcp.sandbox.data.servers.drivers.postgresql import PostgresqlSession  # noqa: PLC0415 - an extra, on demand

    wanted = "prefer" if is_loopback(configuration["hostname"]) else "require"
    sslmode = wanted if configuration.get("ssl", True) else "disable"
    return PostgresqlSession(configuration, sslmode=sslmode, seconds=seconds, is_read_only=is_read_only)


def _mysql(configuration: Mapping[str, Any], seconds: float, *, is_read_only: bool) -> ServerSession:
    from polytomic_mcp.sandbox.data.servers.drivers.mysql import MysqlSession  # noqa: PLC0415 - an extra, on demand

    is_plain = is_loopback(configuration["hostname"]) or not configuration.get("ssl", True)
    context = None if is_plain else ssl.create_default_context()
    return MysqlSession(configuration, ssl=context, seconds=seconds, is_read_only=is_read_only)


@contextmanager
def _translate_connection_errors(server: str) -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise _connection_failed(
            f"{error.name} is missing. Install it: pip install 'polytomic-mcp[servers]'."
        ) from error
    except Exception as error:
        if not type(error).__module__.startswith(("psycopg", "pymysql")) and not isinstance(error, OSError):
            raise
        raise _connection_failed(f"{server} could not be reached: {_one_line(error)}") from error


def _connection_failed(message: str) -> RefusalError:
    return RefusalError(422, message, key="connection_failed")


def _one_line(error: Exception) -> str:
    """Return a driver's message in one line."""
    text = str(error.args[-1]) if error.args else type(error).__name__
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _address(type_id: str, configuration: Mapping[str, Any]) -> tuple[str, int]:
    """Return the host and port that a configuration names; an empty host if it names none."""
    if type_id != WEBHOOK:
        return str(configuration.get("hostname") or ""), int(configuration.get("port") or 0)
    try:
        address = urlsplit(str(configuration.get("url") or ""))
        port = address.port
    except ValueError:
        return "", 0
    return address.hostname or "", port or _PORTS.get(address.scheme, 0)


def _listens(host: str, port: int) -> bool:
    """Return whether a server accepts connections on a port of this machine."""
    import socket  # noqa: PLC0415 - addresses of this machine only

    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _require_listening(host: str, port: int) -> None:
    """Open a connection to a webhook's host, and send nothing."""
    import socket  # noqa: PLC0415 - webhooks only

    with _translate_connection_errors(f"The webhook at {host}:{port}"):
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
