"""The sandbox on a loopback port of its own, beside whatever else the process does."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager

from polytomic_mcp.cli.shared.options import SandboxOptions, with_sandbox
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.settings import Settings


@contextmanager
def sandboxed(settings: Settings, options: SandboxOptions) -> Generator[Settings]:
    """Serve a sandbox while the block runs; yield settings that point at it."""
    key = secrets.token_urlsafe(16)
    with listening(options.app(key)) as sandbox:
        yield with_sandbox(settings, sandbox.url, key)
