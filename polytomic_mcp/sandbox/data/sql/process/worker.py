"""What a process that runs queries does: it answers its parent's commands, and ends when they end.

A command is a list of its name and arguments, and the answer is one frame:

===========  ========================================================================
``run``      runs SQL of our own, with parameters: it creates and fills tables
``query``    starts a user's query; the answer is its columns, names and types
``next``     the answer is the next rows, column by column, an empty list after the last
``stop``     ends the query
===========  ========================================================================

The first frame says that DuckDB is open. A command that failed is answered by an object with ``kind`` and
``message``. This module and those that it imports are few, because every process imports them first.
"""

import contextlib
import math
import queue
import shutil
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import duckdb

from polytomic_mcp.sandbox.data.sql.process import frames
from polytomic_mcp.sandbox.data.sql.process.database import Query, failure, open_locked

_DONE: Final = frames.encoded([])


def serve(commands: BinaryIO, answers: BinaryIO, folder: str, end: Callable[[int], object]) -> None:
    """Answer commands. When they end, remove the folder and call ``end``, even in the middle of a query.

    They end when the parent has ended, in whatever way, because the other end of their pipe closes.
    """
    received = queue.SimpleQueue[list[Any] | None]()

    def follow() -> None:
        while command := frames.read(commands, math.inf):
            received.put(command)
        shutil.rmtree(folder, ignore_errors=True)
        received.put(None)
        end(0)

    threading.Thread(target=follow, daemon=True).start()
    worker = _Worker(folder)
    with contextlib.suppress(BrokenPipeError):
        frames.write(answers, _DONE)
        while command := received.get():
            frames.write(answers, worker.answer(*command))


class _Worker:
    """A DuckDB, and the query that it runs."""

    _query: Query

    def __init__(self, folder: str) -> None:
        self._connection = open_locked(folder)

    def answer(self, name: str, *arguments: Any) -> bytes:
        """Carry out a command and return the content of its answer."""
        try:
            match name:
                case "query":
                    self._query = Query(self._connection, *arguments)
                    return frames.encoded(self._query.columns)
                case "next":
                    return self._query.next()
                case "stop":
                    self._query.close()
                case _:
                    self._connection.execute(*arguments)
        except (duckdb.Error, ValueError, MemoryError) as error:
            kind, message = failure(error)
            return frames.encoded({"kind": kind, "message": message})
        return _DONE
