"""Models over HTTP: creating, listing, replacing, previewing, sampling and deleting them."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from tests.sandbox.conftest import Clock, Connect

QUERY = "SELECT contact_id, email FROM salesforce_contacts WHERE subscription_plan = 'gold'"


async def create(http: httpx.AsyncClient, connection: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    answer = await post(http, connection, **arguments)
    assert answer.status_code == 200, answer.text
    model: dict[str, Any] = answer.json()["data"]
    return model


async def post(
    http: httpx.AsyncClient, connection: dict[str, Any], path: str = "/api/models", **arguments: Any
) -> httpx.Response:
    body = {"name": "Free", "connection_id": connection["id"], "configuration": {"query": QUERY}}
    return await http.post(path, json=body | arguments)


def message(answer: httpx.Response, status: int = 422) -> str:
    assert answer.status_code == status, answer.text
    text: str = answer.json()["message"]
    return text


def names(model: dict[str, Any]) -> list[str]:
    return [field["name"] for field in model["fields"]]


async def test_the_model_of_the_guide_is_created_with_its_fields(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    model = await create(
        http, connection, configuration={"query": "SELECT contact_id FROM salesforce_contacts"}
    )

    (field,) = model["fields"]
    assert field["name"] == field["label"] == "contact_id"
    assert (field["type"], field["remote_type"]) == ("string", "VARCHAR")
    assert field["example"].startswith("003")
    assert not field["user_added"]
    assert (model["type"], model["version"], model["connection_id"]) == ("snowflake", 1, connection["id"])
    assert (await http.get(f"/api/models/{model['id']}")).json() == {"data": model}


@pytest.mark.parametrize("version", ["2024-02-08", "2025-09-18"])
async def test_a_model_shows_nothing_private(http: httpx.AsyncClient, connect: Connect, version: str) -> None:
    connection = await connect("snowflake")
    made = await post(http, connection)
    path, headers = f"/api/models/{made.json()['data']['id']}", {"X-Polytomic-Version": version}
    body = {"name": "Free", "connection_id": connection["id"], "configuration": {"query": QUERY}}

    answers = [
        made,
        await post(http, connection, "/api/model-preview"),
        await http.put(path, json=body, headers=headers),
        await http.get(path, headers=headers),
        await http.get("/api/models", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert '"_' not in "".join(answer.text for answer in answers)


async def test_a_model_has_all_parts_of_its_request(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    base = await create(http, connection)
    relation = {"from": "email", "to": {"model_id": base["id"], "field": "email"}}

    model = await create(
        http,
        connection,
        configuration={"table": "public.salesforce_contacts"},
        fields=["EMAIL", "contact_id", "updated_at"],
        additional_fields=[{"name": "score", "label": "Score", "type": "number", "example": "7"}],
        identifier="contact_id",
        tracking_columns=["updated_at"],
        relations=[relation],
        labels=["nightly"],
    )

    assert names(model) == ["email", "contact_id", "updated_at", "score"]
    assert [field["unique"] for field in model["fields"]] == [False, True, False, False]
    assert [field["user_added"] for field in model["fields"]] == [False, False, False, True]
    assert model["fields"][3]["example"] == "7"
    assert model["relations"] == [relation]
    assert model["tracking_columns"] == ["updated_at"]
    assert model["labels"] == [{"name": "nightly"}]
    assert model["enricher"] is None
    assert model["policies"] == []


async def test_an_enricher_is_refused_as_not_emulated(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    model = {
        "name": "M",
        "connection_id": connection["id"],
        "configuration": {"table": "public.salesforce_contacts"},
        "enricher": {"connection_id": connection["id"], "enricher_id": "e"},
    }

    refused = await http.post("/api/models", json=model)

    assert (refused.status_code, refused.json()["key"]) == (422, "enrichment_not_emulated")


@pytest.mark.parametrize(
    ("type_", "configuration", "first"),
    [
        ("snowflake", {"table": "SALESFORCE_CONTACTS"}, "contact_id"),
        ("snowflake", {"table": "ANALYTICS.PUBLIC.ORDERS"}, "order_id"),
        ("snowflake", {"schema": "public", "table": "orders"}, "order_id"),
        ("snowflake", {"schema": 7, "table": "users"}, "user_id"),
        ("snowflake", {"query": "select CONTACT_ID from ANALYTICS.PUBLIC.SALESFORCE_CONTACTS"}, "CONTACT_ID"),
        ("postgresql", {"query": "SELECT * FROM users"}, "user_id"),
        ("salesforce", {"table": "Contact"}, "Id"),
        ("salesforce", {"query": "SELECT Id, Name FROM Account"}, "Id"),
        ("hubspot", {"table": "contacts"}, "id"),
        ("gong", {"table": "my-gong-engage-flow"}, "Id"),
    ],
)
async def test_a_model_reads_a_query_a_table_or_an_object(
    http: httpx.AsyncClient, connect: Connect, type_: str, configuration: dict[str, Any], first: str
) -> None:
    model = await create(http, await connect(type_), configuration=configuration)

    assert names(model)[0] == first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"configuration": {"query": "SELECT * FRM x"}}, "Syntax error at line 1"),
        ({"configuration": {"query": "SELECT 1 ^"}}, "Syntax error at line 1, column 10 near '^'."),
        ({"configuration": {"query": "DROP TABLE accounts"}}, "start with SELECT or WITH"),
        (
            {"configuration": {"query": "SELECT emial FROM salesforce_contacts"}},
            'Candidate bindings: "email"',
        ),
        (
            {"configuration": {"query": "SELECT CAST(email AS INT) FROM salesforce_contacts"}},
            "Could not convert",
        ),
        ({"configuration": {"view": "public.accounts"}}, "public.accounts is a table and not a view."),
        ({"configuration": {"table": "public.acounts"}}, "Did you mean 'public.accounts'?"),
        ({"configuration": {"table": "OTHER.PUBLIC.ACCOUNTS"}}, "Write ANALYTICS.PUBLIC.ACCOUNTS"),
        ({"configuration": {"query": "  "}}, "one of: query; table; view"),
        ({"configuration": {}}, "one of: query; table; view"),
        ({"fields": ["emial"]}, "no field 'emial'. Did you mean 'email'?"),
        ({"identifier": "zzz"}, "no field 'zzz'. Valid values: contact_id, email"),
        ({"tracking_columns": ["updated"]}, "no field 'updated'"),
        ({"relations": [{"from": "mail", "to": {"model_id": "x", "field": "y"}}]}, "Did you mean 'email'?"),
        (
            {"relations": [{"from": "email", "to": {"model_id": "x", "field": "y"}}]},
            "model x, which does not",
        ),
        ({"relations": [{"from": "email"}]}, "which does not exist"),
    ],
)
async def test_a_model_that_cannot_be_read_is_refused_and_not_stored(
    http: httpx.AsyncClient, connect: Connect, arguments: dict[str, Any], words: str
) -> None:
    connection = await connect("snowflake")

    refused = await post(http, connection, **arguments)

    assert words in message(refused)
    assert (await http.get("/api/models")).json()["data"] == []


async def test_a_relation_to_a_field_that_does_not_exist_is_refused(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")
    base = await create(http, connection)
    relation = {"from": "email", "to": {"model_id": base["id"], "field": "e-mail"}}

    refused = await post(http, connection, relations=[relation])

    assert "Model Free has no field 'e-mail'. Did you mean 'email'?" in message(refused)


async def test_a_model_of_an_unhealthy_or_unknown_connection_is_refused(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    waiting = await connect("gong", auth_method="oauth")

    assert "is unhealthy. Sign in" in message(await post(http, waiting, configuration={"table": "accounts"}))
    assert "connection nope not found" in message(await post(http, {"id": "nope"}), 404)


async def test_an_update_replaces_the_whole_model(
    http: httpx.AsyncClient, connect: Connect, clock: Clock
) -> None:
    connection = await connect("snowflake")
    model = await create(http, connection, identifier="contact_id", labels=["a"])
    clock.advance(hours=1)
    body = {
        "name": "New",
        "connection_id": connection["id"],
        "configuration": {"query": QUERY},
        "refresh": True,
    }

    answer = await http.put(f"/api/models/{model['id']}", json=body)

    updated = answer.json()["data"]
    assert (updated["name"], updated["version"]) == ("New", 2)
    assert (updated["identifier"], updated["labels"]) == (None, [])
    assert [field["id"] for field in updated["fields"]] == [field["id"] for field in model["fields"]]
    assert updated["created_at"] == model["created_at"] < updated["updated_at"]
    assert (await http.get(f"/api/models/{model['id']}")).json()["data"] == updated


async def test_a_refused_update_leaves_the_model_unchanged(http: httpx.AsyncClient, connect: Connect) -> None:
    connection = await connect("snowflake")
    model = await create(http, connection)
    body = {"name": "New", "connection_id": connection["id"], "configuration": {"table": "nowhere"}}

    refused = await http.put(f"/api/models/{model['id']}", json=body)

    assert refused.status_code == 422
    assert (await http.get(f"/api/models/{model['id']}")).json()["data"] == model


async def test_a_preview_shows_the_model_and_stores_nothing(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")

    answer = await post(http, connection, "/api/model-preview")

    assert names(answer.json()["data"]) == ["contact_id", "email"]
    assert (await http.get("/api/models")).json()["data"] == []


async def test_a_sample_has_rows_under_the_models_id(http: httpx.AsyncClient, connect: Connect) -> None:
    added = {"name": "score", "label": "Score", "type": "number"}
    model = await create(http, await connect("snowflake"), fields=["email"], additional_fields=[added])

    sample = (await http.get(f"/api/models/{model['id']}/sample")).json()["data"]

    assert len(sample["records"]) == 10
    assert sample["warnings"] == []
    assert set(sample["records"][0][model["id"]]) == {"email", "score"}
    assert sample["records"][0][model["id"]]["score"] is None


async def test_an_added_field_has_the_type_that_was_declared(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    query = "SELECT '7' AS score, 'old' AS age, 1 AS kept, NULL::VARCHAR AS none FROM customers LIMIT 1"
    added = [
        {"name": name, "label": name, "type": type_}
        for name, type_ in (("SCORE", "number"), ("age", "number"), ("kept", "number"), ("none", "datetime"))
    ]
    model = await create(
        http, await connect("snowflake"), configuration={"query": query}, additional_fields=added
    )

    sample = (await http.get(f"/api/models/{model['id']}/sample")).json()["data"]

    assert [field["type"] for field in model["fields"]] == ["number", "number", "number", "datetime"]
    assert sample["records"][0][model["id"]] == {"SCORE": 7, "age": "old", "kept": 1, "none": None}


async def test_a_sample_through_an_unhealthy_connection_is_refused(
    http: httpx.AsyncClient, connect: Connect, sandbox: Starlette
) -> None:
    connection = await connect("snowflake")
    model = await create(http, connection)
    store = sandbox.state.workspace.store
    store.put(
        "connection", connection["id"], store.get("connection", connection["id"]) | {"status": "unhealthy"}
    )

    assert "is unhealthy" in message(await http.get(f"/api/models/{model['id']}/sample"))


async def test_a_field_that_the_source_no_longer_has_is_reported(
    http: httpx.AsyncClient, connect: Connect, sandbox: Starlette
) -> None:
    tables = sandbox.state.workspace.tables
    old = Table("hubspot", "tickets", "Deals", "object", (Column("amount", "number", "DOUBLE"),))
    tables.create(old)
    model = await create(http, await connect("hubspot"), configuration={"table": "tickets"})
    tables.drop(old)
    tables.create(Table("hubspot", "tickets", "Deals", "object", (Column("amount_eur", "number", "DOUBLE"),)))

    refused = await http.get(f"/api/models/{model['id']}/sample")

    assert "Model Free has no field 'amount'. Did you mean 'amount_eur'?" in message(refused)


async def test_a_deleted_model_no_longer_exists(http: httpx.AsyncClient, connect: Connect) -> None:
    model = await create(http, await connect("snowflake"))

    deleted = await http.delete(f"/api/models/{model['id']}")

    assert deleted.status_code == 204
    for answer in (
        await http.get(f"/api/models/{model['id']}"),
        await http.get(f"/api/models/{model['id']}/sample"),
        await http.delete(f"/api/models/{model['id']}"),
        await http.put(
            f"/api/models/{model['id']}", json={"name": "x", "connection_id": "y", "configuration": {}}
        ),
    ):
        assert f"model {model['id']} not found" in message(answer, 404)


async def test_models_are_listed_in_pages_last_changed_first(
    http: httpx.AsyncClient, connect: Connect, clock: Clock
) -> None:
    connection = await connect("snowflake")
    for number in range(5):
        clock.advance(minutes=1)
        await create(http, connection, name=f"M{number}", configuration={"table": "accounts"})

    pages: list[list[str]] = []
    token = ""
    while token is not None:
        body = (await http.get("/api/models", params={"limit": 2, "page_token": token})).json()
        pages.append([model["name"] for model in body["data"]])
        token = body["pagination"].get("next_page_token")
    older = await http.get("/api/models", headers={"X-Polytomic-Version": "2024-02-08"})

    assert pages == [["M4", "M3"], ["M2", "M1"], ["M0"]]
    assert [model["name"] for model in older.json()["data"]] == ["M4", "M3", "M2", "M1", "M0"]
    assert "pagination" not in older.json()
    assert len((await http.get("/api/models", params={"limit": 500})).json()["data"]) == 5


async def test_a_relation_in_another_case_is_stored_as_its_fields_are_spelled(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    connection = await connect("snowflake")
    base = await create(http, connection)
    relation = {"from": "EMAIL", "to": {"model_id": base["id"], "field": "Email"}}

    model = await create(http, connection, relations=[relation])

    assert model["relations"] == [{"from": "email", "to": {"model_id": base["id"], "field": "email"}}]


@pytest.mark.parametrize("ending", [";", "; -- the end", "\n/* a */ -- b\n;"])
async def test_the_query_of_a_model_may_end_in_a_semicolon_and_a_comment(
    http: httpx.AsyncClient, connect: Connect, ending: str
) -> None:
    connection = await connect("snowflake")
    written = {"query": f"{QUERY}{ending}"}

    model = await create(http, connection, configuration=written)
    previewed = await post(http, connection, "/api/model-preview", configuration=written)
    body = {"name": "Free", "connection_id": connection["id"], "configuration": written}
    updated = await http.put(f"/api/models/{model['id']}", json=body)
    sampled = (await http.get(f"/api/models/{model['id']}/sample")).json()["data"]

    for answer in (previewed, updated):
        assert names(answer.json()["data"]) == names(model) == ["contact_id", "email"]
    assert model["configuration"]["query"] == written["query"]
    assert sampled
