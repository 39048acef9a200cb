"""What every call meets before its route: key, version, path, arguments."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.api import LARGEST_BODY, Api
from polytomic_mcp.sandbox.arguments import DEEPEST
from polytomic_mcp.sandbox.call import Answer, Call, Routes
from polytomic_mcp.sandbox.refusals import RefusalError
from polytomic_mcp.sandbox.routes import ROUTES
from polytomic_mcp.sandbox.store import Store
from polytomic_mcp.sandbox.world import World

BY_FAULT = "a secret of the sandbox"

Serve = Callable[[Routes], httpx.AsyncClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve routes of a test's own over an empty world."""
    world = World(Store(), "sandbox-key")

    def client(routes: Routes) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(Api(world, load_catalogue(), routes)),
            base_url="http://sandbox",
            headers={"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"},
        )

    yield client
    world.close()


def arguments(call: Call) -> dict[str, Any]:
    """Answer with what the route was given."""
    return {"data": dict(call.arguments)}


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize(
    "authorization", ["Bearer sandbox-key", "bearer sandbox-key", basic("any-organization:sandbox-key")]
)
async def test_the_key_is_taken_as_bearer_and_as_basic(http: httpx.AsyncClient, authorization: str) -> None:
    answer = await http.get("/api/me", headers={"Authorization": authorization})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer",
        "sandbox-key",
        basic("organization:wrong"),
        "Basic !!",
        "Basic //8=",
        "Bearer schlüssel",
    ],
)
async def test_a_wrong_key_is_refused_with_401(http: httpx.AsyncClient, authorization: str) -> None:
    answer = await http.get("/api/me", headers={"Authorization": authorization.encode()})

    assert answer.status_code == 401
    assert answer.json()["key"] == "unauthorized"
    assert "sandbox-key" not in answer.text


async def test_a_missing_key_is_refused_with_401(http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]

    answer = await http.get("/api/me")

    assert answer.status_code == 401
    assert answer.json()["message"].startswith("No API key was sent")


