"""The sandbox's memory: documents and rows in SQLite, in memory or in a file.

Every change is committed before the caller hears of it, so a file that outlives ``kill -9`` holds
everything that was acknowledged.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from polytomic_mcp.errors import ConfigurationError

JsonObject = dict[str, Any]

_APPLICATION_ID: Final = int.from_bytes(b"Ptmc")
_FORMAT: Final = 1
"""The layout below; a file of another layout is refused, not converted."""

_PATIENCE: Final = 60.0
"""Seconds to wait for another process that writes to the same file."""

_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS documents (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (kind, id)
    )""",
    "CREATE INDEX IF NOT EXISTS documents_by_sync ON documents (kind, json_extract(body, '$._sync_id'))",
    """CREATE TABLE IF NOT EXISTS rows (
        row_id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS rows_by_source ON rows (source, row_id)",
    """CREATE TABLE IF NOT EXISTS outcomes (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        kept_at REAL NOT NULL,
        status INTEGER NOT NULL,
        headers TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS outcomes_by_age ON outcomes (kept_at)",
    """CREATE TABLE IF NOT EXISTS copies (
        output TEXT NOT NULL,
        key TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        digest TEXT NOT NULL,
        seen TEXT,
        PRIMARY KEY (output, key)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_FORMAT}",
)

Where = Mapping[str, Any]
"""Values that documents must have, by the path to them: ``{"target.connection_id": "..."}``."""

_EVERY: Final[Where] = MappingProxyType({})
_CHANGED: Final = "json_extract(body, '$.updated_at')"


class Store:
    """Documents by kind and id, in the order they were first put, behind one lock.

    ``path`` names the file; without one, everything lives in memory. Safe to use from several
    threads; each call is a transaction of its own unless it runs inside ``transaction()``.

    Raises:
        ConfigurationError: The file cannot be opened, or something else wrote it.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._after_commit: list[Callable[[], object]] = []
        self.connection = _connect(path)
        try:
            self._prepare(path)
        except BaseException:
            self.connection.close()
            raise

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Hold the lock; commit when the outermost block ends, roll back when it raises."""
        with self._lock:
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.connection
                if self._depth == 1:
                    self.connection.commit()
            except BaseException:
                if self._depth == 1:
                    self.connection.rollback()
                    self._after_commit.clear()
                raise
            finally:
                self._depth -= 1
            due = self._take_due()
        for work in due:
            work()

    def after_commit(self, work: Callable[[], object]) -> None:
        """Call ``work`` when the running transaction has committed, never if it is rolled back.

        Outside a transaction it is called at once.
        """
        with self._lock:
            self._after_commit.append(work)
            due = self._take_due()
        for act in due:
            act()

    def put(self, kind: str, id_: str, document: JsonObject) -> None:
        """Create or replace a document; a replaced one keeps its place in the order."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, id_, json.dumps(document)),
            )

    def get(self, kind: str, id_: str) -> JsonObject | None:
        """Return the document, or None where there is none."""
        with self._lock:
            row = self.connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, id_)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def list(self, kind: str, where: Where = _EVERY) -> list[JsonObject]:
        """Return every document of the kind that has these values, oldest first."""
        return self._select(f"{_matching(where)} ORDER BY position", [kind, *where.values()])

    def newest(
        self, kind: str, limit: int, *, before: Sequence[str] = (), where: Where = _EVERY
    ) -> "list[JsonObject]":
        """Return documents of the kind, the last changed first; ``before`` names where to go on.

        It holds ``updated_at`` and ``id`` of the last one seen.
        """
        condition = f"{_matching(where)} AND ({_CHANGED}, id) < (?, ?)" if before else _matching(where)
        return self._select(
            f"{condition} ORDER BY {_CHANGED} DESC, id DESC LIMIT ?", [kind, *where.values(), *before, limit]
        )

    def _select(self, condition: str, values: Sequence[Any]) -> "list[JsonObject]":
        with self._lock:
            rows = self.connection.execute(
                f"SELECT body FROM documents WHERE {condition}",  # noqa: S608 - its words are ours, its values bound
                values,
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def delete(self, kind: str, id_: str) -> bool:
        """Remove the document; say whether there was one."""
        with self.transaction() as connection:
            cursor = connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id_))
            return cursor.rowcount > 0

    def close(self) -> None:
        """Close the database; whatever was acknowledged stays."""
        with self._lock:
            self.connection.close()

    def _prepare(self, path: str | Path | None) -> None:
        """Take the file for ours, or refuse it before anything in it changes."""
        try:
            if self._is_foreign():
                raise ConfigurationError(
                    f"The state file {path} is not one of this version of the sandbox; name another."
                )
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            with self.transaction() as connection:
                for statement in _SCHEMA:
                    connection.execute(statement)
        except sqlite3.Error as error:
            raise ConfigurationError(f"The state file {path} cannot be used: {error}.") from error

    def _is_foreign(self) -> bool:
        written = self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
        (application_id,) = self.connection.execute("PRAGMA application_id").fetchone()
        (format_,) = self.connection.execute("PRAGMA user_version").fetchone()
        return written and (application_id, format_) != (_APPLICATION_ID, _FORMAT)

    def _take_due(self) -> "list[Callable[[], object]]":
        if self._depth:
            return []
        due, self._after_commit = self._after_commit, []
        return due


def _matching(where: Where) -> str:
    return "kind = ?" + "".join(f" AND json_extract(body, '$.{path}') = ?" for path in where)


def _connect(path: str | Path | None) -> sqlite3.Connection:
    """Open the database; a new file is its owner's alone, since connections hold passwords."""
    try:
        if path is not None:
            Path(path).touch(mode=0o600)
        return sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_PATIENCE,
            check_same_thread=False,
            isolation_level=None,
        )
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"The state file {path} cannot be opened: {error}.") from error
