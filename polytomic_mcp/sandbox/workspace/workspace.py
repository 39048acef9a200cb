"""A workspace: the store, clock, key, data engine and workers of one sandbox."""

import copy
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.common.times import Clock, utc_now
from polytomic_mcp.sandbox.data.sample_company.rows import insert_sample_rows
from polytomic_mcp.sandbox.data.servers.backends import ServerQueries, table_backends
from polytomic_mcp.sandbox.data.servers.hosts import LOOPBACK, AllowedHosts
from polytomic_mcp.sandbox.data.servers.servers import Servers
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.faults.rules import Faults
from polytomic_mcp.sandbox.workspace.clock import MovableClock
from polytomic_mcp.sandbox.workspace.requests_seen import RequestsSeen
from polytomic_mcp.sandbox.workspace.signals import Signals


def written(time: datetime) -> str:
    """Return a time as the API writes it: RFC 3339, UTC, with a ``Z``."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Workspace:
    """What the routes share. Two workspaces never meet: nothing here is global.

    ``clock`` goes as ``base`` does, from ``start`` on where that is given, until somebody moves it;
    ``tables`` holds the rows every connection reaches and ``engine`` queries them, ``servers`` opens
    sessions to the real servers on the allowed ``hosts``; ``workers`` runs
    executions and jobs beside the requests that started them, ``signals`` is what threads share;
    ``faults`` are those that stand, ``requests`` those that the API saw. A call sees the workspace
    ``within`` its organization.

    Raises:
        ValueError: The store's clock is later than ``start``.
    """

    store: Store
    key: str
    base: InitVar[Clock] = utc_now
    start: InitVar[datetime | None] = None
    hosts: InitVar[AllowedHosts] = LOOPBACK
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=2))
    signals: Signals = field(default_factory=Signals)
    faults: Faults = field(default_factory=Faults)
    requests: RequestsSeen = field(default_factory=RequestsSeen)
    clock: MovableClock = field(init=False)
    servers: Servers = field(init=False)
    tables: Tables = field(init=False)
    engine: Engine = field(init=False)
    organization_id: str = field(init=False, default=ORGANIZATION_ID)
    _under_way: set[Future[Any]] = field(init=False, default_factory=set[Future[Any]])

    def __post_init__(self, base: Clock, start: datetime | None, hosts: AllowedHosts) -> None:
        self.clock = MovableClock(base, self.store, start=start)
        self.servers = Servers(self.store, hosts)
        backends = table_backends(self.store, self.servers, self.now)
        self.tables = Tables(self.store, insert_sample_rows, backends)
        self.engine = Engine(self.tables, self.clock, ServerQueries(self.servers))

    def within(self, organization_id: str) -> Self:
        """Return one organization's view: the systems are shared, the objects are its own."""
        view = copy.copy(self)
        view.organization_id, view.store = organization_id, self.store.within(organization_id)
        return view

    def whole(self) -> Self:
        """Return the view that holds the objects of all organizations."""
        view = copy.copy(self)
        view.organization_id, view.store = ORGANIZATION_ID, self.store.within(None)
        return view

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
        self.store.after_commit(partial(self._submit, work))

    def settle(self, seconds: float) -> None:
        """Wait until the workers have done what they were handed so far, but not for ever."""
        wait(list(self._under_way), timeout=seconds)

    def close(self) -> None:
        """Wait for running work, then close the engine and the store."""
        self.signals.closing.set()
        with self.signals.stepping:
            pass
        self.faults.close()
        self.workers.shutdown(wait=True, cancel_futures=True)
        self.engine.close()
        self.store.close()

    def _submit(self, work: Callable[[], object]) -> None:
        future = self.workers.submit(work)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
