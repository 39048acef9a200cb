"""``polytomic-mcp sandbox``: the sandbox over HTTP, for any client."""

import argparse
import secrets
import socket

import anyio
import uvicorn

from polytomic_mcp.cli.loopback import quiet_config
from polytomic_mcp.cli.options import SandboxOptions, add_sandbox_options, read_settings
from polytomic_mcp.errors import ConfigurationError


def run(words: list[str]) -> int:
    """Serve until interrupted; say on stdout, once ready, where and with which key."""
    parsed = _parser().parse_args(words)
    key = parsed.key or secrets.token_urlsafe(16)
    app = SandboxOptions.of(parsed, read_settings()).app(key)
    try:
        listener = socket.create_server((parsed.host, parsed.port))
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {parsed.host}:{parsed.port}: {error.strerror}."
        ) from error
    with listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(quiet_config(app))
        anyio.run(_serve, server, listener, f"sandbox listening on http://{parsed.host}:{port} key={key}")
    return 0


async def _serve(server: uvicorn.Server, listener: socket.socket, ready: str) -> None:
    print(ready, flush=True)  # the socket listens already: a caller that connects now is only kept waiting
    await server.serve(sockets=[listener])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp sandbox",
        description="Serve a stand-in for Polytomic over HTTP. It moves real rows between sample systems.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default %(default)s: this machine only")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--key", help="the key it wants; default: a new one, printed when ready")
    add_sandbox_options(parser)
    return parser
