"""``polytomic-mcp sandbox``: the sandbox over HTTP, for any client."""

import argparse
import json
import secrets
import sys

from polytomic_mcp.cli.shared.options import (
    SandboxOptions,
    add_address_options,
    add_sandbox_options,
    read_settings,
)
from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.cli.shared.web import listening


def run(words: list[str]) -> int:
    """Serve until interrupted. When ready, print the address and the key on stdout."""
    parsed = _parser().parse_args(words)
    if parsed.openapi:
        return _print_openapi()
    key = parsed.key or secrets.token_urlsafe(16)
    app = SandboxOptions.of(parsed, read_settings()).app(key)
    app.state.host = parsed.host
    for note in app.state.notes:
        print(lines(note), file=sys.stderr)
    with listening(app, host=parsed.host, port=parsed.port) as sandbox:
        sandbox.serve(f"sandbox listening on {sandbox.url} key={key}")
    return 0


def _print_openapi() -> int:
    """Print the document. Its modules need the extra of the sandbox, so they are imported here."""
    from polytomic_mcp.catalogue import load_catalogue  # noqa: PLC0415
    from polytomic_mcp.sandbox.control.openapi import describe  # noqa: PLC0415
    from polytomic_mcp.sandbox.routes import ROUTES  # noqa: PLC0415

    print(json.dumps(describe(load_catalogue(), ROUTES), indent=1))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp sandbox",
        description="Serve a local stand-in for Polytomic over HTTP, which moves real rows between sample "
        "systems.",
        epilog="Clients connect with POLYTOMIC_API_URL and POLYTOMIC_API_KEY, set to the printed values.",
    )
    add_address_options(parser, port=0)
    parser.add_argument("--key", help="API key that it accepts; default: a new key, printed when ready")
    parser.add_argument("--openapi", action="store_true", help="print its OpenAPI document and exit")
    add_sandbox_options(parser, is_served=True)
    return parser
