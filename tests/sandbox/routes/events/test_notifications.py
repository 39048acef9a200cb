"""The global subscribers to error notifications."""

import httpx
import pytest

GLOBAL = "/api/notifications/global-error-subscribers"


async def test_global_subscribers_are_replaced_without_duplicates(http: httpx.AsyncClient) -> None:
    before = (await http.get(GLOBAL)).json()

    replaced = (await http.put(GLOBAL, json={"emails": ["a@x.example", "b@x.example", "a@x.example"]})).json()

    assert before == {"emails": []}
    assert replaced == (await http.get(GLOBAL)).json() == {"emails": ["a@x.example", "b@x.example"]}


@pytest.mark.parametrize("address", ["ada", "@x.example", "ada@", "a@b@c"])
async def test_a_subscriber_must_be_an_email_address(http: httpx.AsyncClient, address: str) -> None:
    answer = await http.put(GLOBAL, json={"emails": ["ada@x.example", address]})

    assert answer.status_code == 400
    assert "must be email addresses; invalid: 1 of 2." in answer.json()["message"]
