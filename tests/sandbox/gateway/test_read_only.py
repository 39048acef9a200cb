"""An update with all that an answer showed, as the API's documentation tells callers to send it."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Connect


@pytest.mark.parametrize("name", ["created_at", "updated_by", "problems", "model_ids"])
async def test_an_update_may_repeat_what_only_its_answer_has(echo: Any, name: str) -> None:
    body: dict[str, Any] = {
        "name": "n",
        "mode": "create",
        "fields": [],
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": "c"},
    }
    async with echo("PUT /api/syncs/{id}", "POST /api/syncs") as http:
        update = await http.put("/api/syncs/s", json={**body, "id": "s", name: ["x"]})
        creation = await http.post("/api/syncs", json={**body, name: ["x"]})
        typo = await http.put("/api/syncs/s", json={**body, "creatd_at": "x"})

    assert update.json()["data"] == {**body, "id": "s"}
    assert (creation.status_code, typo.status_code) == (422, 422)


async def test_an_answer_that_is_read_can_be_sent_back(http: httpx.AsyncClient, connect: Connect) -> None:
    made = await connect("snowflake")
    read = (await http.get(f"/api/connections/{made['id']}")).json()["data"]

    answer = await http.put(
        f"/api/connections/{made['id']}", json={**read, "type": "snowflake", "name": "New"}
    )

    assert answer.json()["data"]["name"] == "New"


async def test_an_operation_that_answers_nothing_has_no_read_only_names(echo: Any) -> None:
    async with echo("PUT /api/connections/{connection_id}/schemas/{schema_id}/primary_keys") as http:
        answer = await http.put("/api/connections/c/schemas/s/primary_keys", json={"created_at": "x"})

    assert answer.status_code == 422


async def test_a_harbor_refuses_what_only_its_answer_has(echo: Any) -> None:
    async with echo("PUT /api/harbors/{harbor_id}") as http:
        answer = await http.put("/api/harbors/h", json={"name": "n", "created_at": "x"})

    assert answer.status_code == 422
