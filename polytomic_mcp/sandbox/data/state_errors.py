"""A state file that cannot be read or written, in words: a full disk, a damaged file, a file taken away."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from polytomic_mcp.sandbox.common.refusals import RefusalError

_DAMAGED: Final = "The sandbox's state file is damaged. Restore a copy of it, or start with another file."
_PRIMARY: Final = 0xFF
"""The bits of SQLite's error codes that tell the kinds apart."""

_SENTENCES: Final = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: "The disk with the sandbox's state is full. Free some space, and try again.",
        sqlite3.SQLITE_IOERR: "The disk with the sandbox's state cannot be read or written. Check the disk "
        "and its free space, and try again.",
        sqlite3.SQLITE_READONLY: "The sandbox's state file cannot be written to. Allow writing to it and to "
        "its folder, and try again.",
        sqlite3.SQLITE_CANTOPEN: "The folder of the sandbox's state file cannot be used. Check that it "
        "exists, and try again.",
        sqlite3.SQLITE_BUSY: "Another process is writing to the sandbox's state file. Try again.",
        sqlite3.SQLITE_CORRUPT: _DAMAGED,
        sqlite3.SQLITE_NOTADB: _DAMAGED,
    }
)


class StateError(RefusalError):
    """The state cannot be read or written; what was acknowledged before is still in it."""

    def __init__(self, message: str = _DAMAGED, status: int = 500) -> None:
        super().__init__(status, message, key="state_unavailable")


@contextmanager
def in_words() -> Generator[None]:
    """Raise SQLite's errors of the file and its disk as ``StateError``, and others as they are."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code not in _SENTENCES:
            raise
        raise StateError(_SENTENCES[code], 507 if code == sqlite3.SQLITE_FULL else 500) from error
