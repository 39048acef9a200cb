"""The configuration of a connection: its fields and its masked secrets."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

Connect = Callable[..., Awaitable[dict[str, Any]]]
Create = Callable[..., Awaitable[httpx.Response]]

MASK = "********"
SNOWFLAKE = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


def problems(answer: httpx.Response) -> dict[str, str]:
    return {row["argument"]: row["problem"] for row in answer.json()["metadata"]["problems"]}


def sample(schema: dict[str, Any]) -> Any:
    """Return a value that fits a field's schema, with hunter2 for every secret."""
    match schema["type"]:
        case "string":
            return schema.get("enum", ["hunter2" if schema.get("sensitive") else "text"])[0]
        case "array":
            return [sample(schema["items"])]
        case "object":
            return {name: sample(member) for name, member in schema.get("properties", {}).items()}
        case type_:
            return {"integer": 1, "boolean": True}[type_]


async def test_every_type_accepts_all_its_fields_and_masks_its_secrets(
    http: httpx.AsyncClient, create: Create
) -> None:
    for type_ in load_connection_types().values():
        created = await create(type_.id, {name: sample(schema) for name, schema in type_.fields.items()})

        assert created.status_code == 200, type_.id
        assert set(created.json()["data"]["configuration"]) == set(type_.fields)
        assert "hunter2" not in created.text, type_.id
    assert "hunter2" not in (await http.get("/api/connections")).text


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [
        ("webhook", {"basic": {"username": "ada", "password": "pw"}, "query": [{"name": "k", "value": "v"}]}),
        ("csv", {"headers": [{"name": "X-Token", "value": "v"}, {"name": "X-Other", "value": "w"}]}),
        ("api", {"auth": {"oauth": {"client_id": "c", "client_secret": "s"}, "header": {"value": "v"}}}),
        ("httpenrichment", {"method": "GET", "parameters": [{"name": "key", "value": "v"}]}),
    ],
)
async def test_values_inside_of_other_fields_come_back_as_they_were_sent(
    http: httpx.AsyncClient, connect: Connect, type_: str, configuration: dict[str, Any]
) -> None:
    sent = {"url": "https://acme.example/hook", **configuration}

    connection = await connect(type_, **sent)

    read = (await http.get(f"/api/connections/{connection['id']}")).json()["data"]
    assert {name: connection["configuration"][name] for name in sent} == sent
    assert read["configuration"] == connection["configuration"]


@pytest.mark.parametrize(
    "body", [{}, {"configuration": {}}, {"configuration": None}, {"configuration": {"url": None}}]
)
@pytest.mark.parametrize("type_", ["csv", "postgresql", "stripe", "airtable"])
async def test_a_connection_without_a_configuration_is_created_and_waits_for_one(
    http: httpx.AsyncClient, type_: str, body: dict[str, Any]
) -> None:
    answer = await http.post("/api/connections", json={"name": "Later", "type": type_, **body})

    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == "unhealthy"


async def test_a_configuration_that_is_not_validated_may_be_incomplete(
    http: httpx.AsyncClient, create: Create
) -> None:
    created = (await create("snowflake", {"account": "acme-x"}, validate=False)).json()["data"]
    body = {"name": "Snowflake", "configuration": SNOWFLAKE}

    completed = await http.put(f"/api/connections/{created['id']}", json=body)

    assert created["status"] == "unhealthy"
    assert created["status_error"] == "The configuration is incomplete: username, dbname missing."
    assert completed.json()["data"]["status"] == "healthy"


async def test_an_unknown_field_is_kept(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake", **SNOWFLAKE, newer_option={"a": [1]})

    read = (await http.get(f"/api/connections/{connection['id']}")).json()["data"]
    assert read["configuration"]["newer_option"] == {"a": [1]}


async def test_an_update_keeps_the_secrets_that_it_omits(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    connection = await connect("snowflake", **SNOWFLAKE)
    without = {name: value for name, value in SNOWFLAKE.items() if name != "password"}
    path = f"/api/connections/{connection['id']}"

    renamed = await http.put(path, json={"name": "Renamed", "configuration": without | {"dbname": "D"}})
    untouched = await http.put(path, json={"name": "Again"})
    removed = await http.put(path, json={"name": "Again", "configuration": {**SNOWFLAKE, "password": None}})

    assert renamed.json()["data"]["configuration"] == {**without, "dbname": "D", "password": MASK}
    assert untouched.json()["data"]["configuration"] == renamed.json()["data"]["configuration"]
    assert "password" not in removed.json()["data"]["configuration"]
    stored = sandbox.state.workspace.store.get("connection", connection["id"])
    assert "password" not in stored["configuration"]


async def test_required_fields_with_a_default_can_be_omitted(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    del http

    connection = await connect("postgresql")

    assert connection["configuration"]["port"] == 5432


async def test_a_null_or_empty_field_counts_as_missing(create: Create) -> None:
    answer = await create("snowflake", {**SNOWFLAKE, "account": None, "username": "", "warehouse": None})

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
async def test_a_synonym_of_a_field_is_refused_with_the_right_name(
    create: Create, type_: str, wrong: str, right: str
) -> None:
    answer = await create(type_, {wrong: "hunter2"})

    assert answer.status_code == 422
    assert problems(answer)[f"configuration.{wrong}"].startswith(
        f"is not a field of {type_}. Did you mean {right!r}? Valid values: {right}, "
    )
    assert "hunter2" not in answer.text


async def test_an_unknown_field_beside_a_missing_one_is_refused_with_the_valid_fields(
    create: Create,
) -> None:
    answer = await create("snowflake", {"zzzz": 1})

    assert "Valid values: account, username, " in problems(answer)["configuration.zzzz"]


async def test_values_of_the_wrong_type_are_refused_without_being_shown(create: Create) -> None:
    gong = await create("gong", {"auth_method": "hunter2"})
    mysql = await create("mysql", {"hostname": "h", "account": "a", "passwd": ["hunter2"], "port": "3306"})

    assert problems(gong) == {"configuration.auth_method": "must be one of: token, oauth"}
    assert problems(mysql) == {
        "configuration.passwd": "must be of type string",
        "configuration.port": "must be of type integer",
    }
    assert "hunter2" not in gong.text + mysql.text


async def test_an_update_replaces_the_configuration_and_keeps_masked_secrets(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any
) -> None:
    connection = await connect("snowflake", **SNOWFLAKE, warehouse="LARGE")
    body = {"name": "Renamed", "configuration": {**SNOWFLAKE, "password": MASK}}

    answer = await http.put(f"/api/connections/{connection['id']}", json=body)

    stored = sandbox.state.workspace.store.get("connection", connection["id"])
    assert answer.json()["data"]["name"] == "Renamed"
    assert answer.json()["data"]["created_at"] == connection["created_at"]
    assert "warehouse" not in answer.json()["data"]["configuration"]
    assert stored["configuration"]["password"] == "hunter2"


async def test_a_mask_without_a_stored_secret_is_refused(create: Create) -> None:
    top = await create("snowflake", {**SNOWFLAKE, "password": MASK})
    nested = await create("webhook", {"url": "u", "headers": [{"value": MASK}], "basic": {"password": MASK}})

    assert list(problems(top)) == ["configuration.password"]
    assert list(problems(nested)) == ["configuration.headers", "configuration.basic"]
