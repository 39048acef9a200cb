"""Sources are read side by side within a bound, and one that fails is named."""

import anyio.lowlevel
import pytest
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.errors import NoAnswerError
from polytomic_mcp.tools.api_access.gathering import IN_FLIGHT, Gathering


async def test_no_more_than_eight_readers_are_under_way() -> None:
    under_way = most = 0

    async def reader() -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.lowlevel.checkpoint()
        under_way -= 1
        return 1

    async with Gathering().together() as read:
        findings = [read("numbers", reader) for _ in range(50)]

    assert most == IN_FLIGHT == 8
    assert sum(finding.value or 0 for finding in findings) == 50


async def test_a_source_that_fails_is_named_once_with_its_first_reason_and_the_others_answer() -> None:
    async def fail(error: Exception) -> int:
        raise error

    async def answer() -> int:
        return 1

    gathering = Gathering()
    async with gathering.together() as read:
        lost = [read("events", lambda text=text: fail(NoAnswerError(text))) for text in ("first", "second")]
        read("models", lambda: fail(ToolError("x" * 1_000)))
        found = read("syncs", answer)

    assert found.value == 1
    assert [finding.value for finding in lost] == [None, None]
    events, models = gathering.unavailable
    assert (events.source, events.reason, events.count) == ("events", "first", 2)
    assert (models.source, len(models.reason), models.count) == ("models", 401, None)


async def test_a_fault_of_ours_is_not_taken_for_a_missing_source() -> None:
    async def fail() -> int:
        raise ZeroDivisionError

    gathering = Gathering()

    with pytest.raises(ExceptionGroup):
        async with gathering.together() as read:
            read("syncs", fail)
    assert gathering.unavailable == []
