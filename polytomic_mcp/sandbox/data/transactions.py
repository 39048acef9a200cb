"""Transactions on one SQLite connection that several threads share."""

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from polytomic_mcp.sandbox.data.state_errors import in_words


class Participant(Protocol):
    """A transaction elsewhere that commits and rolls back with the store's."""

    def commit(self) -> None:
        """Commit; raise if that fails."""
        ...

    def rollback(self) -> None:
        """Roll back what has not been committed; raise nothing."""
        ...


class Transactions:
    """Transactions one at a time, behind one lock; a nested block is part of the outermost one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        self._depth = 0
        self._holder: int | None = None
        self._participants: list[Participant] = []
        self._after_commit: list[Callable[[], object]] = []
        self._failure: sqlite3.Error | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction."""
        return self._holder == threading.get_ident()

    def join(self, participant: Participant) -> None:
        """Add a participant, which commits before the running transaction does, or rolls back with it."""
        self._participants.append(participant)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Lock the connection; commit at the end of the outermost block, or roll back if it raises.

        It is also rolled back if SQLite failed in an inner block, whoever caught that.
        """
        with in_words(), self.lock:
            self._require_intact()
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE")
            self._depth, self._holder = self._depth + 1, threading.get_ident()
            try:
                yield self.connection
                if self._depth == 1:
                    self._commit()
            except BaseException as error:
                if isinstance(error, sqlite3.Error):
                    self._failure = error
                if self._depth == 1:
                    self._roll_back()
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._holder = self._failure = None
                    self._participants.clear()
            due = self._take_due()
        for work in due:
            work()

    def after_commit(self, work: Callable[[], object]) -> None:
        """Call ``work`` after the running transaction commits, and not if it is rolled back.

        Outside a transaction, call it at once.
        """
        with self.lock:
            self._after_commit.append(work)
            due = self._take_due()
        for ready in due:
            ready()

    def _commit(self) -> None:
        self._require_intact()
        for participant in self._participants:
            participant.commit()
        self.connection.commit()

    def _require_intact(self) -> None:
        """Raise the failure of an inner block: SQLite may have ended the transaction by then."""
        if self._failure is not None:
            raise self._failure

    def _roll_back(self) -> None:
        for participant in self._participants:
            participant.rollback()
        self._after_commit.clear()
        self.connection.rollback()

    def _take_due(self) -> list[Callable[[], object]]:
        if self._depth:
            return []
        due, self._after_commit = self._after_commit, []
        return due
