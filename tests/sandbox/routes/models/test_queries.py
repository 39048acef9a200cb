"""Queries on a connection: submitted, run in the background, stored in pages, and deleted later."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.common.owner import USER_ID
from polytomic_mcp.sandbox.data.state_errors import StateError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.models import queries
from tests.sandbox.conftest import Clock, Connect

NUMBERS = "SELECT g AS n, 'x' AS t FROM generate_series(1, {}) AS s(g) ORDER BY g"

Ended = Callable[..., Awaitable[Any]]


@pytest.fixture
def ended(http: httpx.AsyncClient, sandbox: Starlette) -> Ended:
    """Submit a query, wait for the workers, and return the response to a poll."""

    async def ended(connection: dict[str, Any], query: str) -> Any:
        answer = await http.post(f"/api/connections/{connection['id']}/query", json={"query": query})
        assert answer.status_code == 200, answer.text
        submitted = answer.json()["data"]
        assert submitted == {"id": submitted["id"], "status": "created"}
        sandbox.state.workspace.workers.shutdown(wait=True)
        return (await http.get(f"/api/queries/{submitted['id']}")).json()

    return ended


@pytest.fixture
async def warehouse(connect: Connect) -> Any:
    return await connect("postgresql")


async def test_a_query_that_is_done_shows_its_fields_and_rows(warehouse: Any, ended: Ended) -> None:
    answer = await ended(warehouse, "SELECT email, 1 AS one FROM public.users ORDER BY email LIMIT 2")

    data = answer["data"]
    assert (data["status"], data["count"], data["fields"]) == ("done", 2, ["email", "one"])
    assert [list(row) for row in data["results"]] == [["email", "one"]] * 2
    assert data["expires"] == "2026-01-16T09:00:00Z"
    assert answer["links"] == {}


async def test_a_query_is_shown_only_to_its_creator(
    http: httpx.AsyncClient, warehouse: Any, ended: Ended
) -> None:
    user = (await http.post("/api/organization/users", json={"email": "eve@acme.example"})).json()["data"]
    path = f"/api/organizations/{user['organization_id']}/users/{user['id']}/keys"
    key = (await http.post(path)).json()["data"]["value"]
    query = (await ended(warehouse, "SELECT 1 AS one"))["data"]

    other = await http.get(f"/api/queries/{query['id']}", headers={"Authorization": f"Bearer {key}"})

    assert not any(name.startswith("_") for name in query)
    assert other.status_code == 404


async def test_a_query_without_rows_ends_as_done(warehouse: Any, ended: Ended) -> None:
    answer = await ended(warehouse, "SELECT 1 AS one WHERE FALSE")

    assert (answer["data"]["status"], answer["data"]["count"], answer["data"]["results"]) == ("done", 0, [])


@pytest.mark.parametrize(
    "request_",
    [
        {"params": {"query": "SELECT 1"}},
        {"json": {"query": "SELECT 1"}},
        {"params": {"query": "SELECT 1"}, "json": {"query": "SELECT 1"}},
    ],
)
async def test_the_query_is_sent_as_a_parameter_or_in_the_body(
    request_: Any, warehouse: Any, http: httpx.AsyncClient
) -> None:
    answer = await http.post(f"/api/connections/{warehouse['id']}/query", **request_)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        {"params": {"query": "SELECT 1"}, "json": {"query": "SELECT 2"}},
        {"json": {}},
        {"json": {"query": " \n"}},
        {},
    ],
)
async def test_two_different_queries_or_none_are_refused(
    request_: Any, warehouse: Any, http: httpx.AsyncClient
) -> None:
    answer = await http.post(f"/api/connections/{warehouse['id']}/query", **request_)

    assert answer.status_code == 400
    assert "query" in answer.json()["message"]


async def test_links_lead_to_the_next_and_the_previous_page(
    warehouse: Any, ended: Ended, http: httpx.AsyncClient
) -> None:
    answer = await ended(warehouse, NUMBERS.format(250))

    pages = [answer]
    while link := pages[-1]["links"].get("next"):
        assert link.startswith(f"/api/queries/{answer['data']['id']}?page=")
        pages.append((await http.get(link)).json())
    assert [len(page["data"]["results"]) for page in pages] == [100, 100, 50]
    assert [row["n"] for page in pages for row in page["data"]["results"]] == list(range(1, 251))
    assert {page["data"]["count"] for page in pages} == {250}
    assert (await http.get(pages[2]["links"]["previous"])).json() == pages[1]
    assert "previous" not in pages[0]["links"]


async def test_a_full_last_page_has_no_next_page(warehouse: Any, ended: Ended) -> None:
    answer = await ended(warehouse, NUMBERS.format(100))

    assert (answer["data"]["count"], answer["links"]) == (100, {})


async def test_a_page_of_another_query_is_refused(
    warehouse: Any, http: httpx.AsyncClient, ended: Ended
) -> None:
    answer = await ended(warehouse, NUMBERS.format(1))

    refused = await http.get(f"/api/queries/{answer['data']['id']}", params={"page": "2"})

    assert refused.status_code == 400
    assert "page is not a page token of query" in refused.json()["message"]


async def test_a_failed_query_reports_its_error(warehouse: Any, ended: Ended) -> None:
    answer = await ended(warehouse, "SELECT * FROM public.userz")

    assert (answer["data"]["status"], set(answer["data"])) == ("failed", {"id", "status", "error"})
    assert "Did you mean 'public.users'?" in answer["data"]["error"]


@pytest.mark.parametrize("sql", ["DELETE FROM users", "SELECT 1; SELECT 2", "COPY users TO 'x'"])
async def test_a_statement_that_writes_or_several_statements_fail(
    sql: str, warehouse: Any, ended: Ended
) -> None:
    assert (await ended(warehouse, sql))["data"]["status"] == "failed"


async def test_a_query_that_fails_midway_stores_no_rows(
    warehouse: Any, ended: Ended, sandbox: Starlette
) -> None:
    answer = await ended(warehouse, "SELECT repeat('x', 10000) AS t FROM generate_series(1, 14000) AS s(g)")

    assert answer["data"]["status"] == "failed"
    assert "larger than 134217728 characters" in answer["data"]["error"]
    assert sandbox.state.workspace.store.list(f"query/{answer['data']['id']}") == []


async def test_an_internal_error_fails_the_query_without_details(
    warehouse: Any, ended: Ended, sandbox: Starlette
) -> None:
    class Broken:
        def close(self) -> None: ...

    sandbox.state.workspace.engine = Broken()

    answer = await ended(warehouse, "SELECT 1")

    assert answer["data"]["error"] == "The sandbox failed. This is a bug in the sandbox."


async def test_a_query_that_cannot_be_stored_says_why(
    warehouse: Any, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StateError

    # The disk is full for the pages alone.
    monkeypatch.setattr(queries, "_put_page", fail)

    answer = await ended(warehouse, "SELECT 1")

    assert answer["data"]["status"] == "failed"
    assert answer["data"]["error"].startswith("The sandbox's state file cannot be used: ")


@pytest.mark.parametrize("type_", ["gong", "hubspot"])
async def test_a_query_on_a_type_without_queries_is_refused(
    type_: str, connect: Connect, http: httpx.AsyncClient
) -> None:
    connection = await connect(type_)

    refused = await http.post(f"/api/connections/{connection['id']}/query", json={"query": "SELECT 1"})

    assert refused.status_code == 400
    assert f"of type {type_}, which does not support queries" in refused.json()["message"]


async def test_a_query_on_an_unhealthy_or_unknown_connection_is_refused(
    create: Any, http: httpx.AsyncClient
) -> None:
    waiting = (await create("salesforce", {"domain": "https://acme.my.salesforce.com"})).json()["data"]

    statuses = [
        (await http.post(f"/api/connections/{id_}/query", json={"query": "SELECT 1"})).status_code
        for id_ in (waiting["id"], "nope")
    ]

    assert statuses == [422, 404]


async def test_an_unknown_query_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/queries/nope")).status_code == 404


@pytest.mark.parametrize("is_polled", [True, False])
async def test_expired_rows_are_deleted(
    *,
    is_polled: bool,
    warehouse: Any,
    ended: Ended,
    http: httpx.AsyncClient,
    clock: Clock,
    sandbox: Starlette,
) -> None:
    query = (await ended(warehouse, "SELECT 1 AS one"))["data"]
    clock.advance(hours=24)
    store = sandbox.state.workspace.store
    if is_polled:
        answer = await http.get(f"/api/queries/{query['id']}")
        assert answer.json() == {"data": {"id": query["id"], "status": "unknown"}}
    else:
        assert len(store.list(f"query/{query['id']}")) == 1
        await http.post(f"/api/connections/{warehouse['id']}/query", json={"query": "SELECT 2"})

    assert store.list(f"query/{query['id']}") == []
    assert store.get("query", query["id"])["status"] == "unknown"


async def test_an_unfinished_query_fails_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    done = {"fields": [], "count": 0, "_pages": 0, "expires": "2999-01-01T00:00:00+00:00"}
    for status in ("created", "running", "done"):
        query = {"id": status, "status": status, "_user_id": USER_ID}
        store.put("query", status, query | (done if status == "done" else {}))
    store.put("query/running", "page", {"number": 0, "rows": [[1]]})
    store.close()

    app = create_sandbox(state=tmp_path / "state.db")
    headers = {"Authorization": "Bearer sandbox-key"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox", headers=headers
    ) as http:
        created, running, done = [
            (await http.get(f"/api/queries/{status}")).json()["data"]
            for status in ("created", "running", "done")
        ]
    rows = app.state.workspace.store.list("query/running")
    app.state.workspace.close()

    assert (created["status"], running["status"], done["status"]) == ("failed", "failed", "done")
    assert "was restarted before this query ended. Run it again" in running["error"]
    assert rows == []


async def test_a_soql_query_returns_pages(
    http: httpx.AsyncClient, sandbox: Starlette, connect: Connect, ended: Ended
) -> None:
    salesforce = await connect("salesforce")
    people = [{"LastName": f"L{number:03}", "AccountId": None} for number in range(150)]
    tables = sandbox.state.workspace.tables
    tables.insert(tables.get("salesforce", "Contact"), people)

    soql = (
        "SELECT LastName, Account.Name FROM Contact WHERE LastName LIKE 'l%' AND Id = null ORDER BY LastName"
    )
    first = await ended(salesforce, soql)

    second = (await http.get(first["links"]["next"])).json()
    found = [row for page in (first, second) for row in page["data"]["results"]]
    assert first["data"]["fields"] == ["LastName", "Account.Name"]
    assert [row["LastName"] for row in found] == [row["LastName"] for row in people]


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT Id FROM Contact FOR VIEW", "does not emulate SOQL's FOR: FOR VIEW"),
        ("SELECT * FROM Contact", "SOQL has no SELECT *"),
        ("SHOW TABLES", "expected SELECT"),
        ("SELECT " * 20_000, "characters; the limit is 100000"),
    ],
)
async def test_a_failed_soql_query_reports_its_error(
    soql: str, reason: str, connect: Connect, ended: Ended
) -> None:
    answer = await ended(await connect("salesforce"), soql)

    assert answer["data"]["status"] == "failed"
    assert reason in answer["data"]["error"]
