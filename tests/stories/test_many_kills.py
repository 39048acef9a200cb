"""A sandbox that is killed repeatedly, at any moment, loses nothing that it acknowledged.

``scripts/stress`` does it fifty times; the tests do it some times.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("STRESS_KILLS", "6"))
KEY = "kill"
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Polytomic-Version": "2025-09-18"}
DATABASE = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
SHOP = {"hostname": "h.acme.example", "account": "a", "passwd": "b", "dbname": "shop"}
OVER = {"completed", "failed", "canceled", "interrupted"}


@dataclass
class Acknowledged:
    """What was acknowledged: the names by sync, the deleted syncs, and the sync of each run."""

    names: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    runs: dict[str, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)


def made(http: httpx.Client, path: str, **body: Any) -> Any:
    answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def prepare(http: httpx.Client) -> dict[str, Any]:
    source = made(http, "/api/connections", name="Source", type="postgresql", configuration=DATABASE)
    target = made(http, "/api/connections", name="Target", type="mysql", configuration=SHOP)
    model = made(
        http,
        "/api/models",
        name="Orders",
        connection_id=source["id"],
        configuration={"table": "public.orders"},
    )
    body = {
        "mode": "append",
        "schedule": {"frequency": "manual"},
        "fields": [{"source": {"model_id": model["id"], "field": "order_id"}, "target": "order_id"}],
    }
    create = {"schema": "public", "name": "arrivals"}
    made(http, "/api/syncs", name="First", **body, target={"connection_id": target["id"], "create": create})
    return body | {"target": {"connection_id": target["id"], "object": "public.arrivals"}}


def change(http: httpx.Client, known: Acknowledged, template: Any, chance: random.Random, turn: int) -> None:
    """Create, rename, start or delete a sync; if the kill interrupts the call, the sync is in doubt."""
    ids = list(known.names)
    kind = chance.choice(("create", "rename", "start", "start", "delete")) if len(ids) > 2 else "create"
    id_, name = chance.choice(ids or [""]), f"{kind} {turn}"
    if kind != "create":
        known.doubtful.add(id_)
    if kind == "create":
        known.names[made(http, "/api/syncs", **template, name=name)["id"]] = name
    elif kind == "rename":
        assert http.put(f"/api/syncs/{id_}", json=template | {"name": name}).status_code == 200
        known.names[id_] = name
    elif kind == "start":
        answer = http.post(f"/api/syncs/{id_}/executions", json={})
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200:
            known.runs[answer.json()["data"]["id"]] = id_
    else:
        answer = http.delete(f"/api/syncs/{id_}")
        assert answer.status_code in (200, 204, 409), answer.text  # 409: it is running
        if answer.status_code != 409:
            del known.names[id_]
            known.gone.add(id_)
    known.doubtful.discard(id_)


def verify(http: httpx.Client, known: Acknowledged) -> None:
    """Compare the state with what was acknowledged; settle what was in doubt."""
    for id_, name in list(known.names.items()):
        answer = http.get(f"/api/syncs/{id_}")
        if id_ in known.doubtful:
            known.names.pop(id_)
            if answer.status_code == 200:
                known.names[id_] = answer.json()["data"]["name"]
            continue
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["name"] == name
    for id_ in known.gone:
        assert http.get(f"/api/syncs/{id_}").status_code == 404
    for run, sync in known.runs.items():
        if sync in known.names and sync not in known.doubtful:
            answer = http.get(f"/api/syncs/{sync}/executions/{run}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["data"]["status"] in OVER | {"created", "running"}
    known.doubtful.clear()


def test_everything_acknowledged_survives_repeated_kills(start: Callable[..., Any], tmp_path: Path) -> None:
    known, template = Acknowledged(), None
    chance = random.Random(2026)  # noqa: S311 - it is to repeat
    turn = changes = 0

    for _ in range(KILLS + 1):
        process = start("sandbox", "--empty", f"--state={tmp_path / 'box.db'}", f"--key={KEY}")
        url = process.stdout.readline().split()[3]
        with httpx.Client(base_url=url, headers=HEADERS, timeout=60) as http:
            template = template or prepare(http)
            verify(http, known)
            killer = threading.Timer(chance.uniform(0.02, 0.8), process.kill)
            killer.start()
            end = time.monotonic() + 10
            try:
                while time.monotonic() < end:
                    change(http, known, template, chance, turn)
                    turn += 1
            except httpx.TransportError:
                changes = turn
            killer.join()
        process.wait(timeout=10)

    assert changes > KILLS
    assert known.names
    assert known.runs
