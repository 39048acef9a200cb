"""Receivers of webhooks: each batch of a sync's records is posted to the connection's address.

An answer of 2xx takes the batch. 429 and 5xx, and an address that does not answer, are tried again a
few times; what still fails, and every other answer, ends the sync with the reason. Records leave when
the transaction commits that counts them; those that left before one was refused stay with the receiver.
"""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import httpx

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.reach import Reach
from polytomic_mcp.sandbox.data.servers.webhook_credentials import sign_in
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

OBJECT: Final = "http"
BATCH: Final = 100
"""Records of a request; the documented default."""

PAUSES: Final = (0.1, 0.4)
"""Seconds before each further attempt: short, because the sandbox waits meanwhile (a guess)."""

_PATIENCE: Final = 10.0
_TOO_MANY: Final = 429
_BROKEN: Final = 500
_SHOWN: Final = 200
_HASH: Final = 16
_RECORD: Final = Column("record", "object", "JSON", label="Record", identity_functions=())
_OTHER: Final = re.compile(r"\W+")


class WebhookTables:
    """The one object of each receiver, which takes records and gives none back."""

    def __init__(self, store: Store, reach: Reach, now: Callable[[], str]) -> None:
        self._store = store
        self._reach = reach
        self._now = now

    def list(self, system: str) -> "list[Table]":
        """Return the receiver's object."""
        return [Table(system, OBJECT, "HTTP", "webhook", (_RECORD,))]

    def get(self, system: str, name: str) -> Table | None:
        """Return the receiver's object, or None for any other name."""
        return next((table for table in self.list(system) if table.name == name), None)

    def create(self, table: Table) -> None:
        """Do nothing: the object is there."""

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Return the object as it is: every field may be sent."""
        del columns
        return table

    def drop(self, table: Table) -> None:
        """Do nothing: the receiver is not ours."""

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield nothing."""
        del table
        return iter(())

    def read(self, table: Table) -> Iterator[tuple[int, Row]]:
        """Yield nothing."""
        del table
        return iter(())

    def pick(self, table: Table, row_ids: Iterable[int]) -> dict[int, Row]:
        """Return nothing."""
        del table, row_ids
        return {}

    def finds(self, table: Table, column: Column) -> bool:
        """Return False: there is nothing to find."""
        del table, column
        return False

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return nothing."""
        del table, column, values
        return {}

    def insert(self, table: Table, rows: Iterable[Row]) -> "list[int]":
        """Post rows when the running transaction commits; ``RefusalError`` then says what failed."""
        sent = [_sent(row[_RECORD.name]) for row in rows]
        with self._store.transaction():
            sync = self._sync(table.system)
            configuration = self._reach.configuration(table.system)
            self._store.join(_Delivery(partial(self._deliver, configuration, sync, sent)))
        return [*range(1, len(sent) + 1)]

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Do nothing: no row is found that could change."""

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Do nothing: no row is found that could go."""

    def clear(self, table: Table) -> None:
        """Do nothing: nothing is held."""

    def count(self, table: Table) -> int:
        """Return 0: nothing is held."""
        del table
        return 0

    def version(self, table: Table) -> int:
        """Return 0: nothing is held that could change."""
        del table
        return 0

    def _sync(self, system: str) -> JsonObject:
        """Return the sync that sends: the first to this receiver that is running (a guess where two are)."""
        id_ = system.partition("@")[2]
        syncs = self._store.list("sync", {"target.connection_id": id_})
        running = [sync for sync in syncs if self._is_running(sync)]
        return (running or syncs or [{"id": id_, "name": OBJECT}])[0]

    def _is_running(self, sync: JsonObject) -> bool:
        executions = self._store.list("execution", {"_sync_id": sync["id"]})
        return any(execution["status"] == "running" for execution in executions)

    def _deliver(self, configuration: JsonObject, sync: JsonObject, records: "list[Row]") -> None:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            signed = sign_in(client, configuration, self._reach)
            for start in range(0, len(records), BATCH):
                batch = records[start : start + BATCH]
                envelope: JsonObject = {
                    "id": sync["id"],
                    "name": sync["name"],
                    "records": batch,
                    "metadata": {},
                }
                body = gzip.compress(json.dumps({"event": "sync.records", "object": envelope}).encode())
                headers = {
                    "Polytomic-Signature-Timestamp": f"{self._now()[:19]}Z",
                    **_HEADERS,
                    **signed.headers,
                }
                _post(client, client.build_request("POST", signed.url, content=body, headers=headers))


_HEADERS: Final = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "User-Agent": "Polytomic/sandbox",
}


class _Delivery:
    """The posting of a transaction's records."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send

    def commit(self) -> None:
        """Send; ``RefusalError`` where the receiver does not take them."""
        self._send()

    def rollback(self) -> None:
        """Send nothing."""


def _post(client: httpx.Client, request: httpx.Request) -> None:
    for pause in PAUSES:
        with suppress(httpx.TransportError):
            answer = client.send(request)
            if answer.status_code != _TOO_MANY and answer.status_code < _BROKEN:
                return _require_taken(answer)
        time.sleep(pause)
    try:
        return _require_taken(client.send(request))
    except httpx.LocalProtocolError as error:
        raise _failed(request, "cannot be sent the headers that its connection has") from error
    except httpx.TransportError as error:
        raise _failed(request, f"could not be reached: {error}") from error


def _require_taken(answer: httpx.Response) -> None:
    if not answer.is_success:
        words = answer.text[:_SHOWN].strip()
        raise _failed(answer.request, f"answered {answer.status_code}{f': {words}' if words else ''}")


def _failed(request: httpx.Request, reason: str) -> RefusalError:
    """Return the refusal; an address may hold a secret beyond its path."""
    url = request.url.copy_with(query=None, userinfo=b"")
    return RefusalError(422, f"The webhook at {url} {reason}", key="webhook_failed")


def _sent(record: JsonObject) -> JsonObject:
    return {"hash": record["hash"][:_HASH], "fields": _normalized(record["fields"])}


def _normalized(fields: Mapping[str, Any]) -> Row:
    """Name fields in lower case, with letters, digits and underscores only (how far it goes is a guess)."""
    return {_OTHER.sub("_", name.strip()).lower(): value for name, value in fields.items()}
