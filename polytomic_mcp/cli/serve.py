"""``polytomic-mcp serve``: MCP on stdio, or over streamable HTTP."""

import argparse

from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import Settings


def run(words: list[str]) -> int:
    """Serve until the client goes away."""
    parsed = _parser().parse_args(words)
    settings = read_settings()
    if not parsed.sandbox:
        _serve(settings, parsed)
        return 0
    from polytomic_mcp.cli.loopback import sandboxed  # noqa: PLC0415 - only --sandbox needs a web server

    with sandboxed(settings, SandboxOptions.of(parsed, settings)) as sandbox_settings:
        _serve(sandbox_settings, parsed)
    return 0


def _serve(settings: Settings, parsed: argparse.Namespace) -> None:
    server = build_server(settings)
    if parsed.http:
        server.run("streamable-http", host=parsed.host, port=parsed.port)
    else:
        server.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp serve",
        description="Serve MCP. Hosts such as Claude Desktop start this and talk to it on stdio.",
    )
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP at /mcp instead of stdio")
    parser.add_argument("--host", default="127.0.0.1", help="with --http; default %(default)s")
    parser.add_argument("--port", type=int, default=8080, help="with --http; default %(default)s")
    parser.add_argument("--sandbox", action="store_true", help="use the sandbox instead of the network")
    add_sandbox_options(parser)
    return parser
