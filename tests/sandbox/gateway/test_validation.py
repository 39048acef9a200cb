"""Validation of a call's arguments beyond what the API promises to check."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/api/syncs",
            {"mode": "create", "schedule": {"frequency": "manual"}, "target": {"connection_id": "c"}},
        ),
        ("/api/models", {"connection_id": "c", "configuration": {}}),
        ("/api/connections", {"type": "postgresql", "configuration": {}}),
        ("/api/permissions/roles", {}),
    ],
)
@pytest.mark.parametrize("name", ["", " ", "\n"])
async def test_a_blank_name_is_refused(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], name: str
) -> None:
    answer = await http.post(path, json={**body, "name": name})

    assert answer.status_code == 422
    assert answer.json()["metadata"]["problems"] == [{"argument": "name", "problem": "must not be blank"}]
