"""Saved queries: drafted, validated, published, and run with a Harbor's credential."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Connect

SQL = "SELECT {{days}} AS days, '{{days}}' AS text, {{name}} AS name FROM generate_series(1, {{rows}})"
PARAMETERS = [
    {"name": "days", "type": "number", "required": True, "default_value": 7},
    {"name": "rows", "type": "number", "required": True},
    {"name": "name", "type": "string"},
]
DRAFT = {
    "name": "Report",
    "sql_template": SQL,
    "parameters": PARAMETERS,
    "validation_values": {"rows": 30, "name": "O'Brien"},
}


@pytest.fixture
async def draft(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await http.post(f"{path}/saved-queries", json=DRAFT)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.fixture
def query_path(path: str, draft: dict[str, Any]) -> str:
    return f"{path}/saved-queries/{draft['saved_query_id']}"


async def test_a_draft_is_validated_by_running_it(http: httpx.AsyncClient, query_path: str) -> None:
    preview = (await http.post(f"{query_path}/draft/validate")).json()["data"]

    assert preview["columns"] == ["days", "text", "name"]
    assert preview["rows"][0] == {"days": 7, "text": "{{days}}", "name": "O'Brien"}
    assert (len(preview["rows"]), preview["truncated"]) == (20, True)


async def test_publishing_creates_versions_without_the_drafts_own_fields(
    http: httpx.AsyncClient, path: str, query_path: str, draft: dict[str, Any]
) -> None:
    assert (await http.get(query_path)).status_code == 404
    assert (await http.get(f"{path}/saved-queries/drafts")).json()["data"] == [draft]

    first = (await http.post(f"{query_path}/draft/publish")).json()["data"]
    again = (await http.put(f"{query_path}/draft", json=DRAFT)).json()["data"]
    await http.put(f"{query_path}/draft", json=DRAFT | {"name": "Renamed"})
    second = (await http.post(f"{query_path}/draft/publish")).json()["data"]

    assert (first["version"], first["expected_columns"]) == (1, ["days", "text", "name"])
    assert (again["saved_query_id"], "validation_values" in first) == (first["id"], False)
    assert (second["version"], second["name"]) == (2, "Renamed")
    assert second["revision_id"] != first["revision_id"]
    assert (await http.get(query_path)).json()["data"] == second
    (listed,) = (await http.get(f"{path}/saved-queries")).json()["data"]
    assert (listed["name"], "sql_template" in listed) == ("Renamed", False)
    assert (await http.post(f"{query_path}/draft/publish")).status_code == 404


async def test_the_harbors_credential_runs_the_published_version(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, sandbox: Starlette, query_path: str
) -> None:
    published = (await http.post(f"{query_path}/draft/publish")).json()["data"]

    run = (await agent.post(f"{query_path}/execute", json={"parameters": {"rows": 1}})).json()["data"]
    sandbox.state.workspace.workers.shutdown(wait=True)
    rows = (await agent.get(f"/api/queries/{run['id']}")).json()["data"]

    assert (run["revision_id"], run["version"]) == (published["revision_id"], 1)
    assert rows["results"] == [{"days": 7, "text": "{{days}}", "name": None}]
    assert (await http.post(f"{query_path}/execute", json={})).status_code == 403


@pytest.mark.parametrize("given", [{}, {"rows": None}, {"rows": "x"}, {"rows": 1, "colour": 1}])
async def test_invalid_parameters_are_refused(
    http: httpx.AsyncClient, agent: httpx.AsyncClient, query_path: str, given: dict[str, Any]
) -> None:
    await http.post(f"{query_path}/draft/publish")

    assert (await agent.post(f"{query_path}/execute", json={"parameters": given})).status_code == 422


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("boolean", True, "true"),
        ("number", -1.5, True),
        ("date", "2026-01-01", "today"),
        ("timestamp", "2026-01-01T10:00:00Z", 5),
        ("uuid", "0d1e2f30-4a5b-4c6d-8e7f-90a1b2c3d4e5", "no"),
        ("string", "a", 1),
    ],
)
async def test_a_value_must_have_its_parameters_type(
    http: httpx.AsyncClient, path: str, type_: str, good: Any, bad: Any
) -> None:
    body = {
        "name": "Q",
        "sql_template": "SELECT {{x}} AS x",
        "parameters": [{"name": "x", "type": type_}],
    }
    refused = await http.post(f"{path}/saved-queries", json=body | {"validation_values": {"x": bad}})
    kept = await http.post(f"{path}/saved-queries", json=body | {"validation_values": {"x": good}})
    query_path = f"{path}/saved-queries/{kept.json()['data']['saved_query_id']}"

    assert (refused.status_code, f"must be of type {type_}" in refused.json()["message"]) == (422, True)
    assert (await http.post(f"{query_path}/draft/validate")).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"name": " "},
        {"name": "n" * 201},
        {"sql_template": " "},
        {"sql_template": "SELECT {{other}}"},
        {"sql_template": "SELECT 'open"},
        {"validation_values": {"other": 1}},
        {"parameters": [{"name": "a b", "type": "string"}]},
        {"parameters": [{"name": "a", "type": "blob"}]},
        {"parameters": [{"name": "a", "type": "string"}, {"name": "a", "type": "string"}]},
    ],
)
async def test_an_invalid_draft_is_refused(http: httpx.AsyncClient, path: str, more: dict[str, Any]) -> None:
    assert (await http.post(f"{path}/saved-queries", json=DRAFT | more)).status_code == 422


async def test_a_draft_that_does_not_run_is_not_published(http: httpx.AsyncClient, path: str) -> None:
    for sql in ("SELECT * FROM nowhere", "DROP TABLE x", "SELECT {{n}}"):
        body = {
            "name": "Q",
            "sql_template": sql,
            "parameters": [{"name": "n", "type": "number", "required": True}],
        }
        kept = await http.post(f"{path}/saved-queries", json=body)
        query_path = f"{path}/saved-queries/{kept.json()['data']['saved_query_id']}/draft/publish"
        assert (await http.post(query_path)).status_code == 422, sql


async def test_drafts_and_saved_queries_are_deleted(
    http: httpx.AsyncClient, path: str, query_path: str
) -> None:
    await http.post(f"{query_path}/draft/publish")
    await http.put(f"{query_path}/draft", json=DRAFT)

    assert (await http.delete(f"{query_path}/draft")).status_code == 200
    assert (await http.get(query_path)).status_code == 200
    assert (await http.delete(query_path)).status_code == 200
    assert (await http.get(query_path)).status_code == 404
    first = (await http.post(f"{path}/saved-queries", json=DRAFT)).json()["data"]["saved_query_id"]
    await http.delete(f"{path}/saved-queries/{first}/draft")
    assert (await http.delete(f"{path}/saved-queries/{first}/draft")).status_code == 404


async def test_a_customer_managed_harbor_has_no_saved_queries(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    backing = (await connect("snowflake"))["id"]
    body = {"name": "Own", "backing_mode": "customer_managed", "backing_connection_id": backing}
    created = (await http.post("/api/harbors", json=body)).json()["data"]["harbor"]

    refused = await http.post(f"/api/harbors/{created['id']}/saved-queries", json=DRAFT)

    assert (refused.status_code, refused.json()["key"]) == (422, "unsupported_backing")
