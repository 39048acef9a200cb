"""``polytomic-mcp demo``: the guide, taken by a real MCP client against the sandbox over stdio."""

import argparse
import os
import shutil
import sys
from dataclasses import replace
from typing import Any

import anyio
from mcp import Client, MCPError, StdioServerParameters

from polytomic_mcp.cli.guide import DEFAULT_QUERY, FLOW, Guide, GuideError, Outcome
from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.errors import ConfigurationError


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
    _conclude(screen, anyio.run(_demonstrate, screen, options, parsed.query or DEFAULT_QUERY), options)
    return 0


async def _demonstrate(screen: Screen, options: SandboxOptions, query: str) -> Outcome:
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "polytomic_mcp", "serve", "--sandbox", *options.words()]
    )
    screen.note("Starting polytomic-mcp serve --sandbox, and an MCP client that talks to it on stdio.")
    if options.contacts:
        screen.note("The sandbox's CRM is told the contacts of your query, so that Gong knows them.")
    try:
        async with Client(server) as client:
            return await Guide(client, screen, query).walk()
    except* MCPError as errors:
        raise GuideError("The server ended early; the line above says why.") from errors


def _conclude(screen: Screen, outcome: Outcome, options: SandboxOptions) -> None:
    counts = outcome.execution["counts"]
    configurations = {
        "sandbox": host_configuration(["serve", "--sandbox", *options.words()], {}),
        "real": host_configuration(["serve"], {"POLYTOMIC_API_KEY": "your key from Polytomic's settings"}),
    }
    screen.table(f"In the flow {FLOW} now (the first {len(outcome.flow)})", outcome.flow)
    screen.table(
        f"Rows that arrived: {counts['insert']:,} (the first {len(outcome.arrived)})", outcome.arrived
    )
    screen.table(
        f"Rows refused: {counts['error']:,} (the first {len(outcome.refused)})", outcome.refused, is_bad=True
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


def host_configuration(words: list[str], env: dict[str, str]) -> dict[str, Any]:
    """Return what a host's configuration file wants, with this Python by its full path."""
    entry: dict[str, Any] = {"command": sys.executable, "args": ["-m", "polytomic_mcp", *words]}
    return {"mcpServers": {"polytomic": entry | ({"env": env} if env else {})}}


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
