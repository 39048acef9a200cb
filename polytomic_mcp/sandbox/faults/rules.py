"""The active faults of one sandbox, and which of them apply to a request, a run or a connection.

Chance is repeatable: each rule draws from its own generator, seeded by its ``seed`` and its text, so the
same requests in the same order meet the same faults. Rules live in memory and are not in the state file.
"""

import random
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final, TypeVar

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import AnyFault, FailAt, Latency, Outage, RequestFault, RunFault, Slow
from polytomic_mcp.sandbox.faults.reader import Spec, read_fault

MOST_RULES: Final = 1_000

Item = TypeVar("Item")


class Rule:
    """An active fault. ``seen`` counts the matches it could have applied to, ``hits`` those it applied to."""

    def __init__(self, id_: str, fault: AnyFault) -> None:
        self.id = id_
        self.fault = fault
        self.seen = 0
        self.hits = 0
        self._random = random.Random(f"{fault.seed} {fault}")  # noqa: S311 - it must be repeatable

    def applies(self) -> bool:
        """Count a match, and return whether the fault applies to it."""
        self.seen += 1
        if self.seen <= self.fault.after or self.hits == self.fault.times:
            return False
        if self._random.random() >= self.fault.probability:
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        """Return the id, the fault's own keys, the fault as text, and the counts."""
        counts = {"text": str(self.fault), "seen": self.seen, "hits": self.hits}
        return {"id": self.id, **self.fault.to_json(), **counts}


class Faults:
    """The rules of one sandbox by id, in the order in which they were added. Thread-safe.

    Raises:
        ValueError: One of ``faults`` is not valid.
    """

    def __init__(self, faults: Iterable[Spec] = ()) -> None:
        self._changed = threading.Condition()
        self._rules: dict[str, Rule] = {}
        self._numbers = count(1)
        self._is_closed = False
        for fault in faults:
            self.add(fault)

    def add(self, spec: Spec) -> Rule:
        """Add a fault, given as text, JSON or ``Fault``, and return its rule.

        Raises:
            ValueError: It is not valid, or there are too many faults.
        """
        fault = read_fault(spec)
        with self._changed:
            if len(self._rules) >= MOST_RULES:
                raise ValueError(f"There are {MOST_RULES} faults, the maximum. Remove some first.")
            rule = Rule(f"fault-{next(self._numbers)}", fault)
            self._rules[rule.id] = rule
        return rule

    def rules(self) -> list[Rule]:
        """Return the active faults."""
        with self._changed:
            return list(self._rules.values())

    def remove(self, id_: str) -> bool:
        """Remove a fault, and return whether it existed. A run that it slows continues at once."""
        with self._changed:
            self._changed.notify_all()
            return self._rules.pop(id_, None) is not None

    def clear(self) -> None:
        """Remove all faults."""
        with self._changed:
            self._rules.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Let every slowed run continue, so that it can end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def match_request(self, names: Sequence[str]) -> list[Rule]:
        """Return the rules that apply to a request: every latency, and the first of the others.

        ``names`` are matched against the patterns. Rules after the first that applies do not count the
        request as seen.
        """
        applied: list[Rule] = []
        is_applied = False
        with self._changed:
            for rule in self._rules.values():
                is_latency = isinstance(rule.fault, Latency)
                if is_applied and not is_latency:
                    continue
                if _matches(rule.fault, names) and rule.applies():
                    applied.append(rule)
                    is_applied = is_applied or not is_latency
        return applied

    def chunks(
        self, sync_id: str, ends: Iterable[Mapping[str, Any]], chunks: Iterable[Sequence[Item]]
    ) -> Iterator[Sequence[Item]]:
        """Yield the chunks of rows that a run moves, delayed or cut short by the faults that apply to it.

        The faults are chosen when a run, or a schema of a bulk run, begins. ``ends`` are the connections it
        reads and writes.

        Raises:
            RefusalError: 500, the run reached the row of a ``fail_at``; the rows before it were yielded. 422,
                one of the connections is unreachable.
        """
        applied = self._match_run(sync_id)
        pauses = [(rule, rule.fault.slow) for rule in applied if isinstance(rule.fault, Slow)]
        rows = [rule.fault.fail_at for rule in applied if isinstance(rule.fault, FailAt)]
        last = min(rows, default=None)
        connections = list(ends)
        passed = 0
        for chunk in chunks:
            for rule, seconds in pauses:
                self._pause(rule, seconds)
            for connection in connections:
                self.require_up(connection)
            rest = len(chunk) if last is None else last - 1 - passed
            if rest:
                yield chunk[:rest] if rest < len(chunk) else chunk
            passed += len(chunk)
            if last is not None and passed >= last:
                raise RefusalError(500, f"Failed at row {last}, as a fault requested.", key="fault")

    def outage(self, connection: Mapping[str, Any]) -> str | None:
        """Return why a connection's system is unreachable, or None if it is reachable."""
        type_ = connection["type"]["id"]
        with self._changed:
            faults = [rule.fault for rule in self._rules.values()]
        down = {fault.outage for fault in faults if isinstance(fault, Outage)}
        if {type_, connection.get("id")} & down:
            name = connection["type"].get("name", type_)
            return f"{name} could not be reached: it is down, as a fault requested"
        return None

    def state(self, connection: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a connection that an outage overrides: it is shown as unhealthy meanwhile."""
        reason = self.outage(connection)
        return {"status": "unhealthy", "status_error": reason} if reason else {}

    def require_up(self, connection: Mapping[str, Any]) -> None:
        """Raise a 422 refusal if the connection's system is unreachable; a run fails with this message."""
        if reason := self.outage(connection):
            message = f"Connection {connection['name']}: {reason}."
            raise RefusalError(422, message, key="upstream_unreachable")

    def _match_run(self, sync_id: str) -> list[Rule]:
        with self._changed:
            return [
                rule
                for rule in self._rules.values()
                if isinstance(rule.fault, RunFault) and rule.fault.sync in {None, sync_id} and rule.applies()
            ]

    def _pause(self, rule: Rule, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or self._rules.get(rule.id) is not rule, timeout=seconds
            )


def _matches(fault: AnyFault, names: Sequence[str]) -> bool:
    if not isinstance(fault, RequestFault):
        return False
    patterns = [pattern.strip() for pattern in fault.operations.split(",")]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
