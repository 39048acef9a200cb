"""A sandbox on a free loopback port, served by a thread of this process."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager

from polytomic_mcp.cli.shared.options import SandboxOptions, with_sandbox
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.settings import Settings


@contextmanager
def sandboxed(settings: Settings, options: SandboxOptions) -> Generator[Settings]:
    """Serve a sandbox while the block runs; yield the settings that reach it."""
    key = secrets.token_urlsafe(16)
    with listening(options.app(key)) as sandbox:
        yield with_sandbox(settings, sandbox.url, key)
