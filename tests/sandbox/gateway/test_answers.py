"""How a route's answer, refusal or failure is returned."""

from typing import Any

import httpx

from polytomic_mcp.sandbox.calls.call import Answer, Call
from polytomic_mcp.sandbox.common.refusals import RefusalError

BY_FAULT = "a secret of the sandbox"


async def test_each_answer_has_its_own_request_id(http: httpx.AsyncClient) -> None:
    first, second = await http.get("/api/me"), await http.get("/api/nothing")

    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


async def test_an_internal_error_reveals_nothing(serve: Any) -> None:
    def fail(_: Call) -> None:
        raise RuntimeError(BY_FAULT)

    async with serve({"GET /api/me": fail}) as http:
        answer = await http.get("/api/me")

    assert answer.status_code == 500
    assert answer.json()["key"] == "internal_error"
    assert BY_FAULT not in answer.text


async def test_an_answer_that_is_not_json_is_an_internal_error(serve: Any) -> None:
    async with serve({"GET /api/me": lambda _: {"data": float("nan")}}) as http:
        answer = await http.get("/api/me")

    assert answer.status_code == 500


async def test_a_route_may_return_nothing_or_a_status_and_headers(serve: Any) -> None:
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


async def test_a_refusal_rolls_back_what_its_route_wrote(serve: Any) -> None:
    started: list[str] = []

    def half(call: Call) -> None:
        call.workspace.store.put("model", "m1", {"id": "m1"})
        call.workspace.run_later(lambda: started.append("work"))
        raise RefusalError(422, "no")

    def models(call: Call) -> dict[str, Any]:
        return {"data": call.workspace.store.list("model")}

    async with serve({"POST /api/connections/{id}/schemas/refresh": half, "GET /api/models": models}) as http:
        refused = await http.post("/api/connections/c/schemas/refresh")
        left = await http.get("/api/models")

    assert refused.status_code == 422
    assert left.json() == {"data": []}
    assert started == []
