"""A process that runs queries, as its parent sees it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final, cast

import psutil

from polytomic_mcp.sandbox.data.sql.backend import QueryError, Values
from polytomic_mcp.sandbox.data.sql.process import frames
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.sql.process.watch import Watch

_CODE: Final = (
    "import os, sys; from polytomic_mcp.sandbox.data.sql.process.worker import serve; "
    "serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], os._exit)"
)
_ENDING: Final = 1.0
"""How many seconds an abandoned answer may still take before the process is replaced."""


class Child:
    """A fresh interpreter with a DuckDB, which ends with this object. One query uses it at a time.

    ``loaded`` has the versions of the tables in its DuckDB, by id. A method that waits for the process raises
    ``QueryError`` if it has failed or ended.
    """

    def __init__(self, limits: Limits) -> None:
        self.loaded: dict[str, int] = {}
        self._limits = limits
        self._refusal: str | None = None
        self._due = 1  # answers; the first one says that DuckDB is open
        try:
            folder = tempfile.mkdtemp(prefix="polytomic-sandbox-")
            self._process = _started(folder)
        except OSError as error:
            raise QueryError(
                f"The sandbox cannot start a process for the query: {error.strerror}. Run it again later."
            ) from error
        self._commands = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        # A test need not close its sandbox, so the process ends with this object, without a warning.
        self.close = weakref.finalize(self, _end, self._process, folder)

    @property
    def is_usable(self) -> bool:
        """Whether it can run another query: it is running, and has answered everything."""
        return not self._due and self._process.poll() is None

    def resident(self) -> int:
        """Return the bytes that it has in memory; 0 if it has ended."""
        try:
            return psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return 0

    def kill(self, refusal: str) -> None:
        """End the process; whoever waits for it gets the refusal."""
        self._refusal = refusal
        self._process.kill()

    def run(self, sql: str, *parameters: Any) -> None:
        """Let it run SQL of our own, after what it runs already. ``settle`` waits for it."""
        self.settle()
        self._send("run", sql, *parameters)

    def settle(self) -> None:
        """Wait for the answers that are due."""
        while self._due:
            self._receive()

    @contextmanager
    def query(self, sql: str, watch: Watch) -> Generator[tuple[list[tuple[str, str]], Iterator[Values]]]:
        """Run a query; yield its columns' names and types, and its rows."""
        self.settle()
        with watch.waiting():
            self._send("query", sql)
            columns = [(name, sql_type) for name, sql_type in self._receive()]
        try:
            yield columns, self._rows(watch)
        finally:
            watch.hurry(_ENDING)
            with watch.waiting():
                self._stop()

    def _rows(self, watch: Watch) -> Iterator[Values]:
        """Yield the rows. While they are read, the process makes the next ones."""
        self._send("next")
        while True:
            with watch.waiting():
                columns = self._receive()
            if not columns:
                return
            self._send("next")
            yield from zip(*columns, strict=True)

    def _stop(self) -> None:
        """End the query. A process that does not answer in time is not usable any more."""
        with suppress(QueryError):
            self.settle()
        with suppress(QueryError):
            self._send("stop")
            self.settle()

    def _send(self, *command: Any) -> None:
        self._due += 1
        with suppress(BrokenPipeError):  # the missing answer says that it has ended
            frames.write(self._commands, frames.encoded(command))

    def _receive(self) -> Any:
        try:
            answer = frames.read(self._answers)
        except ValueError:  # it wrote something else, as a process may that breaks down
            answer = None
        if answer is None:
            self._process.kill()
            raise QueryError(self._refusal or _ended(self._process.wait()))
        self._due -= 1
        if isinstance(answer, dict):
            raise QueryError(self._limits.failed(**cast("dict[str, str]", answer)))
        return answer


def _started(folder: str) -> "subprocess.Popen[bytes]":
    """Start the process, with the parent's own search path, in a session that Ctrl-C does not reach."""
    return subprocess.Popen(  # noqa: S603 - the command is our own
        [sys.executable, "-P", "-c", _CODE, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]", folder: str) -> None:
    process.kill()
    with suppress(OSError), process:  # closes its pipes, and waits for it
        pass
    shutil.rmtree(folder, ignore_errors=True)


def _ended(status: int) -> str:
    how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return (
        f"The process that ran the query ended {how}, and the sandbox goes on. Run the query again; if that "
        "fails, write it in another way."
    )
