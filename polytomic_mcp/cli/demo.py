"""``polytomic-mcp demo``: the guide, taken by a real MCP client against the sandbox over stdio."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any, Final, TextIO

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from polytomic_mcp.cli.guide import DEFAULT_QUERY, FLOW, Guide, GuideError, Outcome
from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.errors import ConfigurationError

_MODULE: Final = ("-P", "-m", "polytomic_mcp")
"""Run as a module, and safe from files of the current folder that are named like one (``-P``)."""

_YOUR_KEY: Final = "your key from Polytomic's settings"


def run(words: list[str]) -> int:
    """Run the guide; rows that did not arrive are an error."""
    parsed = _parser().parse_args(words)
    options = SandboxOptions.of(parsed, read_settings())
    if options.tables and parsed.query is None:
        raise ConfigurationError("--table wants --query too: which of its rows shall go into the flow?")
    if parsed.query is not None and options.contacts is None:
        options = replace(options, contacts=parsed.query)
    screen = Screen.of(
        sys.stdout,
        is_json=parsed.json,
        columns=shutil.get_terminal_size((100, 24)).columns,
        environ=os.environ,
    )
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        query = DEFAULT_QUERY if parsed.query is None else parsed.query
        return _conclude(screen, anyio.run(_demonstrate, screen, options, query, complaints), options)


async def _demonstrate(screen: Screen, options: SandboxOptions, query: str, complaints: TextIO) -> Outcome:
    """Walk the guide; the server's stderr goes into ``complaints``, and says why it ended if it does."""
    server = StdioServerParameters(
        command=sys.executable, args=[*_MODULE, "serve", "--sandbox", *options.words()]
    )
    screen.note("Starting polytomic-mcp serve --sandbox, and an MCP client that talks to it on stdio.")
    if options.contacts:
        screen.note("The sandbox's CRM is told the contacts of your query, so that Gong knows them.")
    try:
        async with Client(stdio_client(server, errlog=complaints)) as client:
            return await Guide(client, screen, query).walk()
    except* MCPError as errors:
        complaints.seek(0)
        reason = complaints.read().strip().removeprefix("polytomic-mcp: ")
        raise GuideError(reason or "The server ended early, without a word.") from errors


def _conclude(screen: Screen, outcome: Outcome, options: SandboxOptions) -> int:
    counts = outcome.execution["counts"]
    configurations = {
        "sandbox": host_configuration("polytomic-sandbox", ["serve", "--sandbox", *options.words()], {}),
        "real": host_configuration("polytomic", ["serve"], {"POLYTOMIC_API_KEY": _YOUR_KEY}),
    }
    screen.table(f"In the flow {FLOW} now (the first {len(outcome.flow)})", outcome.flow)
    screen.table(
        f"Rows that arrived: {counts['insert']:,} (the last {len(outcome.arrived)})", outcome.arrived
    )
    screen.table(
        f"Rows refused: {counts['error']:,} (the last {len(outcome.refused)})", outcome.refused, is_bad=True
    )
    screen.block("Claude Desktop, on the sandbox (claude_desktop_config.json):", configurations["sandbox"])
    screen.block("Claude Desktop, on your Polytomic:", configurations["real"])
    screen.finish(
        {
            "execution": outcome.execution,
            "arrived": outcome.arrived,
            "refused": outcome.refused,
            "flow": outcome.flow,
            "configuration": configurations,
        }
    )
    return 0


def host_configuration(name: str, words: list[str], env: Mapping[str, str]) -> dict[str, Any]:
    """Return what a host's configuration file wants, with this Python by its full path."""
    entry: dict[str, Any] = {"command": sys.executable, "args": [*_MODULE, *words]}
    return {"mcpServers": {name: entry | ({"env": dict(env)} if env else {})}}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp demo",
        description="Take contacts from a Snowflake query into a Gong Engage flow, with no key: a real MCP "
        "client drives the real server over stdio against the sandbox.",
        epilog="with your own data: polytomic-mcp demo --table contacts=people.csv "
        '--query "SELECT contact_id FROM contacts"',
    )
    parser.add_argument(
        "--query", metavar="SQL", help="the model's query; its first column gives contact ids"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the steps")
    add_sandbox_options(parser)
    return parser
