"""Which operation a path names."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.gateway.routing import RoutingMiddleware
from polytomic_mcp.sandbox.routes import ROUTES
from polytomic_mcp.sandbox.workspace.workspace import Workspace


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


async def test_a_path_outside_the_api_is_refused_in_the_apis_shape(http: httpx.AsyncClient) -> None:
    answer = await http.get("/elsewhere")

    assert answer.json()["status"] == 404


async def test_a_wrong_method_is_refused_with_the_right_one(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/connections/c1/modelsync/targetobjects", json={})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert "GET /api/connections/{id}/modelsync/targetobjects" in answer.json()["message"]


async def test_a_static_segment_takes_precedence_over_a_placeholder(serve: Any) -> None:
    routes = {
        "GET /api/syncs/schedules": lambda _: {"data": "schedules"},
        "GET /api/syncs/{id}": lambda _: {"data": "sync"},
    }
    async with serve(routes) as http:
        schedules, sync = await http.get("/api/syncs/schedules"), await http.get("/api/syncs/s1")

    assert (schedules.json()["data"], sync.json()["data"]) == ("schedules", "sync")


async def test_a_trailing_slash_makes_no_difference(echo: Any) -> None:
    async with echo("POST /api/connections/connect/") as http:
        body = {"name": "n", "redirect_url": "https://acme.example"}
        answers = [await http.post(f"/api/connections/connect{slash}", json=body) for slash in ("", "/")]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_quoted_slash_stays_within_its_id(echo: Any) -> None:
    async with echo("GET /api/syncs/{id}") as http:
        answer = await http.get("/api/syncs/a%2Fb%3Fc")

    assert answer.json()["data"] == {"id": "a/b?c"}


async def test_a_server_without_raw_path_is_supported() -> None:
    workspace = Workspace(Store(), "k")
    catalogue = load_catalogue()
    api = RoutingMiddleware(Api(workspace, catalogue, ROUTES), catalogue.values())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await api({name: value for name, value in scope.items() if name != "raw_path"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
        answer = await http.get("/api/events_types", headers={"Authorization": "Bearer k"})
    workspace.close()

    assert answer.status_code == 200
