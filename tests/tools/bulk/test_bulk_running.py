"""Runs of a bulk sync: started, followed for a bounded time, told schema by schema, and canceled."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

BULK = "55555555-0000-0000-0000-000000000001"
RUN = "66666666-0000-0000-0000-000000000001"
PATH = f"/api/bulk/syncs/{BULK}"
START = f"POST {PATH}/executions"
NAME = "HubSpot to PostgreSQL"
SCHEMAS = [
    {
        "schema": "contacts",
        "output_name": "people",
        "status": "completed",
        "record_count": 40,
        "version": "1",
    },
    {"schema": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
    {"schema": "companies", "status": "running", "record_count": 7},
]


def serve(api: Any, *states: dict[str, Any]) -> None:
    """Serve one execution of the bulk sync in those states, the last for ever."""
    left = list(states)
    api[START] = {"data": {"id": RUN, "status": "created"}}
    api[f"GET {PATH}/executions/{RUN}"] = lambda _: {
        "data": {"id": RUN} | (left.pop(0) if len(left) > 1 else left[0])
    }
    api[f"GET {PATH}/status"] = {"data": {"current_execution": None, "last_execution": {"id": RUN}}}


class Person:
    """Somebody who fills in each form the same way, and remembers the questions."""

    def __init__(self, **answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        del context
        self.questions.append(params.message)
        return ElicitResult(action="accept", content=dict(self.answer))


async def follow(tools: Any, part: str, **arguments: Any) -> list[Any]:
    """Read the first page of a run's schemas or lines, and the others by the steps it leads on with."""
    found: list[Any] = []
    while arguments:
        run = await tools("get_bulk_sync_execution", **arguments)
        found += run.get(part, [])
        steps = [step["arguments"] for step in run.get("next_steps", [])]
        arguments = next((each for each in steps if "page_token" in each), {})
        assert arguments.get("page_token") == run.get("next_page_token")
    return found


async def test_a_run_is_followed_to_its_end_with_its_schemas_as_progress(
    tools: Any, bulk: Any, clock: Any
) -> None:
    done = [schema | {"status": "completed"} for schema in SCHEMAS]
    serve(
        bulk,
        {"status": "created"},
        {"status": "running", "schemas": SCHEMAS},
        {"status": "completed", "schemas": done},
    )
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    _, run = await tools.try_("start_bulk_sync", {"bulk_sync_id": NAME}, progress_callback=note)

    assert (run["status"], run["record_count"], run["error_count"]) == ("completed", 47, 2)
    assert run["schemas_by_status"] == {"completed": 3}
    assert "next_steps" not in run
    assert [message for _, _, message in seen] == [
        "created",
        "running: 2 of 3 schemas ended, records: contacts 40; companies 7",
    ]
    assert clock.pauses == [1.0, 1.3]


async def test_schemas_that_have_moved_nothing_yet_are_counted_all_the_same(tools: Any, bulk: Any) -> None:
    serve(
        bulk,
        {"status": "running", "schemas": [{"schema": "a", "status": "created"}]},
        {"status": "completed"},
    )
    seen: list[str | None] = []

    async def note(*progress: Any) -> None:
        seen.append(progress[2])

    await tools.try_("start_bulk_sync", {"bulk_sync_id": NAME}, progress_callback=note)

    assert seen == ["running: 0 of 1 schemas ended"]


@pytest.mark.parametrize("status", ["completed", "failed", "errors", "canceled", "interrupted"])
async def test_every_end_ends_the_wait(status: str, tools: Any, bulk: Any, clock: Any) -> None:
    serve(bulk, {"status": status})

    assert (await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=600))["status"] == status
    assert clock.pauses == []


async def test_a_run_that_goes_on_says_how_to_follow_it(tools: Any, bulk: Any, clock: Any) -> None:
    serve(bulk, {"status": "exporting", "schemas": SCHEMAS})

    run = await tools("start_bulk_sync", bulk_sync_id=BULK, wait_seconds=7)

    assert clock.time == pytest.approx(7, abs=1)
    (step,) = run["next_steps"]
    assert step["tool"] == "get_bulk_sync_execution"
    assert step["arguments"] == {"bulk_sync_id": BULK, "execution_id": RUN, "wait_seconds": 60}


