"""Runs in the background: two at a time, and what a killed process leaves."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.resources.syncs.conftest import Stage

PATIENCE: Final = 4_000

DIES: Final = """
import os, signal, sys
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.resources.syncs import syncs
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables

workspace = create_sandbox(state=sys.argv[1]).state.workspace
columns = (Column("id", "string", "VARCHAR"),)
for name, count in (("from", 100), ("to", 0)):
    table = Table("postgresql", name, name, "table", columns)
    workspace.tables.create(table)
    workspace.tables.insert(table, ({"id": str(each)} for each in range(count)))
type_ = {"id": "postgresql", "operations": ["destination"]}
connection = {"id": "c", "name": "c", "type": type_, "status": "healthy", "configuration": {}}
workspace.store.put("connection", "c", connection)
field = {"id": "f", "name": "id", "label": "id", "type": "string", "user_added": False}
model = {"id": "m", "name": "m", "connection_id": "c", "configuration": {"table": "from"}, "fields": [field]}
workspace.store.put("model", "m", model)
source = {"model_id": "m", "field": "id"}
body = {
    "name": "s", "mode": "updateOrCreate", "schedule": {"frequency": "manual"},
    "target": {"connection_id": "c", "object": "to"}, "fields": [{"source": source, "target": "id"}],
    "identity": {"source": source, "target": "id", "function": "Equality"},
}
whose = {"organization_id": "o"}
workspace.store.put("sync", "s", {"id": "s", **whose, **syncs.compose(body, Sources(workspace.store), [])})
execution = executions.create(workspace, "s", {})
runner.CHUNK = 10
insert, calls = Tables.insert, []
def dying(self, *arguments):
    answer = insert(self, *arguments)
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
Tables.insert = dying
runner.run(workspace, "s", execution["id"])
"""


@pytest.fixture
def workspace(sandbox: Starlette) -> Workspace:
    """Use the sandbox's own workers, which the other tests of syncs replace."""
    workspace: Workspace = sandbox.state.workspace
    return workspace


async def test_two_runs_into_one_target_neither_lose_nor_duplicate_records(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A chunk has 10,000 records; smaller chunks make the two runs alternate often.
    monkeypatch.setattr(runner, "CHUNK", 50)
    people = [{"id": str(each), "name": f"Person {each}"} for each in range(1_000)]
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name")
    syncs = [await stage.sync(model, "public.arrivals", **stage.MAPPED) for _ in range(2)]

    started = [await stage.start(sync) for sync in syncs]
    ended = [await wait(stage, sync, each) for sync, each in zip(syncs, started, strict=True)]

    assert [each["status"] for each in ended] == ["completed", "completed"]
    assert sum(each["counts"]["insert"] for each in ended) == 1_000
    assert sorted(row["id"] for row in stage.rows("public.arrivals")) == sorted(each["id"] for each in people)


async def wait(stage: Stage, sync: dict[str, Any], execution: dict[str, Any]) -> dict[str, Any]:
    for _ in range(PATIENCE):
        found: dict[str, Any] = await stage.execution(sync, execution["id"])
        if found["status"] not in executions.UNDER_WAY:
            return found
        await anyio.sleep(0.005)
    raise AssertionError("the execution did not end")


async def test_the_counts_of_a_killed_process_match_the_rows(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"

    died = subprocess.run([sys.executable, "-c", DIES, str(state)], check=False, capture_output=True)  # noqa: ASYNC221, S603 - our own script, and nothing else runs
    app = create_sandbox(state=state)
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer sandbox-key"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
        (execution,) = (await http.get("/api/syncs/s/executions")).json()["data"]
        index = (await http.get(f"/api/syncs/s/executions/{execution['id']}/logs")).json()["data"]
    workspace: Workspace = app.state.workspace
    table = workspace.tables.get("postgresql", "to")
    assert table is not None
    rows = list(workspace.tables.read(table))
    workspace.close()

    assert died.returncode == -9, died.stderr
    assert execution["status"] == "interrupted"
    assert execution["counts"]["insert"] == len(rows) == index["inserts"]["count"] == 30
