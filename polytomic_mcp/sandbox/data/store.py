"""The sandbox's store: documents and rows in SQLite, in the user's state file or in a temporary one.

A change is committed before its caller is answered, so after ``kill -9`` a state file holds everything
that was acknowledged.
"""

import copy
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.data.state_errors import StateError, in_words, unusable
from polytomic_mcp.sandbox.data.transactions import Participant, Transactions

_APPLICATION_ID: Final = int.from_bytes(b"Ptmc")
_FORMAT: Final = 1
"""The version of the schema below; a file with another version is refused, not converted."""

_LOCK_SECONDS: Final = 60.0
"""Seconds to wait for another process that writes to the same file."""

_CACHE: Final = 64 * 1024
"""SQLite's page cache in KiB."""

_OWNER: Final = f"owner TEXT NOT NULL DEFAULT '{ORGANIZATION_ID}'"
"""The organization that owns a document; by default the first, also for files of earlier versions."""

_SCHEMA: Final = (
    f"""CREATE TABLE IF NOT EXISTS documents (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        {_OWNER},
        UNIQUE (kind, id)
    )""",
    "CREATE INDEX IF NOT EXISTS documents_by_owner ON documents (kind, owner)",
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
    """CREATE TABLE IF NOT EXISTS places (
        source TEXT NOT NULL,
        row_id INTEGER NOT NULL,
        place TEXT NOT NULL,
        PRIMARY KEY (source, row_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS moved (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        sync TEXT NOT NULL,
        execution TEXT NOT NULL,
        keys BLOB NOT NULL,
        digests BLOB NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS moved_by_sync ON moved (sync, position)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_FORMAT}",
)

OWNED: Final = frozenset(
    {"connection", "model", "sync", "bulk_sync", "job", "query", "harbor", "harbor_activity"}
)
"""The kinds that an organization owns; other documents depend on these, or name their organization."""

Where = Mapping[str, Any]
"""A filter: the values that documents must have, by path, such as ``{"target.connection_id": "..."}``."""

_EVERY: Final[Where] = MappingProxyType({})
_CHANGED: Final = "json_extract(body, '$.updated_at')"


class Store:
    """Documents by kind and id, in the order of their creation, behind one lock.

    ``path`` is the state file; without it, data is in memory, and large data in a temporary file. Several
    threads can use a store. Each call is one transaction, unless it runs inside ``transaction()``. A call
    raises ``StateError`` if the file cannot be read or written; nothing of its transaction is kept then.

    Raises:
        ConfigurationError: The file cannot be opened, or is not a state file of this version.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.connection = _connect(path)
        self._transactions = Transactions(self.connection)
        self._owner: str | None = None
        try:
            self._prepare(path)
        except BaseException:
            self.connection.close()
            raise

    def within(self, owner: str | None) -> Self:
        """Return a view of the same database for one organization, or of all documents for None.

        Of the kinds in ``OWNED``, the view has the organization's documents only, and new ones belong to it.
        """
        view = copy.copy(self)
        view._owner = owner  # noqa: SLF001 - a copy of this one
        return view

    def owner(self, kind: str, id_: str) -> str | None:
        """Return the id of the organization that owns a document; None if it does not exist."""
        with in_words(), self._transactions.lock:
            row = self.connection.execute(
                "SELECT owner FROM documents WHERE kind = ? AND id = ?", (kind, id_)
            ).fetchone()
        return None if row is None else row[0]

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Lock the store; commit at the end of the outermost block, or roll back if it raises."""
        return self._transactions.transaction()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction."""
        return self._transactions.in_transaction

    def join(self, participant: Participant) -> None:
        """Add a participant, which commits before the running transaction does, or rolls back with it."""
        self._transactions.join(participant)

    def after_commit(self, work: Callable[[], object]) -> None:
        """Call ``work`` after the running transaction commits, and not if it is rolled back.

        Outside a transaction, call it at once.
        """
        self._transactions.after_commit(work)

    def put(self, kind: str, id_: str, document: JsonObject) -> None:
        """Create or replace a document; a replaced one keeps its position and its owner."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO documents (kind, id, body, owner) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, id_, json.dumps(document), self._visible_owner(kind) or ORGANIZATION_ID),
            )

    def get(self, kind: str, id_: str) -> JsonObject | None:
        """Return the document, or None if it does not exist."""
        found = self._select(kind, "id = ?", [id_])
        return found[0] if found else None

    def list(self, kind: str, where: Where = _EVERY) -> list[JsonObject]:
        """Return all documents of the kind that match the filter, oldest first."""
        return self._select(kind, f"{_matching(where)} ORDER BY position", [*where.values()])

    def newest(
        self, kind: str, limit: int, *, before: Sequence[str] = (), where: Where = _EVERY
    ) -> "list[JsonObject]":
        """Return up to ``limit`` documents of the kind that match the filter, last updated first.

        ``before`` continues a listing: ``updated_at`` and ``id`` of the last document of the previous page.
        """
        condition = f"{_matching(where)} AND ({_CHANGED}, id) < (?, ?)" if before else _matching(where)
        return self._select(
            kind,
            f"{condition} ORDER BY {_CHANGED} DESC, id DESC LIMIT ?",
            [*where.values(), *before, limit],
        )

    def _visible_owner(self, kind: str) -> str | None:
        """Return the organization whose documents of a kind are visible; None for all."""
        return self._owner if kind in OWNED else None

    def _select(self, kind: str, condition: str, values: Sequence[Any]) -> "list[JsonObject]":
        owner = self._visible_owner(kind)
        scope = "kind = ?" if owner is None else "kind = ? AND owner = ?"
        with in_words(), self._transactions.lock:
            rows = self.connection.execute(
                f"SELECT body FROM documents WHERE {scope} AND {condition}",  # noqa: S608 - the values are bound
                [kind, *([] if owner is None else [owner]), *values],
            ).fetchall()
        return [stored_json(body) for (body,) in rows]

    def delete(self, kind: str, id_: str) -> bool:
        """Delete the document; return whether it existed."""
        owner = self._visible_owner(kind)
        with self.transaction() as connection:
            cursor = connection.execute(
                "DELETE FROM documents WHERE kind = ? AND id = ? AND coalesce(owner = ?, TRUE)",
                (kind, id_, owner),
            )
            return cursor.rowcount > 0

    def close(self) -> None:
        """Close the database."""
        with self._transactions.lock:
            self.connection.close()

    def _prepare(self, path: str | Path | None) -> None:
        """Create or update the schema; refuse a file of another kind before anything in it changes."""
        try:
            if self._is_foreign():
                raise ConfigurationError(
                    f"The state file {path} is not one of this version of the sandbox. Name another file."
                )
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute(f"PRAGMA cache_size=-{_CACHE}")
            with self.transaction() as connection:
                for statement in (*self._migrations(), *_SCHEMA):
                    connection.execute(statement)
        except (StateError, sqlite3.Error) as error:
            raise ConfigurationError(unusable(path, error)) from error

    def _is_foreign(self) -> bool:
        written = self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
        (application_id,) = self.connection.execute("PRAGMA application_id").fetchone()
        (format_,) = self.connection.execute("PRAGMA user_version").fetchone()
        return written and (application_id, format_) != (_APPLICATION_ID, _FORMAT)

    def _migrations(self) -> "list[str]":
        """Return statements that update the schema of an earlier version."""
        columns = {row[1] for row in self.connection.execute("PRAGMA table_info(documents)")}
        return [f"ALTER TABLE documents ADD COLUMN {_OWNER}"] if columns and "owner" not in columns else []


def stored_json(body: str) -> Any:
    """Return the value of a stored JSON text.

    Raises:
        StateError: It is none, so the file is damaged.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise StateError from error


def _matching(where: Where) -> str:
    return " AND ".join(["TRUE", *(f"json_extract(body, '$.{path}') = ?" for path in where)])


def _connect(path: str | Path | None) -> sqlite3.Connection:
    """Open the database; only its owner can read a new file, because connections hold passwords."""
    try:
        if path is not None:
            Path(path).touch(mode=0o600)
        return sqlite3.connect(
            path or "",
            timeout=_LOCK_SECONDS,
            check_same_thread=False,
            isolation_level=None,
        )
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(unusable(path, error)) from error
