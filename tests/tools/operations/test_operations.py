"""The whole API through three tools: found by plain words, read, written, and destroyed only with a yes."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.groups import GROUPS, group_of
from polytomic_mcp.tools.operations.typed_tools import TOOLS, tool_for
from polytomic_mcp.tools.toolsets import toolsets
from tests.tools.conftest import Connect, ScriptedApi, Tools

MODES = ["auto", "legacy"]
WEBHOOK = "GET /api/webhooks/{id}"
DELETE = "DELETE /api/webhooks/{id}"
SECRET = "hunter2-hunter2"


class Person:
    """Gives every question the same answer, and records the questions."""

    def __init__(self, answer: ElicitResult) -> None:
        self.answer = answer
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        del context
        self.questions.append(params.message)
        return self.answer


def ids(found: dict[str, Any]) -> list[str]:
    return [item["id"] for item in found["items"]]


def remedies(text: str) -> list[dict[str, Any]]:
    return json.loads(text.splitlines()[-1])["next_steps"]


# Finding


async def test_plain_words_find_operations_with_their_arguments(tools: Tools) -> None:
    found = await tools("find_operations", query="stop my copy job")

    assert len(found["items"]) == 5 < found["total"]
    assert found["items"][0] == {
        "id": "POST /api/bulk/syncs/{id}/cancel",
        "summary": load_catalogue()["POST /api/bulk/syncs/{id}/cancel"].summary,
        "effect": "write",
        "tool": "cancel_bulk_sync",
        "arguments": "id: string",
    }


async def test_arguments_show_types_members_and_known_values(tools: Tools) -> None:
    found = await tools("find_operations", query="POST /api/syncs", detail="arguments")
    arguments = found["items"][0]["arguments"]

    assert "name: string, " in arguments
    assert "active?: boolean" in arguments
    assert "mode: string(create|update|updateOrCreate" in arguments
    assert "filters?: object{function, field?" in arguments
    assert "policies?: string[]" in arguments


async def test_details_go_from_names_to_whole_schemas(tools: Tools) -> None:
    names = await tools("find_operations", query="POST /api/syncs", detail="names", limit=1)
    summary = await tools("find_operations", query="POST /api/syncs", detail="summary", limit=1)
    whole = await tools("find_operations", query="POST /api/syncs", detail="schema", limit=1)

    assert names["items"] == [{"id": "POST /api/syncs"}]
    assert summary["items"][0].keys() == {"id", "summary", "effect", "tool"}
    schema = whole["items"][0]["arguments_schema"]
    assert schema["properties"]["schedule"]["properties"]["frequency"]["type"] == ["string", "null"]
    assert "name" in schema["required"]
    assert "$ref" not in json.dumps(schema)


@pytest.mark.parametrize(
    ("query", "id_"),
    [
        ("POST /api/bulk/syncs", "POST /api/bulk/syncs"),
        (" get  /api/me ", "GET /api/me"),
        ("GET /api/syncs/0b1c8f3a-1111-2222-3333-444455556666?x=1", "GET /api/syncs/{id}"),
    ],
)
async def test_an_exact_id_gives_that_operation_whole(query: str, id_: str, tools: Tools) -> None:
    found = await tools("find_operations", query=query)

    assert (ids(found), found["total"]) == ([id_], 1)
    assert found["items"][0]["summary"] == load_catalogue()[id_].summary
    assert found["items"][0]["arguments_schema"]["type"] == "object"


async def test_an_operation_names_the_shown_tool_that_does_it(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        (hidden,) = (await tools("find_operations", query="POST /api/bulk/syncs"))["items"]
        (shown,) = (await tools("find_operations", query="POST /api/syncs"))["items"]

    assert "tool" not in hidden
    assert shown["tool"] == "create_sync"


def test_every_tool_that_is_named_for_an_operation_exists() -> None:
    everything = {name for toolset in toolsets() for name in toolset.names()}
    named = [id_ for id_, each in load_catalogue().items() if tool_for(each, everything)]

    assert sorted(TOOLS) == sorted(named)


@pytest.mark.parametrize("detail", ["names", "summary", "arguments", "schema"])
async def test_all_operations_can_be_paged_through_in_any_detail(detail: str, tools: Tools) -> None:
    seen, token = [], {}
    while token is not None:
        page = await tools("find_operations", detail=detail, limit=200, **token)
        seen += ids(page)
        token = {"page_token": page["next_page_token"]} if "next_page_token" in page else None

    assert seen == list(load_catalogue())


async def test_a_group_alone_is_listed(tools: Tools) -> None:
    for group in GROUPS:
        found = await tools("find_operations", group=group, detail="names")

        of_group = [each.id for each in load_catalogue().values() if group_of(each) == group]
        assert ids(found) == of_group
        assert found["total"] == len(of_group)


async def test_every_operation_is_in_one_group(tools: Tools) -> None:
    found = [await tools("find_operations", group=group, detail="names") for group in GROUPS]

    assert sorted(id_ for each in found for id_ in ids(each)) == sorted(load_catalogue())


async def test_filters_narrow_what_is_found(tools: Tools) -> None:
    found = await tools("find_operations", query="webhook", method="DELETE", effect="destroy", group="events")

    assert ids(found) == [DELETE]


async def test_what_nothing_fits_says_so(tools: Tools) -> None:
    found = await tools("find_operations", query="🦀")

    assert found["items"] == []
    assert "Use other words" in found["note"]


async def test_fixed_words_are_taken_in_any_case_and_others_refused_with_the_list(tools: Tools) -> None:
    found = await tools("find_operations", query="webhook", method="delete", effect="Destroy", detail="NAMES")
    text = await tools.refused("find_operations", effect="destroys")

    assert found["items"] == [{"id": DELETE}]
    assert "effect: must be 'read', 'write' or 'destroy'." in text


async def test_an_unknown_group_is_refused_with_the_list(tools: Tools) -> None:
    text = await tools.refused("find_operations", query="x", group="bulk_sync")

    assert "Unknown group 'bulk_sync'. Did you mean 'bulk_syncs'?" in text
    assert all(group in text for group in GROUPS)


# Names


async def test_names_do_for_ids_at_every_depth_except_in_data(tools: Tools, company: ScriptedApi) -> None:
    company.echoes("POST /api/syncs", id="s")
    source = {"model_id": "plans", "field": "plan"}
    body = {
        "name": "S",
        "mode": "create",
        "fields": [{"source": source, "target": "x"}],
        "target": {"connection_id": "gong", "object": "o", "configuration": {"connection_id": "Gong"}},
        "schedule": {"frequency": "runafter", "run_after": {"sync_ids": ["Plans to Gong", "no such"]}},
    }

    await tools("write_operation", operation="POST /api/syncs", arguments=body)

    (sent,) = company.bodies("POST /api/syncs")
    assert sent["fields"][0]["source"]["model_id"] == company.MODEL
    assert sent["target"]["connection_id"] == company.GONG
    assert sent["target"]["configuration"] == {"connection_id": "Gong"}
    assert sent["schedule"]["run_after"]["sync_ids"] == [company.SYNC, "no such"]
    assert len(company.asked("GET /api/syncs")) == 1


async def test_a_name_does_for_the_id_in_a_path(tools: Tools, company: ScriptedApi) -> None:
    read = await tools("read_operation", operation="GET /api/connections/{id}", arguments={"id": "Gong"})

    assert read["result"]["data"]["id"] == company.GONG


async def test_a_name_that_several_have_is_refused_with_their_ids(tools: Tools, api: ScriptedApi) -> None:
    api.holds("models", {"id": "m1", "name": "M"}, {"id": "m2", "name": "m"})

    text = await tools.refused("read_operation", operation="GET /api/models/{id}", arguments={"id": "M"})

    assert "2 models are named 'M'" in text


# Reading


async def test_a_read_answers_what_the_api_answers(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/webhooks/w1"] = {"data": {"id": "w1", "name": None, "tags": []}}
    read = await tools("read_operation", operation=WEBHOOK, arguments={"id": "w1"})

    assert read == {"operation": WEBHOOK, "result": {"data": {"id": "w1"}}}


async def test_arguments_may_come_as_json_text_and_an_id_with_odd_spaces(
    tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/webhooks/w1"] = {"data": {"id": "w1"}}
    read = await tools("read_operation", operation=" GET  /api/webhooks/{id}", arguments='{"id": "w1",}')

    assert read["result"] == {"data": {"id": "w1"}}


async def test_null_is_absent_in_a_query_and_null_in_a_body(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/events"] = {"data": []}
    await tools("read_operation", operation="GET /api/events", arguments={"limit": None})
    api["POST /api/webhooks"] = {"data": {"id": "w"}}
    given = {"endpoint": "https://e.test", "secret": "s", "organization_id": None}
    await tools("write_operation", operation="POST /api/webhooks", arguments=given)

    assert api.requests[0].url.query == b""
    assert api.bodies("POST /api/webhooks") == [given]


async def test_read_operation_calls_no_write(tools: Tools, api: ScriptedApi) -> None:
    text = await tools.refused("read_operation", operation=DELETE, arguments={"id": "1"})

    assert "is not read-only (effect: " in text
    same = {"operation": DELETE, "arguments": {"id": "1"}}
    assert remedies(text) == [{"tool": "write_operation", "arguments": same, "reason": "makes this call"}]
    assert api.requests == []


async def test_a_body_is_not_repeated_to_lead_elsewhere(tools: Tools, api: ScriptedApi) -> None:
    body = {"configuration": {"password": SECRET}}

    text = await tools.refused("read_operation", operation="POST /api/connections", arguments=body)

    assert text.endswith("Call it with write_operation.")
    assert api.requests == []


async def test_an_unknown_operation_is_refused_with_the_nearest(tools: Tools) -> None:
    text = await tools.refused("read_operation", operation="GET /api/webhook/{id}")

    assert WEBHOOK in text
    assert remedies(text)[0]["tool"] == "find_operations"


@pytest.mark.parametrize(
    ("operation", "arguments", "problems"),
    [
        ("GET /api/webhooks/{id}", {}, ["id: is missing."]),
        ("GET /api/webhooks/{id}", {"id": None}, ["id: is missing."]),
        ("GET /api/me", {"idd": SECRET}, ["idd: unknown name. There are none."]),
        ("GET /api/events", {"limit": SECRET}, ["limit: must be an integer."]),
        ("GET /api/events", {"limt": 1}, ["limt: unknown name. Did you mean 'limit'? Valid values: limit, "]),
        (
            "POST /api/connections/test",
            {"type": [5], "configuration": SECRET},
            ["type: must be a string.", "configuration: must be an object."],
        ),
        (
            "POST /api/model-preview",
            {"name": "n", "connection_id": "c", "configuration": {}, "enricher": {"configuratoin": SECRET}},
            ["enricher.configuratoin: unknown name. Did you mean 'configuration'?"],
        ),
        (
            "POST /api/model-preview",
            {"name": "n", "connection_id": "c", "configuration": {}, "relations": [{"from": [1]}]},
            ["relations[0].from: must be a string."],
        ),
        (
            "POST /api/model-preview",
            {"name": "n", "connection_id": "c", "configuration": {}, "relations": SECRET},
            ["relations: must be a list."],
        ),
        (
            "GET /api/organization/harbor-activity",
            {"start_time": "a", "end_time": "b", **{f"wrong{number}": SECRET for number in range(30)}},
            ["wrong0: unknown name.", "And 10 more."],
        ),
    ],
)
async def test_what_does_not_fit_is_named_and_its_value_is_not(
    operation: str, arguments: dict[str, Any], problems: list[str], tools: Tools, api: ScriptedApi
) -> None:
    text = await tools.refused("read_operation", operation=operation, arguments=arguments)

    assert text.startswith(f"{operation}: ")
    assert all(problem in text for problem in problems), text
    assert "Nothing was sent." in text
    assert SECRET not in text
    assert api.requests == []
    assert remedies(text)[0]["arguments"] == {"query": operation, "detail": "schema", "limit": 1}


async def test_of_several_forms_the_one_that_was_meant_is_judged(tools: Tools) -> None:
    arguments = {"name": "n", "mode": "create", "target": {"connection_id": "c"}, "fields": []}
    for schemas, problem in [
        ([{"idd": SECRET}], "schemas[0].idd: unknown name. Did you mean 'id'?"),
        ([5], "schemas[0]: must be a string or an object."),
    ]:
        text = await tools.refused(
            "write_operation",
            operation="POST /api/bulk/syncs",
            arguments={"schemas": schemas, **arguments},
        )

        assert problem in text
        assert SECRET not in text


async def test_a_value_an_enumeration_does_not_know_passes(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/syncs"] = {"data": []}
    read = await tools("read_operation", operation="GET /api/syncs", arguments={"mode": "of tomorrow"})

    assert read["result"] == {"data": []}
    assert api.requests[0].url.params["mode"] == "of tomorrow"


# The part of an answer


FORM = {"jsonschema": {"type": "object"}, "uischema": {"elements": []}, "empty": None}


@pytest.fixture
def types(api: ScriptedApi) -> Any:
    """A connection type with a form and a logo, and a long list of webhooks."""
    api["GET /api/connection_types/gong"] = {
        "data": {"id": "gong", "logo_url": "https://l.test", "configurationForm": FORM, "a/b~c": [1]}
    }
    items = [
        {"id": f"w{number}", "text": f"item {number} " + "lorem ipsum dolor " * 20} for number in range(400)
    ]
    api["GET /api/webhooks"] = {"data": items}
    return api


def read_type(**more: Any) -> dict[str, Any]:
    return {"operation": "GET /api/connection_types/{id}", "arguments": {"id": "gong"}, **more}


@pytest.mark.usefixtures("types")
async def test_logos_and_forms_are_left_out_and_forms_named(tools: Tools) -> None:
    read = await tools("read_operation", **read_type())

    assert read["result"] == {"data": {"id": "gong", "a/b~c": [1]}}
    assert read["omitted"] == ["/data/configurationForm"]


@pytest.mark.usefixtures("types")
@pytest.mark.parametrize(
    ("pointer", "part"),
    [
        ("/data/configurationForm", {"jsonschema": {"type": "object"}, "uischema": {"elements": []}}),
        ("/data/configurationForm/jsonschema/type", "object"),
        ("/data/a~1b~0c", [1]),
        ("/data/a~1b~0c/0", 1),
        ("", {"data": {"id": "gong", "a/b~c": [1]}}),
    ],
)
async def test_a_pointer_asks_for_a_part(pointer: str, part: Any, tools: Tools) -> None:
    read = await tools("read_operation", **read_type(pointer=pointer))

    assert read["result"] == part


@pytest.mark.usefixtures("types")
@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"pointer": "data"}, "pointer must start with a slash"),
        (
            {"pointer": "/data/idd"},
            "an unknown name 'idd' in /data. Did you mean 'id'? Valid values: id, logo_url",
        ),
        ({"pointer": "/data/id/x"}, "has an unknown name 'x' in /data/id. There are none."),
        ({"pointer": "/data/a~1b~0c/1"}, "refers to no item '1'; /data/a~1b~0c is a list of 1 items"),
        ({"pointer": "/data/a~1b~0c/-"}, "refers to no item '-'"),
        ({"pointer": "/data/a~1b~0c/01"}, "refers to no item '01'"),
        ({"pointer": "/data/a~1b~0c/0", "offset": 1}, "offset and limit require a list"),
    ],
)
async def test_a_pointer_that_names_nothing_is_refused(
    more: dict[str, Any], problem: str, tools: Tools
) -> None:
    assert problem in await tools.refused("read_operation", **read_type(**more))


async def all_of(tools: Tools, arguments: dict[str, Any], joined: Any) -> tuple[Any, int]:
    """Follow what is left of the first cut to its end, and count the calls."""
    calls = 0
    while True:
        read = await tools("read_operation", **arguments)
        calls += 1
        joined = joined | read["result"] if isinstance(joined, dict) else joined + read["result"]
        if not (truncated := read.get("truncated")):
            return joined, calls
        arguments = truncated[0]["rest"]["arguments"]
        assert truncated[0]["rest"]["tool"] == "read_operation"


@pytest.mark.slow
async def test_a_long_list_is_read_to_its_end_without_loss_or_repeat(tools: Tools, types: Any) -> None:
    first = await tools("read_operation", operation="GET /api/webhooks")
    (cut,) = first["truncated"]
    rest, calls = await all_of(tools, cut["rest"]["arguments"], [])

    assert cut["pointer"] == "/result/data"
    assert cut["rest"]["arguments"]["pointer"] == "/data"
    assert cut["total"] == 400
    assert first["result"]["data"] + rest == types.answers["GET /api/webhooks"]["data"]
    assert calls > 2


@pytest.mark.slow
async def test_a_long_text_is_read_to_its_end(tools: Tools, api: ScriptedApi) -> None:
    log = "".join(f"line {number}: moved {number * 7} records\n" for number in range(3_000))
    operation = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
    api["GET /api/syncs/s/executions/e/errors/f.csv"] = httpx.Response(200, text=log)
    arguments = {"sync_id": "s", "id": "e", "type": "errors", "filename": "f.csv"}
    read, calls = await all_of(tools, {"operation": operation, "arguments": arguments}, "")

    assert read == log
    assert calls > 2


async def test_a_binary_answer_is_described_by_its_size(tools: Tools, api: ScriptedApi) -> None:
    operation = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
    api["GET /api/syncs/s/executions/e/errors/f"] = httpx.Response(200, content=b"\xff\xfe\x00")
    arguments = {"sync_id": "s", "id": "e", "type": "errors", "filename": "f"}
    read = await tools("read_operation", operation=operation, arguments=arguments)

    assert read["result"] == "3 bytes that are not text"


async def test_an_object_of_many_members_is_read_to_its_end(tools: Tools, api: ScriptedApi) -> None:
    wide = {f"member_{number:04}": f"value {number}" for number in range(700)}
    api["GET /api/organization"] = wide
    read, _ = await all_of(tools, {"operation": "GET /api/organization"}, {})

    assert read == wide


async def test_what_is_cut_within_a_page_of_items_points_at_the_right_item(
    tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/webhooks"] = {"data": [{"id": "0"}, {"id": "1", "text": "word " * 20_000}, {"id": "2"}]}
    page = {"operation": "GET /api/webhooks", "pointer": "/data", "offset": 1}
    read = await tools("read_operation", **page)

    rest = {cut["rest"]["arguments"]["pointer"]: cut["rest"]["arguments"] for cut in read["truncated"]}
    assert rest.keys() == {"/data", "/data/1/text"}
    assert rest["/data"]["offset"] == 2
    assert rest["/data/1/text"]["offset"] == len(read["result"][0]["text"])


@pytest.mark.usefixtures("types")
async def test_offset_and_limit_give_a_stretch_and_the_call_after_it(tools: Tools) -> None:
    page = {"operation": "GET /api/webhooks", "pointer": "/data", "offset": 3, "limit": 2}
    read = await tools("read_operation", **page)

    assert [item["id"] for item in read["result"]] == ["w3", "w4"]
    (cut,) = read["truncated"]
    assert (cut["pointer"], cut["shown"], cut["total"]) == ("/result", 2, 400)
    assert cut["rest"]["arguments"]["offset"] == 5


async def test_long_arguments_are_repeated_once_only(tools: Tools, api: ScriptedApi) -> None:
    api["POST /api/connections/test"] = dict.fromkeys("abcd", "word " * 9_000)
    arguments = {"type": "t", "configuration": {"text": "some text " * 300}}
    read = await tools("read_operation", operation="POST /api/connections/test", arguments=arguments)

    assert len(read["truncated"]) == 1
    assert read["truncated"][0]["rest"]["arguments"]["arguments"] == arguments


@pytest.mark.parametrize(
    ("operation", "path", "body", "name"),
    [
        ("GET /api/syncs", "/api/syncs", {"pagination": {"next_page_token": "more"}}, "page_token"),
        (
            "GET /api/connections/{connection_id}/ingest/consolelog",
            "/api/connections/c/ingest/consolelog",
            {"data": {"next_cursor": "more"}},
            "after",
        ),
        ("GET /api/queries/{id}", "/api/queries/c", {"links": {"next": "/api/queries/c?page=more"}}, "page"),
    ],
)
async def test_a_paged_answer_leads_to_its_next_page(
    operation: str, path: str, body: Any, name: str, tools: Tools, api: ScriptedApi
) -> None:
    api[f"GET {path}"] = body
    placeholder = {"GET /api/syncs": {}, "GET /api/queries/{id}": {"id": "c"}}
    arguments = placeholder.get(operation, {"connection_id": "c"})
    pointer = f"/{next(iter(body))}"
    read = await tools("read_operation", operation=operation, arguments=arguments, pointer=pointer)

    assert read["next_page_token"] == "more"
    (step,) = read["next_steps"]
    assert step["tool"] == "read_operation"
    assert step["arguments"] == {
        "operation": operation,
        "arguments": arguments | {name: "more"},
        "pointer": pointer,
    }


@pytest.mark.parametrize(
    "body", [{"pagination": {"next_page_token": "t"}}, {"links": {"next": "http://a:b"}}, {"links": None}]
)
async def test_a_page_that_cannot_be_asked_for_is_not_promised(
    body: Any, tools: Tools, api: ScriptedApi
) -> None:
    api["GET /api/me"] = body
    read = await tools("read_operation", operation="GET /api/me")

    assert "next_steps" not in read


async def test_the_next_page_of_a_whole_answer_has_no_pointer(tools: Tools, api: ScriptedApi) -> None:
    api["GET /api/syncs"] = {"pagination": {"next_page_token": "more"}}
    read = await tools("read_operation", operation="GET /api/syncs")

    assert "pointer" not in read["next_steps"][0]["arguments"]


# Writing


async def test_a_write_is_sent_at_once(tools: Tools, api: ScriptedApi) -> None:
    api["POST /api/syncs/s/cancel"] = {"data": {"message": "stopped"}}
    written = await tools("write_operation", operation="POST /api/syncs/{id}/cancel", arguments={"id": "s"})

    assert written == {
        "operation": "POST /api/syncs/{id}/cancel",
        "result": {"data": {"message": "stopped"}},
    }


async def test_write_operation_calls_no_read(tools: Tools, api: ScriptedApi) -> None:
    text = await tools.refused("write_operation", operation=WEBHOOK, arguments={"id": "1"})

    assert f"{WEBHOOK} is read-only. " in text
    assert remedies(text)[0]["tool"] == "read_operation"
    assert api.requests == []


async def test_a_wrong_write_is_refused_before_anybody_is_asked(connect: Connect, api: ScriptedApi) -> None:
    person = Person(ElicitResult(action="accept", content={"proceed": True}))
    async with connect(elicitation_callback=person) as tools:
        text = await tools.refused("write_operation", operation=DELETE, arguments={"idd": SECRET})

    assert "idd: unknown name. Did you mean 'id'?" in text
    assert (person.questions, api.requests) == ([], [])


@pytest.mark.parametrize("mode", MODES)
async def test_a_yes_destroys(mode: str, connect: Connect, api: ScriptedApi) -> None:
    api["DELETE /api/webhooks/w"] = httpx.Response(204)
    person = Person(ElicitResult(action="accept", content={"proceed": True}))
    async with connect(mode=mode, elicitation_callback=person) as tools:
        written = await tools("write_operation", operation=DELETE, arguments={"id": "w"})

    assert written == {"operation": DELETE}
    assert api.written() == ["DELETE /api/webhooks/w"]
    (question,) = person.questions
    assert question.startswith(DELETE)
    assert '"id": "w"' in question


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "answer",
    [
        ElicitResult(action="accept", content={"proceed": False}),
        ElicitResult(action="accept", content={}),
        ElicitResult(action="decline"),
        ElicitResult(action="cancel"),
    ],
    ids=["no", "nothing", "declined", "canceled"],
)
async def test_anything_but_a_yes_sends_nothing(
    mode: str, answer: ElicitResult, connect: Connect, api: ScriptedApi
) -> None:
    async with connect(mode=mode, elicitation_callback=Person(answer)) as tools:
        text = await tools.refused("write_operation", operation=DELETE, arguments={"id": "w"}, confirm="w")

    assert "Not confirmed; nothing was sent." in text
    assert api.requests == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("confirm", [None, "yes", "x", DELETE])
async def test_where_nobody_can_be_asked_the_id_of_what_goes_confirms(
    mode: str, confirm: str | None, connect: Connect, api: ScriptedApi
) -> None:
    api["DELETE /api/webhooks/w"] = httpx.Response(204)
    called = {"operation": DELETE, "arguments": {"id": "w"}}
    async with connect(mode=mode) as tools:
        text = await tools.refused("write_operation", **called, confirm=confirm)
        assert api.requests == []
        await tools("write_operation", **called, confirm="w")

    assert "call again with confirm set to 'w'" in text
    assert api.written() == ["DELETE /api/webhooks/w"]


@pytest.mark.parametrize("kind", ["connections", "models", "syncs"])
async def test_a_question_names_what_goes_along(kind: str, connect: Connect, company: ScriptedApi) -> None:
    ids = {"connections": company.WAREHOUSE, "models": company.MODEL, "syncs": company.SYNC}
    names = {"connections": "'Warehouse'", "models": "'Plans'", "syncs": "'Plans to Gong'"}
    person = Person(ElicitResult(action="decline"))
    async with connect(elicitation_callback=person) as tools:
        operation, arguments = f"DELETE /api/{kind}/{{id}}", {"id": ids[kind]}
        await tools.refused("write_operation", operation=operation, arguments=arguments)

    (question,) = person.questions
    assert question.startswith(f"Delete the {kind.removesuffix('s')} {names[kind]}")
    assert kind == "syncs" or "- sync 'Plans to Gong'" in question
    assert company.written() == []


async def test_an_id_that_nothing_has_leads_to_the_ids_there_are(tools: Tools) -> None:
    text = await tools.refused("read_operation", operation=WEBHOOK, arguments={"id": "gone"})

    (step,) = remedies(text)
    assert step == {
        "tool": "read_operation",
        "arguments": {"operation": "GET /api/webhooks"},
        "reason": "lists the ids",
    }


async def test_a_question_shows_a_request_without_its_headers_and_body(
    connect: Connect, api: ScriptedApi
) -> None:
    del api
    person = Person(ElicitResult(action="decline"))
    request = {"method": "DELETE", "path": "/contacts", "headers": {"X-Key": SECRET}, "body": {"key": SECRET}}
    long = {"query": {"ids": ["1" * 900]}}
    operation = "POST /api/connections/{id}/proxy"
    async with connect(elicitation_callback=person) as tools:
        for more in ({}, long):
            arguments = {"id": "c", "request": request | more}
            await tools.refused("write_operation", operation=operation, arguments=arguments)

    assert all('"method": "DELETE", "path": "/contacts"' in question for question in person.questions)
    assert not any(SECRET in question for question in person.questions)
    assert person.questions[1].count("1") < 500


async def test_a_key_of_ones_own_goes_along_with_a_write(tools: Tools, api: ScriptedApi) -> None:
    api["POST /api/webhooks"] = {"data": {"id": "w"}}
    arguments = {"endpoint": "https://acme.example/hook", "secret": SECRET}

    await tools(
        "write_operation", operation="POST /api/webhooks", arguments=arguments, idempotency_key="my-own-key"
    )

    assert api.requests[-1].headers["Idempotency-Key"] == "my-own-key"


async def test_a_key_that_does_not_fit_is_refused(tools: Tools, api: ScriptedApi) -> None:
    arguments = {"endpoint": "https://acme.example/hook", "secret": SECRET}

    text = await tools.refused(
        "write_operation", operation="POST /api/webhooks", arguments=arguments, idempotency_key="short"
    )

    assert "idempotency_key: must be 8 to 255" in text
    assert api.requests == []
