"""MongoDB: a model names a database and a collection, and nested fields are columns."""

import httpx

from tests.sandbox.conftest import Connect


async def test_a_model_of_a_collection_has_nested_fields(http: httpx.AsyncClient, connect: Connect) -> None:
    mongodb = await connect("mongodb", hosts="db.acme.example", username="ada", password="pw", database="app")
    chosen = {"database": "app", "collection": "users"}
    body = {"name": "Users", "connection_id": mongodb["id"], "configuration": chosen, "identifier": "_id"}

    created = await http.post("/api/models", json=body)

    assert created.status_code == 200, created.text
    model = created.json()["data"]
    types = {field["name"]: field["type"] for field in model["fields"]}
    assert (types["_id"], types["roles"], types["profile"]) == ("string", "array", "object")
    sample = (await http.get(f"/api/models/{model['id']}/sample")).json()["data"]["records"][0][model["id"]]
    assert sample["profile"]["title"]
    assert sample["roles"]


async def test_a_collection_that_is_not_there_is_refused(http: httpx.AsyncClient, connect: Connect) -> None:
    mongodb = await connect("mongodb", hosts="db.acme.example", username="ada", password="pw", database="app")
    chosen = {"database": "app", "collection": "user"}

    answer = await http.post(
        "/api/models", json={"name": "U", "connection_id": mongodb["id"], "configuration": chosen}
    )

    assert answer.status_code == 422
    assert "Did you mean 'app.users'?" in answer.json()["message"]
