"""The watch over a process."""

import threading
from dataclasses import dataclass, field

import pytest

from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.sql.process.watch import Watch


@dataclass
class Process:
    """Stands in for a process: its memory is what the test says."""

    memory: int = 0
    refusals: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def resident(self) -> int:
        return self.memory

    def kill(self, refusal: str) -> None:
        self.refusals.append(refusal)
        self.is_over.set()


def test_a_process_over_its_memory_is_ended_even_if_nobody_waits_for_it() -> None:
    process = Process()

    with Watch(process, Limits(memory=100_000_000), seconds=60):
        process.memory = 100_000_001
        assert process.is_over.wait(60)

    assert process.refusals == [
        "The query needs more memory than it may have, 100 MB; narrow it down with WHERE or LIMIT."
    ]


def test_a_process_that_keeps_its_reader_waiting_is_ended() -> None:
    process = Process()

    with Watch(process, Limits(), seconds=0.01) as watch, watch.waiting():
        assert process.is_over.wait(60)

    assert process.refusals == ["The query took longer than 0.01 s; narrow it down with WHERE or LIMIT."]


def test_a_readers_own_time_does_not_count() -> None:
    process = Process()

    with Watch(process, Limits(), seconds=0.01):
        assert not process.is_over.wait(0.1)


def test_a_process_in_a_hurry_is_ended_sooner() -> None:
    process = Process()

    with Watch(process, Limits(), seconds=3_600) as watch:
        watch.hurry(0.01)
        with watch.waiting():
            assert process.is_over.wait(60)


@pytest.mark.parametrize("memory", [0, 50_000_000])
def test_a_process_within_its_limits_is_left_alone(memory: int) -> None:
    process = Process(memory)

    with Watch(process, Limits(memory=100_000_000), seconds=60) as watch, watch.waiting():
        process.is_over.wait(0.05)

    assert process.refusals == []
