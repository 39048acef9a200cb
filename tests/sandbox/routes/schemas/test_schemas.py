"""The schemas of a connection: their fields and sample rows, and what users add and override."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Connect

USERS = "public.users"


@pytest.fixture
async def schema(http: httpx.AsyncClient, connect: Connect) -> Any:
    """Return a function that sends a request below a warehouse's schemas."""
    connection = await connect("postgresql")
    path = f"/api/connections/{connection['id']}/schemas"
    await http.get(f"{path}/status")

    async def send(method: str, rest: str, body: Any = None) -> httpx.Response:
        return await http.request(method, path + rest, json=body)

    send.connection = connection  # type: ignore[attr-defined]
    return send


async def fields(schema: Any, id_: str = USERS) -> dict[str, Any]:
    answer = await schema("GET", f"/{id_}")
    assert answer.status_code == 200, answer.text
    return {field["id"]: field for field in answer.json()["data"]["fields"]}


def keys(found: dict[str, Any]) -> list[str]:
    return [id_ for id_, field in found.items() if field["is_primary_key"]]


async def add(schema: Any, **more: Any) -> httpx.Response:
    field = {"field_id": "score", "label": "Score", "type": "number"} | more
    answer: httpx.Response = await schema("POST", f"/{USERS}/fields", {"fields": [field]})
    return answer


async def test_a_schema_shows_its_fields_and_primary_key(schema: Any) -> None:
    answer = (await schema("GET", "/PUBLIC.Users")).json()["data"]

    assert answer["id"] == USERS
    assert answer["fields"][0] == {
        "id": "user_id",
        "name": "user_id",
        "type": "number",
        "type_spec": "number",
        "remote_type": "BIGINT",
        "path": "user_id",
        "is_primary_key": True,
        "source_primary_key": True,
        "primary_key_override": False,
        "user_managed": False,
        "association": None,
        "values": None,
    }


async def test_an_object_of_an_application_is_a_schema(connect: Connect, http: httpx.AsyncClient) -> None:
    connection = await connect("salesforce")
    path = f"/api/connections/{connection['id']}/schemas"
    await http.get(f"{path}/status")

    answer = (await http.get(f"{path}/Contact")).json()["data"]

    assert (answer["id"], answer["name"], answer["fields"][0]["name"]) == ("Contact", "Contact", "Contact ID")


async def test_an_unknown_schema_is_refused_with_the_nearest_valid_one(schema: Any) -> None:
    for method, rest in (("GET", ""), ("GET", "/records"), ("DELETE", "/primary_keys")):
        refused = await schema(method, f"/public.user{rest}")

        assert refused.status_code == 404
        assert "has no schema 'public.user'. Did you mean 'public.users'?" in refused.json()["message"]


@pytest.mark.parametrize("rest", ["", "/records"])
async def test_a_schema_of_a_new_connection_can_be_read_at_once(
    rest: str, connect: Connect, http: httpx.AsyncClient
) -> None:
    path = f"/api/connections/{(await connect('postgresql'))['id']}/schemas"

    answer = await http.get(f"{path}/{USERS}{rest}")

    assert answer.status_code == 200
    assert (await http.get(f"{path}/status")).json()["data"]["cache_status"] == "fresh"


async def test_schemas_stay_available_during_a_later_refresh(schema: Any) -> None:
    await schema("POST", "/refresh")

    assert (await schema("GET", f"/{USERS}")).status_code == 200


async def test_an_unhealthy_connection_shows_no_schemas(connect: Connect, http: httpx.AsyncClient) -> None:
    connection = await connect("gong", auth_method="oauth")

    assert (await http.get(f"/api/connections/{connection['id']}/schemas/people")).status_code == 422


async def test_the_records_of_a_schema_are_a_few_rows(schema: Any) -> None:
    records = (await schema("GET", f"/{USERS}/records")).json()["data"]

    assert 0 < len(records) <= 10
    assert set(records[0]) == set(await fields(schema))


async def test_a_user_managed_field_is_shown_and_read_by_its_path(schema: Any) -> None:
    assert (await add(schema, path="preferences.theme", definition="int", example=7)).status_code == 200
    await add(schema, field_id="EMAIL2", path="email", type="string")
    await add(schema, field_id="gone", path="email.nothing.here")

    found = await fields(schema)
    score = found["score"]
    records = (await schema("GET", f"/{USERS}/records")).json()["data"]

    assert (score["name"], score["type"], score["type_spec"], score["path"]) == (
        "Score",
        "number",
        "int",
        "preferences.theme",
    )
    assert (score["user_managed"], score["is_primary_key"], score["remote_type"]) == (True, False, None)
    assert (records[0]["score"], records[0]["EMAIL2"]) == ("light", records[0]["email"])
    assert records[0]["gone"] is None


