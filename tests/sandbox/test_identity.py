"""Who the sandbox says is calling."""

import httpx


async def test_the_key_identifies_the_one_user_of_the_sandbox(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me")

    assert answer.status_code == 200
    assert answer.json()["data"]["email"] == "ada@acme.example"


async def test_the_credential_is_described_without_the_key(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me")

    assert answer.json()["data"]["credential"] == {"method": "api_key", "mode": "user"}
    assert http.headers["Authorization"].removeprefix("Bearer ") not in answer.text
