"""What a read-only client allows and refuses."""

from typing import Any

import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import AccessDeniedError


def _operations(*, reading: bool) -> list[str]:
    return [name for name, operation in load_catalogue().items() if (operation.effect == "read") is reading]


async def test_read_only_refuses_every_operation_that_may_change_something(script: Any) -> None:
    api, network = script(access_mode="read-only")
    refused: list[str] = []

    for operation in _operations(reading=False):
        with pytest.raises(AccessDeniedError, match="access_mode is read-only") as caught:
            await api.call(operation)
        refused += [operation for _ in [0] if operation in str(caught.value)]

    assert refused == _operations(reading=False)
    assert network.requests == []


async def test_read_only_allows_reading_even_by_post(script: Any) -> None:
    api, network = script(access_mode="read-only")

    await api.call("POST /api/connections/test", type="snowflake", configuration={})

    assert network.request.method == "POST"
