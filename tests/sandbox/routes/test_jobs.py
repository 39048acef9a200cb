"""Jobs: the status and result of work started with ``async=true``."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.runs import jobs
from tests.sandbox.conftest import Connect

Ended = Callable[[httpx.Response], Awaitable[dict[str, Any]]]


@pytest.fixture
def ended(http: httpx.AsyncClient, sandbox: Starlette) -> Ended:
    """Wait for the workers and return the job as the API shows it: ``await ended(answer)``."""

    async def ended(answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        job = answer.json()["job"]
        assert (job["status"], job["result"], job["error"]) == ("running", None, None)
        sandbox.state.workspace.workers.shutdown(wait=True)
        shown = await http.get(f"/api/jobs/{job['type']}/{job['job_id']}")
        found: dict[str, Any] = shown.json()["data"]
        return found

    return ended


def body(connection: dict[str, Any], query: str = "SELECT 1 AS one") -> dict[str, Any]:
    return {"name": "M", "connection_id": connection["id"], "configuration": {"query": query}, "async": True}


async def test_a_model_created_in_the_background_is_the_jobs_result(
    http: httpx.AsyncClient, connect: Connect, ended: Ended
) -> None:
    answer = await http.post("/api/models", json=body(await connect("snowflake")))

    job = await ended(answer)

    assert (job["type"], job["status"], job["error"]) == ("createmodel", "done", None)
    assert (await http.get(f"/api/models/{job['result']['id']}")).json()["data"] == job["result"]


async def test_a_refused_job_fails_with_the_reason(
    http: httpx.AsyncClient, connect: Connect, ended: Ended
) -> None:
    answer = await http.post("/api/models", json=body(await connect("snowflake"), "SELECT * FROM nowhere"))

    job = await ended(answer)

    assert (job["status"], job["result"]) == ("failed", None)
    assert "Unknown snowflake table 'nowhere'" in job["error"]
    assert (await http.get("/api/models")).json()["data"] == []


async def test_a_preview_and_a_sample_run_in_the_background_too(
    http: httpx.AsyncClient, connect: Connect, ended: Ended
) -> None:
    connection = await connect("snowflake")
    model = (await http.post("/api/models", json=body(connection) | {"async": False})).json()["data"]
    preview = await http.post("/api/model-preview", params={"async": "true"}, json=body(connection))
    sample = await http.get(f"/api/models/{model['id']}/sample", params={"async": "true"})

    previewed, sampled = await ended(preview), await ended(sample)

    assert (previewed["type"], previewed["status"]) == ("previewmodel", "done")
    assert previewed["result"]["fields"][0]["name"] == "one"
    assert (sampled["type"], sampled["result"]["records"]) == ("samplemodel", [{model["id"]: {"one": 1}}])


async def test_an_update_runs_in_the_background_too(
    http: httpx.AsyncClient, connect: Connect, ended: Ended
) -> None:
    connection = await connect("snowflake")
    model = (await http.post("/api/models", json=body(connection) | {"async": False})).json()["data"]

    job = await ended(await http.put(f"/api/models/{model['id']}", json=body(connection, "SELECT 2 AS two")))

    assert (job["type"], job["result"]["version"]) == ("updatemodel", 2)


async def test_an_internal_error_fails_the_job_without_its_traceback(sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace

    def break_down() -> None:
        raise ZeroDivisionError

    job = jobs.start(workspace, "previewmodel", break_down)
    workspace.workers.shutdown(wait=True)

    found = workspace.store.get("job", job["job_id"])
    assert (found["status"], found["error"]) == (
        "failed",
        "The sandbox failed. This is a bug in the sandbox.",
    )


async def test_an_unknown_job_or_type_is_refused(http: httpx.AsyncClient, sandbox: Starlette) -> None:
    job = jobs.start(sandbox.state.workspace, "previewmodel", dict)

    assert (await http.get("/api/jobs/createmodel/nope")).status_code == 404
    assert (await http.get(f"/api/jobs/createmodel/{job['job_id']}")).status_code == 404
    refused = await http.get("/api/jobs/bake/nope")
    assert refused.status_code == 400
    assert "Unknown job type 'bake'. Valid values: " in refused.json()["message"]


async def test_an_unfinished_job_fails_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    for status in ("created", "running", "done"):
        job = {"job_id": status, "type": "createmodel", "status": status, "result": None, "error": None}
        store.put("job", status, job)
    store.close()

    app = create_sandbox(state=tmp_path / "state.db")
    headers = {"Authorization": "Bearer sandbox-key"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
        created, running, done = [
            (await http.get(f"/api/jobs/createmodel/{status}")).json()["data"]
            for status in ("created", "running", "done")
        ]
    app.state.workspace.close()

    assert (created["status"], running["status"], done["status"]) == ("failed", "failed", "done")
    assert "was restarted before this job ended. Repeat the call" in running["error"]
    assert done["error"] is None


def test_a_job_whose_result_cannot_be_stored_is_rolled_back(sandbox: Starlette) -> None:
    workspace = sandbox.state.workspace

    def work() -> object:
        workspace.store.put("model", "m", {"id": "m"})
        return object()

    job = jobs.start(workspace, "createmodel", work)
    workspace.workers.shutdown(wait=True)

    assert workspace.store.get("job", job["job_id"])["status"] == "failed"
    assert workspace.store.get("model", "m") is None
