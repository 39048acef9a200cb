"""Idempotency: the first outcome of an ``Idempotency-Key`` is stored and replayed."""

import hashlib
import json
import re
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.sandbox.calls.call import Answer
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.common.times import Clock
from polytomic_mcp.sandbox.data.store import Store

HEADER: Final = "Idempotency-Key"

KEPT_FOR: Final = timedelta(hours=24)
"""How long an outcome is replayed; the API's documentation promises at least this."""

_GONE: Final = 410
"""The status that is stored instead of an answer with a secret; no route uses it."""

KEY_FORM: Final = "[A-Za-z0-9_-]{8,255}"
"""The form of a key in the API's documentation, as a regular expression."""

_KEY: Final = re.compile(KEY_FORM)


class Outcomes:
    """The outcomes of one sandbox by key, in its store.

    Only a route's answer is an outcome, including refusals and 5xx. A call that was refused before it reached
    its route may be corrected and sent again with the same key. An answer with a secret stays in memory: it
    cannot be replayed after a restart (a choice).
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._in_flight: set[str] = set()
        self._secret: dict[str, Answer] = {}

    @contextmanager
    def hold(self, key: str) -> Generator[None]:
        """Hold the key while its call runs.

        Raises:
            RefusalError: 409, a call with this key is still running.
        """
        with self._lock:
            if key in self._in_flight:
                raise RefusalError(
                    409,
                    f"A call with this {HEADER} is still running (idempotency lock). Repeat it later.",
                    key="idempotency_lock",
                    headers={"Retry-After": "1"},
                )
            self._in_flight.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.remove(key)

    def recall(self, key: str, fingerprint: str) -> Answer | None:
        """Return the outcome of the key, or None if the key is new or expired.

        Raises:
            RefusalError: 422, the key belongs to another call, for which the API documents no answer; 410,
                the outcome had a secret and is gone.
        """
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM outcomes WHERE kept_at <= ?", (self._oldest(),))
            row = connection.execute(
                "SELECT fingerprint, status, headers, body FROM outcomes WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        if row[0] != fingerprint:
            raise RefusalError(
                422,
                f"This {HEADER} was used for another call. Use a new one for each call.",
                key="idempotency_key_reused",
            )
        if row[1] == _GONE:
            return self._recall_secret(key)
        return Answer(status=row[1], headers=json.loads(row[2]), body=json.loads(row[3]))

    def keep(self, key: str, fingerprint: str, answer: Answer) -> None:
        """Store the outcome; within a transaction it is committed or rolled back with the effect itself."""
        if answer.is_secret:
            self._secret[key] = answer
            answer = Answer(status=_GONE)
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT INTO outcomes (key, fingerprint, kept_at, status, headers, body) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    key,
                    fingerprint,
                    self._clock().timestamp(),
                    answer.status,
                    json.dumps(dict(answer.headers)),
                    json.dumps(answer.body),
                ),
            )

    def _recall_secret(self, key: str) -> Answer:
        if key not in self._secret:
            raise RefusalError(
                _GONE,
                f"The outcome of this {HEADER} had a secret, which was not stored. Make a new call.",
                key="outcome_gone",
            )
        return self._secret[key]

    def _oldest(self) -> float:
        now: datetime = self._clock()
        return (now - KEPT_FOR).timestamp()


def require_well_formed(key: str) -> None:
    """Validate a key against the form in the API's documentation: 8 to 255 characters of A-Z a-z 0-9 _ -.

    Raises:
        RefusalError: 400, it does not have that form.
    """
    if not _KEY.fullmatch(key):
        raise RefusalError(
            400, f"{HEADER} must be 8 to 255 characters of A-Z, a-z, 0-9, _ and -.", key="bad_idempotency_key"
        )


def fingerprint(operation: str, arguments: Mapping[str, Any], user_id: str) -> str:
    """Return a digest of one user's call, which does not depend on the order of arguments.

    An answer to one user may be a secret, so it is not replayed to another.
    """
    text = json.dumps([operation, arguments, user_id], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
