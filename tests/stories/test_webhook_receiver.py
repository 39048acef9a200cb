"""A real webhook receiver, used through the tools: the records it receives, and a run that it refuses."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from tests.conftest import Receiver

pytestmark = pytest.mark.slow

Speaking = Callable[..., AbstractAsyncContextManager[Any]]

WAREHOUSE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
QUERY = {"query": "SELECT i AS \"Person Id\", 'p' || i AS name FROM generate_series(1, 250) AS t(i)"}
SYNC: dict[str, Any] = {
    "name": "Tell us",
    "mode": "updateOrCreate",
    "fields": [
        {"source": {"model_id": "People", "field": name}, "target": "record"}
        for name in ("Person Id", "name")
    ],
    "target": {"connection_id": "Receiver", "object": "http"},
    "schedule": {"frequency": "manual"},
}


async def test_records_are_sent_in_batches_and_a_refusal_fails_the_run(
    speaking: Speaking, web_receiver: Receiver
) -> None:
    configuration = {"url": web_receiver.url, "auth_method": "polytomic_secret", "secret": "shared"}
    with anyio.fail_after(60):
        async with speaking("memory", "auto") as speak:
            await speak("create_connection", name="Warehouse", type="snowflake", configuration=WAREHOUSE)
            await speak("create_connection", name="Receiver", type="webhook", configuration=configuration)
            await speak("create_model", name="People", connection_id="Warehouse", configuration=QUERY)
            await speak("create_sync", **SYNC)
            web_receiver.statuses = [500, 500]
            taken = await speak("start_sync", sync_id="Tell us", wait_seconds=30)
            came, bodies = [*web_receiver.came], web_receiver.bodies
            web_receiver.statuses = [400]
            refused = await speak("start_sync", sync_id="Tell us", resync=True, wait_seconds=30)

    assert (taken["status"], taken["counts"]["total"]) == ("completed", 250)
    assert [len(body["object"]["records"]) for body in bodies] == [100, 100, 100, 100, 50]
    assert bodies[0] == bodies[1] == bodies[2]
    assert {(body["event"], body["object"]["name"]) for body in bodies} == {("sync.records", "Tell us")}
    records = [record for body in bodies[2:] for record in body["object"]["records"]]
    assert sorted(record["fields"]["person_id"] for record in records) == [*range(1, 251)]
    assert len({record["hash"] for record in records}) == 250
    path, headers, _ = came[0]
    assert path == "/hook"
    assert headers["Authorization"] == "Bearer shared"
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "application/json")
    assert headers["Polytomic-Signature-Timestamp"].endswith("Z")
    assert refused["status"] == "failed"
    assert "returned 400" in str(refused["errors"])