async def test_a_field_with_the_same_id_replaces_the_first(schema: Any) -> None:
    await add(schema, path="email")
    await add(schema, field_id="Score", label="Points")

    found = await fields(schema)

    assert "score" not in found
    assert (found["Score"]["name"], found["Score"]["path"]) == ("Points", None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"field_id": "EMAIL"}, "Field EMAIL was detected in public.users and cannot be replaced. PATCH it"),
        ({"field_id": " "}, "field_id must not be empty"),
        ({"type": "money"}, "Unknown field type 'money'. Valid values: unknown, string"),
    ],
)
async def test_a_field_that_cannot_be_added_is_refused(more: Any, words: str, schema: Any) -> None:
    refused = await add(schema, **more)

    assert refused.status_code == 400
    assert words in refused.json()["message"]


async def test_a_request_without_fields_changes_nothing(schema: Any) -> None:
    before = await fields(schema)

    assert (await schema("POST", f"/{USERS}/fields", {})).status_code == 200
    assert await fields(schema) == before


async def test_parts_of_a_detected_field_can_be_overridden(schema: Any) -> None:
    before = (await fields(schema))["email"]

    patched = await schema("PATCH", f"/{USERS}/fields/Email", {"label": "E-mail"})
    await schema("PATCH", f"/{USERS}/fields/email", {"type": "binary"})

    assert patched.json()["data"] == before | {"name": "E-mail"}
    assert (await fields(schema))["email"] == before | {"name": "E-mail", "type": "binary"}


async def test_an_unknown_field_is_refused_with_the_nearest_valid_one(schema: Any) -> None:
    for method, body in (("PATCH", {"label": "x"}), ("DELETE", None)):
        refused = await schema(method, f"/{USERS}/fields/emai", body)

        assert refused.status_code == 404
        assert "has no field 'emai'. Did you mean 'email'?" in refused.json()["message"]


async def test_only_a_user_managed_field_can_be_deleted(schema: Any) -> None:
    before = await fields(schema)
    await add(schema)
    await schema("PUT", f"/{USERS}/primary_keys", {"fields": [{"field_id": "score", "is_primary_key": True}]})

    deleted = await schema("DELETE", f"/{USERS}/fields/SCORE")
    refused = await schema("DELETE", f"/{USERS}/fields/email")

    assert (deleted.status_code, refused.status_code) == (204, 400)
    assert "Only user-managed fields can be deleted" in refused.json()["message"]
    assert await fields(schema) == before


async def test_primary_keys_are_overridden_as_a_whole_and_reset(schema: Any) -> None:
    def body(**keys: bool) -> Any:
        return {"fields": [{"field_id": id_, "is_primary_key": is_key} for id_, is_key in keys.items()]}

    before = await fields(schema)
    put = await schema("PUT", f"/{USERS}/primary_keys", body(USER_ID=False, email=True))
    first = await fields(schema)
    await schema("PUT", f"/{USERS}/primary_keys", body(email=True))
    second = await fields(schema)
    reset = await schema("DELETE", f"/{USERS}/primary_keys")

    assert (put.status_code, reset.status_code) == (200, 204)
    assert (keys(first), keys(second)) == (["email"], ["email"])
    assert (first["user_id"]["source_primary_key"], first["user_id"]["primary_key_override"]) == (True, True)
    assert (second["user_id"]["source_primary_key"], second["user_id"]["is_primary_key"]) == (True, False)
    assert await fields(schema) == before


async def test_a_primary_key_that_is_not_a_field_is_refused(schema: Any) -> None:
    body = {"fields": [{"field_id": "nope", "is_primary_key": True}]}

    assert (await schema("PUT", f"/{USERS}/primary_keys", body)).status_code == 404


async def test_an_overridden_field_that_the_source_no_longer_has_is_not_shown(
    schema: Any, sandbox: Any
) -> None:
    tables = sandbox.state.workspace.tables
    await schema("PATCH", f"/{USERS}/fields/email", {"label": "E-mail"})
    await schema("PUT", f"/{USERS}/primary_keys", {"fields": [{"field_id": "email", "is_primary_key": True}]})
    table = tables.get("postgresql", USERS)
    tables.drop(table)
    remaining = tuple(column for column in table.columns if column.name != "email")
    tables.create(type(table)(table.system, table.name, table.label, table.kind, remaining, table.key))

    assert "email" not in await fields(schema)


async def test_changes_belong_to_one_connection_and_are_deleted_with_it(
    schema: Any, connect: Connect, http: httpx.AsyncClient, sandbox: Any
) -> None:
    await add(schema)
    other = await connect("postgresql", name="Other")
    path = f"/api/connections/{other['id']}/schemas"
    await http.get(f"{path}/status")
    elsewhere = (await http.get(f"{path}/{USERS}")).json()["data"]["fields"]

    await http.delete(f"/api/connections/{schema.connection['id']}")

    assert "score" not in [field["id"] for field in elsewhere]
    assert sandbox.state.workspace.store.list("schema_overrides") == []
