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


async def test_nested_secrets_are_masked(create: Create) -> None:
    configuration = {
        "url": "https://acme.example/hook",
        "auth_method": "basic",
        "basic": {"username": "ada", "password": "hunter2"},
        "headers": [{"name": "X-Token", "value": "hunter2"}],
    }

    answer = await create("webhook", configuration)

    assert "hunter2" not in answer.text
    assert answer.json()["data"]["configuration"]["basic"] == {"username": "ada", "password": MASK}
    assert answer.json()["data"]["configuration"]["headers"] == [{"name": "X-Token", "value": MASK}]


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


async def test_an_unknown_field_is_refused_with_the_valid_fields(create: Create) -> None:
    answer = await create("gong", {"zzzz": 1})

    assert "Valid values: auth_method, oauth_refresh_token, " in problems(answer)["configuration.zzzz"]


async def test_a_synonym_of_a_nested_field_is_refused_with_the_right_name(create: Create) -> None:
    configuration = {
        "url": "https://acme.example/hook",
        "basic": {"passwd": "hunter2"},
        "headers": [{"name": "X-Token", "value": "hunter2"}, {"zzzz": "hunter2"}],
    }

    answer = await create("webhook", configuration)

    assert answer.status_code == 422
    assert problems(answer) == {
        "configuration.basic.passwd": (
            "is not a field of webhook. Did you mean 'password'? Valid values: password, username"
        ),
        "configuration.headers.1.zzzz": "is not a field of webhook. Valid values: name, value",
    }
    assert "hunter2" not in answer.text


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


async def test_an_update_keeps_nested_masked_secrets(
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

    stored = sandbox.state.workspace.store.get("connection", connection["id"])
    assert answer.status_code == 200
    assert stored["configuration"]["headers"] == [{"name": "a", "value": "new"}, {"name": "b", "value": "v2"}]
    assert stored["configuration"]["basic"] == {"password": "p1"}


async def test_a_mask_without_a_stored_secret_is_refused(create: Create) -> None:
    top = await create("snowflake", {**SNOWFLAKE, "password": MASK})
    nested = await create("webhook", {"url": "u", "headers": [{"value": MASK}], "basic": {"password": MASK}})

    assert list(problems(top)) == ["configuration.password"]
    assert list(problems(nested)) == ["configuration.headers", "configuration.basic"]


async def _headers_after_update(
    http: httpx.AsyncClient, connect: Connect, sandbox: Any, before: list[Any], sent: list[Any]
) -> Any:
    """Return the headers stored after an update, or the problems of its 422."""
    connection = await connect("webhook", url="https://acme.example", auth_method="query", headers=before)
    configuration = {**connection["configuration"], "headers": sent}
    body = {"name": "n", "configuration": configuration}

    answer = await http.put(f"/api/connections/{connection['id']}", json=body)

    if answer.status_code == 422:
        return problems(answer)
    return sandbox.state.workspace.store.get("connection", connection["id"])["configuration"]["headers"]


def _header(name: str | None, value: str) -> dict[str, str]:
    return {"value": value} if name is None else {"name": name, "value": value}


@pytest.mark.parametrize(
    ("before", "sent", "stored"),
    [
        ([("A", "a"), ("B", "b")], [("B", MASK)], [("B", "b")]),
        ([("A", "a"), ("B", "b")], [("B", MASK), ("A", MASK)], [("B", "b"), ("A", "a")]),
        ([("A", "a")], [("C", "c"), ("A", MASK)], [("C", "c"), ("A", "a")]),
        ([("A", "1"), ("A", "2")], [("A", MASK), ("A", MASK)], [("A", "1"), ("A", "2")]),
        ([(None, "1"), (None, "2")], [(None, "new"), (None, MASK)], [(None, "new"), (None, "2")]),
    ],
)
async def test_a_masked_secret_in_a_list_follows_its_name(
    http: httpx.AsyncClient,
    connect: Connect,
    sandbox: Any,
    before: list[tuple[str | None, str]],
    sent: list[tuple[str | None, str]],
    stored: list[tuple[str | None, str]],
) -> None:
    headers = [[_header(*each) for each in group] for group in (before, sent, stored)]

    assert await _headers_after_update(http, connect, sandbox, headers[0], headers[1]) == headers[2]


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        ([("A", "a"), ("B", "b")], [("C", MASK), ("B", MASK)]),
        ([("A", "1"), ("A", "2")], [("A", MASK)]),
        ([(None, "1"), (None, "2")], [(None, MASK)]),
    ],
)
async def test_a_masked_secret_in_a_list_without_a_stored_counterpart_is_refused(
    http: httpx.AsyncClient,
    connect: Connect,
    sandbox: Any,
    before: list[tuple[str | None, str]],
    sent: list[tuple[str | None, str]],
) -> None:
    headers = [[_header(*each) for each in group] for group in (before, sent)]

    refused = await _headers_after_update(http, connect, sandbox, headers[0], headers[1])

    assert list(refused) == ["configuration.headers"]
