"""The processes of one sandbox: started when a query needs one, kept for the next, and limited in number."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.process.child import Child
from polytomic_mcp.sandbox.data.sql.process.limits import Limits


class Pool:
    """Lends each query a process of its own, if possible one that has tables of its system already."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: list[tuple[str, Child]] = []
        self._lent: set[Child] = set()
        self._changed = threading.Condition()

    @contextmanager
    def lend(self, system: str) -> Generator[Child]:
        """Lend a process that holds tables of this system only; wait for one if all are lent.

        Raises:
            QueryError: None became free, or the process cannot be started.
        """
        child = self._take(system)
        try:
            yield child
        finally:
            self._give_back(system, child)

    def close(self) -> None:
        """End every process, also one that is lent."""
        with self._changed:
            for child in (*self._lent, *(child for _, child in self._idle)):
                child.close()
            self._idle.clear()

    def _take(self, system: str) -> Child:
        with self._changed:
            if not self._changed.wait_for(self._has_room, self._limits.patience):
                raise QueryError(self._limits.are_used_up())
            child = self._fitting(system) or Child(self._limits)
            self._lent.add(child)
        return child

    def _has_room(self) -> bool:
        return len(self._lent) < self._limits.processes

    def _fitting(self, system: str) -> Child | None:
        """Take an idle process of the system. If there is none, end the oldest if there are too many."""
        for position, (its_system, child) in enumerate(self._idle):
            if its_system == system:
                del self._idle[position]
                return child
        if len(self._idle) + len(self._lent) >= self._limits.processes:
            self._idle.pop(0)[1].close()
        return None

    def _give_back(self, system: str, child: Child) -> None:
        with self._changed:
            self._lent.discard(child)
            if child.is_usable:
                self._idle.append((system, child))
            else:
                child.close()
            self._changed.notify()
