"""``polytomic-mcp demo``: a guide, walked by a real MCP client and server against the sandbox."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from tempfile import TemporaryFile
from textwrap import wrap
from typing import Any, Final, TextIO

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from polytomic_mcp.cli.loopback import sandboxed
from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.cli.walk import Outcome, Walk, WalkError
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import Settings
from polytomic_mcp.walkthroughs import Walkthrough, load_walkthroughs

GUIDE: Final = "add_snowflake_contacts_to_gong_engage_flow"
"""The guide that is walked where none is named."""

_MODULE: Final = ("-P", "-m", "polytomic_mcp")
"""Run as a module, and safe from files of the current folder that are named like one (``-P``)."""

_YOUR_KEY: Final = "your key from Polytomic's settings"
_LIST: Final = "list"
_NEAR: Final = 5


def run(words: list[str]) -> int:
    """Walk the guide, or list what guides there are; rows that did not arrive are an error."""
    parser = _parser()
    parsed = parser.parse_args(words)
    if parsed.list or parsed.guide == _LIST:
        return _list(is_json=parsed.json)
    name = (parsed.guide or GUIDE).lower().replace("-", "_")
    if name not in load_walkthroughs():
        parser.error(f"there is no guide {parsed.guide!r}.{_hint(name)} polytomic-mcp demo --list shows all.")
    walkthrough = load_walkthroughs()[name]
    options = _options(parsed, walkthrough)
    screen = Screen.of(sys.stdout, is_json=parsed.json, columns=_columns(), environ=os.environ)
    given = {} if parsed.query is None else {"query": parsed.query}
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints,
        sandboxed(Settings(), options) as settings,
    ):
        demonstration = _demonstrate(screen, settings, walkthrough, given, complaints)
        _conclude(screen, anyio.run(lambda: demonstration), options, name, is_first=parsed.guide is None)
    return 0


def _options(parsed: argparse.Namespace, walkthrough: Walkthrough) -> SandboxOptions:
    """Return what the sandbox starts with; the CRM knows the contacts of a query of one's own."""
    options = SandboxOptions.of(parsed, read_settings())
    takes_query = "query" in walkthrough.given
    if parsed.query is not None and not takes_query:
        raise ConfigurationError(f"--query is for the guide {GUIDE}; this one has its own.")
    if takes_query and options.tables and parsed.query is None:
        raise ConfigurationError("--table wants --query too: which of its rows shall go into the flow?")
    if parsed.query is not None and options.contacts is None:
        return replace(options, contacts=parsed.query)
    return options


async def _demonstrate(
    screen: Screen,
    settings: Settings,
    walkthrough: Walkthrough,
    given: Mapping[str, str],
    complaints: TextIO,
) -> Outcome:
    """Walk the guide; the server's stderr goes into ``complaints``, and says why it ended if it does."""
    environ = {
        "POLYTOMIC_API_URL": settings.api_url,
        "POLYTOMIC_API_KEY": str(settings.api_key),
        "POLYTOMIC_TOOLSETS": "all",
    }
    server = StdioServerParameters(command=sys.executable, args=[*_MODULE, "serve"], env=environ)
    screen.title(walkthrough.title)
    screen.note(walkthrough.about)
    screen.note("Started: a sandbox, polytomic-mcp serve, and an MCP client that talks to it on stdio.")
    if given:
        screen.note("The sandbox's CRM is told the contacts of your query, so that Gong knows them.")
    try:
        async with Client(stdio_client(server, errlog=complaints)) as client:
            return await Walk(client, screen, settings).take(walkthrough, **given)
    except* MCPError as errors:
        complaints.seek(0)
        reason = complaints.read().strip().removeprefix("polytomic-mcp: ")
        raise WalkError(reason or "The server ended early, without a word.") from errors


def _conclude(
    screen: Screen, outcome: Outcome, options: SandboxOptions, name: str, *, is_first: bool
) -> None:
    configurations = {
        "sandbox": host_configuration("polytomic-sandbox", ["serve", "--sandbox", *options.words()], {}),
        "real": host_configuration("polytomic", ["serve"], {"POLYTOMIC_API_KEY": _YOUR_KEY}),
    }
    for table, rows in outcome.tables:
        screen.table(table.title, rows, is_bad=table.is_bad)
    if is_first:
        screen.block(
            "Claude Desktop, on the sandbox (claude_desktop_config.json):", configurations["sandbox"]
        )
        screen.block("Claude Desktop, on your Polytomic:", configurations["real"])
    execution = {"execution": outcome.execution} if outcome.execution else {}
    screen.finish({"guide": name, **execution, **outcome.rows, "configuration": configurations})


def host_configuration(name: str, words: list[str], env: Mapping[str, str]) -> dict[str, Any]:
    """Return what a host's configuration file wants, with this Python by its full path."""
    entry: dict[str, Any] = {"command": sys.executable, "args": [*_MODULE, *words]}
    return {"mcpServers": {name: entry | ({"env": dict(env)} if env else {})}}


def _list(*, is_json: bool) -> int:
    """Print the guides, a name and a title each."""
    guides = load_walkthroughs()
    if is_json:
        listed = [{"name": name, "title": each.title, "about": each.about} for name, each in guides.items()]
        print(json.dumps({"guides": listed}, ensure_ascii=False))
        return 0
    longest = max(map(len, guides))
    for name, each in guides.items():
        first, *others = wrap(each.title, max(_columns() - longest - 2, longest // 2))
        print(f"{name:<{longest}}  {first}", *(f"{'':<{longest}}  {line}" for line in others), sep="\n")
    return 0


def _hint(name: str) -> str:
    """Return the names that contain what was asked for, or else those that are spelled like it."""
    names = list(load_walkthroughs())
    near = [each for each in names if name in each] or get_close_matches(name, names, n=_NEAR, cutoff=0.5)
    return f" Did you mean {' or '.join(near[:_NEAR])}?" if near else ""


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp demo",
        description="Walk a guide from the first call to rows that arrived, with no key: a real MCP client "
        "drives the real server over stdio against the sandbox. Without a name, contacts of a Snowflake "
        "query go into a Gong Engage flow.",
        epilog="with your own data: polytomic-mcp demo --table contacts=people.csv "
        '--query "SELECT contact_id FROM contacts"',
    )
    parser.add_argument("guide", metavar="GUIDE", nargs="?", help="its name, as --list shows it")
    parser.add_argument("--list", action="store_true", help="list the guides, and end")
    parser.add_argument(
        "--query",
        metavar="SQL",
        help="the model's query, without GUIDE; its first column gives contact ids",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the steps")
    add_sandbox_options(parser)
    return parser
