"""An ``Idempotency-Key`` has one outcome."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.calls.call import Call, Routes
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID, USER_ID
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.gateway.dispatch import Api
from polytomic_mcp.sandbox.gateway.routing import RoutingMiddleware
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.conftest import Clock

KEY = {"Idempotency-Key": "0123-abcd_XYZ"}
CONNECTION = {"name": "CRM", "type": "hubspot", "configuration": {"oauth_refresh_token": "hunter2"}}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(Store(), "sandbox-key")
    yield workspace
    workspace.close()


def client(workspace: Workspace, routes: Routes) -> httpx.AsyncClient:
    catalogue = load_catalogue()
    api = RoutingMiddleware(Api(workspace, catalogue, routes), catalogue.values())
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(api),
        base_url="http://sandbox",
        headers={"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18", **KEY},
    )


def is_written(folder: Path, text: str) -> bool:
    return any(text.encode() in file.read_bytes() for file in folder.iterdir())


async def test_a_repeated_key_replays_the_first_outcome(http: httpx.AsyncClient) -> None:
    first = await http.post("/api/connections", json=CONNECTION, headers=KEY)
    second = await http.post("/api/connections", json=dict(reversed(CONNECTION.items())), headers=KEY)
    listed = await http.get("/api/connections")

    assert second.json() == first.json()
    assert len(listed.json()["data"]) == 1


async def test_a_new_secret_is_replayed_and_not_stored(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    headers = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18", **KEY}
    keys = f"/api/organizations/{ORGANIZATION_ID}/users/{USER_ID}/keys"
    answers: list[httpx.Response] = []

    for times in (2, 1):
        app = create_sandbox(state=state)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
            answers += [await http.post(keys) for _ in range(times)]
        app.state.workspace.close()

    first, second, later = answers
    assert first.json() == second.json()
    assert (later.status_code, later.json()["key"]) == (410, "outcome_gone")
    assert not is_written(tmp_path, first.json()["data"]["value"])


async def test_without_a_key_each_call_takes_effect(http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await http.post("/api/connections", json=CONNECTION)

    assert len((await http.get("/api/connections")).json()["data"]) == 2


@pytest.mark.parametrize(
    "key", ["short", "x" * 256, "with space", "ümlaut--", "line\x0bbreak", "12345678\x0b"]
)
async def test_an_invalid_key_is_refused(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/api/connections", json=CONNECTION, headers={b"Idempotency-Key": key.encode()})

    assert answer.status_code == 400
    assert answer.json()["key"] == "bad_idempotency_key"


async def test_a_key_has_no_effect_on_a_get(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/connections", headers={"Idempotency-Key": "x"})

    assert answer.status_code == 200


async def test_a_key_used_for_another_call_is_refused(http: httpx.AsyncClient) -> None:
    await http.post("/api/connections", json=CONNECTION, headers=KEY)

    answer = await http.post("/api/connections", json={**CONNECTION, "name": "Other"}, headers=KEY)

    assert answer.status_code == 422
    assert answer.json()["key"] == "idempotency_key_reused"


async def test_a_key_can_be_reused_after_a_day(http: httpx.AsyncClient, clock: Clock) -> None:
    first = await http.post("/api/connections", json=CONNECTION, headers=KEY)
    clock.advance(hours=23, minutes=59)
    replayed = await http.post("/api/connections", json=CONNECTION, headers=KEY)
    clock.advance(minutes=1)
    fresh = await http.post("/api/connections", json=CONNECTION, headers=KEY)

    assert replayed.json() == first.json()
    assert fresh.json()["data"]["id"] != first.json()["data"]["id"]


async def test_a_call_refused_before_its_route_may_be_corrected(
    http: httpx.AsyncClient,
) -> None:
    refused = await http.post("/api/connections", json={"name": "CRM"}, headers=KEY)
    repaired = await http.post("/api/connections", json=CONNECTION, headers=KEY)

    assert (refused.status_code, repaired.status_code) == (422, 200)


@pytest.mark.parametrize(
    "fault", [RuntimeError("boom"), RefusalError(409, "busy", headers={"X-Why": "busy"})]
)
async def test_a_failure_is_an_outcome_and_is_replayed(workspace: Workspace, fault: Exception) -> None:
    calls: list[Call] = []

    def fail(call: Call) -> None:
        calls.append(call)
        raise fault

    async with client(workspace, {"POST /api/connections/{id}/schemas/refresh": fail}) as http:
        answers = [await http.post("/api/connections/c/schemas/refresh") for _ in range(2)]

    assert answers[0].status_code in {409, 500}
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers.get("X-Why") == answers[1].headers.get("X-Why")
    assert len(calls) == 1


async def test_the_outcome_of_a_reading_post_is_replayed_too(workspace: Workspace) -> None:
    counted = iter(range(9))

    async with client(workspace, {"POST /api/connections/test": lambda _: {"data": next(counted)}}) as http:
        body = {"type": "hubspot", "configuration": {}}
        answers = [await http.post("/api/connections/test", json=body) for _ in range(2)]

    assert [answer.json() for answer in answers] == [{"data": 0}, {"data": 0}]


async def test_a_key_is_locked_while_its_call_runs(workspace: Workspace) -> None:
    entered, leave = threading.Event(), threading.Event()
    answers: list[httpx.Response] = []

    def slow(_: Call) -> dict[str, str]:
        entered.set()
        leave.wait(timeout=10)
        return {"data": "done"}

    async with (
        client(workspace, {"POST /api/connections/{id}/schemas/refresh": slow}) as http,
        anyio.create_task_group() as group,
    ):

        async def call() -> None:
            answers.append(await http.post("/api/connections/c/schemas/refresh"))

        group.start_soon(call)
        await anyio.to_thread.run_sync(entered.wait, 10)
        locked = await http.post("/api/connections/c/schemas/refresh")
        leave.set()

    assert locked.status_code == 409
    assert locked.json()["key"] == "idempotency_lock"
    assert answers[0].json() == {"data": "done"}


async def test_no_secret_is_stored_with_an_outcome(http: httpx.AsyncClient, sandbox: Any) -> None:
    await http.post("/api/connections", json=CONNECTION, headers=KEY)

    with sandbox.state.workspace.store.transaction() as connection:
        kept = connection.execute("SELECT * FROM outcomes").fetchall()

    assert len(kept) == 1
    assert "hunter2" not in str(kept)
