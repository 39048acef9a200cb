"""A state file that cannot be read or written, in words: a full disk, a damaged file, a file taken away."""

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from polytomic_mcp.sandbox.common.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the state file cannot be used, what to do about it, and the status of the API's answer."""

    reason: str
    remedy: str
    status: int = 500


_FULL: Final = Trouble("the disk is full", "Free some space", 507)
_CLOSED: Final = Trouble("it cannot be opened", "Check that its folder exists and is writable")
_DAMAGED: Final = Trouble("it is damaged", "Restore it from a copy")
_LOCKED: Final = Trouble("another process is writing to it", "Wait for that process, or end it", 503)

_TROUBLES: Final = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: _FULL,
        sqlite3.SQLITE_IOERR: Trouble(
            "the disk failed to read or write it", "Check the disk and its free space", 507
        ),
        sqlite3.SQLITE_READONLY: Trouble("it cannot be written", "Make it and its folder writable"),
        sqlite3.SQLITE_CANTOPEN: _CLOSED,
        sqlite3.SQLITE_BUSY: _LOCKED,
        sqlite3.SQLITE_LOCKED: _LOCKED,
        sqlite3.SQLITE_CORRUPT: _DAMAGED,
        sqlite3.SQLITE_NOTADB: Trouble("it is damaged, or is no SQLite database", "Restore it from a copy"),
    }
)
_PRIMARY: Final = 0xFF
"""The bits of SQLite's error codes that tell the kinds apart."""

_GARBLED: Final = ("malformed JSON", "Could not decode to UTF-8")
"""How the errors begin that have no code of their own, and mean that a stored text is damaged."""

_FULL_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class StateError(RefusalError):
    """The state cannot be read or written; what was acknowledged before is still in it."""

    def __init__(self, trouble: Trouble = _DAMAGED) -> None:
        text = f"The sandbox's state file cannot be used: {trouble.reason}. {trouble.remedy}, and try again."
        super().__init__(trouble.status, text, key="state_unavailable")
        self.trouble = trouble


@contextmanager
def in_words() -> Generator[None]:
    """Raise SQLite's errors of the file and its disk as ``StateError``, and others as they are."""
    try:
        yield
    except sqlite3.Error as error:
        trouble = _trouble(error)
        if trouble is None:
            raise
        raise StateError(trouble) from error


def unusable(path: str | Path | None, error: StateError | sqlite3.Error | OSError) -> str:
    """Return the words that refuse a state file when a sandbox starts."""
    trouble = _trouble(error) or replace(_CLOSED, reason=_reason(error))
    if path is None:
        return f"The sandbox's temporary file cannot be used: {trouble.reason}. {trouble.remedy}."
    if Path(path).is_dir():
        trouble = Trouble("it is a folder", "Name a file in it")
    return (
        f"The state file {path} cannot be used: {trouble.reason}. {trouble.remedy}, or name another file "
        "with --state."
    )


def _trouble(error: StateError | sqlite3.Error | OSError) -> Trouble | None:
    match error:
        case StateError():
            return error.trouble
        case OSError():
            return _FULL if error.errno in _FULL_DISK else None
        case _ if str(error).startswith(_GARBLED):
            return _DAMAGED
        case _:
            return _TROUBLES.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)


def _reason(error: Exception) -> str:
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return text[:1].lower() + text[1:]
