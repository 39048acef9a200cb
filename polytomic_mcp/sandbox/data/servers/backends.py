"""The backends of real servers, for ``Tables`` and ``Engine``."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.servers import MYSQL, POSTGRESQL, WEBHOOK, Servers, translate_errors
from polytomic_mcp.sandbox.data.servers.tables import ServerTables
from polytomic_mcp.sandbox.data.servers.webhook import WebhookTables
from polytomic_mcp.sandbox.data.sql.backend import QueryError, Stream
from polytomic_mcp.sandbox.data.sql.statement import read_only
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.backend import TableBackend


def table_backends(store: Store, servers: Servers, now: Callable[[], str]) -> Mapping[str, TableBackend]:
    """Return the table backend of each connection type that can use a real server."""
    databases = ServerTables(store, servers)
    return {POSTGRESQL: databases, MYSQL: databases, WEBHOOK: WebhookTables(store, servers, now)}


class ServerQueries:
    """Implements ``QueryBackend`` on database servers, which run the queries themselves."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    @contextmanager
    def stream(
        self, system: str, sql: str, *, dialect: str, seconds: float, database: str | None
    ) -> Generator[Stream]:
        """Run a query and read it batch by batch; ``seconds`` limits the server's time for each batch."""
        del database  # the connection's own
        try:
            with (
                closing(self._servers.open(system, seconds=seconds)) as session,
                translate_errors(session),
            ):
                yield session.query(read_only(sql, dialect))
        except RefusalError as refusal:
            raise QueryError(refusal.message) from refusal
