"""``polytomic-mcp demo``: a real MCP client and server run a guide against the sandbox."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from tempfile import TemporaryFile
from textwrap import wrap
from typing import Any, Final, TextIO

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from polytomic_mcp.cli.demo.runner import Outcome, Runner, StepError
from polytomic_mcp.cli.demo.screen import Screen
from polytomic_mcp.cli.shared.loopback import sandboxed
from polytomic_mcp.cli.shared.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.guides import Guide, load_guides
from polytomic_mcp.settings import Settings

GUIDE: Final = "add_snowflake_contacts_to_gong_engage_flow"
"""The guide that runs if none is named."""

_MODULE: Final = ("-P", "-m", "polytomic_mcp")
"""Run as a module; ``-P`` keeps files of the current folder from being imported in its place."""

_YOUR_KEY: Final = "your key from Polytomic's settings"
_LIST: Final = "list"


def run(words: list[str]) -> int:
    """Run the guide, or list the guides. A run that moves no rows is an error."""
    parser = _parser()
    parsed = parser.parse_args(words)
    if parsed.list or parsed.guide == _LIST:
        return _list(is_json=parsed.json)
    name = _guide_name(parser, parsed.guide)
    guide = load_guides()[name]
    options = _options(parsed, name)
    screen = Screen.of(sys.stdout, is_json=parsed.json, columns=_columns(), environ=os.environ)
    values = {} if parsed.query is None else {"query": parsed.query}
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as server_errors,
        sandboxed(Settings(), options) as settings,
    ):
        outcome = anyio.run(_run_guide, screen, settings, guide, values, server_errors)
        _conclude(screen, outcome, options, name, is_first=parsed.guide is None)
    return 0


def _guide_name(parser: argparse.ArgumentParser, given: str | None) -> str:
    """Return the name of the guide to run, given in any case, with hyphens or underscores."""
    name = (given or GUIDE).lower().replace("-", "_")
    guide = load_guides().get(name)
    if guide is None:
        parser.error(
            f"{unknown('guide', name, _names_like(name))} polytomic-mcp demo --list shows all guides."
        )
    if guide.no_demo:
        parser.error(f"The guide {name} has no demo. {guide.no_demo}")
    return name


def _names_like(name: str) -> list[str]:
    """Return the names of all demos, those first that contain the given name."""
    return sorted(_demos(), key=lambda known: name not in known)


def _demos() -> dict[str, Guide]:
    return {name: guide for name, guide in load_guides().items() if not guide.no_demo}


def _options(parsed: argparse.Namespace, name: str) -> SandboxOptions:
    """Return what the sandbox starts with; the user's own query also selects the sample CRM's contacts."""
    options = SandboxOptions.of(parsed, read_settings())
    if load_guides()[name].needs_past:
        options = replace(options, past=True)
    takes_query = name == GUIDE
    if parsed.query is not None and not takes_query:
        raise ConfigurationError(f"--query works only with the guide {GUIDE}.")
    if takes_query and options.tables and parsed.query is None:
        raise ConfigurationError("--table needs --query as well, to select the rows that go into the flow.")
    if parsed.query is not None and options.contacts is None:
        return replace(options, contacts=parsed.query)
    return options


async def _run_guide(
    screen: Screen, settings: Settings, guide: Guide, values: Mapping[str, str], server_errors: TextIO
) -> Outcome:
    """Run the guide over a server on stdio, whose stderr goes to ``server_errors``.

    Raises:
        StepError: A step failed, or the server ended; its stderr says why.
    """
    environ = {
        "POLYTOMIC_API_URL": settings.api_url,
        "POLYTOMIC_API_KEY": str(settings.api_key),
        "POLYTOMIC_TOOLSETS": "all",
    }
    server = StdioServerParameters(command=sys.executable, args=[*_MODULE, "serve"], env=environ)
    screen.title(guide.title)
    screen.note(guide.description)
    screen.note("Started: a sandbox, polytomic-mcp serve, and an MCP client that talks to it over stdio.")
    if values:
        screen.note("The demo adds the contacts of your query to the sample CRM so that Gong can match them.")
    try:
        async with Client(stdio_client(server, errlog=server_errors)) as client:
            return await Runner(client, screen, settings).run(guide, **values)
    except* MCPError as errors:
        server_errors.seek(0)
        reason = server_errors.read().strip().removeprefix("polytomic-mcp: ")
        raise StepError(reason or "The server ended early without an error message.") from errors


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
    """Return an entry for a host's configuration file, with the full path of this Python."""
    entry: dict[str, Any] = {"command": sys.executable, "args": [*_MODULE, *words]}
    return {"mcpServers": {name: entry | ({"env": dict(env)} if env else {})}}


def _list(*, is_json: bool) -> int:
    """Print the name and the title of every guide that has a demo."""
    guides = _demos()
    if is_json:
        listed = [
            {"name": name, "title": guide.title, "about": guide.description} for name, guide in guides.items()
        ]
        print(json.dumps({"guides": listed}, ensure_ascii=False))
        return 0
    longest = max(map(len, guides))
    for name, guide in guides.items():
        first, *others = wrap(guide.title, max(_columns() - longest - 2, longest // 2))
        print(f"{name:<{longest}}  {first}", *(f"{'':<{longest}}  {line}" for line in others), sep="\n")
    return 0


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp demo",
        description="Run a guide from the first call to the rows that arrive. No key is needed: a real MCP "
        "client calls the real server over stdio, against the sandbox. Without GUIDE, it adds the contacts "
        "of a Snowflake query to a Gong Engage flow.",
        epilog="with your own data: polytomic-mcp demo --table contacts=people.csv "
        '--query "SELECT contact_id FROM contacts"',
    )
    parser.add_argument("guide", metavar="GUIDE", nargs="?", help="name of the guide; see --list")
    parser.add_argument("--list", action="store_true", help="list the guides and exit")
    parser.add_argument(
        "--query",
        metavar="SQL",
        help="query of the model, without GUIDE; its first column holds contact ids",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    add_sandbox_options(parser)
    return parser
