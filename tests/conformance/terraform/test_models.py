"""Models, as the provider manages them: it keeps a configuration's texts, and the names of the fields."""

import pytest

from tests.conformance.terraform.replay import COMPUTED, PLAIN, Api, Json, Nested, Resource, cycle, live

QUERY = {"query": "SELECT email, name FROM users"}
ADDED = {"name": "score", "type": "number", "label": "Score"}
SENT = (
    "name",
    "connection_id",
    "configuration",
    "fields",
    "additional_fields",
    "relations",
    "tracking_columns",
)


def body(config: Json, state: Json | None) -> Json:
    del state
    given = {name: config[name] for name in SENT if config.get(name)}
    return given | ({"identifier": config["identifier"]} if config.get("identifier") else {})


def state_of(answer: Json, before: Json) -> Json:
    del before
    fields = answer["fields"]
    added = [{part: each[part] for part in ADDED} for each in fields if each["user_added"]]
    return {
        "id": answer["id"],
        "organization": answer["organization_id"],
        "name": answer["name"],
        "type": answer["type"],
        "connection_id": answer["connection_id"],
        "configuration": {
            name: value for name, value in answer["configuration"].items() if isinstance(value, str) and value
        },
        "fields": [each["name"] for each in fields if not each["user_added"]],
        "additional_fields": added,
        "relations": answer["relations"] or [],
        "identifier": answer["identifier"] or "",
        "tracking_columns": answer["tracking_columns"] or [],
        "policies": answer["policies"],
        "created_at": answer["created_at"],
        "created_by": answer["created_by"],
    }


MODEL = Resource(
    path="/api/models",
    attributes={
        "name": PLAIN,
        "connection_id": PLAIN,
        "configuration": COMPUTED,
        "fields": COMPUTED,
        "additional_fields": Nested(dict.fromkeys(ADDED, PLAIN), is_set=True),
        "relations": Nested({"from": PLAIN, "to": COMPUTED}, is_set=True),
        "identifier": COMPUTED,
        "tracking_columns": COMPUTED,
    },
    body=body,
    state=state_of,
)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"fields": ["email"], "identifier": "email"},
        {"additional_fields": [ADDED], "tracking_columns": ["name"]},
    ],
)
async def test_a_model_lives_without_drift(api: Api, postgresql: str, more: Json) -> None:
    first = {"name": "People", "connection_id": postgresql, "configuration": QUERY, **more}

    await live(api, MODEL, first, {**first, "name": "Users"}, {**first, "configuration": QUERY})


async def test_a_model_with_a_relation_lives_without_drift(api: Api, postgresql: str) -> None:
    base = {"connection_id": postgresql, "configuration": QUERY}
    other = await cycle(api, MODEL, {"name": "Other", **base})
    relation = {"from": "email", "to": {"model_id": other["id"], "field": "email"}}

    await live(api, MODEL, {"name": "Related", "relations": [relation], **base}, {"name": "Alone", **base})


async def test_a_model_of_a_table_lives_without_drift(api: Api, postgresql: str) -> None:
    config = {"name": "Table", "connection_id": postgresql, "configuration": {"table": "public.users"}}

    await live(api, MODEL, config)
