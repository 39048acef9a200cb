"""The key of a request: how it can be sent, and how it is refused."""

import base64

import httpx
import pytest


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize(
    "authorization", ["Bearer sandbox-key", "bearer sandbox-key", basic("any-organization:sandbox-key")]
)
async def test_the_key_is_accepted_as_bearer_and_basic(http: httpx.AsyncClient, authorization: str) -> None:
    answer = await http.get("/api/me", headers={"Authorization": authorization})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer",
        "sandbox-key",
        basic("organization:wrong"),
        "Basic !!",
        "Basic //8=",
        "Bearer schlüssel",
    ],
)
async def test_a_wrong_key_is_refused_with_401(http: httpx.AsyncClient, authorization: str) -> None:
    answer = await http.get("/api/me", headers={b"Authorization": authorization.encode()})

    assert answer.status_code == 401
    assert answer.json()["key"] == "unauthorized"
    assert "sandbox-key" not in answer.text


async def test_a_missing_key_is_refused_with_401(http: httpx.AsyncClient) -> None:
    del http.headers["Authorization"]

    answer = await http.get("/api/me")

    assert answer.status_code == 401
    assert answer.json()["message"].startswith("No API key was sent")


async def test_the_older_version_has_its_own_error_body_for_401(http: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer wrong", "X-Polytomic-Version": "2024-02-08"}

    answer = await http.get("/api/me", headers=headers)

    assert answer.json().keys() == {"code", "error", "status", "context"}
