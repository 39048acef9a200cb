"""The MCP tools for tests: a connected client for plain functions and for coroutines."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import anyio.from_thread
import anyio.to_thread
from mcp import Client
from mcp.types import CallToolResult, ElicitResult, TextContent

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.server import build_server
from polytomic_mcp.testing.sandbox import PolytomicSandbox


class ToolRefusedError(AssertionError):
    """A tool returned an error; the text is what a model would read."""


class PolytomicTools:
    """An MCP client, connected in process to this package's server and one sandbox.

    ``client`` is the ``mcp.Client``. It runs in its own thread, so any test can use it: ``call`` from a
    function; ``await call_tool(...)``, ``await list_tools()`` and every other coroutine method of the client
    from a coroutine, on asyncio and on trio.

    If a tool asks for confirmation, ``agrees`` is the answer, and ``questions`` records the question.
    """

    def __init__(self, portal: anyio.from_thread.BlockingPortal) -> None:
        self._portal = portal
        self.client: Client
        self.agrees = False
        self.questions: list[str] = []

    @classmethod
    @contextmanager
    def connect(cls, sandbox: PolytomicSandbox, **settings: Any) -> Generator[Self]:
        """Connect while a block runs; ``settings`` replace values of ``Settings``, such as ``toolsets``."""
        with anyio.from_thread.start_blocking_portal() as portal:
            tools = cls(portal)
            server = build_server(sandbox.settings(**settings), transport=sandbox.transport)
            client = Client(server, elicitation_callback=tools._ask)
            with portal.wrap_async_context_manager(client):
                tools.client = client
                yield tools

    def call(self, tool: str, /, **arguments: Any) -> JsonObject:
        """Call a tool and return its structured answer.

        Raises:
            ToolRefusedError: The tool returned an error.
        """
        result: CallToolResult = self._portal.call(self.client.call_tool, tool, arguments)
        if result.is_error:
            words = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
            raise ToolRefusedError(f"{tool} refused: {words}")
        return result.structured_content or {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the client's coroutine method of that name, for use in any event loop."""
        method = getattr(self.client, name)

        async def relayed(*arguments: Any, **named: Any) -> Any:
            return await anyio.to_thread.run_sync(
                partial(self._portal.call, partial(method, *arguments, **named))
            )

        return relayed

    async def _ask(self, context: Any, params: Any) -> ElicitResult:
        del context
        self.questions.append(params.message)
        if not self.agrees:
            return ElicitResult(action="decline")
        # Every question of the tools is a form of checkboxes.
        return ElicitResult(
            action="accept", content=dict.fromkeys(params.requested_schema["properties"], True)
        )
