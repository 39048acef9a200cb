"""The version that a call requests, and the one that serves it."""

import httpx
import pytest


async def test_the_served_version_is_returned(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": "2024-02-08"})

    assert answer.headers["X-Polytomic-Version"] == "2024-02-08"
    assert "Warning" not in answer.headers


async def test_a_call_without_a_version_gets_the_oldest_and_a_warning(http: httpx.AsyncClient) -> None:
    del http.headers["X-Polytomic-Version"]

    answer = await http.get("/api/me")

    assert answer.status_code == 200
    assert answer.headers["X-Polytomic-Version"] == "2021-05-23"
    assert "2025-09-18" in answer.headers["Warning"]


async def test_an_unknown_version_is_refused_with_the_valid_ones(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": "2099-01-01"})

    assert answer.status_code == 400
    assert "2025-09-18" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/organization"),
        ("GET", "/api/organization/users"),
        ("GET", "/api/organization/record-logging"),
        ("GET", "/api/entities/e"),
        ("GET", "/api/syncs/s/error-handling"),
        ("GET", "/api/webhooks/w/deliveries"),
        ("GET", "/api/harbors"),
        ("POST", "/api/temporary-credentials"),
        ("PATCH", "/api/connections/c/schemas/s/fields/f"),
    ],
)
async def test_an_older_version_does_not_have_newer_operations(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await http.request(method, path, headers={"X-Polytomic-Version": "2024-02-08"})

    assert answer.status_code == 404
    assert "Version 2024-02-08 does not have" in answer.text
    assert "Send X-Polytomic-Version: 2025-09-18" in answer.text
