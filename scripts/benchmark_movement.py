"""Compare a sync of rows from a Snowflake query to a Gong flow with the same insert in DuckDB alone.

The two sides alternate, each in its own process, with files on the same disk. The flow is empty on both
sides.

Ours is a sandbox with a state file, whose CRM has the contacts. A sync is created and started through
the API, and measured from its start to the execution's end.

DuckDB's is a database file with a table of the contacts and one of the flow, both with primary keys. One
``INSERT ... SELECT`` of the same query, joined with the contacts, with ``ON CONFLICT DO UPDATE``, and a
checkpoint are measured.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import httpx

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_KEY: Final = "benchmark"
_FLOW: Final = "my-gong-engage-flow"
_WAREHOUSE: Final = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
_GONG: Final = {"auth_method": "token", "access_key": "ak", "access_secret": "as"}
_RUNNING: Final = ("created", "running", "canceling")


def compare_movement(rows: int, rounds: int) -> None:
    """Measure both sides alternately with all rows, then our memory with a quarter and a half of them."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "state.sqlite"), Path(folder, "alone.duckdb")
        _child("prepare", rows, ours, theirs)
        pairs = [(_child("alone", rows, theirs), _child("sandbox", rows, ours)) for _ in range(rounds)]
        part = [(share, _child("sandbox", share, ours)[1]) for share in (rows // 4, rows // 2)]
    alone, sandbox = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    ratio = sandbox / alone
    print(f"{rows:,} rows into a flow   DuckDB {alone:6.2f} s   ours {sandbox:6.2f} s   ratio {ratio:.2f}")
    for share, peak in [*part, (rows, statistics.median(pair[1][1] for pair in pairs))]:
        print(f"{f'peak memory, {share:,} rows':<30} {peak:7.1f} MiB")


def _child(task: str, rows: int, *paths: Path) -> tuple[float, float]:
    """Run a task in a new process; return its seconds and its peak memory in MiB."""
    command = [sys.executable, __file__, task, str(rows), *map(str, paths)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this file
    seconds, peak = map(float, ended.stdout.split()[-2:])
    return seconds, peak


def _prepare(rows: int, state: Path, alone: Path) -> float:
    """Insert the contacts on both sides."""
    workspace: Workspace = create_sandbox(key=_KEY, state=state).state.workspace
    table = workspace.tables.get("salesforce", "Contact")
    key = table and table.column("Id")
    if table is None or key is None:
        raise RuntimeError("the sandbox has no contacts")
    contacts = ((f"{number:018d}", f"Number {number}", f"p{number}@acme.example") for number in range(rows))
    workspace.tables.insert(
        table, ({"Id": id_, "Name": name, "Email": email} for id_, name, email in contacts)
    )
    workspace.tables.find(table, key, [])  # creates the index; DuckDB has its own
    workspace.close()
    with duckdb.connect(str(alone)) as connection:
        connection.execute("CREATE TABLE contact (id VARCHAR PRIMARY KEY, name VARCHAR, email VARCHAR)")
        connection.execute(
            "INSERT INTO contact SELECT lpad(n::VARCHAR, 18, '0'), 'Number ' || n,"
            " 'p' || n || '@acme.example' FROM range(?) AS numbers(n)",
            [rows],
        )
    return 0


def _alone(rows: int, path: Path) -> float:
    with duckdb.connect(str(path), config={"threads": 2}) as connection:
        connection.execute("DROP TABLE IF EXISTS flow")
        connection.execute(
            "CREATE TABLE flow (id VARCHAR PRIMARY KEY, name VARCHAR, email VARCHAR, added_at TIMESTAMPTZ)"
        )
        began = time.perf_counter()
        connection.execute(
            "INSERT INTO flow SELECT contact_id, contact.name, contact.email, now()"
            " FROM (SELECT lpad(n::VARCHAR, 18, '0') AS contact_id FROM range(?) AS numbers(n))"
            " JOIN contact ON contact.id = contact_id"
            " ON CONFLICT DO UPDATE SET name = excluded.name, email = excluded.email",
            [rows],
        )
        connection.execute("CHECKPOINT")
        return time.perf_counter() - began


async def _sandbox(rows: int, state: Path) -> float:
    app = create_sandbox(key=_KEY, state=state)
    workspace: Workspace = app.state.workspace
    flow = workspace.tables.get("gong", _FLOW)
    if flow is None:
        raise RuntimeError(f"the sandbox has no flow {_FLOW}")
    workspace.tables.clear(flow)
    headers = {"Authorization": f"Bearer {_KEY}", "X-Polytomic-Version": "2025-09-18"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
        sync = await _sync(http, rows)
        began = time.perf_counter()
        execution = await _post(http, f"/api/syncs/{sync}/executions")
        while execution["status"] in _RUNNING:
            await asyncio.sleep(0.02)
            answer = await http.get(f"/api/syncs/{sync}/executions/{execution['id']}")
            execution = answer.json()["data"]
        seconds = time.perf_counter() - began
    if execution["counts"]["insert"] != rows or workspace.tables.count(flow) != rows:
        raise RuntimeError(f"not all rows were written: {execution['counts']}")
    workspace.close()
    return seconds


async def _sync(http: httpx.AsyncClient, rows: int) -> str:
    """Create a model with this number of rows, and the sync that writes them to the flow; return its ID."""
    name = f"{rows} rows, {time.time_ns()}"
    source = await _post(http, "/api/connections", name=name, type="snowflake", configuration=_WAREHOUSE)
    gong = await _post(http, "/api/connections", name=f"Gong, {name}", type="gong", configuration=_GONG)
    query = f"SELECT LPAD(SEQ4()::VARCHAR, 18, '0') AS contact_id FROM TABLE(GENERATOR(ROWCOUNT => {rows}))"  # noqa: S608 - a number
    model = await _post(
        http, "/api/models", name=name, connection_id=source["id"], configuration={"query": query}
    )
    field = {"model_id": model["id"], "field": model["fields"][0]["name"]}
    sync = await _post(
        http,
        "/api/syncs",
        name=name,
        mode="updateOrCreate",
        schedule={"frequency": "manual"},
        target={"connection_id": gong["id"], "object": _FLOW},
        fields=[],
        identity={"source": field, "target": "Id", "function": "Equality"},
    )
    return sync["id"]


async def _post(http: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await http.post(path, json=body)
    answer.raise_for_status()
    return answer.json()["data"]


def _work(task: str, rows: int, paths: Sequence[Path]) -> float:
    if task == "prepare":
        return _prepare(rows, *paths)
    if task == "alone":
        return _alone(rows, *paths)
    return asyncio.run(_sandbox(rows, *paths))


if __name__ == "__main__":
    spent = _work(sys.argv[1], int(sys.argv[2]), [*map(Path, sys.argv[3:])])
    print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
