"""Subscriptions: whoever follows an execution of a sync, or its latest, is told when it gets on."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, SubscriptionBus
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    EmptyResult,
    NotificationParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)
from pydantic import ValidationError

from polytomic_mcp.errors import (
    NoAnswerError,
    NotFoundError,
    PolytomicError,
    RateLimitedError,
    UnavailableError,
)
from polytomic_mcp.protocol.resources import EXECUTION, LATEST, ExecutionAddress, execution_of
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.api_access.waiting import retry_after
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.syncs.executions import OVER, Execution, latest_id, read_execution

MOST_FOLLOWED: Final = 20
"""How many executions one session, or one stream, may follow at a time."""

_TURN: Final = 1.0
_LONGEST_PAUSE: Final = 15.0
_SLOWING: Final = 1.3

_Request = ServerRequestContext[Caller, Any]
_Action = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Execution:
    """An execution as it was seen: who it is, and where it stands."""

    id: str
    status: str
    counts: Any

    @classmethod
    def of(cls, seen: Execution) -> "_Execution":
        return cls(seen.id, seen.status, seen.counts)

    @property
    def is_over(self) -> bool:
        return self.status in OVER


@dataclass(frozen=True, slots=True)
class _Followed:
    """What is followed: an execution of a sync, or without an id whichever is its latest.

    ``seen`` is the execution that ran at the time of subscribing. One that was over by then is left out: it
    may have ended after the client read it, so it is told.
    """

    sync_id: str
    execution_id: str | None
    seen: _Execution | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """What one session of the older era follows, by address; the tasks end with the session."""

    tasks: TaskGroup
    followed: dict[str, anyio.CancelScope] = field(default_factory=dict[str, anyio.CancelScope])
    turns: anyio.Lock = field(default_factory=anyio.Lock)

    def start(self, uri: str, follow: _Action) -> None:
        """Follow in the background what stands at an address, until that ends or ``stop`` is called."""
        scope = self.followed[uri] = anyio.CancelScope()
        self.tasks.start_soon(self._run, uri, scope, follow)

    def stop(self, uri: str) -> None:
        """Follow it no more; nothing happens where nobody does."""
        if scope := self.followed.pop(uri, None):
            scope.cancel()

    async def _run(self, uri: str, scope: anyio.CancelScope, follow: _Action) -> None:
        with scope:
            await follow()
        if self.followed.get(uri) is scope:
            del self.followed[uri]


class Subscriptions:
    """What the clients of one server follow.

    In the newer era a request, ``subscriptions/listen``, lasts as long as the interest and holds it. In the
    older era a session does, from ``notifications/initialized`` to its end.
    """

    def __init__(self) -> None:
        self._sessions: dict[int, _Session] = {}

    def register(self, server: Server[Caller]) -> None:
        """Serve the subscriptions of both eras."""
        server.add_notification_handler("notifications/initialized", NotificationParams, self._hold_session)
        server.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        server.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        server.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, _listen)

    async def _hold_session(self, request: _Request, _: NotificationParams) -> None:
        """Give a session a place for its tasks; mcp cancels this handler when the session ends."""
        async with anyio.create_task_group() as tasks:
            self._sessions[_key(request)] = _Session(tasks)
            try:
                await anyio.sleep_forever()
            finally:
                self._sessions.pop(_key(request), None)

    async def _subscribe(self, request: _Request, params: SubscribeRequestParams) -> EmptyResult:
        uri = str(params.uri)
        session = self._sessions.get(_key(request))
        if session is None:
            raise MCPError(
                INVALID_PARAMS, "Nobody could be told here: subscribing takes an initialized session."
            )
        address = execution_of(uri)
        if address is None:
            raise MCPError(INVALID_PARAMS, f"Only executions can be followed: {EXECUTION}.")
        followed = await _first_look(request, address)
        _refuse_too_many({*session.followed, uri})
        if uri not in session.followed:
            tell = partial(request.session.send_resource_updated, uri)
            session.start(uri, partial(_follow, await _caller(request), followed, session.turns, tell))
        return EmptyResult()

    async def _unsubscribe(self, request: _Request, params: UnsubscribeRequestParams) -> EmptyResult:
        session = self._sessions.get(_key(request))
        if session is not None:
            session.stop(str(params.uri))
        return EmptyResult()


async def _listen(request: _Request, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
    """Serve one stream of the newer era; of the addresses it names, executions alone are honored."""
    wanted = params.notifications.resource_subscriptions or ()
    addresses = {uri: address for uri in map(str, wanted) if (address := execution_of(uri))}
    _refuse_too_many(addresses)
    followed = {uri: await _first_look(request, address) for uri, address in addresses.items()}
    honored = params.notifications.model_copy(update={"resource_subscriptions": list(followed) or None})
    caller = await _caller(request)
    bus = InMemorySubscriptionBus()  # one a stream: addresses hold names, which are each caller's own
    async with _following(caller, followed, bus):
        return await ListenHandler(bus)(request, params.model_copy(update={"notifications": honored}))


@asynccontextmanager
async def _following(
    caller: Caller, followed: Mapping[str, _Followed], bus: SubscriptionBus
) -> AsyncGenerator[None]:
    """Follow executions, by address, as long as this lasts; changes go onto the bus."""
    turns = anyio.Lock()
    async with anyio.create_task_group() as tasks:
        for uri, each in followed.items():
            tell = partial(bus.publish, ResourceUpdated(uri=uri))
            tasks.start_soon(_follow, caller, each, turns, tell)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _follow(caller: Caller, followed: _Followed, turns: anyio.Lock, tell: _Action) -> None:
    """Look again and again, slowing down, and tell of each change, until the execution is over.

    Of a sync's latest execution there is no end: when it is over, another may begin, and looks are frequent
    again. A look that fails for good ends the following.
    """
    last, pause = followed.seen, _TURN
    while followed.execution_id is None or last is None or not last.is_over:
        await caller.sleep(pause - _TURN)
        pause = min(pause * _SLOWING, _LONGEST_PAUSE)
        try:
            seen = await _look(caller, followed, last, turns)
        except (PolytomicError, ValidationError):
            return
        if seen is not None and seen != last:
            pause = pause if last is not None and last.id == seen.id else _TURN
            last = seen
            await tell()


async def _look(
    caller: Caller, followed: _Followed, last: _Execution | None, turns: anyio.Lock
) -> _Execution | None:
    """Look again; what cannot be seen in passing is taken to be as it was.

    Whoever takes turns looks at most once a second with all others, and as late as a refusal asks.
    """
    async with turns:
        await caller.sleep(_TURN)
        try:
            return await _read(caller, followed, last)
        except (NoAnswerError, RateLimitedError, UnavailableError) as error:
            await caller.sleep(retry_after(error))
            return last


async def _read(caller: Caller, followed: _Followed, last: _Execution | None) -> _Execution | None:
    """Read what is followed, but not what is known to be over; before a first execution there is none."""
    id_ = followed.execution_id or await latest_id(caller.api, followed.sync_id)
    if id_ is None or (last is not None and last.id == id_ and last.is_over):
        return last
    return _Execution.of(await read_execution(caller.api, followed.sync_id, id_))


async def _first_look(request: _Request, address: ExecutionAddress) -> _Followed:
    """Return what an address means, as it is now; what is over by then, the next look tells."""
    caller = await _caller(request)
    try:
        sync = await find(caller.api, SYNC, address.sync_id)
        followed = _Followed(sync["id"], None if address.id == LATEST else address.id)
        seen = await _read(caller, followed, None)
    except (ToolError, NotFoundError) as error:
        raise MCPError(INVALID_PARAMS, str(error)) from error
    except PolytomicError as error:
        raise MCPError(INTERNAL_ERROR, str(error)) from error
    return replace(followed, seen=None if seen is None or seen.is_over else seen)


async def _caller(request: _Request) -> Caller:
    return await caller_of(Context(request_context=request))


def _refuse_too_many(uris: Collection[str]) -> None:
    if len(uris) > MOST_FOLLOWED:
        raise MCPError(INVALID_PARAMS, f"At most {MOST_FOLLOWED} executions are followed at a time.")


def _key(request: _Request) -> int:
    """Tell sessions apart: what a client said when it initialized is one object as long as its session."""
    return id(request.session.client_params)
