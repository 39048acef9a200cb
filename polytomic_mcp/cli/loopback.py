"""The sandbox on a loopback port of its own, beside whatever else the process does."""

import secrets
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from polytomic_mcp.cli.options import SandboxOptions, with_sandbox
from polytomic_mcp.settings import Settings


@contextmanager
def sandboxed(settings: Settings, options: SandboxOptions) -> Generator[Settings]:
    """Serve a sandbox while the block runs; yield settings that point at it."""
    key = secrets.token_urlsafe(16)
    with listening(options.app(key)) as url:
        yield with_sandbox(settings, url, key)


@contextmanager
def listening(app: Any) -> Generator[str]:
    """Serve an application on a free port of 127.0.0.1 in a thread; yield its URL once it answers."""
    server = uvicorn.Server(quiet_config(app))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def quiet_config(app: Any) -> uvicorn.Config:
    """Return uvicorn's settings for a server that says nothing: stdout and stderr are others'."""
    return uvicorn.Config(app, log_level="critical", access_log=False)
