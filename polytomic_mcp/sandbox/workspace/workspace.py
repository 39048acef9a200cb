"""A workspace: the store, clock, key, data engine and workers of one sandbox."""

import copy
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
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
from polytomic_mcp.sandbox.data.state_errors import StateError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.systems.systems import object_id
from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.faults.rules import Faults
from polytomic_mcp.sandbox.workspace.clock import MovableClock, StoppedClock
from polytomic_mcp.sandbox.workspace.deferred import Deferred
from polytomic_mcp.sandbox.workspace.requests_seen import RequestsSeen


def _random_id() -> str:
    return str(uuid.uuid4())


def written(time: datetime) -> str:
    """Return a time in the API's format: RFC 3339, UTC, with a ``Z``."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Signals:
    """What the threads of one sandbox share.

    ``alarm`` is set when the next due time may have changed, ``closing`` when the sandbox closes. The thread
    that starts what is due holds ``stepping``, the one that sends events holds ``sending``.
    """

    alarm: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)
    stepping: threading.Lock = field(default_factory=threading.Lock)
    sending: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Workspace:
    """The state that the routes share. Nothing in it is global, so workspaces are independent.

    ``clock`` runs like ``base``, from ``start`` if given, until it is moved. ``tables`` has the rows of all
    connections and ``engine`` queries them; ``servers`` connects to real servers on the allowed ``hosts``.
    ``workers`` run executions and jobs in the background, ``signals`` synchronizes the threads.
    ``faults`` are the active ones, ``requests`` those that the API received, ``deferred`` is what remains to
    be done before the workspace is complete, ``unfinished`` are ends of runs that are not stored yet. A call
    gets the workspace ``within`` its organization.

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
    deferred: Deferred = field(default_factory=Deferred)
    unfinished: deque[Callable[[], object]] = field(default_factory=deque[Callable[[], object]])
    clock: MovableClock = field(init=False)
    servers: Servers = field(init=False)
    tables: Tables = field(init=False)
    engine: Engine = field(init=False)
    organization_id: str = field(init=False, default=ORGANIZATION_ID)
    ids: Callable[[], str] = field(init=False, default=_random_id)
    _under_way: set[Future[Any]] = field(init=False, default_factory=set[Future[Any]])

    def __post_init__(self, base: Clock, start: datetime | None, hosts: AllowedHosts) -> None:
        self.clock = MovableClock(base, self.store, start=start)
        self.servers = Servers(self.store, hosts)
        backends = table_backends(self.store, self.servers, self.now)
        self.tables = Tables(self.store, insert_sample_rows, backends, object_id)
        self.engine = Engine(self.tables, self.clock, ServerQueries(self.servers))

    def within(self, organization_id: str) -> Self:
        """Return the view of one organization: systems are shared, objects are its own."""
        view = copy.copy(self)
        view.organization_id, view.store = organization_id, self.store.within(organization_id)
        return view

    def whole(self) -> Self:
        """Return the view of all organizations' objects."""
        view = copy.copy(self)
        view.organization_id, view.store = ORGANIZATION_ID, self.store.within(None)
        return view

    def at(self, time: datetime, ids: Callable[[], str]) -> Self:
        """Return the view at a time of the past, for what is made up of it; ``ids`` makes the new ids."""
        view = copy.copy(self)
        view.clock, view.ids = StoppedClock(time, self.store), ids
        return view

    def now(self) -> str:
        """Return the current time in the API's format."""
        return written(self.clock())

    def new_id(self) -> str:
        """Return a new UUID, the format of every id that the API creates."""
        return self.ids()

    def find(self, kind: str, id_: str) -> JsonObject:
        """Return the document of an id; ``kind`` is the API's noun ("connection").

        Raises:
            RefusalError: 404, it does not exist.
        """
        document = self.store.get(kind, id_)
        if document is None:
            raise not_found(kind.replace("_", " "), id_)
        return document

    def run_later(self, work: Callable[[], object]) -> None:
        """Submit work to the workers when the current transaction commits, or at once if there is none."""
        self.store.after_commit(partial(self._submit, work))

    def finish(self, work: Callable[[], object]) -> None:
        """Store the end of a run; if the state file cannot take it now, leave it to ``finish_rest``."""
        try:
            work()
        except StateError:
            self.unfinished.append(work)
            self.signals.alarm.set()

    def finish_rest(self) -> None:
        """Store the ends of runs that the state file could not take, as far as it can now."""
        with suppress(StateError):
            while self.unfinished:
                self.unfinished[0]()
                self.unfinished.popleft()

    def settle(self, seconds: float) -> None:
        """Wait until the workers have finished what was submitted so far, up to a number of seconds."""
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
