"""``polytomic-mcp call``: one tool call, its structured result on stdout."""

import argparse
import json
import sys
from typing import Any, cast

import anyio
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent

from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import Settings


def run(words: list[str]) -> int:
    """Call the tool; return 0 with its result on stdout, or 1 with the refusal on stderr."""
    parsed = _parser().parse_args(words)
    arguments = _arguments(parsed)
    settings = read_settings()
    if not parsed.sandbox:
        return _report(anyio.run(_call, settings, parsed.tool, arguments))
    from polytomic_mcp.cli.loopback import sandboxed  # noqa: PLC0415 - only --sandbox needs a web server

    with sandboxed(settings, SandboxOptions.of(parsed, settings)) as sandbox_settings:
        return _report(anyio.run(_call, sandbox_settings, parsed.tool, arguments))


async def _call(settings: Settings, tool: str, arguments: dict[str, Any]) -> CallToolResult | MCPError:
    try:
        async with Client(build_server(settings)) as client:
            return await client.call_tool(tool, arguments)
    except MCPError as error:
        return error


def _report(result: CallToolResult | MCPError) -> int:
    if isinstance(result, MCPError):
        print(result, file=sys.stderr)
        return 1
    if result.is_error:
        print(
            "\n".join(part.text for part in result.content if isinstance(part, TextContent)), file=sys.stderr
        )
        return 1
    print(json.dumps(result.structured_content, ensure_ascii=False))
    return 0


def _arguments(parsed: argparse.Namespace) -> dict[str, Any]:
    """Read ``--args`` and ``key=value``; a value stays text, the tool's own types read it."""
    text = sys.stdin.read() if parsed.args == "-" else parsed.args
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"--args is not JSON: {error}.") from error
    if not isinstance(arguments, dict):
        raise ConfigurationError("--args must be a JSON object, such as '{\"limit\": 5}'.")
    named = cast("dict[str, Any]", arguments)
    for pair in parsed.pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise ConfigurationError(f"{pair!r} is not key=value.")
        named[name] = value
    return named


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp call",
        description="Call one tool. The structured result goes to stdout as JSON, a refusal to stderr.",
        epilog="example: polytomic-mcp call list_connection_types query=snow --sandbox",
    )
    parser.add_argument("tool", help="the tool's name; polytomic-mcp tools lists them")
    parser.add_argument("pairs", nargs="*", metavar="key=value", help="arguments")
    parser.add_argument("--args", default="{}", metavar="JSON", help="arguments as an object; - reads stdin")
    parser.add_argument("--sandbox", action="store_true", help="use the sandbox instead of the network")
    add_sandbox_options(parser)
    return parser
