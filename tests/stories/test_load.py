"""A hundred clients at once: nothing is lost, nothing hangs, and nothing returns 500.

``scripts/stress`` runs this for a minute; the tests run it for some seconds.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest

pytestmark = pytest.mark.slow

CLIENTS = 100
SECONDS = float(os.environ.get("STRESS_SECONDS", "8"))
KEY = "load"
OVER = {"completed", "failed", "canceled", "interrupted"}
DATABASE = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
SHOP = {"hostname": "h.acme.example", "account": "a", "passwd": "b", "dbname": "shop"}
TARGET = "public.arrivals"
COUNT = "SELECT count(*) AS n FROM public.arrivals"


@dataclass
class Ledger:
    """What the sandbox acknowledged: names by sync, and runs by their sync; and every status answered."""

    names: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)


@dataclass
class Caller:
    """One client: it changes its own syncs, which all write into one table."""

    http: httpx.AsyncClient
    ledger: Ledger
    template: dict[str, Any]
    chance: random.Random
    own: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await self.http.request(method, path, json=body)
        self.ledger.statuses[f"{method} {path.split('/')[2]}/{path.count('/')}", answer.status_code] += 1
        return answer

    async def go_on(self, number: int) -> None:
        """Create, rename, start, cancel or delete a sync."""
        step = self.chance.choices(
            (self.create, self.rename, self.start, self.cancel, self.delete), (2, 3, 4, 3, 1)
        )[0]
        await (self.create(number) if not self.own else step(number))

    async def create(self, number: int) -> None:
        name = f"made {number}"
        answer = await self.ask("POST", "/api/syncs", self.template | {"name": name})
        assert answer.status_code == 200, answer.text
        id_ = answer.json()["data"]["id"]
        self.own.append(id_)
        self.ledger.names[id_] = name

    async def rename(self, number: int) -> None:
        id_, name = self.chance.choice(self.own), f"renamed {number}"
        answer = await self.ask("PUT", f"/api/syncs/{id_}", self.template | {"name": name})
        assert answer.status_code == 200, answer.text
        self.ledger.names[id_] = name

    async def start(self, _number: int) -> None:
        id_ = self.chance.choice(self.own)
        answer = await self.ask("POST", f"/api/syncs/{id_}/executions", {})
        if answer.status_code == 200:
            self.ledger.runs[answer.json()["data"]["id"]] = id_

    async def cancel(self, _number: int) -> None:
        await self.ask("POST", f"/api/syncs/{self.chance.choice(self.own)}/cancel")

    async def delete(self, _number: int) -> None:
        id_ = self.chance.choice(self.own)
        answer = await self.ask("DELETE", f"/api/syncs/{id_}")
        assert answer.status_code in (200, 204, 409), answer.text  # 409: it is running
        if answer.status_code == 409:
            return
        self.own.remove(id_)
        del self.ledger.names[id_]
        self.ledger.gone.add(id_)


async def prepare(http: httpx.AsyncClient) -> dict[str, Any]:
    """Create two connections, a model, and the table that all syncs append to; return a sync's body."""

    async def made(path: str, **body: Any) -> Any:
        answer = await http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    source = await made("/api/connections", name="Source", type="postgresql", configuration=DATABASE)
    target = await made("/api/connections", name="Target", type="mysql", configuration=SHOP)
    model = await made(
        "/api/models", name="Accounts", connection_id=source["id"], configuration={"table": "public.accounts"}
    )
    body = {
        "mode": "append",
        "schedule": {"frequency": "manual"},
        "fields": [{"source": {"model_id": model["id"], "field": "account_id"}, "target": "account_id"}],
    }
    create = {"schema": "public", "name": "arrivals"}
    await made("/api/syncs", name="First", **body, target={"connection_id": target["id"], "create": create})
    return body | {"target": {"connection_id": target["id"], "object": TARGET}}


async def all_names(http: httpx.AsyncClient) -> dict[str, str]:
    """Read every page of the list of syncs."""
    found: dict[str, str] = {}
    token: str | None = ""
    while token is not None:
        body = (
            await http.get("/api/syncs", params={"limit": 50, "page_token": token} if token else {})
        ).json()
        found |= {each["id"]: each["name"] for each in body["data"]}
        token = (body.get("pagination") or {}).get("next_page_token") or None
    return found


async def ended(http: httpx.AsyncClient, sync_id: str, run_id: str) -> dict[str, Any]:
    with anyio.fail_after(60):
        while True:
            answer = await http.get(f"/api/syncs/{sync_id}/executions/{run_id}")
            assert answer.status_code == 200, answer.text
            if answer.json()["data"]["status"] in OVER:
                return answer.json()["data"]
            await anyio.sleep(0.05)


async def arrived(http: httpx.AsyncClient, target_id: str) -> int:
    """Count the rows of the shared table with a query."""
    asked = (await http.post(f"/api/connections/{target_id}/query", json={"query": COUNT})).json()
    with anyio.fail_after(60):
        while True:
            found = (await http.get(f"/api/queries/{asked['data']['id']}")).json()["data"]
            if found["status"] == "done":
                return found["results"][0]["n"]
            await anyio.sleep(0.05)


async def load(http: httpx.AsyncClient, seconds: float) -> tuple[Ledger, dict[str, Any]]:
    template = await prepare(http)
    ledger = Ledger()

    async def work(number: int, deadline: float) -> None:
        caller = Caller(http, ledger, template, random.Random(number))  # noqa: S311 - it is to repeat
        turn = 0
        while anyio.current_time() < deadline:
            await caller.go_on(number * 100_000 + turn)
            turn += 1

    with anyio.fail_after(seconds + 120):
        async with anyio.create_task_group() as group:
            deadline = anyio.current_time() + seconds
            for number in range(CLIENTS):
                group.start_soon(work, number, deadline)
    return ledger, template


def test_a_hundred_clients_lose_nothing_and_nothing_hangs(start: Callable[..., Any]) -> None:
    process = start("sandbox", "--empty", f"--key={KEY}")
    url = process.stdout.readline().split()[3]

    async def story() -> None:
        headers = {"Authorization": f"Bearer {KEY}", "X-Polytomic-Version": "2025-09-18"}
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120, limits=limits) as http:
            ledger, template = await load(http, SECONDS)
            names = await all_names(http)
            alive = {run: sync for run, sync in ledger.runs.items() if sync not in ledger.gone}
            runs = [await ended(http, sync, run) for run, sync in alive.items()]
            print(f"{sum(ledger.statuses.values())} calls: {dict(ledger.statuses)}")  # noqa: T201 - shown by -s

            answered = {status for _, status in ledger.statuses}
            assert answered <= {200, 204, 409, 422}, ledger.statuses
            assert {id_: names.get(id_) for id_ in ledger.names} == ledger.names
            assert not ledger.gone & names.keys()
            assert runs
            assert {run["status"] for run in runs} <= {"completed", "canceled"}
            # A deleted sync takes its runs with it, and leaves the rows that they wrote.
            written = sum(run["counts"]["insert"] for run in runs)
            there = await arrived(http, template["target"]["connection_id"])
            assert there == written if not ledger.gone else there >= written

    anyio.run(story)
