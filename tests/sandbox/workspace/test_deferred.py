"""Work that is put off is done once, by whoever needs it first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from polytomic_mcp.sandbox.workspace.deferred import Deferred


def test_without_work_there_is_nothing_to_do() -> None:
    deferred = Deferred()

    deferred.finish()

    assert not deferred.is_pending


def test_work_is_done_once_for_all_who_wait() -> None:
    deferred, done = Deferred(), list[int]()
    deferred.put_off(lambda: done.append(1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: deferred.finish(), range(50)))

    assert done == [1]
    assert not deferred.is_pending


def test_who_waited_finds_the_work_done() -> None:
    deferred, done = Deferred(), list[int]()

    def work() -> None:
        done.append(1)
        # As if another thread had come first while this one waited for the lock.
        deferred._work = None

    deferred.put_off(work)
    deferred._lock.acquire()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(deferred.finish) for _ in range(2)]
        deferred._lock.release()
        for each in waiting:
            each.result(timeout=10)

    assert done == [1]


def test_work_that_raises_stays_to_be_done() -> None:
    deferred, tries = Deferred(), list[int]()

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the disk is full")

    deferred.put_off(work)
    with pytest.raises(OSError, match="full"):
        deferred.finish()
    deferred.finish()

    assert len(tries) == 2
    assert not deferred.is_pending
