"""Measure how long calls take while Polytomic is silent or its work lasts; see ``scripts/patience``.

Each way to speak to the server has a sandbox and a server of its own, as processes that end with this one.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from polytomic_mcp import Polytomic
from polytomic_mcp.common.json_values import as_object, as_objects

_LONGEST: Final = 45.0
_WHOLE: Final = 170.0
_KEY: Final = "patience"
_FAULTS: Final = (
    "slow=600",
    "latency=90; times=1; operations=GET /api/connections",
    "latency=90; after=1; times=1; operations=POST /api/models",
    "latency=90; times=1; operations=GET /api/queries/{id}",
)
_PROGRAM: Final = (sys.executable, "-m", "polytomic_mcp")
_DATABASE: Final = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
_SHOP: Final = {"hostname": "h.acme.example", "account": "a", "passwd": "b", "dbname": "shop"}
_TABLE: Final = {"table": "public.accounts"}
_KEY_LENGTH: Final = 36
_QUERY: Final = "SELECT count(*) AS n FROM public.accounts"


@dataclass
class Way:
    """A way to speak to the server: its name and client, the objects made for it, and what went wrong."""

    name: str
    client: Client
    source: str
    sync: str
    wrong: list[str] = field(default_factory=list[str])

    async def call(self, case: str, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool, and print how long it took and what it answered."""
        began = time.monotonic()
        result = await self.client.call_tool(tool, arguments)
        seconds = time.monotonic() - began
        text = "".join(part.text for part in result.content if isinstance(part, TextContent))
        print(f"{self.name:13} {case:28} {seconds:6.1f} s  {text.splitlines()[0][:120]}", flush=True)
        self.hold(seconds < _LONGEST, f"{case}: {seconds:.1f} s")
        return result

    def hold(self, is_right: bool, wrong: str) -> None:  # noqa: FBT001 - reads like an assertion
        """Note what is wrong."""
        if not is_right:
            self.wrong.append(f"{self.name}: {wrong}")


async def read_in_silence(way: Way) -> None:
    """List connections while the API is silent, then again."""
    silent = await way.call("silence, a read", "list_connections")
    again = await way.call("  the same call again", "list_connections")
    way.hold(silent.is_error and not again.is_error, "a read in silence was not answered as lost")


async def write_in_silence(way: Way) -> None:
    """Create a model while the API is silent, then repeat it with its idempotency key."""
    body = {"name": "Later", "connection_id": way.source, "configuration": _TABLE}
    call: dict[str, Any] = {"operation": "POST /api/models", "arguments": body}
    silent = await way.call("silence, a write", "write_operation", **call)
    text = str(silent.content)
    _, told, rest = text.partition("idempotency key ")
    way.hold(silent.is_error and bool(told), "a write in silence was not answered as unknown")
    key = rest[:_KEY_LENGTH]
    again = await way.call("  again with its key", "write_operation", **call, idempotency_key=key)
    way.hold(bool(key) and not again.is_error, "the idempotency key does not work")


async def long_run(way: Way) -> None:
    """Start a run of ten minutes, then wait on with the call that the answer suggests."""
    begun = await way.call("a run of ten minutes", "start_sync", sync_id=way.sync)
    step = _step(begun)
    later = await way.call("  the suggested call", step["tool"], **step["arguments"])
    status = as_object(later.structured_content).get("status")
    way.hold(status == "running", f"the run's handle does not work: {later.structured_content}")


async def slow_query(way: Way) -> None:
    """Run a query whose first answer takes 90 s, then wait on with the call that the answer suggests."""
    begun = await way.call("a slow query", "run_query", connection_id=way.source, query=_QUERY)
    step = _step(begun)
    rows = await way.call("  the suggested call", step["tool"], **step["arguments"])
    way.hold(bool(as_object(rows.structured_content).get("rows")), "the query's handle does not work")


def _step(result: CallToolResult) -> dict[str, Any]:
    return as_object(as_objects(as_object(result.structured_content).get("next_steps"))[0])


async def prepare(api: Polytomic) -> tuple[str, str]:
    """Create two connections, a model, and a sync; return the ids of the source and of the sync."""

    async def made(operation: str, **body: Any) -> Any:
        return (await api.call(operation, **body))["data"]

    create = "POST /api/connections"
    source = await made(create, name="Source", type="postgresql", configuration=_DATABASE)
    target = await made(create, name="Target", type="mysql", configuration=_SHOP)
    model = await made("POST /api/models", name="M", connection_id=source["id"], configuration=_TABLE)
    sync = await made(
        "POST /api/syncs",
        name="Ten minutes",
        mode="append",
        schedule={"frequency": "manual"},
        target={"connection_id": target["id"], "create": {"schema": "public", "name": "arrivals"}},
        fields=[{"source": {"model_id": model["id"], "field": "account_id"}, "target": "account_id"}],
    )
    return source["id"], sync["id"]


@contextmanager
def process(*words: str, **environ: str) -> Generator[str]:
    """Run a command while a block runs; yield the URL in its first line."""
    command = [*_PROGRAM, *words]
    with subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as running:
        try:
            line = running.stdout.readline() if running.stdout else ""
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            running.kill()


@asynccontextmanager
async def connected(transport: str, mode: Any, environ: dict[str, str]) -> AsyncGenerator[Client]:
    """Connect a client to a server of its own, over stdio or HTTP."""
    if transport == "stdio":
        command, *words = _PROGRAM
        parameters = StdioServerParameters(command=command, args=[*words, "serve"], env=environ)
        async with Client(stdio_client(parameters), mode=mode) as client:
            yield client
        return
    with process("serve", "--http", "--port", "0", **environ) as url:
        async with Client(url, mode=mode) as client:
            yield client


async def speak(transport: str, mode: Any, wrong: list[str]) -> None:
    """Run every case in one way, all at the same time."""
    faults = itertools.chain.from_iterable(("--fault", fault) for fault in _FAULTS)
    with process("sandbox", "--empty", f"--key={_KEY}", *faults) as url:
        async with Polytomic(_KEY, base_url=url) as api:
            source, sync = await prepare(api)
        environ = {"POLYTOMIC_API_KEY": _KEY, "POLYTOMIC_API_URL": url, "POLYTOMIC_TOOLSETS": "all"}
        async with connected(transport, mode, environ) as client:
            era = "older" if mode == "legacy" else "newer"
            way = Way(f"{transport}, {era}", client, source, sync)
            async with anyio.create_task_group() as group:
                for case in (read_in_silence, write_in_silence, long_run, slow_query):
                    group.start_soon(case, way)
            wrong += way.wrong


async def main() -> int:
    """Run all ways at the same time; return the exit status."""
    wrong: list[str] = []
    with anyio.fail_after(_WHOLE):
        async with anyio.create_task_group() as group:
            for transport, mode in itertools.product(("stdio", "http"), ("auto", "legacy")):
                group.start_soon(partial(speak, transport, mode, wrong))
    print(json.dumps({"wrong": wrong}) if wrong else f"Every call took less than {_LONGEST:g} s.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(anyio.run(main))
