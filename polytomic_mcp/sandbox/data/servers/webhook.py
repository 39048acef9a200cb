"""Webhook receivers: the records of a sync are posted to the connection's URL in batches.

A status of 2xx accepts a batch. A request that gets 429, 5xx or no response is retried twice; if it still
fails, or gets another status, the sync fails with the reason. Requests are sent when the transaction that
counts the records commits. Batches that were accepted before a failure are not taken back.
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
from polytomic_mcp.sandbox.data.servers.servers import Servers
from polytomic_mcp.sandbox.data.servers.webhook_credentials import authenticate
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table

OBJECT: Final = "http"
BATCH: Final = 100
"""Records in a request; the documented default."""

RETRY_SECONDS: Final = (0.1, 0.4)
"""Seconds before each retry: short, because the whole sandbox waits (a guess)."""

_TIMEOUT_SECONDS: Final = 10.0
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500
_LONGEST_REASON: Final = 200
_HASH_LENGTH: Final = 16
_RECORD: Final = Column("record", "object", "JSON", label="Record", identity_functions=())
_NOT_WORD: Final = re.compile(r"\W+")


class WebhookTables:
    """Implements ``TableBackend``: each receiver has one object, which accepts records and returns none."""

    def __init__(self, store: Store, servers: Servers, now: Callable[[], str]) -> None:
        self._store = store
        self._servers = servers
        self._now = now

    def list(self, system: str) -> "list[Table]":
        """Return the receiver's object."""
        return [Table(system, OBJECT, "HTTP", "webhook", (_RECORD,))]

    def get(self, system: str, name: str) -> Table | None:
        """Return the receiver's object, or None for another name."""
        return next((table for table in self.list(system) if table.name == name), None)

    def create(self, table: Table) -> None:
        """Do nothing: the object always exists."""

    def add_columns(self, table: Table, columns: Iterable[Column]) -> Table:
        """Return the object unchanged: every field can be sent."""
        del columns
        return table

    def drop(self, table: Table) -> None:
        """Do nothing: the receiver does not belong to the sandbox."""

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

    def can_find(self, table: Table, column: Column) -> bool:
        """Return False: a receiver returns no rows."""
        del table, column
        return False

    def find(self, table: Table, column: Column, values: Iterable[Any]) -> dict[int, Row]:
        """Return nothing."""
        del table, column, values
        return {}

    def insert(self, table: Table, rows: Iterable[Row]) -> "list[int]":
        """Post rows when the running transaction commits; that raises ``RefusalError`` (422) if it fails."""
        records = [_payload(row[_RECORD.name]) for row in rows]
        with self._store.transaction():
            sync = self._sync(table.system)
            configuration = self._servers.configuration(table.system)
            self._store.join(_Delivery(partial(self._deliver, configuration, sync, records)))
        return [*range(1, len(records) + 1)]

    def update(self, table: Table, rows: Mapping[int, Row]) -> None:
        """Do nothing: no row can be found to update."""

    def delete(self, table: Table, row_ids: Iterable[int]) -> None:
        """Do nothing: no row can be found to delete."""

    def clear(self, table: Table) -> None:
        """Do nothing: no rows are stored."""

    def count(self, table: Table) -> int:
        """Return 0: no rows are stored."""
        del table
        return 0

    def version(self, table: Table) -> int:
        """Return 0: no rows are stored that could change."""
        del table
        return 0

    def release(self, system: str) -> None:
        """Do nothing: nothing is stored about a receiver."""

    def _sync(self, system: str) -> JsonObject:
        """Return the sync that sends: the first running one with this receiver (a guess if several run)."""
        id_ = system.partition("@")[2]
        syncs = self._store.list("sync", {"target.connection_id": id_})
        running = [sync for sync in syncs if self._is_running(sync)]
        return (running or syncs or [{"id": id_, "name": OBJECT}])[0]

    def _is_running(self, sync: JsonObject) -> bool:
        executions = self._store.list("execution", {"_sync_id": sync["id"]})
        return any(execution["status"] == "running" for execution in executions)

    def _deliver(self, configuration: JsonObject, sync: JsonObject, records: "list[Row]") -> None:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            target = authenticate(client, configuration, self._servers)
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
                    **target.headers,
                }
                _post(client, client.build_request("POST", target.url, content=body, headers=headers))


_HEADERS: Final = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "User-Agent": "Polytomic/sandbox",
}


class _Delivery:
    """A transaction's requests to a receiver."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send

    def commit(self) -> None:
        """Send the requests; ``RefusalError`` (422) if the receiver does not accept them."""
        self._send()

    def rollback(self) -> None:
        """Send nothing."""


def _post(client: httpx.Client, request: httpx.Request) -> None:
    for seconds in RETRY_SECONDS:
        with suppress(httpx.TransportError):
            response = client.send(request)
            if response.status_code != _TOO_MANY_REQUESTS and response.status_code < _SERVER_ERROR:
                return _require_accepted(response)
        time.sleep(seconds)
    try:
        return _require_accepted(client.send(request))
    except httpx.LocalProtocolError as error:
        raise _failed(request, "cannot be called: the connection's headers are not valid") from error
    except httpx.TransportError as error:
        raise _failed(request, f"could not be reached: {error}") from error


def _require_accepted(response: httpx.Response) -> None:
    if not response.is_success:
        reason = response.text[:_LONGEST_REASON].strip()
        raise _failed(response.request, f"returned {response.status_code}{f': {reason}' if reason else ''}")


def _failed(request: httpx.Request, reason: str) -> RefusalError:
    """Return the refusal; the URL is shown without its query and user, which may be secrets."""
    url = request.url.copy_with(query=None, userinfo=b"")
    return RefusalError(422, f"The webhook at {url} {reason}", key="webhook_failed")


def _payload(record: JsonObject) -> JsonObject:
    return {"hash": record["hash"][:_HASH_LENGTH], "fields": _normalized(record["fields"])}


def _normalized(fields: Mapping[str, Any]) -> Row:
    """Change field names to lower case letters, digits and underscores (the exact rule is a guess)."""
    return {_NOT_WORD.sub("_", name.strip()).lower(): value for name, value in fields.items()}
