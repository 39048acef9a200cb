"""Transactions on real servers, which commit before the store's own transaction does."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from functools import partial

from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.servers.servers import Servers, translate_errors
from polytomic_mcp.sandbox.data.store import Store


class ServerTransactions:
    """Opens sessions: one for each server in a ``store.transaction()``, outside of it one for each read."""

    def __init__(self, store: Store, servers: Servers) -> None:
        self._store = store
        self._servers = servers
        self._joined: dict[str, ServerSession] = {}

    @contextmanager
    def reading(self, system: str) -> Generator[ServerSession]:
        """Yield the running transaction's session, or open one that is closed at the end of the block."""
        if self._store.in_transaction:
            session = self._join(system)
            with translate_errors(session):
                yield session
            return
        with closing(self._servers.open(system)) as session, translate_errors(session):
            yield session

    @contextmanager
    def writing(self, system: str) -> Generator[ServerSession]:
        """Yield a session that commits with the outermost transaction of the store."""
        with self._store.transaction(), self.reading(system) as session:
            yield session

    def _join(self, system: str) -> ServerSession:
        session = self._joined.get(system)
        if session is None:
            session = self._joined[system] = self._servers.open(system, is_read_only=False)
            self._store.join(_SessionParticipant(session, partial(self._joined.pop, system, None)))
        return session


class _SessionParticipant:
    """A server's session that takes part in a transaction of the store."""

    def __init__(self, session: ServerSession, leave: Callable[[], object]) -> None:
        self._session = session
        self._leave = leave

    def commit(self) -> None:
        """Commit and close the session.

        Raises:
            RefusalError: 422, the server fails to commit.
        """
        with translate_errors(self._session):
            self._session.commit()
        self._end()

    def rollback(self) -> None:
        """Undo what has not been committed, and close the session."""
        with suppress(*self._session.errors):
            self._session.rollback()
        self._end()

    def _end(self) -> None:
        self._leave()
        self._session.close()
