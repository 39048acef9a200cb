"""Creating bulk syncs: by names, with every form of schedule, and only if the whole request is valid."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import Secret, Settings
from tests.tools.bulk_syncs.conftest import BULK, DAILY, HUBSPOT, POSTGRES
from tests.tools.conftest import Clock, Connect, ScriptedApi, Tools

CREATE = "POST /api/bulk/syncs"
SOURCE = f"GET /api/connections/{HUBSPOT}/bulksync/source"
NAMED = {
    "name": "All of HubSpot",
    "source_connection_id": "hubspot",
    "destination_connection_id": "PostgreSQL",
    "destination_configuration": {"schema": "hubspot"},
}
SENT = NAMED | {"source_connection_id": HUBSPOT, "destination_connection_id": POSTGRES}
CONTINUOUS = {"frequency": "continuous"}
RARE = DAILY | {"selective_mode": "nonincrementalFields"}


async def test_names_become_ids_and_the_schedule_is_manual_unless_said(
    tools: Tools, bulk: ScriptedApi
) -> None:
    created = await tools("create_bulk_sync", **NAMED)

    assert bulk.bodies(CREATE) == [SENT | {"default_schedule": {"frequency": "manual"}}]
    (step,) = created["next_steps"]
    assert (step["tool"], step["arguments"]) == ("start_bulk_sync", {"bulk_sync_id": BULK})


@pytest.mark.parametrize(
    ("given", "lead"),
    [
        ({"default_schedule": DAILY}, ["update_bulk_sync", "start_bulk_sync"]),
        (
            {"default_schedule": {"frequency": "manual"}, "additional_schedules": [RARE]},
            ["update_bulk_sync", "start_bulk_sync"],
        ),
        ({"default_schedule": DAILY, "active": True}, ["start_bulk_sync"]),
        ({"default_schedule": {"frequency": "manual"}}, ["start_bulk_sync"]),
    ],
)
async def test_an_inactive_schedule_suggests_switching_it_on(
    given: Any, lead: list[str], tools: Tools, bulk: ScriptedApi
) -> None:
    assert bulk.answers
    created = await tools("create_bulk_sync", **NAMED, **given)

    assert [step["tool"] for step in created["next_steps"]] == lead
    on = [step["arguments"] for step in created["next_steps"] if step["tool"] == "update_bulk_sync"]
    assert on == [{"bulk_sync_id": BULK, "active": True}] * (len(lead) - 1)


@pytest.mark.parametrize(
    "given",
    [
        {"default_schedule": CONTINUOUS, "additional_schedules": [RARE]},
        {"schedule": CONTINUOUS, "additional_schedules": [RARE]},
        {"schedules": [RARE, CONTINUOUS | {"selective_mode": "incrementalFields"}]},
        {"schedules": [CONTINUOUS | {"selectiveMode": "none"}, RARE]},
        {
            "schedule": {
                "frequency": "multi",
                "multi": {
                    "schedules": [
                        {"item": "incrementalFields", "schedule": CONTINUOUS},
                        {"item": "nonincrementalFields", "schedule": DAILY},
                    ]
                },
            }
        },
    ],
)
async def test_every_form_of_schedules_is_sent_in_the_current_form(
    given: dict[str, Any], tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("create_bulk_sync", **NAMED, **given)

    assert bulk.bodies(CREATE) == [SENT | {"default_schedule": CONTINUOUS, "additional_schedules": [RARE]}]


@pytest.mark.parametrize(
    "given",
    [
        {"default_schedule": CONTINUOUS, "additional_schedules": [RARE]},
        {"schedules": [CONTINUOUS, RARE]},
    ],
)
async def test_every_form_of_schedules_is_sent_as_the_pinned_version_requires_it(
    given: dict[str, Any], connect: Connect, bulk: ScriptedApi
) -> None:
    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("create_bulk_sync", **NAMED, **given)

    items = [
        {"item": "incrementalFields", "schedule": CONTINUOUS},
        {"item": "nonincrementalFields", "schedule": DAILY},
    ]
    assert bulk.bodies(CREATE) == [SENT | {"schedule": {"frequency": "multi", "multi": {"schedules": items}}}]


@pytest.mark.parametrize("schedule", [DAILY, json.dumps(DAILY), DAILY | {"month": None}])
async def test_a_single_schedule_of_the_old_form_is_the_default(
    schedule: Any, tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("create_bulk_sync", **NAMED, schedule=schedule)

    assert bulk.bodies(CREATE)[0]["default_schedule"] == DAILY


async def test_the_default_is_manual_if_each_schedule_is_for_some_schemas(
    tools: Tools, bulk: ScriptedApi
) -> None:
    some = [DAILY | {"schemas": ["contacts"]}, RARE]

    await tools("create_bulk_sync", **NAMED, schedules=some)

    (body,) = bulk.bodies(CREATE)
    assert (body["default_schedule"], body["additional_schedules"]) == ({"frequency": "manual"}, some)


@pytest.mark.parametrize(
    "given",
    [
        {"schedule": DAILY, "default_schedule": DAILY},
        {"schedules": [DAILY], "additional_schedules": [RARE]},
        {"schedule": {"frequency": "multi", "multi": {"schedules": []}}, "additional_schedules": [RARE]},
    ],
)
async def test_forms_of_schedules_cannot_be_mixed(
    given: dict[str, Any], tools: Tools, bulk: ScriptedApi
) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED, **given)

    assert f"{' and '.join(given)} are different forms of the same argument" in text
    assert bulk.written() == []


async def test_an_unknown_part_of_a_schedule_is_named(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED, default_schedule=DAILY | {"hours": "5"})

    assert "default_schedule.hours" in text
    assert bulk.requests == []


@pytest.mark.parametrize(
    "schedule",
    [{"frequency": "runafter"}, {"frequency": "daily", "run_after": {"sync_ids": ["Plans to Gong"]}}],
)
async def test_a_bulk_sync_cannot_run_after_another(schedule: Any, tools: Tools, bulk: ScriptedApi) -> None:
    for tool, ends in (("create_bulk_sync", NAMED), ("update_bulk_sync", {"bulk_sync_id": BULK})):
        text = await tools.refused(tool, **ends, default_schedule=schedule)
        assert "default_schedule: a bulk sync can only run at set times" in text

    assert bulk.requests == []


async def test_schemas_and_fields_are_found_in_any_case(tools: Tools, bulk: ScriptedApi) -> None:
    contacts = {
        "id": "CONTACTS",
        "fields": ["EMAIL", {"id": "Phone number", "obfuscated": True, "enabled": None}],
        "filters": [
            {"field_id": "Email", "function": "isnotnull"},
            {"field_id": "PHONE", "function": "True"},
        ],
        "partition_key": "email",
        "tracking_field": "Changed at",
    }

    await tools(
        "create_bulk_sync",
        **NAMED,
        schemas=[contacts, "Companies"],
        additional_schedules=[DAILY | {"schemas": ["Deals"]}],
    )

    (body,) = bulk.bodies(CREATE)
    assert body["schemas"] == [
        {
            "enabled": True,
            "id": "contacts",
            "fields": [{"enabled": True, "id": "email"}, {"enabled": True, "id": "phone", "obfuscate": True}],
            "filters": [
                {"field_id": "email", "function": "IsNotNull"},
                {"field_id": "phone", "function": "True"},
            ],
            "partition_key": "email",
            "tracking_field": "changed_at",
        },
        {"enabled": True, "id": "companies"},
    ]
    assert body["additional_schedules"] == [DAILY | {"schemas": ["deals"]}]


async def test_fields_of_a_schema_that_cannot_be_read_are_left_to_the_api(
    tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("create_bulk_sync", **NAMED, schemas=[{"id": "companies", "fields": ["domain"]}])

    (schema,) = bulk.bodies(CREATE)[0]["schemas"]
    assert schema["fields"] == [{"enabled": True, "id": "domain"}]


async def test_all_problems_come_at_once_with_the_nearest_names(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused(
        "create_bulk_sync",
        name="New",
        source_connection_id="HubSpot",
        destination_connection_id="PostgreSQL",
        destination_configuration={"shema": "x", "format": "tall", "limit": True, "suffix": True, "flags": 1},
        source_configuration={"replication_slot": True},
        mode="replicat",
        schemas=["contract", {"id": "contacts", "fields": ["mail"]}],
        additional_schedules=[DAILY | {"schemas": ["deal"]}],
    )

    for problem in (
        "- destination_configuration: Unknown field 'shema'. Did you mean 'schema'?",
        "- destination_configuration.format: Unknown value. Valid values: wide, long.",
        "- destination_configuration.limit must be of type integer.",
        "- destination_configuration.suffix must be of type string.",
        "- destination_configuration.schema is required.",
        "- source_configuration.replication_slot must be of type string.",
        "- mode: the destination does not support 'replicat'. Did you mean 'replicate'?",
        "- schemas[0]: Unknown schema 'contract'. Did you mean 'Contacts'?",
        "- schemas[1].fields[0]: Unknown field 'mail'. Did you mean 'Email'?",
        "- additional_schedules[0].schemas[0]: Unknown schema 'deal'. Did you mean 'Deals'?",
    ):
        assert problem in text
    assert text.startswith("create_bulk_sync: Nothing was written. Problems:\n")
    assert text.endswith(
        "\nIf Polytomic does accept a value that is refused here, send it with write_operation."
    )
    assert bulk.written() == []


async def test_unknown_connections_are_problems_like_the_others(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused(
        "create_bulk_sync", **NAMED | {"source_connection_id": "Hub", "destination_connection_id": "Post"}
    )

    assert "- source_connection_id: Unknown connection 'Hub'" in text
    assert "- destination_connection_id: Unknown connection 'Post'" in text
    assert bulk.written() == []


async def test_what_the_api_does_not_describe_is_not_checked(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET /api/connections/{POSTGRES}/bulksync/target"] = {"data": {}}
    bulk[SOURCE] = {"data": {"schemas": []}}

    await tools("create_bulk_sync", **NAMED, mode="other", source_configuration={"slot": 1})

    assert bulk.bodies(CREATE)[0]["mode"] == "other"


async def test_a_name_shared_by_several_schemas_requires_an_id(tools: Tools, bulk: ScriptedApi) -> None:
    twins = [{"id": id_, "name": "Contacts"} for id_ in ("a", "b")]
    bulk[SOURCE] = {"data": {"schemas": twins}}

    text = await tools.refused("create_bulk_sync", **NAMED, schemas=["contacts"])

    assert "named 'contacts'. Send the id of one of them: 'Contacts' (a), 'Contacts' (b)." in text


@pytest.mark.parametrize(
    ("api_version", "schedule"), [("2025-09-18", "default_schedule"), ("2024-02-08", "schedule")]
)
async def test_a_dry_run_shows_the_request_and_writes_nothing(
    api_version: str, schedule: str, connect: Connect, bulk: ScriptedApi
) -> None:
    async with connect(settings=Settings(api_key=Secret("k"), api_version=api_version)) as tools:
        shown = await tools("create_bulk_sync", **NAMED, default_schedule=DAILY, dry_run=True)

    assert shown["requests"] == {CREATE: SENT | {schedule: DAILY}}
    assert bulk.written() == []


@pytest.mark.usefixtures("bulk")
async def test_a_long_request_is_truncated_and_cannot_be_read_elsewhere(tools: Tools) -> None:
    policies = [f"00000000-0000-0000-0000-{number:012}" for number in range(2000)]

    shown = await tools("create_bulk_sync", **NAMED, policies=policies, dry_run=True)

    (cut,) = shown["truncated"]
    assert cut["total"] == 2000
    assert "rest" not in cut


@pytest.mark.parametrize(
    ("operation", "status", "reason"),
    [
        (SOURCE, 422, "not yet"),
        (SOURCE, 400, "Source did not provide any schemas"),
        (CREATE, 400, "cache refresh in progress"),
        (CREATE, 422, "cache refresh in progress"),
    ],
)
async def test_schemas_that_are_still_loading_are_waited_for_with_progress(
    operation: str, status: int, reason: str, tools: Tools, bulk: ScriptedApi, clock: Clock
) -> None:
    ready, left = bulk.answers[operation], [httpx.Response(status, json={"message": reason})] * 2

    def answer(request: httpx.Request) -> Any:
        return left.pop() if left else ready(request) if callable(ready) else ready

    bulk[operation] = answer
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    is_error, _ = await tools.try_("create_bulk_sync", NAMED, progress_callback=note)

    assert not is_error
    assert [message for _, _, message in seen] == ["Polytomic is still reading the source's schemas"] * 2
    assert clock.pauses == [1.0, 1.3]
    assert len(bulk.asked(operation)) == 3


@pytest.mark.parametrize("remedy", ["refresh_schemas", "write_operation"])
async def test_the_wait_for_schemas_is_limited_and_says_what_to_do(
    remedy: str,
    connect: Connect,
    shelves: Any,
    bulk: ScriptedApi,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bulk[SOURCE] = httpx.Response(422, json={"message": "cache refresh in progress"})
    hidden = {"refresh_schemas"} - {remedy}
    shown = [tool for tool in shelves["full-access"] if tool.name not in hidden]
    monkeypatch.setitem(shelves, "full-access", shown)

    async with connect() as tools:
        text = await tools.refused("create_bulk_sync", **NAMED)

    assert clock.time <= 45
    assert "Polytomic has not read the source's schemas yet." in text
    assert bulk.written() == []
    steps = json.loads(text.splitlines()[-1])["next_steps"]
    assert [step["tool"] for step in steps] == ["get_connection", remedy]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(400, json={"message": "name is taken"}),
        httpx.Response(422, json={"message": "schema is unfit"}),
        httpx.Response(503, json={"message": "later"}),
        httpx.ReadTimeout("silence"),
    ],
)
async def test_a_creation_that_fails_for_another_reason_is_not_repeated(
    failure: Any, tools: Tools, bulk: ScriptedApi, clock: Clock
) -> None:
    bulk[CREATE] = failure

    await tools.refused("create_bulk_sync", **NAMED)

    assert len(bulk.asked(CREATE)) == 1
    assert clock.pauses == []


async def test_a_schedule_that_is_not_an_object_is_refused(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED, default_schedule="daily")

    assert text.startswith("create_bulk_sync: Invalid arguments. default_schedule: ")
    assert bulk.requests == []
