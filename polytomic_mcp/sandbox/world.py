"""One sandbox's whole world: its store, its clock, its key, its data engine and its workers."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from polytomic_mcp.sandbox.engine import Engine
from polytomic_mcp.sandbox.refusals import not_found
from polytomic_mcp.sandbox.store import JsonObject, Store
from polytomic_mcp.sandbox.tables import Tables

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


def written(time: datetime) -> str:
    """Return a time as the API writes it: RFC 3339, UTC, with a ``Z``."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class World:
    """What the routes share. Two worlds never meet: nothing here is global.

    ``clock`` returns an aware datetime in UTC; ``tables`` holds the rows every connection reaches
    and ``engine`` queries them; ``workers`` runs executions and jobs beside the requests that
    started them.
    """

    store: Store
    key: str
    clock: Clock = utc_now
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=2))
    tables: Tables = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.tables = Tables(self.store)
        self.engine = Engine(self.tables)

    def now(self) -> str:
        """Return the time now as the API writes it."""
        return written(self.clock())

    def new_id(self) -> str:
        """Return a fresh UUID, the form of every id the API mints."""
        return str(uuid.uuid4())

    def find(self, kind: str, id_: str) -> JsonObject:
        """Return the document or refuse with 404; ``kind`` is the API's noun ("connection")."""
        document = self.store.get(kind, id_)
        if document is None:
            raise not_found(kind.replace("_", " "), id_)
        return document

    def run_later(self, work: Callable[[], object]) -> None:
        """Hand work to the workers once the running transaction has committed, or now outside one."""
        self.store.after_commit(partial(self.workers.submit, work))

    def close(self) -> None:
        """Wait for running work, then close the engine and the store."""
        self.workers.shutdown(wait=True, cancel_futures=True)
        self.engine.close()
        self.store.close()
