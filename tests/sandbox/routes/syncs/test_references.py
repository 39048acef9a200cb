"""References of a sync that a request leaves open or writes with the wrong type."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize("field", [None, 5, ["a"], {"a": 1}])
async def test_a_field_that_is_not_a_text_is_a_problem_of_the_sync(
    http: httpx.AsyncClient, field: Any
) -> None:
    sync = {
        "name": "n",
        "mode": "create",
        "target": {"connection_id": "c", "object": "o"},
        "fields": [],
        "schedule": {"frequency": "manual"},
        "overrides": [{"field_id": field}],
    }

    answer = await http.post("/api/syncs", json=sync)

    assert answer.status_code in (400, 422), answer.text
