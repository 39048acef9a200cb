"""The processes of a sandbox: how many there are, and which query gets which."""

from collections.abc import Iterator

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.sql.process.pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(Limits(processes=2, patience=0.05))
    yield pool
    pool.close()


def test_the_next_query_of_a_system_gets_the_same_process(pool: Pool) -> None:
    with pool.lend("snowflake") as first:
        first.settle()
    with pool.lend("postgresql") as other:
        other.settle()
    with pool.lend("snowflake") as second:
        pass

    assert first is second
    assert first is not other


def test_two_queries_at_once_get_a_process_each_and_a_third_is_refused(pool: Pool) -> None:
    with pool.lend("snowflake") as first, pool.lend("snowflake") as second:
        assert first is not second
        with (
            pytest.raises(
                QueryError, match=r"up to 2 queries at once, and none of them ended within 0\.05 s"
            ),
            pool.lend("snowflake"),
        ):
            pass


def test_the_oldest_idle_process_makes_room_for_another_system(pool: Pool) -> None:
    with pool.lend("snowflake") as first, pool.lend("postgresql") as second:
        first.settle()
        second.settle()
    with pool.lend("mysql") as third:
        assert third is not second

    assert [first.is_usable, second.is_usable] == [True, False]


def test_a_process_that_has_ended_is_replaced(pool: Pool) -> None:
    with pool.lend("snowflake") as first:
        first.settle()
        first.kill("too much")
        first._process.wait()
    with pool.lend("snowflake") as second:
        second.settle()

    assert first is not second
    assert second.is_usable


def test_closing_ends_every_process_also_one_that_is_lent(pool: Pool) -> None:
    with pool.lend("snowflake") as idle:
        idle.settle()
    with pool.lend("postgresql") as lent:
        lent.settle()
        pool.close()

    assert [idle.is_usable, lent.is_usable] == [False, False]