async def test_what_failed_comes_first_with_the_way_to_its_cause(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "errors", "schemas": SCHEMAS, "record_count": None, "warning_count": 9})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME, limit=2)

    assert run["schemas"] == [
        {"schema_id": "deals", "status": "failed", "error_count": 2, "status_message": "no such column"},
        {"schema_id": "companies", "status": "running", "record_count": 7},
    ]
    assert (run["record_count"], run["warning_count"]) == (47, 9)
    assert run["next_page_token"] == "contacts"
    more = {"bulk_sync_id": BULK, "execution_id": RUN, "limit": 2, "page_token": "contacts"}
    assert [(step["tool"], step["arguments"]) for step in run["next_steps"]] == [
        ("get_bulk_sync_execution", {"bulk_sync_id": BULK, "execution_id": RUN, "log": True}),
        ("start_bulk_sync", {"bulk_sync_id": BULK, "schemas": ["deals"]}),
        ("get_bulk_sync_execution", more),
    ]


async def test_a_run_that_failed_as_a_whole_is_not_run_again_by_schema(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "failed", "status_message": "no disk"})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME)

    assert run["status_message"] == "no disk"
    assert [step["tool"] for step in run["next_steps"]] == ["get_bulk_sync_execution"]


async def test_what_to_run_is_named_and_goes_out_by_id(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "completed"})

    await tools(
        "start_bulk_sync",
        bulk_sync_id=NAME,
        schemas=["People", "deals"],
        fetch_mode="full",
        resync_mode="refetch",
    )

    sent = {"schemas": ["contacts", "deals"], "fetch_mode": "full", "resync_mode": "refetch"}
    assert bulk.bodies(START) == [sent]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"resync": True}, {"resync_mode": "rebuild"}),
        ({"resync": True, "resync_mode": "rebuild"}, {"resync_mode": "rebuild"}),
        ({"resync": False}, {}),
        ({"resync": False, "resync_mode": "resync"}, {"resync_mode": "resync"}),
        ({"test": True, "resync": False}, {"test": True}),
    ],
)
async def test_the_old_spelling_of_a_resync_is_understood(
    given: dict[str, Any], sent: dict[str, Any], connect: Any, bulk: Any
) -> None:
    serve(bulk, {"status": "completed"})

    async with connect(elicitation_callback=Person(rebuild=True)) as tools:
        await tools("start_bulk_sync", bulk_sync_id=NAME, **given)

    assert bulk.bodies(START) == [sent]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("is_wanted", [True, False])
async def test_outputs_are_dropped_when_a_person_says_so(
    *, mode: str, is_wanted: bool, connect: Any, bulk: Any
) -> None:
    serve(bulk, {"status": "completed"})
    person = Person(rebuild=is_wanted)
    rebuild = {"bulk_sync_id": NAME, "resync_mode": "rebuild", "schemas": ["People", "deals"]}

    async with connect(mode=mode, elicitation_callback=person) as tools:
        is_error, answer = await tools.try_("start_bulk_sync", rebuild)

    sent = {"resync_mode": "rebuild", "schemas": ["contacts", "deals"]}
    assert bulk.bodies(START) == ([sent] if is_wanted else [])
    assert is_wanted or answer == f"Nobody said yes, so the bulk sync '{NAME}' was not rebuilt."
    assert is_error != is_wanted
    assert person.questions[0] == (
        f"Rebuild the bulk sync '{NAME}' ({BULK})?\nAt its destination the outputs of contacts, deals are "
        "dropped, then copied anew from the source."
    )


@pytest.mark.parametrize("resync_mode", ["refetch", "resync", None])
async def test_nobody_is_asked_where_nothing_is_dropped(
    resync_mode: str | None, connect: Any, bulk: Any
) -> None:
    serve(bulk, {"status": "completed"})
    person = Person(rebuild=False)

    async with connect(elicitation_callback=person) as tools:
        await tools("start_bulk_sync", bulk_sync_id=NAME, resync_mode=resync_mode)

    assert person.questions == []


async def test_where_nobody_can_be_asked_a_rebuild_is_left_to_a_tool_that_destroys(
    tools: Any, bulk: Any
) -> None:
    serve(bulk, {"status": "completed"})

    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME, resync=True)
    assert "every schema that is on are dropped" in text
    assert bulk.written() == []

    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    await tools(step["tool"], **step["arguments"])
    assert bulk.bodies(START) == [{"resync_mode": "rebuild"}]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"resync": True, "resync_mode": "refetch"}, "send resync_mode alone"),
        ({"test": True, "resync": True}, "a test cannot resync"),
        ({"test": True, "resync_mode": "refetch"}, "a test cannot resync"),
    ],
)
async def test_what_excludes_each_other_is_refused(
    given: dict[str, Any], reason: str, tools: Any, bulk: Any
) -> None:
    assert reason in await tools.refused("start_bulk_sync", bulk_sync_id=NAME, **given)
    assert bulk.requests == []


