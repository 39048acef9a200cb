"""The arguments of a call, read from its path, query and body and validated against the catalogue."""

from typing import Any

import httpx
import pytest


async def test_a_query_is_converted_to_the_types_of_its_parameters(echo: Any) -> None:
    operations = [
        "GET /api/syncs",
        "GET /api/connections/{id}/modelsync/source",
        "GET /api/connections/{id}/modelsync/target/fields",
        "GET /api/bulk/syncs/status",
    ]
    async with echo(*operations) as http:
        syncs = await http.get("/api/syncs", params={"active": "true", "limit": "20", "mode": "create"})
        deep = await http.get("/api/connections/c/modelsync/source?params[table]=a.b&params[x]=1&params[x]=2")
        plain = await http.get("/api/connections/c/modelsync/source?table=a.b")
        created = await http.get("/api/connections/c/modelsync/target/fields?properties[name]=n&refresh=1")
        several = await http.get("/api/bulk/syncs/status?sync_id=1&sync_id=2")

    assert syncs.json()["data"] == {"active": True, "limit": 20, "mode": "create"}
    assert deep.json()["data"] == {"id": "c", "params": {"table": ["a.b"], "x": ["1", "2"]}}
    assert plain.json()["data"] == {"id": "c", "params": {"table": ["a.b"]}}
    assert created.json()["data"] == {"id": "c", "properties": {"name": ["n"]}, "refresh": True}
    assert several.json()["data"] == {"sync_id": ["1", "2"]}


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ('{"table": ["a.b"], "x": ["1", "2"]}', {"table": ["a.b"], "x": ["1", "2"]}),
        ("{'table': ['a.b'], 'x': None}", {"table": ["a.b"]}),
        ('{"table": "a.b", "number": 7, "yes": true}', {"table": ["a.b"], "number": ["7"], "yes": ["true"]}),
        ("{}", {}),
    ],
)
async def test_an_object_may_be_sent_whole_as_older_clients_do(
    echo: Any, text: str, params: dict[str, list[str]]
) -> None:
    async with echo("GET /api/connections/{id}/modelsync/source") as http:
        answer = await http.get("/api/connections/c/modelsync/source", params={"params": text})

    assert answer.json()["data"] == {"id": "c", "params": params}


async def test_an_empty_text_counts_as_absent_where_it_is_no_value(echo: Any) -> None:
    async with echo("GET /api/syncs", "GET /api/connections/{id}/modelsync/source") as http:
        syncs = await http.get("/api/syncs?limit=&active=&page_token=")
        source = await http.get("/api/connections/c/modelsync/source?params=")

    assert syncs.json()["data"] == {"page_token": ""}
    assert source.json()["data"] == {"id": "c"}


async def test_the_values_of_an_object_that_is_sent_whole_have_their_types(echo: Any) -> None:
    async with echo("GET /api/bulk/syncs/{id}/schemas") as http:
        whole = await http.get("/api/bulk/syncs/b/schemas", params={"filters": '{"enabled": "true"}'})
        python = await http.get("/api/bulk/syncs/b/schemas", params={"filters": "{'enabled': 'false'}"})
        member = await http.get("/api/bulk/syncs/b/schemas?filters[enabled]=true")

    assert whole.json() == member.json() == {"data": {"id": "b", "filters": {"enabled": "true"}}}
    assert python.json()["data"]["filters"] == {"enabled": "false"}


@pytest.mark.parametrize("text", ["x", "[1]", "{'a': open('x')}", "[" * 9_000, "{", "7"])
async def test_a_text_that_is_no_object_is_refused(echo: Any, text: str) -> None:
    async with echo("GET /api/connections/{id}/modelsync/source") as http:
        answer = await http.get("/api/connections/c/modelsync/source", params={"params": text})

    assert (answer.status_code, "params must be of type object" in answer.text) == (422, True)


