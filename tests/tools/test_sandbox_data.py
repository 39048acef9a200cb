"""Queries and schemas over the sandbox, in both eras of the protocol."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Clock, Connect, Tools

HEADERS = {"Authorization": "Bearer a-very-secret-key"}
DATABASE = {"hostname": "h", "database": "app", "username": "ada", "password": "pw"}
SQL = "SELECT g AS n, NULL AS nothing FROM generate_series(1, 250) AS s(g) ORDER BY g"
USERS = "public.users"


@pytest.fixture
def api(sandbox: httpx.ASGITransport) -> httpx.ASGITransport:
    """What the tools reach: the sandbox."""
    return sandbox


@pytest.fixture(params=["auto", "legacy"])
async def tools(connect: Connect, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """The tools over a sandbox with one connection, "App"."""
    async with connect(mode=request.param) as connected:
        await connected("create_connection", name="App", type="postgresql", configuration=DATABASE)
        yield connected


@pytest.fixture
def ended(tools: Tools, sandbox: Any) -> Any:
    """Submit a query beside the tools, and return its id when the sandbox has ended it."""

    async def ended(query: str) -> str:
        connection = await tools("get_connection", connection_id="App")
        async with httpx.AsyncClient(transport=sandbox, base_url="http://sandbox", headers=HEADERS) as http:
            answer = await http.post(f"/api/connections/{connection['id']}/query", json={"query": query})
        sandbox.app.state.workspace.workers.shutdown(wait=True)
        return str(answer.json()["data"]["id"])

    return ended


async def test_a_query_is_run_from_a_tool(tools: Tools) -> None:
    answer = await tools("run_query", connection_id="app", query=SQL, limit=1, wait_seconds=0)

    assert answer["status"] in {"created", "running", "done"}


async def test_a_query_is_read_in_parts(tools: Tools, ended: Any) -> None:
    parts = [await tools("run_query", limit=90, query_id=await ended(SQL))]
    while token := parts[-1].get("next_page_token"):
        parts.append(await tools("run_query", page_token=token, limit=90))

    rows = list(itertools.chain.from_iterable(part["rows"] for part in parts))
    assert rows == [[number, None] for number in range(1, 251)]
    assert [(part["count"], part["fields"]) for part in parts] == [(250, ["n", "nothing"])] * 3


async def test_a_query_that_fails_names_the_nearest_table(tools: Tools, ended: Any) -> None:
    query_id = await ended("SELECT * FROM user")

    assert "Did you mean 'users'?" in await tools.refused("run_query", query_id=query_id)


async def test_a_new_connection_s_schema_is_described_at_once(tools: Tools, clock: Clock) -> None:
    schema = await tools("get_schema", connection_id="App", schema_id=USERS)

    assert (schema["schema_id"], schema["primary_key"]) == (USERS, ["user_id"])
    assert schema["items"][0] == {"id": "user_id", "type": "number", "is_primary_key": True}
    assert clock.pauses == []


async def test_schemas_are_refreshed_and_waited_for(tools: Tools, clock: Clock) -> None:
    before = await tools("get_schema_status", connection_id="App")
    after = await tools("refresh_schemas", connection_id="App")

    assert (before["ready"], before["next_steps"][0]["tool"]) == (False, "get_schema_status")
    assert (after["ready"], after["cache_status"], "next_steps" in after) == (True, "fresh", False)
    assert clock.time <= 1


async def test_records_are_rows_below_their_columns(tools: Tools) -> None:
    records = await tools("read_schema_records", connection_id="App", schema_id=USERS, limit=3)

    assert records["fields"][:2] == ["user_id", "email"]
    assert [len(row) for row in records["rows"]] == [len(records["fields"])] * 3


async def test_fields_are_added_changed_and_removed(tools: Tools) -> None:
    where = {"connection_id": "App", "schema_id": USERS}
    theme = {"field_id": "theme", "type": "string", "path": "preferences.theme"}

    added = await tools(
        "set_schema_fields", fields=[theme, {"field_id": "Email", "label": "E-mail"}], **where
    )
    records = await tools("read_schema_records", **where)
    removed = await tools("set_schema_fields", remove=["theme"], confirm_name=USERS, **where)

    assert added["added"] == [{"id": "theme", "type": "string", "user_managed": True}]
    assert added["changed"] == [{"id": "email", "name": "E-mail", "type": "string"}]
    assert records["rows"][0][records["fields"].index("theme")] == "light"
    assert [field["path"] for field in removed["removed"]] == ["preferences.theme"]
    assert "theme" not in (await tools("read_schema_records", **where))["fields"]


async def test_the_key_is_overridden_and_the_detected_one_brought_back(tools: Tools) -> None:
    where = {"connection_id": "App", "schema_id": USERS}

    overridden = await tools("set_primary_keys", fields=["EMAIL"], **where)
    back = await tools("set_primary_keys", fields=[], confirm_name=USERS, **where)

    assert overridden == {"schema_id": USERS, "before": ["user_id"], "primary_key": ["email"]}
    assert back == {"schema_id": USERS, "before": ["email"], "primary_key": ["user_id"]}
