"""Subscriptions: clients that follow an execution of a sync, or its latest, are notified of changes."""

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
from polytomic_mcp.protocol.resources import (
    EXECUTION,
    LATEST,
    ExecutionAddress,
    execution_of,
    unexpected_shape,
)
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import SYNC, find
from polytomic_mcp.tools.api_access.waiting import retry_after
from polytomic_mcp.tools.framework.arguments import caller_of
from polytomic_mcp.tools.syncs.executions import OVER, Execution, latest_id, read_execution

MOST_FOLLOWED: Final = 20
"""The most executions that one session or one stream may follow at a time."""

_TURN_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = 15.0
_PAUSE_GROWTH: Final = 1.3

_Request = ServerRequestContext[Caller, Any]
_Action = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Execution:
    """An execution as it was read: its id, status and counts."""

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
    """What a client follows: an execution of a sync or, without an id, the latest one.

    ``seen`` is the execution that was running when the client subscribed. It is None if that execution had
    ended: it may have ended after the client read it, so the client is notified.
    """

    sync_id: str
    execution_id: str | None
    seen: _Execution | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    """What one session of the older era follows, by address. The tasks end with the session."""

    tasks: TaskGroup
    followed: dict[str, anyio.CancelScope] = field(default_factory=dict[str, anyio.CancelScope])
    turns: anyio.Lock = field(default_factory=anyio.Lock)

    def start(self, uri: str, follow: _Action) -> None:
        """Follow the execution at an address in the background, until it ends or ``stop`` is called."""
        scope = self.followed[uri] = anyio.CancelScope()
        self.tasks.start_soon(self._run, uri, scope, follow)

    def stop(self, uri: str) -> None:
        """Stop following an address; do nothing if it is not followed."""
        if scope := self.followed.pop(uri, None):
            scope.cancel()

    async def _run(self, uri: str, scope: anyio.CancelScope, follow: _Action) -> None:
        with scope:
            await follow()
        if self.followed.get(uri) is scope:
            del self.followed[uri]


class Subscriptions:
    """What the clients of one server follow.

    In the newer era, a request ``subscriptions/listen`` lasts as long as the subscription. In the older era,
    the session holds the subscriptions, from ``notifications/initialized`` to its end.
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
        """Open a task group for a session; mcp cancels this handler when the session ends."""
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
                INVALID_PARAMS, "Cannot notify this client: subscribing requires an initialized session."
            )
        address = execution_of(uri)
        if address is None:
            raise MCPError(
                INVALID_PARAMS, f"Only executions of syncs can be followed. Valid address: {EXECUTION}."
            )
        followed = await _resolve(request, address)
        _refuse_too_many({*session.followed, uri})
        if uri not in session.followed:
            notify = partial(request.session.send_resource_updated, uri)
            session.start(uri, partial(_follow, await _caller(request), followed, session.turns, notify))
        return EmptyResult()

    async def _unsubscribe(self, request: _Request, params: UnsubscribeRequestParams) -> EmptyResult:
        session = self._sessions.get(_key(request))
        if session is not None:
            session.stop(str(params.uri))
        return EmptyResult()


async def _listen(request: _Request, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
    """Serve one stream of the newer era. Addresses that are not executions are ignored."""
    wanted = params.notifications.resource_subscriptions or ()
    addresses = {uri: address for uri in map(str, wanted) if (address := execution_of(uri))}
    _refuse_too_many(addresses)
    followed = {uri: await _resolve(request, address) for uri, address in addresses.items()}
    honored = params.notifications.model_copy(update={"resource_subscriptions": list(followed) or None})
    caller = await _caller(request)
    bus = (
        InMemorySubscriptionBus()
    )  # one per stream: addresses contain names, which mean different objects to different callers
    async with _following(caller, followed, bus):
        return await ListenHandler(bus)(request, params.model_copy(update={"notifications": honored}))


@asynccontextmanager
async def _following(
    caller: Caller, followed: Mapping[str, _Followed], bus: SubscriptionBus
) -> AsyncGenerator[None]:
    """Follow executions, by address, while the block runs; publish their changes on the bus."""
    turns = anyio.Lock()
    async with anyio.create_task_group() as tasks:
        for uri, each in followed.items():
            notify = partial(bus.publish, ResourceUpdated(uri=uri))
            tasks.start_soon(_follow, caller, each, turns, notify)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


async def _follow(caller: Caller, followed: _Followed, turns: anyio.Lock, notify: _Action) -> None:
    """Poll at growing intervals and notify of each change, until the execution has ended.

    The latest execution of a sync has no end: another one may begin, and polling is frequent again. A
    permanent failure ends it.
    """
    last, pause = followed.seen, _TURN_SECONDS
    while followed.execution_id is None or last is None or not last.is_over:
        await caller.sleep(pause - _TURN_SECONDS)
        pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE)
        try:
            seen = await _poll(caller, followed, last, turns)
        except (PolytomicError, ValidationError):
            return
        if seen is not None and seen != last:
            pause = pause if last is not None and last.id == seen.id else _TURN_SECONDS
            last = seen
            await notify()


async def _poll(
    caller: Caller, followed: _Followed, last: _Execution | None, turns: anyio.Lock
) -> _Execution | None:
    """Read the execution; return the last one if a temporary failure prevents it.

    All that share ``turns`` poll at most once a second together, and wait as long as a refusal asks.
    """
    async with turns:
        await caller.sleep(_TURN_SECONDS)
        try:
            return await _read(caller, followed, last)
        except (NoAnswerError, RateLimitedError, UnavailableError) as error:
            await caller.sleep(retry_after(error))
            return last


async def _read(caller: Caller, followed: _Followed, last: _Execution | None) -> _Execution | None:
    """Read the execution unless it is known to have ended; None before the first execution."""
    id_ = followed.execution_id or await latest_id(caller.api, followed.sync_id)
    if id_ is None or (last is not None and last.id == id_ and last.is_over):
        return last
    return _Execution.of(await read_execution(caller.api, followed.sync_id, id_))


async def _resolve(request: _Request, address: ExecutionAddress) -> _Followed:
    """Return what an address refers to, as it is now; the next poll reports an execution that has ended."""
    caller = await _caller(request)
    try:
        sync = await find(caller.api, SYNC, address.sync_id)
        followed = _Followed(sync["id"], None if address.id == LATEST else address.id)
        seen = await _read(caller, followed, None)
    except (ToolError, NotFoundError) as error:
        raise MCPError(INVALID_PARAMS, str(error)) from error
    except PolytomicError as error:
        raise MCPError(INTERNAL_ERROR, str(error)) from error
    except ValidationError as error:
        raise MCPError(INTERNAL_ERROR, unexpected_shape(error)) from error
    return replace(followed, seen=None if seen is None or seen.is_over else seen)


async def _caller(request: _Request) -> Caller:
    return await caller_of(Context(request_context=request))


def _refuse_too_many(uris: Collection[str]) -> None:
    if len(uris) > MOST_FOLLOWED:
        raise MCPError(
            INVALID_PARAMS,
            f"At most {MOST_FOLLOWED} executions can be followed at a time. Stop another first.",
        )


def _key(request: _Request) -> int:
    """Return a key for a session: its client's parameters are one object for as long as it lasts."""
    return id(request.session.client_params)
