"""Enrichment: no connection of the sandbox is a source of it, and most types cannot be."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Connect


async def ask(http: httpx.AsyncClient, id_: str) -> list[httpx.Response]:
    """Call both operations of enrichment."""
    fields: dict[str, Any] = {"configuration": {"object": "people"}}
    return [
        await http.get(f"/api/connections/{id_}/modelsync/enrichment-source"),
        await http.post(f"/api/enrichment/{id_}/inputfields", json=fields),
    ]


async def test_a_connection_without_enrichment_is_not_found_as_a_source_of_it(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake", name="Warehouse")

    for answer in await ask(http, connection["id"]):
        assert (answer.status_code, answer.json()["key"]) == (404, "not_found")
        assert "Connection Warehouse has no enrichment" in answer.json()["message"]
        assert "Types with it: amplemarket, apollo" in answer.json()["message"]


@pytest.mark.parametrize("id_", ["none"])
async def test_enrichment_by_an_unknown_connection_is_not_found(http: httpx.AsyncClient, id_: str) -> None:
    assert [answer.status_code for answer in await ask(http, id_)] == [404, 404]


async def test_enrichment_by_a_type_that_has_it_is_not_emulated(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("apollo", apikey="example")

    for answer in await ask(http, connection["id"]):
        assert (answer.status_code, answer.json()["key"]) == (501, "not_implemented")
        assert "does not emulate enrichment by Apollo" in answer.json()["message"]
