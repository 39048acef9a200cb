"""Paging through a run of a bulk sync: its schemas and its console lines."""

from typing import Any

import pytest

from tests.tools.bulk_syncs.conftest import BULK, RunStates
from tests.tools.conftest import ScriptedApi, Tools

RUN = "66666666-0000-0000-0000-000000000001"
PATH = f"/api/bulk/syncs/{BULK}"
NAME = "HubSpot to PostgreSQL"


def position(token: str | None) -> str:
    """Return where a token continues, without the arguments that it belongs to."""
    return (token or "").rpartition("~")[0]


async def follow(tools: Tools, part: str, **arguments: Any) -> list[Any]:
    """Read the first page of a run's schemas or lines, and the others by following the next steps."""
    found: list[Any] = []
    while arguments:
        run = await tools("get_bulk_sync_execution", **arguments)
        found += run.get(part, [])
        steps = [step["arguments"] for step in run.get("next_steps", [])]
        arguments = next((each for each in steps if "page_token" in each), {})
        assert position(arguments.get("page_token")) == position(run.get("next_page_token"))
    return found


@pytest.mark.parametrize("limit", [7, 1000])
async def test_all_schemas_of_a_run_can_be_paged_failed_ones_first(
    limit: int, tools: Tools, run_states: RunStates
) -> None:
    states = ("completed", "failed", "canceled", "errors", "running")
    schemas = [
        {
            "schema": f"shop.a_table_of_number_{number:04}",
            "status": states[number % 5],
            "record_count": number,
        }
        for number in range(1200 if limit == 1000 else 40)
    ]
    run_states({"status": "errors", "schemas": schemas[::-1]})

    shown = await follow(tools, "schemas", bulk_sync_id=NAME, limit=limit)

    failed = [each["schema"] for each in schemas if each["status"] in ("failed", "errors")]
    others = [each["schema"] for each in schemas if each["schema"] not in failed]
    assert [each["schema_id"] for each in shown] == failed + others


async def test_schemas_of_a_run_can_be_searched(
    tools: Tools, run_states: RunStates, run_schemas: Any
) -> None:
    run_states({"status": "completed", "schemas": run_schemas})

    found = await follow(tools, "schemas", bulk_sync_id=NAME, query="NO SUCH")
    one = await follow(tools, "schemas", bulk_sync_id=NAME, schema_id="PEOPLE")

    assert [each["schema_id"] for each in found] == ["deals"]
    assert [each["schema_id"] for each in one] == ["contacts"]
    text = await tools.refused("get_bulk_sync_execution", bulk_sync_id=NAME, schema_id="deal")
    assert "Did you mean 'deals'?" in text


def write_lines(api: ScriptedApi, *numbers: int, place: str = f"{PATH}/executions/{RUN}") -> None:
    """Serve console lines with these numbers, two per minute."""
    lines = [
        {
            "id": f"id {number}",
            "timestamp": f"2026-01-01T00:{number // 2:02}:00Z",
            "level": "warning" if number % 10 == 0 else "info",
            "message": f"line {number}",
            "payload": {"row": number},
        }
        for number in numbers
    ]
    api[f"GET {place}/consolelog"] = {"data": {"entries": lines, "next_cursor": f"id {numbers[-1]}"}}


async def test_console_lines_come_newest_first(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates, run_schemas: Any
) -> None:
    run_states({"status": "running", "schemas": run_schemas})
    write_lines(bulk, *range(50))
    named = {"bulk_sync_id": NAME, "log": True}

    lines = await follow(tools, "log", **named, limit=7)
    warnings = await follow(tools, "log", **named, limit=2, query="WARNING")

    assert [line["message"] for line in lines] == [f"line {number}" for number in range(49, -1, -1)]
    assert [line["message"] for line in warnings] == [f"line {number}" for number in (40, 30, 20, 10, 0)]
    assert lines[0] == {"timestamp": "2026-01-01T00:24:00Z", "level": "info", "message": "line 49"}


async def test_lines_added_meanwhile_do_not_shift_the_pages(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "running"})
    named = {"bulk_sync_id": NAME, "log": True, "limit": 2}
    write_lines(bulk, 0, 1, 2)
    page = await tools("get_bulk_sync_execution", **named)
    token = page["next_page_token"]

    write_lines(bulk, 0, 1, 2, 3)
    rest = await tools("get_bulk_sync_execution", **named, page_token=token)
    write_lines(bulk, 1, 2, 3)
    text = await tools.refused("get_bulk_sync_execution", **named, page_token=token)

    assert [line["message"] for line in rest["log"]] == ["line 0"]
    assert text == "page_token refers to a row that is no longer listed. Omit it to start over."


async def test_the_console_of_a_single_schema_can_be_read(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates, run_schemas: Any
) -> None:
    run_states({"status": "completed", "schemas": run_schemas})
    write_lines(bulk, 1, 2, 3, place=f"{PATH}/executions/{RUN}/schemas/contacts")

    lines = await follow(tools, "log", bulk_sync_id=NAME, log=True, schema_id="People", limit=2)

    assert [line["message"] for line in lines] == ["line 3", "line 2", "line 1"]
