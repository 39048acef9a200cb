import httpx


async def test_the_key_identifies_the_one_user_of_the_sandbox(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/me")

    assert answer.status_code == 200
    assert answer.json()["data"]["email"] == "ada@acme.example"
