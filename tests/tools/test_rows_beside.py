"""Pages that share an answer with something long: none of their rows is lost."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import ScriptedApi, Tools

LONG = [{"value": f"{number}::urn:li:organization", "label": "A label " * 4} for number in range(60)]


async def walk(tools: Tools, tool: str, rows: str, **arguments: Any) -> list[Any]:
    """Return the rows of all pages; a list that never ends fails."""
    seen: list[Any] = []
    token: dict[str, Any] = {}
    for _ in range(100):
        page = await tools(tool, **arguments, **token)
        seen += page[rows]
        if "next_page_token" not in page:
            return seen
        token = {"page_token": page["next_page_token"]}
    pytest.fail("the list does not end")


async def test_target_objects_beside_many_choices(tools: Tools, company: ScriptedApi) -> None:
    objects = [
        {"id": f"audience_{number}", "name": f"An audience {number}", "modes": []} for number in range(400)
    ]
    properties = [{"id": "account", "title": "Account", "enum": True, "values": LONG}]
    company[f"GET /api/connections/{company.GONG}/modelsync/targetobjects"] = {
        "data": objects,
        "target_creation": {"supported": True, "properties": properties},
    }

    seen = await walk(tools, "list_target_objects", "items", connection_id="Gong", limit=1000)

    assert [row["id"] for row in seen] == [each["id"] for each in objects]


async def test_target_fields_beside_modes_and_flags(tools: Tools, company: ScriptedApi) -> None:
    fields = [{"id": f"Field_{number}__c", "name": "A name", "type": "string"} for number in range(400)]
    modes = [{"mode": f"mode{number}", "description": "What it does " * 8} for number in range(7)]
    answer = {"id": company.FLOW, "fields": fields, "modes": modes, "properties": {"flag": True}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": answer}

    seen = await walk(
        tools, "list_target_fields", "fields", connection_id="Gong", target=company.FLOW, limit=1000
    )

    assert [row["id"] for row in seen] == [each["id"] for each in fields]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [3, 120, 200])
async def test_rows_of_a_query_beside_their_many_columns(
    columns: int, tools: Tools, company: ScriptedApi
) -> None:
    names = [f"a_column_{number}" for number in range(columns)]
    rows = [dict.fromkeys(names, f"value {row}") for row in range(60)]
    done = {"id": "q", "status": "done", "count": 60, "fields": names, "results": rows}
    company["GET /api/queries/q"] = {"data": done, "links": {}}

    seen = await walk(tools, "run_query", "rows", query_id="q", limit=1000)

    assert seen == [[f"value {row}"] * columns for row in range(60)]


async def test_lines_of_a_log_beside_long_errors(tools: Tools, company: ScriptedApi) -> None:
    run = f"/api/syncs/{company.SYNC}/executions/{company.EXECUTION}"
    errors = [f"reason {number} " * 60 for number in range(5)]
    execution = {"id": company.EXECUTION, "status": "failed", "errors": errors}
    company[f"GET {run}"] = {"data": execution}
    company[f"GET {run}/logs"] = {"data": {"errors": {"count": 1_000}}}
    company[f"GET {run}/errors"] = {"data": {"urls": [f"https://x.example{run}/errors/1"]}}
    lines = [f"line {number}" for number in range(1_000)]
    company[f"GET {run}/errors/1"] = httpx.Response(200, text="\n".join(lines))
    where = {"sync_id": company.SYNC, "execution_id": company.EXECUTION, "log": "errors", "limit": 1000}

    assert await walk(tools, "get_sync_execution", "log", **where) == lines[::-1]
