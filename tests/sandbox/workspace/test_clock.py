"""The sandbox's clock, which runs like another, can be moved ahead, and is stored."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.workspace.clock import MovableClock
from tests.sandbox.conftest import Clock

NINE = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def movable(clock: Clock) -> MovableClock:
    return MovableClock(clock, Store())


def test_it_runs_like_its_base_clock(movable: MovableClock, clock: Clock) -> None:
    clock.advance(minutes=5)

    assert movable() == NINE + timedelta(minutes=5)


def test_it_continues_from_the_time_it_is_moved_to(movable: MovableClock, clock: Clock) -> None:
    movable.advance(timedelta(hours=1))
    movable.move_to(NINE + timedelta(hours=2))
    clock.advance(minutes=5)

    assert movable() == NINE + timedelta(hours=2, minutes=5)


def test_it_cannot_be_moved_back(movable: MovableClock) -> None:
    movable.advance(timedelta(hours=-1))
    movable.move_to(NINE - timedelta(days=1))

    assert movable() == NINE


def test_it_can_start_in_the_past(clock: Clock) -> None:
    movable = MovableClock(clock, Store(), start=datetime(2020, 1, 1, tzinfo=UTC))
    clock.advance(hours=1)

    assert movable() == datetime(2020, 1, 1, 1, tzinfo=UTC)


def test_a_state_file_continues_where_it_was(clock: Clock, tmp_path: Path) -> None:
    state = tmp_path / "box.db"
    first = create_sandbox(state=state, clock=clock)
    first.state.workspace.clock.advance(timedelta(days=3))
    first.state.workspace.close()
    clock.advance(hours=1)

    second = create_sandbox(state=state, clock=clock)
    now = second.state.workspace.now()
    second.state.workspace.close()
    third = create_sandbox(state=state, clock=clock, start=NINE + timedelta(days=9))
    later = third.state.workspace.now()
    third.state.workspace.close()

    assert (now, later) == ("2026-01-18T10:00:00Z", "2026-01-24T09:00:00Z")


def test_a_state_file_cannot_start_before_its_own_time(clock: Clock, tmp_path: Path) -> None:
    state = tmp_path / "box.db"
    create_sandbox(state=state, clock=clock).state.workspace.close()

    with pytest.raises(ConfigurationError, match="cannot be moved back"):
        create_sandbox(state=state, clock=clock, start=NINE - timedelta(days=1))
