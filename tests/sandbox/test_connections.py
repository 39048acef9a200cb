"""Connections: created, read, replaced, tested, deleted."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.connection_types import load_connection_types

Connect = Callable[..., Awaitable[dict[str, Any]]]

MASK = "********"
SNOWFLAKE = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


async def create(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any], **more: Any
) -> httpx.Response:
    body = {"name": "A connection", "type": type_, "configuration": configuration, **more}
    return await http.post("/api/connections", json=body)


def problems(answer: httpx.Response) -> dict[str, str]:
    return {row["argument"]: row["problem"] for row in answer.json()["metadata"]["problems"]}


async def test_a_connection_with_credentials_is_healthy_and_hides_its_secrets(
    http: httpx.AsyncClient,
) -> None:
    answer = await create(http, "snowflake", SNOWFLAKE)

    connection = answer.json()["data"]
    assert (connection["status"], connection["status_error"], connection["saved"]) == ("healthy", None, True)
    assert connection["configuration"] == {**SNOWFLAKE, "password": MASK}
    assert connection["type"]["id"] == "snowflake"
    assert "auth_url" not in connection
    assert not any(name.startswith("_") for name in connection)


async def test_a_connection_is_found_in_the_list_and_by_its_id(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    listed = (await http.get("/api/connections")).json()["data"]
    fetched = (await http.get(f"/api/connections/{connection['id']}")).json()["data"]

    assert listed == [fetched] == [connection]


def sample(schema: dict[str, Any]) -> Any:
    """Return a value that fits a field's schema, and hunter2 wherever it holds a secret."""
    match schema["type"]:
        case "string":
            return schema.get("enum", ["hunter2" if schema.get("sensitive") else "text"])[0]
        case "array":
            return [sample(schema["items"])]
        case "object":
            return {name: sample(member) for name, member in schema.get("properties", {}).items()}
        case type_:
            return {"integer": 1, "boolean": True}[type_]


async def test_every_type_takes_all_of_its_fields_and_hides_its_secrets(http: httpx.AsyncClient) -> None:
    for type_ in load_connection_types().values():
        created = await create(
            http, type_.id, {name: sample(schema) for name, schema in type_.fields.items()}
        )

        assert created.status_code == 200, type_.id
        assert set(created.json()["data"]["configuration"]) == set(type_.fields)
        assert "hunter2" not in created.text, type_.id
    assert "hunter2" not in (await http.get("/api/connections")).text


async def test_nested_secrets_are_hidden_too(http: httpx.AsyncClient) -> None:
    configuration = {
        "url": "https://acme.example/hook",
        "auth_method": "basic",
        "basic": {"username": "ada", "password": "hunter2"},
        "headers": [{"name": "X-Token", "value": "hunter2"}],
    }

    answer = await create(http, "webhook", configuration)

    assert "hunter2" not in answer.text
    assert answer.json()["data"]["configuration"]["basic"] == {"username": "ada", "password": MASK}
    assert answer.json()["data"]["configuration"]["headers"] == [{"name": "X-Token", "value": MASK}]