async def test_the_older_version_has_an_error_body_of_its_own_for_401(http: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer wrong", "X-Polytomic-Version": "2024-02-08"}

    answer = await http.get("/api/me", headers=headers)

    assert answer.json().keys() == {"code", "error", "status", "context"}


async def test_the_served_version_is_echoed(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": "2024-02-08"})

    assert answer.headers["X-Polytomic-Version"] == "2024-02-08"
    assert "Warning" not in answer.headers


async def test_a_call_without_a_version_is_served_the_oldest_and_warned(http: httpx.AsyncClient) -> None:
    del http.headers["X-Polytomic-Version"]

    answer = await http.get("/api/me")

    assert answer.status_code == 200
    assert answer.headers["X-Polytomic-Version"] == "2021-05-23"
    assert "2025-09-18" in answer.headers["Warning"]


async def test_an_unknown_version_is_refused_with_those_that_exist(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": "2099-01-01"})

    assert answer.status_code == 400
    assert "2025-09-18" in answer.json()["message"]


async def test_each_answer_has_a_request_id_of_its_own(http: httpx.AsyncClient) -> None:
    first, second = await http.get("/api/me"), await http.get("/api/nothing")

    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


async def test_every_operation_of_the_catalogue_is_served_or_refused_by_name(http: httpx.AsyncClient) -> None:
    for operation in load_catalogue().values():
        if operation.id in ROUTES:
            continue
        answer = await http.request(operation.method, operation.path.replace("{", "").replace("}", ""))

        assert (answer.status_code, answer.json()["metadata"]) == (501, {"operation": operation.id})


def test_every_route_is_an_operation_of_the_catalogue() -> None:
    assert set(ROUTES) <= set(load_catalogue())


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/connections//schemas/status", "/api/%2e%2e/me", "/api/"]
)
async def test_an_unknown_path_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(httpx.URL("http://sandbox/").copy_with(raw_path=path.encode()))

    assert answer.status_code == 404
    assert answer.json()["key"] == "not_found"


async def test_a_path_outside_the_api_is_refused_in_the_api_s_own_shape(http: httpx.AsyncClient) -> None:
    answer = await http.get("/elsewhere")

    assert answer.json()["status"] == 404


async def test_a_wrong_method_is_refused_with_the_right_one(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/connections/c1/modelsync/targetobjects", json={})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert "GET /api/connections/{id}/modelsync/targetobjects" in answer.json()["message"]


async def test_a_static_segment_wins_over_a_placeholder(serve: Serve) -> None:
    routes = {
        "GET /api/syncs/schedules": lambda _: {"data": "schedules"},
        "GET /api/syncs/{id}": lambda _: {"data": "sync"},
    }
    async with serve(routes) as http:
        schedules, sync = await http.get("/api/syncs/schedules"), await http.get("/api/syncs/s1")

    assert (schedules.json()["data"], sync.json()["data"]) == ("schedules", "sync")


async def test_a_trailing_slash_makes_no_difference(serve: Serve) -> None:
    async with serve({"POST /api/connections/connect/": arguments}) as http:
        body = {"name": "n", "redirect_url": "https://acme.example"}
        answers = [await http.post(f"/api/connections/connect{slash}", json=body) for slash in ("", "/")]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_quoted_slash_stays_in_the_id_it_belongs_to(serve: Serve) -> None:
    async with serve({"GET /api/syncs/{id}": arguments}) as http:
        answer = await http.get("/api/syncs/a%2Fb%3Fc")

    assert answer.json()["data"] == {"id": "a/b?c"}


async def test_a_server_that_passes_no_raw_path_is_served_too() -> None:
    world = World(Store(), "k")
    api = Api(world, load_catalogue(), ROUTES)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await api({name: value for name, value in scope.items() if name != "raw_path"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
        answer = await http.get("/api/me", headers={"Authorization": "Bearer k"})
    world.close()

    assert answer.status_code == 200


async def test_a_query_is_read_by_the_types_of_its_parameters(serve: Serve) -> None:
    routes = {
        "GET /api/syncs": arguments,
        "GET /api/connections/{id}/modelsync/source": arguments,
        "GET /api/connections/{id}/modelsync/target/fields": arguments,
        "GET /api/bulk/syncs/status": arguments,
    }
    async with serve(routes) as http:
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


@pytest.mark.parametrize("query", ["limit=many", "active=perhaps", "params=x", "unknown[a]=1"])
async def test_a_query_that_does_not_fit_is_refused(serve: Serve, query: str) -> None:
    async with serve({"GET /api/syncs": arguments}) as http:
        answer = await http.get(f"/api/syncs?{query}")

    assert answer.status_code == 422


async def test_a_member_of_a_parameter_that_was_given_whole_is_no_fault(serve: Serve) -> None:
    async with serve({"GET /api/connections/{id}/modelsync/source": arguments}) as http:
        answer = await http.get("/api/connections/c/modelsync/source?params=x&params[table]=a")

    assert answer.json()["data"]["params"] == {"table": ["a"]}


async def test_the_body_may_carry_what_the_catalogue_places_in_the_query(serve: Serve) -> None:
    async with serve({"POST /api/connections/{connection_id}/query": arguments}) as http:
        path = "/api/connections/c/query"
        in_query = await http.post(path, params={"query": "SELECT 1"}, json={})
        in_body = await http.post(path, json={"query": "SELECT 1"})
        differing = await http.post(path, params={"query": "SELECT 1"}, json={"query": "SELECT 2"})

    assert in_query.json() == in_body.json() == {"data": {"connection_id": "c", "query": "SELECT 1"}}
    assert differing.status_code == 400


async def test_every_argument_that_does_not_fit_is_named_and_no_value_is_shown(
    http: httpx.AsyncClient,
) -> None:
    body = {"name": 5, "configuration": "hunter2", "naem": "hunter2", "policies": [7], "type": None}

    answer = await http.post("/api/connections", json=body)

    assert answer.status_code == 422
    problems = {row["argument"]: row["problem"] for row in answer.json()["metadata"]["problems"]}
    assert problems == {
        "name": "must be of type string",
        "configuration": "must be of type object",
        "naem": "is no argument of this operation (did you mean name?)",
        "policies.0": "must be of type string",
        "type": "is missing",
    }
    assert "POST /api/connections" in answer.json()["message"]
    assert "hunter2" not in answer.text


async def test_an_argument_like_no_other_is_answered_with_those_there_are(http: httpx.AsyncClient) -> None:
    me = await http.get("/api/me?zzzzzz=1")
    connections = await http.delete("/api/connections/c?zzzzzz=1")

    assert "(it takes no arguments)" in me.json()["message"]
    assert "(it takes id, force)" in connections.json()["message"]


async def test_a_problem_deep_in_an_argument_is_named_with_its_place(serve: Serve) -> None:
    body = {
        "name": "n",
        "mode": "create",
        "fields": [],
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": 5},
        "identity": {"source": {"model_id": 7, "field": "email"}, "target": "Id", "function": "Equality"},
    }
    async with serve({"POST /api/syncs": arguments}) as http:
        answer = await http.post("/api/syncs", json=body)

    assert [row["argument"] for row in answer.json()["metadata"]["problems"]] == [
        "target.connection_id",
        "identity.source.model_id",
    ]


async def test_an_argument_that_has_several_forms_and_fits_none_is_named(serve: Serve) -> None:
    body = {
        "name": "n",
        "source_connection_id": "a",
        "destination_connection_id": "b",
        "destination_configuration": {},
        "default_schedule": {"frequency": "manual"},
        "schemas": [5],
    }
    async with serve({"POST /api/bulk/syncs": arguments}) as http:
        answer = await http.post("/api/bulk/syncs", json=body)

    assert answer.json()["metadata"]["problems"] == [
        {"argument": "schemas.0", "problem": "has a form that the operation does not take"}
    ]


async def test_a_sync_without_fields_reaches_its_route(serve: Serve) -> None:
    body = {
        "name": "n",
        "mode": "create",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": "c"},
    }
    async with serve({"POST /api/syncs": arguments}) as http:
        answer = await http.post("/api/syncs", json=body)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": }', "Expecting value at line 1 column 10"),
        (b'{"name": "x"} trailing', "Extra data"),
        (b"[1]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"name": NaN}', "NaN is no JSON number"),
        (b'{"name": ' + b"9" * 5000 + b"}", "a number that is out of range"),
        (b'{"name": "\xff"}', "not UTF-8: byte 10"),
        (b'{"name": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"name": ' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "nested too deeply"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_400(
    http: httpx.AsyncClient, body: bytes, message: str
) -> None:
    answer = await http.post("/api/connections", content=body)

    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_body_that_is_too_large_is_refused_with_413(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/connections", content=b" " * (LARGEST_BODY + 1))

    assert answer.status_code == 413


async def test_text_of_any_kind_comes_back_as_it_was(serve: Serve) -> None:
    text = "naïve \u0000 \U0001f642 \u202e"
    async with serve({"POST /api/connections/{connection_id}/query": arguments}) as http:
        answer = await http.post("/api/connections/c/query", json={"query": text})

    assert answer.json()["data"]["query"] == text


async def test_a_fault_of_the_sandbox_shows_nothing_of_itself(serve: Serve) -> None:
    def fail(_: Call) -> None:
        raise RuntimeError(BY_FAULT)

    async with serve({"GET /api/me": fail}) as http:
        answer = await http.get("/api/me")

    assert answer.status_code == 500
    assert answer.json()["key"] == "internal_error"
    assert BY_FAULT not in answer.text


async def test_an_answer_that_is_no_json_is_a_fault_too(serve: Serve) -> None:
    async with serve({"GET /api/me": lambda _: {"data": float("nan")}}) as http:
        answer = await http.get("/api/me")

    assert answer.status_code == 500


async def test_a_route_may_answer_nothing_or_with_status_and_headers(serve: Serve) -> None:
    routes = {
        "GET /api/me": lambda _: None,
        "POST /api/connections/{id}/schemas/refresh": lambda _: Answer(
            {"data": 1}, 202, {"Location": "/there"}
        ),
    }
    async with serve(routes) as http:
        empty = await http.get("/api/me")
        accepted = await http.post("/api/connections/c/schemas/refresh")

    assert (empty.status_code, empty.content) == (200, b"")
    assert (accepted.status_code, accepted.headers["Location"]) == (202, "/there")


async def test_what_a_route_wrote_before_it_refused_is_undone(serve: Serve) -> None:
    started: list[str] = []

    def half(call: Call) -> None:
        call.world.store.put("model", "m1", {"id": "m1"})
        call.world.run_later(lambda: started.append("work"))
        raise RefusalError(422, "no")

    def models(call: Call) -> dict[str, Any]:
        return {"data": call.world.store.list("model")}

    async with serve({"POST /api/connections/{id}/schemas/refresh": half, "GET /api/models": models}) as http:
        refused = await http.post("/api/connections/c/schemas/refresh")
        left = await http.get("/api/models")

    assert refused.status_code == 422
    assert left.json() == {"data": []}
    assert started == []


def test_the_lifespan_closes_the_world() -> None:
    app = create_sandbox()

    with TestClient(app) as client:
        answer = client.get("/api/me", headers={"Authorization": "Bearer sandbox-key"})

    assert answer.status_code == 200
    with pytest.raises(RuntimeError):
        app.state.world.workers.submit(print)


async def test_two_sandboxes_in_one_process_never_meet() -> None:
    one, two = create_sandbox(key="one"), create_sandbox(key="two")

    async def listed(app: Starlette, key: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
            headers = {"Authorization": f"Bearer {key}"}
            body = {"name": key, "type": "hubspot", "configuration": {}}
            await http.post("/api/connections", json=body, headers=headers)
            return await http.get("/api/connections", headers=headers)

    answers = [await listed(one, "one"), await listed(two, "two"), await listed(one, "two")]
    for app in (one, two):
        app.state.world.close()

    assert [[row["name"] for row in answer.json().get("data", [])] for answer in answers] == [
        ["one"],
        ["two"],
        [],
    ]
    assert answers[2].status_code == 401


@pytest.mark.parametrize(
    ("fault", "shown"), [(ValueError("no such file"), ConfigurationError), (KeyError(), KeyError)]
)
def test_a_sandbox_that_cannot_be_planted_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, shown: type[Exception]
) -> None:
    planted: list[World] = []

    def fail(world: World, *_: object) -> None:
        planted.append(world)
        raise fault

    monkeypatch.setattr("polytomic_mcp.sandbox.app.plant", fail)

    with pytest.raises(shown):
        create_sandbox()

    with pytest.raises(RuntimeError):
        planted[0].workers.submit(print)


def test_a_run_that_was_under_way_when_the_process_ended_is_interrupted(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.put("execution", "e1", {"id": "e1", "status": "running", "errors": [], "_sync_id": "s1"})
    store.close()

    world = create_sandbox(state=tmp_path / "state.db").state.world

    assert world.store.get("execution", "e1")["status"] == "interrupted"
    world.close()