async def test_an_unknown_schema_starts_nothing(tools: Any, bulk: Any) -> None:
    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME, schemas=["deal"])

    assert text.startswith("schemas: No schema is called 'deal'. Did you mean 'deals'?")
    assert text.endswith("Nothing was started.")
    assert bulk.written() == []


async def test_a_bulk_sync_that_runs_already_says_how_to_follow_it(tools: Any, bulk: Any) -> None:
    bulk[START] = httpx.Response(409, json={"message": "running"})

    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME)

    assert "409 running" in text
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["arguments"] == {"bulk_sync_id": BULK, "wait_seconds": 60}


@pytest.mark.parametrize(
    ("current", "last", "expected"),
    [("new", "old", "new"), (None, "old", "old"), ("new", None, "new")],
)
async def test_the_latest_run_is_the_one_under_way_or_else_the_last(
    current: Any, last: Any, expected: str, tools: Any, bulk: Any
) -> None:
    ids = {"current_execution": current and {"id": current}, "last_execution": last and {"id": last}}
    bulk[f"GET {PATH}/status"] = {"data": ids}
    bulk[f"GET {PATH}/executions/{expected}"] = {"data": {"id": expected, "status": "running"}}

    assert (await tools("get_bulk_sync_execution", bulk_sync_id=BULK))["id"] == expected


async def test_a_bulk_sync_that_has_never_run_says_how_to_run_it(tools: Any, bulk: Any) -> None:
    bulk[f"GET {PATH}/status"] = {"data": {"current_execution": None}}

    for tool in ("get_bulk_sync_execution", "cancel_bulk_sync"):
        text = await tools.refused(tool, bulk_sync_id=NAME)
        assert text.startswith(f"The bulk sync '{NAME}' has never run; start_bulk_sync runs it.")


@pytest.mark.parametrize("limit", [7, 1000])
async def test_all_schemas_of_a_run_are_reached_what_failed_first(limit: int, tools: Any, bulk: Any) -> None:
    states = ("completed", "failed", "canceled", "errors", "running")
    schemas = [
        {
            "schema": f"shop.a_table_of_number_{number:04}",
            "status": states[number % 5],
            "record_count": number,
        }
        for number in range(1200 if limit == 1000 else 40)
    ]
    serve(bulk, {"status": "errors", "schemas": schemas[::-1]})

    shown = await follow(tools, "schemas", bulk_sync_id=NAME, limit=limit)

    failed = [each["schema"] for each in schemas if each["status"] in ("failed", "errors")]
    others = [each["schema"] for each in schemas if each["schema"] not in failed]
    assert [each["schema_id"] for each in shown] == failed + others


async def test_schemas_of_a_run_are_searched(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "completed", "schemas": SCHEMAS})

    found = await follow(tools, "schemas", bulk_sync_id=NAME, query="NO SUCH")
    one = await follow(tools, "schemas", bulk_sync_id=NAME, schema_id="PEOPLE")

    assert [each["schema_id"] for each in found] == ["deals"]
    assert [each["schema_id"] for each in one] == ["contacts"]
    text = await tools.refused("get_bulk_sync_execution", bulk_sync_id=NAME, schema_id="deal")
    assert "Did you mean 'deals'?" in text


async def test_a_long_message_is_cut_and_the_rest_is_read_as_it_says(tools: Any, bulk: Any) -> None:
    message = "no such column, " * 4000
    failed = {"schema": "deals", "status": "failed", "status_message": message}
    serve(bulk, {"status": "failed", "status_message": message, "schemas": [SCHEMAS[0], failed]})

    run = await tools("get_bulk_sync_execution", bulk_sync_id=NAME)

    for cut in run["truncated"]:
        is_whole = cut["pointer"] == "/status_message"
        text = run["status_message"] if is_whole else run["schemas"][0]["status_message"]
        step = cut["rest"]
        while step is not None:
            more = await tools(step["tool"], **step["arguments"])
            text += more["result"]
            step = more["truncated"][0]["rest"] if "truncated" in more else None
        assert text == message
    assert [cut["pointer"] for cut in run["truncated"]] == ["/schemas/0/status_message", "/status_message"]


