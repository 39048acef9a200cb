"""The official SDK as an independent client of queries; it parses every answer."""

from typing import Any

import pytest
from polytomic import AsyncPolytomic
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

NUMBERS = "SELECT g AS n FROM generate_series(1, 150) AS s(g) ORDER BY g"


async def submitted(api: AsyncPolytomic, sandbox: Starlette, connection: str, query: str) -> str:
    """Submit a query and wait for the sandbox's workers."""
    answer = (await api.query_runner.run_query(connection, query=query)).data
    assert answer is not None
    assert answer.id is not None
    assert answer.status == "created"
    sandbox.state.workspace.workers.shutdown(wait=True)
    return answer.id


async def test_the_sdk_runs_a_query_and_pages_through_its_rows(
    api: AsyncPolytomic, sandbox: Starlette, warehouse: str
) -> None:
    id_ = await submitted(api, sandbox, warehouse, NUMBERS)

    first = await api.query_runner.get_query(id_)
    assert first.links is not None
    assert first.links.next is not None
    second = await api.query_runner.get_query(id_, page=first.links.next.partition("page=")[2])

    numbers: list[Any] = []
    for page in (first, second):
        assert page.data is not None
        assert (page.data.status, page.data.count, page.data.fields) == ("done", 150, ["n"])
        assert page.data.expires is not None
        numbers += [row["n"] for row in page.data.results or []]
    assert numbers == list(range(1, 151))
    assert second.links is not None
    assert second.links.next is None
    assert second.links.previous is not None


async def test_the_sdk_reads_why_a_query_failed(
    api: AsyncPolytomic, sandbox: Starlette, warehouse: str
) -> None:
    id_ = await submitted(api, sandbox, warehouse, "SELECT * FROM nowhere")

    answer = (await api.query_runner.get_query(id_)).data

    assert answer is not None
    assert (answer.status, answer.results) == ("failed", None)
    assert "Unknown snowflake table 'nowhere'" in str(answer.error)


async def test_the_sdk_raises_its_own_error_for_an_unknown_query(api: AsyncPolytomic) -> None:
    with pytest.raises(ApiError) as refusal:
        await api.query_runner.get_query("nope")

    assert refusal.value.status_code == 404