@pytest.mark.parametrize("query", ["limit=many", "active=perhaps", "params=x", "unknown[a]=1"])
async def test_a_query_that_does_not_fit_is_refused(echo: Any, query: str) -> None:
    async with echo("GET /api/syncs") as http:
        answer = await http.get(f"/api/syncs?{query}")

    assert answer.status_code == 422


async def test_a_member_of_a_parameter_that_was_also_sent_whole_is_accepted(echo: Any) -> None:
    async with echo("GET /api/connections/{id}/modelsync/source") as http:
        answer = await http.get("/api/connections/c/modelsync/source?params=x&params[table]=a")

    assert answer.json()["data"]["params"] == {"table": ["a"]}


async def test_the_body_may_contain_arguments_of_the_query(echo: Any) -> None:
    async with echo("POST /api/connections/{connection_id}/query") as http:
        path = "/api/connections/c/query"
        in_query = await http.post(path, params={"query": "SELECT 1"}, json={})
        in_body = await http.post(path, json={"query": "SELECT 1"})
        differing = await http.post(path, params={"query": "SELECT 1"}, json={"query": "SELECT 2"})

    assert in_query.json() == in_body.json() == {"data": {"connection_id": "c", "query": "SELECT 1"}}
    assert differing.status_code == 400


async def test_every_invalid_argument_is_named_without_its_value(
    http: httpx.AsyncClient,
) -> None:
    body = {"name": 5, "configuration": "hunter2", "naem": "hunter2", "policies": [7], "type": None}

    answer = await http.post("/api/connections", json=body)

    assert answer.status_code == 422
    problems = {row["argument"]: row["problem"] for row in answer.json()["metadata"]["problems"]}
    assert problems == {
        "name": "must be of type string",
        "configuration": "must be of type object",
        "naem": "is not an argument of this operation. Did you mean 'name'? Valid values: name, "
        "configuration, type, healthcheck_interval, organization_id, policies, redirect_url, validate",
        "policies.0": "must be of type string",
        "type": "is missing",
    }
    assert "POST /api/connections" in answer.json()["message"]
    assert "hunter2" not in answer.text


async def test_an_unknown_argument_is_refused_with_the_valid_ones(http: httpx.AsyncClient) -> None:
    me = await http.get("/api/me?zzzzzz=1")
    connections = await http.delete("/api/connections/c?zzzzzz=1")

    assert "zzzzzz is not an argument of this operation. There are none." in me.json()["message"]
    assert "Valid values: id, force." in connections.json()["message"]


async def test_a_problem_deep_in_an_argument_is_named_by_its_path(echo: Any) -> None:
    body = {
        "name": "n",
        "mode": "create",
        "fields": [],
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": 5},
        "identity": {"source": {"model_id": 7, "field": "email"}, "target": "Id", "function": "Equality"},
    }
    async with echo("POST /api/syncs") as http:
        answer = await http.post("/api/syncs", json=body)

    assert [row["argument"] for row in answer.json()["metadata"]["problems"]] == [
        "target.connection_id",
        "identity.source.model_id",
    ]


async def test_an_argument_that_matches_none_of_several_forms_is_named(echo: Any) -> None:
    body = {
        "name": "n",
        "source_connection_id": "a",
        "destination_connection_id": "b",
        "destination_configuration": {},
        "default_schedule": {"frequency": "manual"},
        "schemas": [5],
    }
    async with echo("POST /api/bulk/syncs") as http:
        answer = await http.post("/api/bulk/syncs", json=body)

    assert answer.json()["metadata"]["problems"] == [
        {"argument": "schemas.0", "problem": "has a form that the operation does not accept"}
    ]


async def test_a_sync_without_fields_reaches_its_route(echo: Any) -> None:
    body = {
        "name": "n",
        "mode": "create",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": "c"},
    }
    async with echo("POST /api/syncs") as http:
        answer = await http.post("/api/syncs", json=body)

    assert answer.status_code == 200
