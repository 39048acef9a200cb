"""What every test shares: asyncio, an environment without settings, and commands as processes."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest


def pytest_unconfigure() -> None:
    """Let go of everything before the interpreter ends.

    Hypothesis watches the garbage collector, which holds what watches it to the very end; by that way
    pytest and every fixture stay alive, and DuckDB then reports its own objects as leaked.
    """
    gc.callbacks.clear()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _no_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in list(os.environ):
            if name.startswith("POLYTOMIC_"):
                patched.delenv(name)
        yield


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start commands as processes; what still runs in the end is killed by its id."""
    started: list[subprocess.Popen[str]] = []

    def popen(*words: str, **environ: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", "polytomic_mcp", *words],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate(timeout=10)