def write_lines(api: Any, *numbers: int, place: str = f"{PATH}/executions/{RUN}") -> None:
    """Let the console hold lines of these numbers, two a minute."""
    lines = [
        {
            "id": f"id {number}",
            "timestamp": f"2026-01-01T00:{number // 2:02}:00Z",
            "level": "warning" if number % 10 == 0 else "info",
            "message": f"line {number}",
            "payload": {"row": number},
        }
        for number in numbers
    ]
    api[f"GET {place}/consolelog"] = {"data": {"entries": lines, "next_cursor": f"id {numbers[-1]}"}}


async def test_the_console_is_read_from_the_newest_line_back(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "running", "schemas": SCHEMAS})
    write_lines(bulk, *range(50))
    named = {"bulk_sync_id": NAME, "log": True}

    lines = await follow(tools, "log", **named, limit=7)
    warnings = await follow(tools, "log", **named, limit=2, query="WARNING")

    assert [line["message"] for line in lines] == [f"line {number}" for number in range(49, -1, -1)]
    assert [line["message"] for line in warnings] == [f"line {number}" for number in (40, 30, 20, 10, 0)]
    assert lines[0] == {"timestamp": "2026-01-01T00:24:00Z", "level": "info", "message": "line 49"}


async def test_lines_that_come_meanwhile_move_no_page(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "running"})
    named = {"bulk_sync_id": NAME, "log": True, "limit": 2}
    write_lines(bulk, 0, 1, 2)
    page = await tools("get_bulk_sync_execution", **named)
    token = page["next_page_token"]

    write_lines(bulk, 0, 1, 2, 3)
    rest = await tools("get_bulk_sync_execution", **named, page_token=token)
    write_lines(bulk, 1, 2, 3)
    text = await tools.refused("get_bulk_sync_execution", **named, page_token=token)

    assert [line["message"] for line in rest["log"]] == ["line 0"]
    assert text == "page_token names nothing that is still listed here; leave it out to start over."


async def test_the_console_of_one_schema_is_read_alone(tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "completed", "schemas": SCHEMAS})
    write_lines(bulk, 1, 2, 3, place=f"{PATH}/executions/{RUN}/schemas/contacts")

    lines = await follow(tools, "log", bulk_sync_id=NAME, log=True, schema_id="People", limit=2)

    assert [line["message"] for line in lines] == ["line 3", "line 2", "line 1"]


@pytest.mark.parametrize("is_named", [True, False])
async def test_a_run_is_canceled_by_its_id_or_as_what_runs(*, is_named: bool, tools: Any, bulk: Any) -> None:
    serve(bulk, {"status": "canceling"})
    cancel = f"POST {PATH}/executions/{RUN}/cancel" if is_named else f"POST {PATH}/cancel"
    bulk[cancel] = {"data": {"message": "ok"}}
    named = {"execution_id": RUN} if is_named else {}

    assert (await tools("cancel_bulk_sync", bulk_sync_id=NAME, **named))["status"] == "canceling"
    assert bulk.written() == [cancel]


@pytest.mark.parametrize(
    ("states", "is_noted"), [(["completed"], True), (["errors"], True), (["running", "canceled"], False)]
)
async def test_where_nothing_runs_a_cancellation_says_so(
    *, states: list[str], is_noted: bool, tools: Any, bulk: Any
) -> None:
    serve(bulk, *[{"status": status} for status in states])
    bulk[f"POST {PATH}/cancel"] = {"data": {"message": "ok"}}

    run = await tools("cancel_bulk_sync", bulk_sync_id=NAME)

    assert run["status"] == states[-1]
    assert (run.get("note") == "Nothing was canceled: this run was over before.") is is_noted


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("is_wanted", [True, False])
async def test_a_bulk_sync_is_deleted_when_a_person_says_so(
    *, mode: str, is_wanted: bool, connect: Any, bulk: Any
) -> None:
    bulk[f"DELETE {PATH}"] = httpx.Response(204)
    person = Person(delete=is_wanted)

    async with connect(mode=mode, elicitation_callback=person) as tools:
        is_error, _ = await tools.try_("delete_bulk_sync", {"bulk_sync_id": NAME})

    assert is_error != is_wanted
    assert bulk.written() == ([f"DELETE {PATH}"] if is_wanted else [])
    assert person.questions[0].startswith(
        f"Delete the bulk sync '{NAME}' ({BULK})?\nIts schedules and history go"
    )
