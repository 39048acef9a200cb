"""A server with the tools that the official suite's ``tasks-*`` scenarios ask for, over our own extension.

``python tests/conformance/task_fixtures.py PORT`` serves it at ``/mcp``; ``scripts/conformance`` does.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import anyio
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve, require_client_extension
from mcp.types import INTERNAL_ERROR, CallToolResult, ErrorData, TextContent
from pydantic import BaseModel

from polytomic_mcp.client import Polytomic
from polytomic_mcp.protocol.tasks import Seal, Tasks
from polytomic_mcp.protocol.tasks.work import Outcome, Work
from polytomic_mcp.tools.api_access.caller import Caller

TASKS: Final = "io.modelcontextprotocol/tasks"
AT_ONCE: Final = {"waits": False}


def said(text: str, /, *, is_error: bool = False, **structure: str) -> CallToolResult:
    content = TextContent(type="text", text=text)
    return CallToolResult(content=[content], structured_content=structure, is_error=is_error)


def begun(text: str = "", seconds: float = 0) -> CallToolResult:
    """Answer work whose ids say everything: when it is over, and its outcome."""
    over = datetime.now(UTC) + timedelta(seconds=seconds)
    return said("It has begun.", over=over.isoformat(), text=text, status="working")


def is_over(over: str) -> bool:
    return datetime.now(UTC) >= datetime.fromisoformat(over)


def work(look: Any, stop: Any = None) -> Work:
    return Work(
        AT_ONCE,
        ("over", "text"),
        look,
        status=lambda seen: seen["status"],
        describe=lambda seen: seen["status"],
        stop=stop,
    )


def slow_work() -> Work:
    stopped: set[tuple[str, str]] = set()

    async def look(_: Any, over: str, text: str) -> Outcome:
        if (over, text) in stopped:
            return said("It was stopped.", status="cancelled")
        return said(text, status="completed" if is_over(over) else "working")

    async def stop(_: Any, over: str, text: str) -> None:
        stopped.add((over, text))

    return work(look, stop)


async def look_at_failing(_: Any, over: str, __: str) -> Outcome:
    return said("It failed.", is_error=True) if is_over(over) else said("It runs.", status="working")


async def look_at_broken(_: Any, __: str, ___: str) -> Outcome:
    return ErrorData(code=INTERNAL_ERROR, message="It broke.")


async def look_at_greeting(_: Any, __: str, text: str) -> Outcome:
    return said(text, status="completed")


class Name(BaseModel):
    name: str


async def ask_name() -> Elicit[Name]:
    return Elicit("What is your name?", Name)


async def greet(name: str) -> CallToolResult:
    return said(f"Hello, {name}!")


async def slow_compute(seconds: float, label: str = "", *, waits: bool = True) -> CallToolResult:
    if waits:
        await anyio.sleep(seconds)
        return said(f"Computed {label}.")
    return begun(f"Computed {label}.", seconds)


async def failing_job(context: Context[Caller], *, waits: bool = True) -> CallToolResult:
    require_client_extension(context.request_context, TASKS)
    return begun(seconds=0 if waits else 1)


async def protocol_error_job(*, waits: bool = True) -> CallToolResult:
    return begun(seconds=0 if waits else 1)


async def confirm_delete(filename: str) -> CallToolResult:
    return said(f"Nothing here asks while it runs; {filename} stays.")


async def greet_later(answer: Annotated[Name, Resolve(ask_name)], *, waits: bool = True) -> CallToolResult:
    return begun(f"Hello, {answer.name}, {waits}.")


def build_server() -> MCPServer[Caller]:
    @asynccontextmanager
    async def lifespan(_: MCPServer[Caller]) -> AsyncIterator[Caller]:
        yield Caller(Polytomic("unused"))

    works = {
        "slow_compute": slow_work(),
        "failing_job": work(look_at_failing),
        "protocol_error_job": work(look_at_broken),
        "test_tool_with_task": work(look_at_greeting),
    }
    tasks = Tasks(Seal.of_key("conformance"), works)
    server = MCPServer("task-fixtures", version="1", extensions=[tasks], lifespan=lifespan)
    for tool in (greet, slow_compute, failing_job, protocol_error_job, confirm_delete):
        server.add_tool(tool)
    server.add_tool(greet_later, "test_tool_with_task")
    return server


if __name__ == "__main__":
    build_server().run("streamable-http", port=int(sys.argv[1]))
