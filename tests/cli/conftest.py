"""Commands as a person starts them: in this process, or as a process of their own."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from polytomic_mcp.cli import run


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process."""

    def run_here(*words: str) -> Done:
        try:
            status = run(list(words))
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capfd.readouterr()
        return Done(status, said.out, said.err)

    return run_here


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a command that serves, visit it once it says where it listens, then send this process a signal."""

    def run_here(
        *words: str, visit: Callable[[str], object], number: int = signal.SIGTERM
    ) -> tuple[int, str]:
        reading, writing = os.pipe()
        ready: list[str] = []

        def visit_and_interrupt() -> None:
            with os.fdopen(reading, encoding="utf-8") as lines:
                ready.append(lines.readline())
            try:
                visit(ready[0])
            finally:
                os.kill(os.getpid(), number)

        visitor = threading.Thread(target=visit_and_interrupt)
        with os.fdopen(writing, "w", encoding="utf-8") as out, monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            visitor.start()
            status = run(list(words))
        visitor.join(timeout=10)
        return status, ready[0]

    return run_here