async def test_required_fields_with_a_default_need_not_be_sent(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    del http

    connection = await connect("postgresql")

    assert connection["configuration"]["port"] == 5432


async def test_a_null_or_empty_field_counts_as_absent(http: httpx.AsyncClient) -> None:
    answer = await create(
        http, "snowflake", {**SNOWFLAKE, "account": None, "username": "", "warehouse": None}
    )

    assert problems(answer) == {
        "configuration.account": "is missing",
        "configuration.username": "is missing",
    }


@pytest.mark.parametrize(
    ("type_", "wrong", "right"),
    [
        ("mysql", "username", "account"),
        ("mysql", "password", "passwd"),
        ("mysql", "database", "dbname"),
        ("mysql", "host", "hostname"),
        ("postgresql", "dbname", "database"),
        ("snowflake", "database", "dbname"),
        ("snowflake", "user", "username"),
        ("s3", "bucket", "s3_bucket_name"),
        ("postgresql", "publicatoin", "publication"),
    ],
)
async def test_a_field_under_another_name_is_refused_with_the_right_one(
    http: httpx.AsyncClient, type_: str, wrong: str, right: str
) -> None:
    answer = await create(http, type_, {wrong: "hunter2"})

    assert answer.status_code == 422
    assert problems(answer)[f"configuration.{wrong}"] == f"is no field of {type_} (did you mean {right}?)"
    assert "hunter2" not in answer.text


async def test_a_field_like_no_other_is_refused_with_those_there_are(http: httpx.AsyncClient) -> None:
    answer = await create(http, "gong", {"zzzz": 1})

    assert "it has auth_method, oauth_refresh_token" in problems(answer)["configuration.zzzz"]


async def test_values_of_the_wrong_kind_are_refused_without_being_shown(http: httpx.AsyncClient) -> None:
    gong = await create(http, "gong", {"auth_method": "hunter2"})
    mysql = await create(
        http, "mysql", {"hostname": "h", "account": "a", "passwd": ["hunter2"], "port": "3306"}
    )

    assert problems(gong) == {"configuration.auth_method": "must be one of: token, oauth"}
    assert problems(mysql) == {
        "configuration.passwd": "must be of type string",
        "configuration.port": "must be of type integer",
    }
    assert "hunter2" not in gong.text + mysql.text


async def test_an_unknown_type_is_refused_and_a_display_name_is_recognised(http: httpx.AsyncClient) -> None:
    display_name = await create(http, "LinkedIn Ads", {})
    unknown = await create(http, "nonesuch", {})

    assert (display_name.status_code, unknown.status_code) == (400, 400)
    assert "did you mean linkedinads?" in display_name.json()["message"]
    assert "GET /api/connection_types" in unknown.json()["message"]


@pytest.mark.parametrize(
    ("configuration", "error"),
    [
        ({**SNOWFLAKE, "password": "wrong"}, "Snowflake refused the credentials"),
        ({**SNOWFLAKE, "account": "unreachable-1"}, "Snowflake could not be reached"),
    ],
)
async def test_a_connection_that_does_not_work_is_kept_unhealthy(
    http: httpx.AsyncClient, configuration: dict[str, Any], error: str
) -> None:
    tried = (await create(http, "snowflake", configuration)).json()["data"]
    untried = (await create(http, "snowflake", configuration, validate=False)).json()["data"]

    assert (tried["status"], tried["status_error"]) == ("unhealthy", error)
    assert untried["status"] == "healthy"


async def test_a_token_method_without_a_token_is_unhealthy(http: httpx.AsyncClient) -> None:
    answer = await create(http, "gong", {"auth_method": "token"})

    assert answer.json()["data"]["status"] == "unhealthy"
    assert "needs credentials" in answer.json()["data"]["status_error"]


async def test_an_update_replaces_the_configuration_and_keeps_masked_secrets(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    connection = await connect("snowflake", **SNOWFLAKE, warehouse="LARGE")
    body = {"name": "Renamed", "configuration": {**SNOWFLAKE, "password": MASK}}

    answer = await http.put(f"/api/connections/{connection['id']}", json=body)

    stored = sandbox.state.world.store.get("connection", connection["id"])
    assert answer.json()["data"]["name"] == "Renamed"
    assert answer.json()["data"]["created_at"] == connection["created_at"]
    assert "warehouse" not in answer.json()["data"]["configuration"]
    assert stored["configuration"]["password"] == "hunter2"


async def test_an_update_keeps_nested_masked_secrets_in_their_places(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    configuration = {
        "url": "https://acme.example",
        "auth_method": "query",
        "basic": {"password": "p1"},
        "headers": [{"name": "a", "value": "v1"}, {"name": "b", "value": "v2"}],
    }
    connection = await connect("webhook", **configuration)
    echoed = connection["configuration"]
    echoed["headers"][0]["value"] = "new"

    answer = await http.put(
        f"/api/connections/{connection['id']}", json={"name": "n", "configuration": echoed}
    )

    stored = sandbox.state.world.store.get("connection", connection["id"])
    assert answer.status_code == 200
    assert stored["configuration"]["headers"] == [{"name": "a", "value": "new"}, {"name": "b", "value": "v2"}]
    assert stored["configuration"]["basic"] == {"password": "p1"}


async def test_a_mask_with_nothing_behind_it_is_refused(http: httpx.AsyncClient) -> None:
    top = await create(http, "snowflake", {**SNOWFLAKE, "password": MASK})
    nested = await create(
        http, "webhook", {"url": "u", "headers": [{"value": MASK}], "basic": {"password": MASK}}
    )

    assert list(problems(top)) == ["configuration.password"]
    assert list(problems(nested)) == ["configuration.headers", "configuration.basic"]


async def test_an_update_cannot_change_the_type(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    path = f"/api/connections/{connection['id']}"

    same = await http.put(path, json={"name": "n", "type": "snowflake", "configuration": SNOWFLAKE})
    other = await http.put(path, json={"name": "n", "type": "mysql", "configuration": {}})

    assert (same.status_code, other.status_code) == (200, 422)


async def test_a_repaired_connection_is_healthy_again(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake", **{**SNOWFLAKE, "password": "wrong"})

    answer = await http.put(
        f"/api/connections/{connection['id']}", json={"name": "n", "configuration": SNOWFLAKE}
    )

    assert (connection["status"], answer.json()["data"]["status"]) == ("unhealthy", "healthy")


async def test_a_test_that_works_answers_empty(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    fresh = {"type": "snowflake", "configuration": SNOWFLAKE}
    stored = {"type": "snowflake", "configuration": {"warehouse": "X"}, "connection_id": connection["id"]}

    answers = [await http.post("/api/connections/test", json=body) for body in (fresh, stored)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (200, b"")]


@pytest.mark.parametrize(
    ("type_", "configuration", "message"),
    [
        ("snowflake", {**SNOWFLAKE, "password": "wrong"}, "refused the credentials"),
        ("snowflake", {"account": "a"}, "configuration.username is missing"),
        ("nonesuch", {}, "names no connection type"),
        ("gong", {"auth_method": "oauth"}, "waits for a person to sign in"),
    ],
)
async def test_a_test_that_fails_is_refused_with_400(
    http: httpx.AsyncClient, type_: str, configuration: dict[str, Any], message: str
) -> None:
    answer = await http.post("/api/connections/test", json={"type": type_, "configuration": configuration})

    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_a_test_needs_a_connection_of_the_same_type(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    body = {"type": "mysql", "configuration": {}}

    other = await http.post("/api/connections/test", json={**body, "connection_id": connection["id"]})
    unknown = await http.post("/api/connections/test", json={**body, "connection_id": "nonesuch"})

    assert (other.status_code, unknown.status_code) == (400, 404)


async def test_a_deleted_connection_is_gone(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    path = f"/api/connections/{connection['id']}"

    deleted = await http.delete(path)
    answers = [await http.request(method, path) for method in ("GET", "DELETE")]

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_connection_in_use_is_deleted_by_force_only_with_what_stands_on_it(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    source, target, other = [await connect(type_) for type_ in ("snowflake", "hubspot", "postgresql")]
    store = sandbox.state.world.store
    store.put("model", "m1", {"id": "m1", "name": "Contacts", "connection_id": source["id"]})
    store.put("model", "m2", {"id": "m2", "name": "Kept", "connection_id": other["id"]})
    reads_m1 = {"source": {"model_id": "m1", "field": "email"}}
    store.put(
        "sync",
        "s1",
        {"id": "s1", "name": "Sync", "target": {"connection_id": target["id"]}, "fields": [reads_m1]},
    )
    store.put("execution", "e1", {"id": "e1", "_sync_id": "s1"})
    path = f"/api/connections/{source['id']}"

    refused = await http.delete(path)
    forced = await http.delete(path, params={"force": "true"})

    assert refused.status_code == 422
    assert refused.json()["message"].startswith("connection in use")
    assert refused.json()["metadata"] == {
        "models": [{"id": "m1", "name": "Contacts"}],
        "syncs": [{"id": "s1", "name": "Sync"}],
    }
    assert forced.status_code == 204
    assert [store.list(kind) for kind in ("sync", "execution")] == [[], []]
    assert [model["id"] for model in store.list("model")] == ["m2"]
