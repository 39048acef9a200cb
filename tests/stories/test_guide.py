"""The guide, from a Snowflake query to contacts in a Gong Engage flow, by every way a host connects."""

import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import anyio
import pytest
from mcp import Client

from polytomic_mcp.cli.guide import Guide
from polytomic_mcp.cli.screen import Screen


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("way", ["memory", "stdio", "http"])
async def test_contacts_get_from_a_query_into_the_flow(
    connect: Callable[[str, str], AbstractAsyncContextManager[Client]], way: str, mode: str
) -> None:
    with anyio.fail_after(60):
        async with connect(way, mode) as client:
            outcome = await Guide(client, Screen(io.StringIO())).walk()
            run = {"sync_id": outcome.execution["sync_id"], "execution_id": outcome.execution["id"]}
            log = await client.call_tool("get_sync_execution", {**run, "log": "inserts", "limit": 1_000})

    arrived = {row["Id"] for row in (log.structured_content or {})["log"]}
    counts = outcome.execution["counts"]
    assert outcome.execution["status"] == "completed"
    assert counts["total"] == counts["insert"] + counts["update"] + counts["error"]
    assert {row["Id"] for row in outcome.arrived} <= arrived
    assert {row["Id"] for row in outcome.flow} & arrived
    assert len(outcome.refused) == counts["error"] == 3
