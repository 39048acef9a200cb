"""The schemas toolset: freshness, fields, records, fields of one's own and the key."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from tests.tools.conftest import Clock, Connect, ScriptedApi, Tools

ORDERS = "public.orders"
WHERE = {"connection_id": "Warehouse", "schema_id": ORDERS}
FIELDS = [
    {
        "id": "order_id",
        "name": "order_id",
        "type": "number",
        "is_primary_key": True,
        "source_primary_key": True,
    },
    {
        "id": "account",
        "name": "Account",
        "type": "string",
        "remote_type": "VARCHAR",
        "is_primary_key": False,
        "user_managed": False,
        "association": {"reference_to": ["accounts"], "id": "a"},
    },
    {"id": "score", "name": "score", "type": "number", "user_managed": True, "path": "meta.score"},
    {"name": "a field without an id"},
]
MODES = ["auto", "legacy"]
YES = ElicitResult(action="accept", content={"proceed": True})
NO = [
    ElicitResult(action="accept", content={"proceed": False}),
    ElicitResult(action="accept", content={}),
    ElicitResult(action="decline"),
    ElicitResult(action="cancel"),
]
DESTROYING = {
    "set_schema_fields": (
        {"remove": ["score"]},
        "fields/score",
        "user-managed fields score from 'public.orders'?",
    ),
    "set_primary_keys": ({"fields": []}, "primary_keys", "user-defined key of 'public.orders' (account)?"),
}
READY = {"cache_status": "fresh", "last_refresh_started": "2026-01-01", "last_refresh_finished": None}


@pytest.fixture
def path(company: ScriptedApi) -> str:
    """Serve a schema of the warehouse, and return the path of its schemas."""
    path = f"/api/connections/{company.WAREHOUSE}/schemas"
    company[f"GET {path}/{ORDERS}"] = {"data": {"id": ORDERS, "name": "Orders", "fields": FIELDS}}
    company[f"POST {path}/refresh"] = httpx.Response(200)
    for rest in ("POST", "DELETE"):
        company[f"{rest} {path}/{ORDERS}/fields{'/score' if rest == 'DELETE' else ''}"] = httpx.Response(200)
    company[f"PATCH {path}/{ORDERS}/fields/account"] = {"data": {}}
    company[f"PUT {path}/{ORDERS}/primary_keys"] = httpx.Response(200)
    company[f"DELETE {path}/{ORDERS}/primary_keys"] = httpx.Response(204)
    return path


@pytest.mark.parametrize(
    ("status", "is_ready"),
    [
        ({"cache_status": "fresh"}, True),
        ({"cache_status": "true"}, True),
        ({"cache_status": True}, True),
        ({"cache_status": "ready"}, True),
        ({"status": "completed"}, True),
        (
            {
                "cache_status": "x",
                "last_refresh_started": "2026-01-01",
                "last_refresh_finished": "2026-01-02",
            },
            True,
        ),
        (
            {
                "cache_status": "x",
                "last_refresh_started": "2026-01-03",
                "last_refresh_finished": "2026-01-02",
            },
            False,
        ),
        ({"cache_status": "refreshing", "last_refresh_started": "2026-01-03"}, False),
        ({"cache_status": False}, False),
        ({}, False),
    ],
)
async def test_a_cache_is_ready_in_each_way_the_api_says_so(
    *, status: Any, is_ready: bool, tools: Tools, company: ScriptedApi, path: str
) -> None:
    company[f"GET {path}/status"] = {"data": status}

    answer = await tools("get_schema_status", connection_id="Warehouse")

    assert answer["ready"] is is_ready
    assert ("next_steps" in answer) is not is_ready


@pytest.mark.parametrize(
    ("status", "next_tool"),
    [
        ({}, "refresh_schemas"),
        ({"cache_status": False}, "refresh_schemas"),
        ({"cache_status": "refreshing"}, "get_schema_status"),
        ({"last_refresh_started": "2026-01-03"}, "get_schema_status"),
        ({"last_refresh_started": "2026-01-03", "last_refresh_finished": "2026-01-02"}, "get_schema_status"),
    ],
)
async def test_a_read_under_way_is_looked_at_and_not_started_again(
    status: Any, next_tool: str, tools: Tools, company: ScriptedApi, path: str
) -> None:
    company[f"GET {path}/status"] = {"data": status}

    answer = await tools("get_schema_status", connection_id="Warehouse")
    refreshed = await tools("refresh_schemas", connection_id="Warehouse", wait_seconds=0)

    assert [step["tool"] for step in answer["next_steps"]] == [next_tool]
    assert [step["tool"] for step in refreshed["next_steps"]] == ["get_schema_status"]


async def test_a_refresh_is_waited_for_at_most_as_long_as_asked(
    tools: Tools, company: ScriptedApi, path: str, clock: Clock
) -> None:
    company[f"GET {path}/status"] = {"data": {"cache_status": "refreshing"}}
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress[2])

    arguments = {"connection_id": "Warehouse", "wait_seconds": 3}
    _, answer = await tools.try_("refresh_schemas", arguments, progress_callback=note)

    assert (answer["ready"], answer["cache_status"]) == (False, "refreshing")
    (step,) = answer["next_steps"]
    assert (step["tool"], step["arguments"]) == ("get_schema_status", {"connection_id": company.WAREHOUSE})
    assert clock.time == pytest.approx(3)
    assert set(seen) == {"schemas refreshing"}
    assert company.written() == [f"POST {path}/refresh"]


async def test_a_schema_is_shown_by_what_one_chooses_its_fields_by(tools: Tools, path: str) -> None:
    assert path
    schema = await tools("get_schema", **WHERE)

    assert (schema["schema_id"], schema["schema_name"], schema["primary_key"]) == (
        ORDERS,
        "Orders",
        ["order_id"],
    )
    assert schema["items"] == [
        {"id": "order_id", "type": "number", "is_primary_key": True},
        {"id": "account", "name": "Account", "type": "string", "reference_to": ["accounts"]},
        {"id": "score", "type": "number", "user_managed": True},
    ]


async def test_fields_of_a_schema_are_searched_paged_and_widened(tools: Tools, path: str) -> None:
    assert path
    searched = await tools("get_schema", query="acc", fields=["remote_type"], **WHERE)
    paged = await tools("get_schema", limit=2, **WHERE)
    rest = await tools("get_schema", limit=2, page_token=paged["next_page_token"], **WHERE)
    refused = await tools.refused("get_schema", fields=["remotetype"], **WHERE)

    assert [(item["id"], item["remote_type"]) for item in searched["items"]] == [("account", "VARCHAR")]
    assert [item["id"] for page in (paged, rest) for item in page["items"]] == [
        "order_id",
        "account",
        "score",
    ]
    assert "Did you mean 'remote_type'?" in refused


async def test_a_schema_is_found_by_its_name_in_any_case(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    assert path
    source = {"schemas": [{"id": ORDERS, "name": "Orders"}, {"id": "public.users", "name": "Users"}]}
    company[f"GET /api/connections/{company.WAREHOUSE}/bulksync/source"] = {"data": source}

    found = await tools("get_schema", connection_id="Warehouse", schema_id="ORDERS")
    refused = await tools.refused("get_schema", connection_id="Warehouse", schema_id="public.order")

    assert found["schema_id"] == ORDERS
    assert f"Did you mean '{ORDERS}'?" in refused


async def test_where_schemas_cannot_be_listed_the_api_s_own_refusal_stands(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    company[f"GET {path}/nope"] = httpx.Response(404, json={"message": "no schema nope"})

    text = await tools.refused("get_schema", connection_id="Warehouse", schema_id="nope")

    assert "no schema nope" in text
    assert '"refresh_schemas"' in text


@pytest.mark.parametrize("tool", ["get_schema", "read_schema_records"])
async def test_schemas_that_are_still_being_read_are_waited_for(
    tool: str, tools: Tools, company: ScriptedApi, path: str, clock: Clock
) -> None:
    rest = f"GET {path}/{ORDERS}" + ("/records" if tool == "read_schema_records" else "")
    ready = company.answers.get(rest, {"data": [{"a": 1}]})
    left = [httpx.Response(422, json={"message": "cache refresh in progress"})] * 2
    company[rest] = lambda _: left.pop() if left else ready

    await tools(tool, **WHERE)

    assert clock.pauses == [1.0, 1.3]


@pytest.mark.parametrize(
    "refusal",
    [
        {"key": "connection_unhealthy", "message": "no"},
        {"message": "Connection Warehouse is unhealthy"},
        {"message": "Snowflake waits for a person to sign in"},
    ],
)
async def test_an_unhealthy_connection_is_not_waited_for(
    refusal: Any, tools: Tools, company: ScriptedApi, path: str, clock: Clock
) -> None:
    company[f"GET {path}/{ORDERS}"] = httpx.Response(422, json=refusal)

    text = await tools.refused("get_schema", **WHERE)

    assert clock.pauses == []
    assert refusal["message"] in text
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert (step["tool"], step["arguments"]) == ("get_connection", {"connection_id": company.WAREHOUSE})


async def test_records_of_any_shape_become_rows(tools: Tools, company: ScriptedApi, path: str) -> None:
    company[f"GET {path}/{ORDERS}/records"] = {"data": [{"a": 1}, {"b": [2], "a": None}, {"c": 3}]}

    records = await tools("read_schema_records", limit=2, **WHERE)
    company[f"GET {path}/{ORDERS}/records"] = {"data": []}
    none = await tools("read_schema_records", **WHERE)

    assert records == {
        "schema_id": ORDERS,
        "fields": ["a", "b", "c"],
        "rows": [[1, None, None], [None, [2], None]],
    }
    assert none == {"schema_id": ORDERS, "fields": [], "rows": []}


async def test_a_record_that_is_too_long_says_how_to_read_the_rest(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    company[f"GET {path}/{ORDERS}/records"] = {"data": [{"a": "some words " * 9_000}, {"a": "b"}]}

    records = await tools("read_schema_records", **WHERE)

    (cut,) = records["truncated"]
    assert len(records["rows"]) == 1
    assert cut["rest"]["arguments"]["arguments"] == {"id": company.WAREHOUSE, "schema_id": ORDERS}
    assert cut["rest"]["arguments"]["pointer"] == "/data/0/a"


async def test_new_fields_are_added_at_once_and_known_ones_changed_in_part(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    fields = [
        {"field_id": "new", "type": "string", "example": [1]},
        {"field_id": "ACCOUNT", "label": "Customer", "definition": "bigint"},
        {"field_id": "other", "type": "number", "label": "Other", "path": "x"},
    ]

    answer = await tools(
        "set_schema_fields", fields=json.dumps(fields), remove=["SCORE"], confirm_name=ORDERS, **WHERE
    )

    assert company.written() == [
        f"POST {path}/{ORDERS}/fields",
        f"PATCH {path}/{ORDERS}/fields/account",
        f"DELETE {path}/{ORDERS}/fields/score",
    ]
    assert company.bodies(f"POST {path}/{ORDERS}/fields") == [
        {
            "fields": [
                {"field_id": "new", "type": "string", "example": [1], "label": "new"},
                {"field_id": "other", "type": "number", "label": "Other", "path": "x"},
            ]
        }
    ]
    patch = {"label": "Customer", "definition": "bigint"}
    assert company.bodies(f"PATCH {path}/{ORDERS}/fields/account") == [patch]
    assert answer["added"] == [{"id": "new"}, {"id": "other"}]
    assert [field["id"] for field in answer["changed"]] == ["account"]
    assert answer["removed"] == [FIELDS[2]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fields": [{"field_id": "new"}]}, "has no field 'new'. To add it, send a type"),
        ({"remove": ["scor"]}, "Unknown field 'scor'. Did you mean 'score'?"),
        ({"remove": ["account"]}, "'account' was detected at the source and cannot be removed"),
        (
            {"fields": [{"field_id": "a", "type": "string"}, {"field_id": "new", "type": "strng"}]},
            "- fields[1].type: Unknown type 'strng'. Did you mean 'string'? Valid values: string, ",
        ),
        ({"fields": ['{"field_id": "a", "typ": "string"}']}, "fields[0].typ: unknown name. Did you mean"),
    ],
)
async def test_what_cannot_be_done_to_fields_is_refused_before_anything_is(
    arguments: Any, words: str, tools: Tools, company: ScriptedApi, path: str
) -> None:
    assert path
    text = await tools.refused("set_schema_fields", **WHERE, **arguments)

    assert words in text
    assert company.written() == []


async def test_everything_wrong_with_fields_is_said_at_once(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    assert path
    fields = [{"field_id": "new"}, {"field_id": "account", "type": "Striing"}]

    text = await tools.refused("set_schema_fields", **WHERE, fields=fields, remove=["scor", "account"])

    assert text.startswith("set_schema_fields: Nothing was written. Problems:\n- fields[0]: ")
    assert [line.split(":")[0] for line in text.splitlines() if line.startswith("- ")] == [
        "- fields[0]",
        "- fields[1].type",
        "- remove[0]",
        "- remove[1]",
    ]
    assert company.written() == []


async def test_types_are_taken_in_any_case_and_definitions_and_examples_as_they_came(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    company[f"GET {path}/{ORDERS}"] = {
        "data": {"id": ORDERS, "fields": [*FIELDS, {"id": "g", "type": "geo"}]}
    }
    fields = [
        {"field_id": "a", "type": "DateTime", "definition": "[1]", "example": "7"},
        {"field_id": "b", "type": "GEO", "example": None},
    ]

    await tools("set_schema_fields", **WHERE, fields=[json.dumps(each) for each in fields])

    (body,) = company.bodies(f"POST {path}/{ORDERS}/fields")
    assert body["fields"] == [
        {"field_id": "a", "label": "a", "type": "datetime", "definition": "[1]", "example": "7"},
        {"field_id": "b", "label": "b", "type": "geo", "example": None},
    ]


async def test_a_change_that_is_refused_says_what_was_done_before(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    refusal = httpx.Response(400, json={"message": "in use"})
    company[f"DELETE {path}/{ORDERS}/fields/score"] = refusal
    changed = {"field_id": "account", "label": "Customer"}
    removal = {"remove": ["score"], "confirm_name": ORDERS, **WHERE}

    later = await tools.refused("set_schema_fields", fields=[changed], **removal)
    first = await tools.refused("set_schema_fields", **removal)

    assert "in use" in later
    assert later.endswith("Already done: account.")
    assert "Done before that" not in first


async def test_a_key_is_sent_with_the_detected_one_put_out_of_force(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    answer = await tools("set_primary_keys", fields=["Account", "score"], **WHERE)

    assert company.bodies(f"PUT {path}/{ORDERS}/primary_keys") == [
        {
            "fields": [
                {"field_id": "account", "is_primary_key": True},
                {"field_id": "score", "is_primary_key": True},
                {"field_id": "order_id", "is_primary_key": False},
            ]
        }
    ]
    assert answer["before"] == ["order_id"]


@pytest.fixture
def overridden(company: ScriptedApi, path: str) -> str:
    """Set the schema's key by hand, and return the schema's path."""
    by_hand = {"is_primary_key": True, "primary_key_override": True}
    fields = [FIELDS[0] | {"is_primary_key": False}, FIELDS[1] | by_hand, FIELDS[2]]
    company[f"GET {path}/{ORDERS}"] = {"data": {"id": ORDERS, "fields": fields}}
    return f"{path}/{ORDERS}"


@pytest.mark.parametrize("tool", DESTROYING)
@pytest.mark.parametrize("mode", MODES)
async def test_a_confirmation_removes(
    mode: str, tool: str, connect: Connect, company: ScriptedApi, overridden: str
) -> None:
    arguments, rest, words = DESTROYING[tool]
    questions: list[str] = []

    async def person(context: Any, params: Any) -> ElicitResult:
        del context
        questions.append(params.message)
        return YES

    async with connect(mode=mode, elicitation_callback=person) as tools:
        await tools(tool, **arguments, **WHERE)

    assert company.written() == [f"DELETE {overridden}/{rest}"]
    assert [words in question for question in questions] == [True]


@pytest.mark.parametrize("answer", NO, ids=["no", "nothing", "declined", "canceled"])
@pytest.mark.parametrize("tool", DESTROYING)
@pytest.mark.parametrize("mode", MODES)
async def test_anything_but_a_yes_removes_nothing(
    mode: str, tool: str, answer: ElicitResult, connect: Connect, company: ScriptedApi, overridden: str
) -> None:
    assert overridden

    async def person(context: Any, params: Any) -> ElicitResult:
        del context, params
        return answer

    async with connect(mode=mode, elicitation_callback=person) as tools:
        text = await tools.refused(tool, **DESTROYING[tool][0], confirm_name=ORDERS, **WHERE)

    assert text.startswith("Not confirmed")
    assert company.written() == []


@pytest.mark.parametrize("tool", DESTROYING)
@pytest.mark.parametrize("mode", MODES)
async def test_without_a_person_to_ask_the_schema_s_id_confirms(
    mode: str, tool: str, connect: Connect, company: ScriptedApi, overridden: str
) -> None:
    arguments, rest, words = DESTROYING[tool]

    async with connect(mode=mode) as tools:
        text = await tools.refused(tool, **arguments, **WHERE, confirm_name="orders")
        assert company.written() == []
        await tools(tool, **arguments, **WHERE, confirm_name=ORDERS)

    assert words in text
    assert "call again with confirm_name set to the schema's id. Nothing was changed." in text
    assert company.written() == [f"DELETE {overridden}/{rest}"]


async def test_no_key_fields_bring_the_detected_key_back(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    await tools("set_primary_keys", fields=[], **WHERE)

    assert company.written() == [f"DELETE {path}/{ORDERS}/primary_keys"]


async def test_a_key_field_that_does_not_exist_is_refused(
    tools: Tools, company: ScriptedApi, path: str
) -> None:
    assert path
    assert "Did you mean 'account'?" in await tools.refused("set_primary_keys", fields=["acount"], **WHERE)
    assert company.written() == []
