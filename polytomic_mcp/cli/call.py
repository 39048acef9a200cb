"""``polytomic-mcp call``: one tool call, its structured result on stdout."""

import argparse
import json
import sys
from dataclasses import replace
from typing import Any, cast

import anyio
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent

from polytomic_mcp.cli.shared.options import (
    SandboxOptions,
    add_sandbox_options,
    read_settings,
    refuse_sandbox_options,
)
from polytomic_mcp.errors import ConfigurationError, PolytomicError
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import DEFAULT_TOOLSETS, Settings
from polytomic_mcp.tools.toolsets import toolset_of, toolsets


class ToolRefusedError(PolytomicError):
    """The tool returned an error, whose text this is."""


def run(words: list[str]) -> int:
    """Call the tool and print its result.

    Raises:
        ToolRefusedError: The tool returned an error.
    """
    parser = _parser()
    parsed = parser.parse_intermixed_args(words)
    try:
        arguments = _arguments(parsed)
    except ConfigurationError as error:
        parser.error(str(error))
    settings = _with_tool(read_settings(), parsed.tool)
    if not parsed.sandbox:
        refuse_sandbox_options(parsed)
        return _report(anyio.run(_call, settings, parsed.tool, arguments))
    from polytomic_mcp.cli.shared.loopback import sandboxed  # noqa: PLC0415 - only --sandbox needs a web server

    with sandboxed(settings, SandboxOptions.of(parsed, settings)) as sandbox_settings:
        return _report(anyio.run(_call, sandbox_settings, parsed.tool, arguments), is_sandbox=True)


def _with_tool(settings: Settings, tool: str) -> Settings:
    """Show the tool regardless of its toolset, unless the user selected toolsets."""
    is_hidden = all(tool not in toolset.names() for toolset in toolsets(settings.toolsets))
    if settings.toolsets != DEFAULT_TOOLSETS or not is_hidden or not toolset_of(tool):
        return settings
    return replace(settings, tools_allow=frozenset({tool}))


async def _call(settings: Settings, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the structured result.

    Raises:
        ToolRefusedError: The tool returned an error.
    """
    async with Client(build_server(settings)) as client:
        try:
            result = await client.call_tool(tool, arguments)
        except MCPError as error:
            raise ToolRefusedError(str(error)) from error
    if result.is_error:
        raise ToolRefusedError(_text(result))
    return result.structured_content or {}


def _text(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


def _report(result: dict[str, Any], *, is_sandbox: bool = False) -> int:
    print(json.dumps(result, ensure_ascii=False))
    if is_sandbox and result.get("auth_url"):
        print(
            "polytomic-mcp: The consent page is no longer available, because its sandbox ended with this "
            "command. To give "
            "consent, keep a sandbox running: polytomic-mcp sandbox",
            file=sys.stderr,
        )
    return 0


def _arguments(parsed: argparse.Namespace) -> dict[str, Any]:
    """Read ``--args`` and ``key=value``. Values stay texts; the tool's own types parse them."""
    arguments = _object(parsed.args)
    for pair in parsed.pairs:
        name, separator, value = pair.partition("=")
        if not (name and separator):
            raise ConfigurationError(f"{pair!r} must have the form key=value.")
        arguments[name] = value
    return arguments


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(sys.stdin.read() if text == "-" else text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"--args is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ConfigurationError("--args must be a JSON object, such as '{\"limit\": 5}'.")
    return cast("dict[str, Any]", value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp call",
        description="Call one tool. Print its structured result as JSON on stdout, or its error on stderr.",
        epilog="example: polytomic-mcp call list_connection_types query=snow --sandbox. Each call with "
        "--sandbox starts a new sandbox; --state FILE keeps its state for the next call. A consent page "
        "ends with the call, so for OAuth run polytomic-mcp sandbox, and set POLYTOMIC_API_URL and "
        "POLYTOMIC_API_KEY to the values that it prints.",
    )
    parser.add_argument("tool", help="name of the tool; see polytomic-mcp tools")
    parser.add_argument("pairs", nargs="*", metavar="key=value", help="arguments")
    parser.add_argument(
        "--args", default="{}", metavar="JSON", help="arguments as a JSON object; - reads stdin"
    )
    parser.add_argument("--sandbox", action="store_true", help="use the sandbox instead of the network")
    add_sandbox_options(parser)
    return parser
