"""How this package's client handles faults."""

from typing import Any

import pytest
from starlette.applications import Starlette

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import PolytomicError


async def names(api: Polytomic) -> list[str]:
    return [each["name"] for each in (await api.call("GET /api/connections"))["data"]]


@pytest.mark.parametrize("fault", ["drop; when=after", "truncated"])
async def test_a_write_whose_answer_was_lost_is_repeated_and_takes_effect_once(
    sandbox: Starlette, api: Polytomic, crm: dict[str, Any], fault: str
) -> None:
    sandbox.state.faults.add(f"{fault}; operations=POST /api/connections; times=2")

    answer = await api.call("POST /api/connections", **crm)

    assert answer["data"]["name"] == "CRM"
    assert await names(api) == ["CRM"]
    assert [each.status for each in sandbox.state.requests if each.method == "POST"][-1] == 200
    assert sum(each.method == "POST" for each in sandbox.state.requests) == 3


async def test_a_write_that_never_arrived_takes_effect_once(
    sandbox: Starlette, api: Polytomic, crm: dict[str, Any]
) -> None:
    sandbox.state.faults.add("drop; operations=POST /api/connections; times=2")

    await api.call("POST /api/connections", **crm)

    assert await names(api) == ["CRM"]


@pytest.mark.parametrize("fault", ["status=500", "status=503", "html=502"])
async def test_a_write_that_was_answered_with_a_failure_is_not_repeated(
    sandbox: Starlette, api: Polytomic, crm: dict[str, Any], fault: str
) -> None:
    sandbox.state.faults.add(f"{fault}; when=after; operations=POST /api/connections")

    with pytest.raises(PolytomicError):
        await api.call("POST /api/connections", **crm)

    assert sum(each.method == "POST" for each in sandbox.state.requests) == 1
    assert await names(api) == ["CRM"]


@pytest.mark.parametrize("fault", ["status=429; retry_after=1", "status=503", "drop", "truncated"])
async def test_a_read_is_repeated_until_it_is_answered(
    sandbox: Starlette, api: Polytomic, fault: str
) -> None:
    rule = sandbox.state.faults.add(f"{fault}; times=2")

    answer = await api.call("GET /api/connections")

    assert answer == {"data": []}
    assert rule.hits == 2


@pytest.mark.parametrize("fault", ["malformed", "html=200", "expired_key"])
async def test_an_unreadable_answer_is_explained(sandbox: Starlette, api: Polytomic, fault: str) -> None:
    sandbox.state.faults.add(fault)

    with pytest.raises(PolytomicError, match="GET /api/connections"):
        await api.call("GET /api/connections")
