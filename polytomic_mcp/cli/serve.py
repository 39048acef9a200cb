"""``polytomic-mcp serve``: MCP on stdio, or over streamable HTTP."""

import argparse
import signal
import sys
from typing import Final

from polytomic_mcp.cli.shared.options import (
    SandboxOptions,
    add_address_options,
    add_sandbox_options,
    read_settings,
    refuse_sandbox_options,
)
from polytomic_mcp.server import build_server
from polytomic_mcp.settings import Settings

_PATH: Final = "/mcp"
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def run(words: list[str]) -> int:
    """Serve until the client disconnects or, over HTTP, until interrupted."""
    parsed = _parser().parse_args(words)
    settings = read_settings()
    serve = _serve_http if parsed.http else _serve_stdio
    if not parsed.sandbox:
        refuse_sandbox_options(parsed)
        serve(settings, parsed)
        return 0
    from polytomic_mcp.cli.shared.loopback import sandboxed  # noqa: PLC0415 - only --sandbox needs a web server

    with sandboxed(settings, SandboxOptions.of(parsed, settings)) as sandbox_settings:
        serve(sandbox_settings, parsed)
    return 0


def _serve_stdio(settings: Settings, parsed: argparse.Namespace) -> None:
    del parsed
    # The thread that reads stdin would delay KeyboardInterrupt; everything that was answered is stored.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        build_server(settings).run()
    finally:
        signal.signal(signal.SIGINT, before)


def _serve_http(settings: Settings, parsed: argparse.Namespace) -> None:
    from polytomic_mcp.cli.shared.web import listening  # noqa: PLC0415 - stdio needs no web server

    if parsed.host not in _LOCAL:
        print(
            f"polytomic-mcp: anyone who can reach {parsed.host} can use this server and your API key.",
            file=sys.stderr,
        )
    app = build_server(settings).streamable_http_app(streamable_http_path=_PATH, host=parsed.host)
    with listening(app, host=parsed.host, port=parsed.port) as server:
        server.serve(f"polytomic-mcp listening on {server.url}{_PATH}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp serve",
        description="Serve MCP. Hosts such as Claude Desktop start this command and talk to it over stdio.",
    )
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP at /mcp instead of stdio")
    parser.add_argument("--sandbox", action="store_true", help="use the sandbox instead of the network")
    add_address_options(parser, port=8080)
    add_sandbox_options(parser, is_served=True)
    return parser
