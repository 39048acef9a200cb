"""Subscriptions: who follows an execution of a sync is told when it gets on, until it is over."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import Context
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    EmptyResult,
    NotificationParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from polytomic_mcp.errors import NotFoundError, PolytomicError
from polytomic_mcp.resources import EXECUTION, ExecutionAddress, execution_of
from polytomic_mcp.tools.arguments import caller_of
from polytomic_mcp.tools.caller import Caller
from polytomic_mcp.tools.executions import OVER, find_execution
from polytomic_mcp.tools.json_values import JsonObject

MOST_FOLLOWED: Final = 20
"""How many executions one session, or one stream, may follow at a time."""

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 15.0
_SLOWING: Final = 1.3

_Request = ServerRequestContext[Caller, Any]
_Tell = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Session:
    """What one session of the older era follows, by address; its tasks end with it."""

    tasks: TaskGroup
    followed: dict[str, anyio.CancelScope] = field(default_factory=dict[str, anyio.CancelScope])


class Subscriptions:
    """What the clients of one server follow.

    In the newer era a request, ``subscriptions/listen``, lasts as long as the interest, and holds all there
    is to hold. In the older era a session does, from ``notifications/initialized`` to its end.
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
        """Give a session a place for its tasks; mcp cancels this when the session ends."""
        async with anyio.create_task_group() as tasks:
            self._sessions[_key(request)] = _Session(tasks)
            try:
                await anyio.sleep_forever()
            finally:
                del self._sessions[_key(request)]

    async def _subscribe(self, request: _Request, params: SubscribeRequestParams) -> EmptyResult:
        uri = str(params.uri)
        session = self._sessions.get(_key(request))
        if session is None:
            raise MCPError(INVALID_PARAMS, "There is no session here that could be told: initialize one.")
        followed = await _followed(request, [uri])
        _refuse_too_many({*session.followed, uri})
        if uri not in session.followed:
            session.followed[uri] = anyio.CancelScope()
            session.tasks.start_soon(_follow_in_session, session, request, followed[uri], uri)
        return EmptyResult()

    async def _unsubscribe(self, request: _Request, params: UnsubscribeRequestParams) -> EmptyResult:
        session = self._sessions.get(_key(request))
        scope = session.followed.pop(str(params.uri), None) if session else None
        if scope is not None:
            scope.cancel()
        return EmptyResult()
