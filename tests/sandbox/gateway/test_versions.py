"""The version that a call requests, and the one that serves it."""

import re

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


@pytest.mark.parametrize("version", ["2021-05-23", "2022-12-12", "2023-04-25"])
async def test_an_older_version_is_refused_by_name(http: httpx.AsyncClient, version: str) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": version})

    assert (answer.status_code, answer.json()["key"]) == (400, "unknown_version")
    assert f"does not serve version {version}" in answer.json()["message"]
    assert "Valid values: 2025-09-18, 2024-02-08." in answer.json()["message"]
    assert answer.headers["X-Polytomic-Version"] == "2025-09-18"


@pytest.mark.parametrize("version", ["2099-01-01", "v1", "", "2024-02-08T00:00:00Z", "sk-secret", "2024-2-8"])
async def test_a_text_that_is_no_version_is_refused_with_the_valid_ones(
    http: httpx.AsyncClient, version: str
) -> None:
    answer = await http.get("/api/me", headers={"X-Polytomic-Version": version})

    assert answer.status_code == 400
    assert "The header names no version of the API." in answer.json()["message"]
    assert {"2025-09-18", "2024-02-08"} <= {*re.findall(r"[\d-]{10}", answer.json()["message"])}
    assert answer.headers["X-Polytomic-Version"] == "2025-09-18"
    assert "sk-secret" not in answer.text


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
