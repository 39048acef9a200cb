"""A sandbox as a whole: it opens, closes, and is independent of others."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import polytomic_mcp.sandbox as sandbox_package
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def test_the_lifespan_closes_the_workspace() -> None:
    app = create_sandbox()

    with TestClient(app) as client:
        answer = client.get("/api/me", headers={"Authorization": "Bearer sandbox-key"})

    assert answer.status_code == 200
    with pytest.raises(RuntimeError):
        app.state.workspace.workers.submit(print)


async def test_two_sandboxes_in_one_process_are_independent() -> None:
    one, two = create_sandbox(key="one"), create_sandbox(key="two")

    async def listed(app: Starlette, key: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as http:
            headers = {"Authorization": f"Bearer {key}"}
            body = {"name": key, "type": "hubspot", "configuration": {}}
            await http.post("/api/connections", json=body, headers=headers)
            return await http.get("/api/connections", headers=headers)

    answers = [await listed(one, "one"), await listed(two, "two"), await listed(one, "two")]
    for app in (one, two):
        app.state.workspace.close()

    assert [[row["name"] for row in answer.json().get("data", [])] for answer in answers] == [
        ["one"],
        ["two"],
        [],
    ]
    assert answers[2].status_code == 401


@pytest.mark.parametrize(
    ("fault", "shown"), [(ValueError("no such file"), ConfigurationError), (KeyError(), KeyError)]
)
def test_a_sandbox_with_invalid_data_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, shown: type[Exception]
) -> None:
    seeded: list[Workspace] = []

    def fail(workspace: Workspace, *_: object, **__: object) -> None:
        seeded.append(workspace)
        raise fault

    # create_sandbox does not return the workspace if it fails; this gives the test a reference to it.
    monkeypatch.setattr("polytomic_mcp.sandbox.app.seed_workspace", fail)

    with pytest.raises(shown):
        create_sandbox()

    with pytest.raises(RuntimeError):
        seeded[0].workers.submit(print)


def test_a_run_that_was_in_progress_when_the_process_ended_is_interrupted(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.put("execution", "e1", {"id": "e1", "status": "running", "errors": [], "_sync_id": "s1"})
    store.close()

    workspace = create_sandbox(state=tmp_path / "state.db").state.workspace

    assert workspace.store.get("execution", "e1")["status"] == "interrupted"
    workspace.close()


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'create_sandboxes'"):
        _ = sandbox_package.create_sandboxes
