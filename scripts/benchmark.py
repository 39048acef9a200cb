"""Measure polytomic-mcp: its start and memory against a bare server's, its calls against the API client's.

Both sides of each comparison run alternately, and their medians are compared. The bare server is an
``MCPServer`` with one tool that adds two numbers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from benchmark_movement import compare_movement
from mcp import Client

from polytomic_mcp import Polytomic, Settings, build_server, create_sandbox
from polytomic_mcp.settings import Secret

_BARE: Final = """
from mcp.server.mcpserver import MCPServer

server = MCPServer("bare", version="1", log_level="ERROR")

@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

server.run()
"""
_OURS: Final = "from polytomic_mcp.cli import main; main(['serve'])"
_INITIALIZE: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"},
    },
}
_MESSAGES: Final[tuple[dict[str, Any], ...]] = (
    _INITIALIZE,
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
)
_KEY: Final = "benchmark"


def start(program: str) -> tuple[float, float]:
    """Start a server and list its tools; return the seconds until the list, and the peak memory in MiB."""
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - this Python, and a program written above
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"POLYTOMIC_API_KEY": _KEY},
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        for message in _MESSAGES:
            process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        seconds = time.perf_counter() - began
        if not answers[1]["result"]["tools"]:
            raise RuntimeError("the server listed no tools")
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        process.stdin.close()
        process.wait()
    return seconds, peak / 1024


def compare_starts(rounds: int) -> None:
    """Start both servers alternately, and print the medians and their ratio."""
    for program in (_BARE, _OURS):
        start(program)  # the first start reads everything from disk
    pairs = [(start(_BARE), start(_OURS)) for _ in range(rounds)]
    for index, (name, unit, scale) in enumerate(
        (("start to tools/list", "ms", 1000), ("peak memory", "MiB", 1))
    ):
        bare = statistics.median(pair[0][index] for pair in pairs) * scale
        ours = statistics.median(pair[1][index] for pair in pairs) * scale
        print(f"{name:<22} bare {bare:7.1f} {unit:<4} ours {ours:7.1f} {unit:<4} ratio {ours / bare:.3f}")


async def timed(call: Callable[[], Any]) -> float:
    """Await one call, and return how many seconds it took."""
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began


async def compare_calls(rounds: int) -> None:
    """Call a tool and the API operation behind it alternately, with the sandbox in this process."""
    transport = httpx.ASGITransport(create_sandbox(key=_KEY))
    settings = Settings(api_key=Secret(_KEY), api_url="http://sandbox")
    async with Polytomic.from_settings(settings, transport=transport) as api:
        created = await api.call(
            "POST /api/connections",
            name="Warehouse",
            type="snowflake",
            configuration={"account": "a", "username": "u", "password": "p", "dbname": "d"},
        )
        id_ = created["data"]["id"]
        async with Client(build_server(settings, transport=transport)) as client:
            pairs: list[tuple[float, float]] = []
            for _ in range(rounds):
                direct = await timed(lambda: api.call("GET /api/connections/{id}", id=id_))
                pairs.append(
                    (direct, await timed(lambda: client.call_tool("get_connection", {"connection_id": id_})))
                )
    report_calls(pairs)


def report_calls(pairs: Sequence[tuple[float, float]]) -> None:
    """Print the medians of calls and their ratio."""
    direct = statistics.median(pair[0] for pair in pairs) * 1000
    tool = statistics.median(pair[1] for pair in pairs) * 1000
    print(f"{'one call':<22} API  {direct:7.2f} ms   tool {tool:7.2f} ms   ratio {tool / direct:.3f}")


def main() -> None:
    """Compare the server, or the movement of rows."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--starts", type=int, default=15, help="starts of each server; default %(default)s")
    parser.add_argument("--calls", type=int, default=1000, help="calls of each kind; default %(default)s")
    parser.add_argument("what", nargs="?", choices=["server", "movement"], default="server")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to move; default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="times they are moved; default %(default)s")
    parsed = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    if parsed.what == "movement":
        compare_movement(parsed.rows, parsed.rounds)
        return
    compare_starts(parsed.starts)
    anyio.run(compare_calls, parsed.calls)


if __name__ == "__main__":
    main()
