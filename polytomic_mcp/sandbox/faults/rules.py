"""The faults that stand in one sandbox: whoever can be struck by one asks here.

Chance repeats: each rule draws from its own generator, seeded by its ``seed`` and its own words, so the
same requests in the same order meet the same faults. A rule lives as long as the process, in no state file.
"""

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final, TypeVar

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import OUTAGE, REQUEST_KINDS, RUN_KINDS, Fault, Spec

MOST_RULES: Final = 1_000

Item = TypeVar("Item")


class Rule:
    """A fault that stands: how often it could have struck (``seen``), and how often it did (``hits``)."""

    def __init__(self, id_: str, fault: Fault) -> None:
        self.id = id_
        self.fault = fault
        self.seen = 0
        self.hits = 0
        self._random = random.Random(f"{fault.seed} {fault}")  # noqa: S311 - it is to repeat

    def applies(self) -> bool:
        """Say whether it strikes this time, and count that."""
        self.seen += 1
        if self.seen <= self.fault.after or self.hits == self.fault.times:
            return False
        if self._random.random() >= self.fault.probability:
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """Return its id, its fault's own keys, the fault as text, and what was counted."""
        counted = {"text": str(self.fault), "seen": self.seen, "hits": self.hits}
        return {"id": self.id, **self.fault.to_json(), **counted}


class Faults:
    """The rules of one sandbox by id, in the order in which they were asked for; safe for several threads.

    Raises:
        ValueError: One of ``faults`` cannot be meant.
    """

    def __init__(self, faults: Iterable[Spec] = ()) -> None:
        self._changed = threading.Condition()
        self._rules: dict[str, Rule] = {}
        self._numbers = count(1)
        self._is_closed = False
        for fault in faults:
            self.add(fault)

    def add(self, spec: Spec) -> Rule:
        """Let a fault stand, by its text, its JSON or itself.

        Raises:
            ValueError: It cannot be meant, or too many stand already.
        """
        fault = Fault.read(spec)
        with self._changed:
            if len(self._rules) >= MOST_RULES:
                raise ValueError(f"{MOST_RULES} faults stand already; lift some first.")
            rule = Rule(f"fault-{next(self._numbers)}", fault)
            self._rules[rule.id] = rule
        return rule

    def rules(self) -> list[Rule]:
        """Return what stands."""
        with self._changed:
            return list(self._rules.values())

    def remove(self, id_: str) -> bool:
        """Lift one; say whether there was one. A run that it slows goes on at once."""
        with self._changed:
            self._changed.notify_all()
            return self._rules.pop(id_, None) is not None

    def clear(self) -> None:
        """Lift all."""
        with self._changed:
            self._rules.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Let every run that is slowed go on, so that it can end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def of_request(self, names: Sequence[str]) -> list[Rule]:
        """Return what strikes a request: every latency, and the first of the others.

        ``names`` are what patterns are held against. A rule that comes after the first does not count the
        request as one it could have struck.
        """

        def is_meant(fault: Fault) -> bool:
            patterns = [pattern.strip() for pattern in fault.operations.split(",")]
            return fault.kind in REQUEST_KINDS and any(
                fnmatchcase(name, pattern) for name in names for pattern in patterns
            )

        applied: list[Rule] = []
        is_applied = False
        with self._changed:
            for rule in self._rules.values():
                is_latency = rule.fault.kind == "latency"
                if is_meant(rule.fault) and (is_latency or not is_applied) and rule.applies():
                    applied.append(rule)
                    is_applied = is_applied or not is_latency
        return applied

    def chunks(
        self, sync_id: str, ends: Iterable[Mapping[str, Any]], chunks: Iterable[Sequence[Item]]
    ) -> Iterator[Sequence[Item]]:
        """Yield what a run moves, chunk by chunk, as slowly as asked, up to the row at which it is to fail.

        A run, and each schema of a bulk run, is struck or not when it begins. ``ends`` are the connections it
        reads and writes.

        Raises:
            RefusalError: 500, the row is reached; the rows before it were yielded. 422, an end is down now.
        """
        applied = self._applied(lambda fault: fault.kind in RUN_KINDS and fault.sync in {None, sync_id})
        slow = [rule for rule in applied if rule.fault.kind == "slow"]
        last = min((rule.fault.value for rule in applied if rule.fault.kind == "fail_at"), default=None)
        connections = list(ends)
        passed = 0
        for chunk in chunks:
            for rule in slow:
                self._pause(rule)
            for connection in connections:
                self.require_up(connection)
            rest = len(chunk) if last is None else last - 1 - passed
            if rest:
                yield chunk[:rest] if rest < len(chunk) else chunk
            passed += len(chunk)
            if last is not None and passed >= last:
                raise RefusalError(500, f"Failed at row {last}, as a fault asked.", key="fault")

    def outage(self, connection: Mapping[str, Any]) -> str | None:
        """Return why a connection's system cannot be reached, or None where it can."""
        type_ = connection["type"]["id"]
        with self._changed:
            down = {rule.fault.value for rule in self._rules.values() if rule.fault.kind == OUTAGE}
        if {type_, connection.get("id")} & down:
            name = connection["type"].get("name", type_)
            return f"{name} could not be reached: it is down, as a fault asked"
        return None

    def state(self, connection: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an outage changes in how a connection is shown, which is unhealthy meanwhile."""
        reason = self.outage(connection)
        return {"status": "unhealthy", "status_error": reason} if reason else {}

    def require_up(self, connection: Mapping[str, Any]) -> None:
        """Refuse with 422 to read or write what cannot be reached; a run ends with the same words."""
        if reason := self.outage(connection):
            message = f"Connection {connection['name']}: {reason}."
            raise RefusalError(422, message, key="upstream_unreachable")

    def _applied(self, is_meant: Callable[[Fault], bool]) -> list[Rule]:
        with self._changed:
            return [rule for rule in self._rules.values() if is_meant(rule.fault) and rule.applies()]

    def _pause(self, rule: Rule) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._rules.get(rule.id) is not rule, timeout=rule.fault.value
            )
