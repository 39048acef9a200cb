"""The time of a call: what is left of it, what extends it, and what does not count."""

import math

import anyio
import pytest

from polytomic_mcp.tools.api_access.call_time import CallTime


class Now:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def now() -> Now:
    return Now()


def scope_left() -> float:
    """Return the seconds that anyio's deadline leaves."""
    return anyio.current_effective_deadline() - anyio.current_time()


async def test_a_wait_gets_what_is_left_without_the_last_look_and_the_answer(now: Now) -> None:
    time = CallTime.begin(45, now)

    with time.running():
        first = time.grant(None)
        now.time += 30
        second = time.grant(None)
        now.time += 10
        third = time.grant(None)

    assert (first, second, third) == (39, 9, 0)


@pytest.mark.parametrize("wanted", [0, 7, 39])
async def test_a_shorter_wait_is_granted_as_it_is(wanted: float, now: Now) -> None:
    time = CallTime.begin(45, now)

    with time.running():
        assert time.grant(wanted) == wanted
        assert scope_left() == pytest.approx(40.5, abs=1)


async def test_a_wait_of_a_whole_call_does_not_extend_it(now: Now) -> None:
    time = CallTime.begin(45, now)

    with time.running():
        assert time.grant(45) == 39
        assert scope_left() == pytest.approx(40.5, abs=1)


async def test_a_longer_wait_extends_the_call(now: Now) -> None:
    time = CallTime.begin(45, now)

    with time.running():
        now.time += 30
        assert time.grant(600) == 600
        assert scope_left() == pytest.approx(601.5, abs=1)
        assert time.grant(100) == 100
        assert scope_left() == pytest.approx(601.5, abs=1)


async def test_the_time_in_which_a_person_is_asked_does_not_count(now: Now) -> None:
    time = CallTime.begin(45, now)

    with time.running():
        now.time += 5
        with time.paused():
            assert scope_left() == math.inf
            now.time += 3600
        assert scope_left() == pytest.approx(35.5, abs=1)
        assert time.grant(None) == 34


async def test_a_call_whose_time_is_over_is_cancelled() -> None:
    time = CallTime.begin(0.01, anyio.current_time)

    with time.running():
        await anyio.sleep_forever()

    assert time.grant(None) == 0


async def test_the_time_before_a_call_runs_counts(now: Now) -> None:
    time = CallTime.begin(45, now)
    now.time += 10

    with time.running():
        assert scope_left() == pytest.approx(30.5, abs=1)
        assert time.grant(None) == 29


async def test_without_a_beginning_there_is_no_end() -> None:
    time = CallTime()

    with time.running(), time.paused():
        assert scope_left() == math.inf
        assert time.grant(None) == 43.5
