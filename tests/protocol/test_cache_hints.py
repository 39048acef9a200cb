"""Cache hints: what a client of the newer era may keep, and for how long."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from mcp import Client

from tests.conftest import Script

Serve = Callable[..., AbstractAsyncContextManager[Client]]

ID = "11111111-0000-0000-0000-000000000001"
RUN = f"polytomic://syncs/{ID}/executions/{ID}"
LATEST = f"polytomic://syncs/{ID}/executions/latest"
HOUR = 3_600_000


@pytest.fixture(autouse=True)
def _company(script: Script) -> None:
    for kind in ("connections", "models", "syncs", "bulk/syncs"):
        script.holds(kind, {"id": ID, "name": "It", "type": {"id": "gong"}, "mode": "replicate"})
    script[f"GET /api/bulk/syncs/{ID}/schemas"] = {"data": []}
    script["GET /api/connection_types"] = {"data": [{"id": "gong", "name": "Gong"}]}
    script["GET /api/connection_types/gong"] = {"properties": {}}
    script[f"GET /api/syncs/{ID}/status"] = {"data": {"last_execution": {"id": ID}}}


def run_is(script: Script, status: str) -> None:
    script[f"GET /api/syncs/{ID}/executions/{ID}"] = {"data": {"id": ID, "status": status}}


@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("polytomic://operations", (24 * HOUR, "public")),
        ("polytomic://operations/GET%20/api/syncs", (24 * HOUR, "public")),
        ("polytomic://connection_types/gong", (HOUR, "private")),
        (f"polytomic://connections/{ID}", (15_000, "private")),
        ("polytomic://models/It", (15_000, "private")),
        (f"polytomic://syncs/{ID}", (15_000, "private")),
        (f"polytomic://bulk_syncs/{ID}", (15_000, "private")),
    ],
)
async def test_each_kind_of_resource_has_its_hint(serve: Serve, uri: str, hint: tuple[int, str]) -> None:
    async with serve() as client:
        result = await client.read_resource(uri)

    assert (result.ttl_ms, result.cache_scope) == hint


@pytest.mark.parametrize(
    ("uri", "status", "ttl"),
    [(RUN, "completed", HOUR), (RUN, "failed", HOUR), (RUN, "running", 0), (LATEST, "completed", 0)],
)
async def test_an_execution_is_kept_only_when_it_is_over(
    serve: Serve, script: Script, uri: str, status: str, ttl: int
) -> None:
    run_is(script, status)

    async with serve() as client:
        result = await client.read_resource(uri)

    assert (result.ttl_ms, result.cache_scope) == (ttl, "private")


async def test_lists_are_kept_for_an_hour_by_one_caller(serve: Serve) -> None:
    async with serve() as client:
        lists = [
            await client.list_tools(),
            await client.list_prompts(),
            await client.list_resources(),
            await client.list_resource_templates(),
        ]

    assert {(listed.ttl_ms, listed.cache_scope) for listed in lists} == {(HOUR, "private")}


async def test_a_client_that_keeps_a_model_does_not_ask_again(serve: Serve, script: Script) -> None:
    async with serve() as client:
        first = await client.read_resource(f"polytomic://models/{ID}")
        asked = len(script.asked)
        second = await client.read_resource(f"polytomic://models/{ID}")

    assert first == second
    assert len(script.asked) == asked


async def test_an_older_client_is_reported_of_no_hint(serve: Serve) -> None:
    async with serve(mode="legacy") as client:
        result = await client.read_resource("polytomic://operations")

    assert not {"ttl_ms", "cache_scope"} & result.model_fields_set
