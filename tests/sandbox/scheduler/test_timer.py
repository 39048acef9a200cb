"""The timer of a served sandbox runs what is due as time passes."""

import threading
from collections.abc import Callable, Iterator

import pytest

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.state_errors import StateError
from polytomic_mcp.sandbox.scheduler import timer
from polytomic_mcp.sandbox.scheduler.scheduler import Scheduler
from polytomic_mcp.sandbox.scheduler.timer import Timer
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.conftest import Clock

Sleep = Callable[[float], None]


class Alarm(threading.Event):
    """An alarm whose ``wait`` is a function of the test."""

    def __init__(self, sleep: Sleep) -> None:
        super().__init__()
        self.sleep = sleep

    def wait(self, timeout: float | None = None) -> bool:
        self.sleep(timeout or 0)
        return True


@pytest.fixture
def workspace(clock: Clock) -> Iterator[Workspace]:
    workspace: Workspace = create_sandbox(clock=clock).state.workspace
    yield workspace
    workspace.close()


@pytest.fixture
def slept(workspace: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of the timer's sleeps, which take no time; the timer stops after a few turns."""
    # The pause between two turns would only slow the tests.
    monkeypatch.setattr(timer, "PAUSE", 0)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds=seconds)
        if len(slept) == 3:
            workspace.signals.closing.set()

    # The alarm waits in real time; this one moves the clock of the test.
    object.__setattr__(workspace.signals, "alarm", Alarm(sleep))
    return slept


def add_sync(workspace: Workspace, **schedule: str) -> None:
    sync = {"id": "s", "name": "s", "active": True, "schedule": schedule, "updated_at": workspace.now()}
    workspace.store.put("sync", "s", sync | {"organization_id": workspace.organization_id})


def run(workspace: Workspace) -> None:
    """Run the timer until the alarm of the test ends it."""
    turning = Timer(workspace)
    turning.start()
    turning._thread.join()


def test_it_sleeps_until_something_is_due(workspace: Workspace, slept: list[float]) -> None:
    add_sync(workspace, frequency="hourly", minute="10")

    run(workspace)

    assert slept[0] == 600


def test_it_sleeps_an_hour_at_most(workspace: Workspace, slept: list[float]) -> None:
    run(workspace)

    assert slept == [timer.LONGEST_SLEEP] * 3


def test_an_error_does_not_end_it(
    workspace: Workspace, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Scheduler) -> None:
        raise LookupError

    # No schedule that the API accepts makes the scheduler fail.
    monkeypatch.setattr(Scheduler, "run_due", fail)

    run(workspace)

    assert slept == [timer.LONGEST_SLEEP] * 3


def test_it_tries_again_soon_if_the_state_file_cannot_be_used(
    workspace: Workspace, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Scheduler) -> None:
        raise StateError

    # Nothing is due in an empty sandbox, so its turns write nothing.
    monkeypatch.setattr(Scheduler, "run_due", fail)

    run(workspace)

    assert slept == [timer.RETRY] * 3


def test_it_tries_again_soon_if_a_run_has_no_end_yet(workspace: Workspace, slept: list[float]) -> None:
    def fail() -> None:
        raise StateError

    workspace.finish(fail)

    run(workspace)

    assert slept == [timer.RETRY] * 3


def test_it_finishes_what_was_put_off_after_a_while(
    workspace: Workspace, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer, "GRACE", 0)
    workspace.deferred.put_off(lambda: add_sync(workspace, frequency="hourly", minute="10"))

    run(workspace)

    assert slept[0] == 600
    assert not workspace.deferred.is_pending


def test_it_can_be_stopped_before_it_finishes_what_was_put_off(workspace: Workspace) -> None:
    done: list[int] = []
    workspace.deferred.put_off(lambda: done.append(1))
    turning = Timer(workspace)
    turning.start()

    turning.stop()

    assert not turning._thread.is_alive()
    assert done == []


def test_it_can_be_stopped_while_it_sleeps(workspace: Workspace) -> None:
    turning = Timer(workspace)
    turning.start()

    turning.stop()

    assert not turning._thread.is_alive()
