"""What a dry run of a bulk sync refuses, because the API would."""

from typing import Any

import httpx
import pytest

from tests.tools.bulk_syncs.conftest import BULK, DAILY, HUBSPOT, NAMED, POSTGRES
from tests.tools.conftest import ScriptedApi, Tools

SOURCE = f"GET /api/connections/{HUBSPOT}/bulksync/source"
TARGET = f"GET /api/connections/{POSTGRES}/bulksync/target"


def contacts(**parts: Any) -> dict[str, Any]:
    return {"schemas": [{"id": "contacts", **parts}]}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"normalize_names": "some"}, "normalize_names: Unknown value 'some'. Valid values: enabled"),
        ({"automatically_add_new_objects": "some"}, "automatically_add_new_objects: Unknown value 'some'."),
        ({"concurrency_limit": 1001}, "concurrency_limit: must be from 1 to 1000, or 0"),
        ({"resync_concurrency_limit": -1}, "resync_concurrency_limit: must be from 1 to 1000, or 0"),
        ({"data_cutoff_timestamp": "soon"}, "data_cutoff_timestamp: must be a time such as 2026-"),
        ({"default_schedule": {"minute": "5"}}, "default_schedule.frequency: A frequency is required."),
        ({"default_schedule": {"frequency": "yearly"}}, "default_schedule.frequency: Unknown frequency"),
        ({"schedule": {"frequency": "hourly"}}, "schedule.minute: Frequency hourly requires minute."),
        ({"schedules": [{"frequency": "custom"}]}, "schedules[0]: Frequency custom requires at least one"),
        (
            {"additional_schedules": [DAILY | {"selective_mode": "some"}]},
            "additional_schedules[0].selective_mode: Unknown value 'some'.",
        ),
        (
            {"schedules": [DAILY | {"resync_mode": "some"}]},
            "schedules[0].resync_mode: Unknown value 'some'.",
        ),
        (
            {"schedule": {"multi": {"schedules": [{"item": "some", "schedule": DAILY}]}}},
            "schedule.multi.schedules[0].selective_mode: Unknown value 'some'.",
        ),
        (contacts(filters=[{"function": "IsNull"}]), "schemas[0].filters[0].field_id is required"),
        (
            contacts(filters=[{"field_id": "email", "function": "Is"}]),
            "schemas[0].filters[0].function: Unknown filter function 'Is'.",
        ),
        (
            contacts(filters=[{"field_id": "email", "function": "onorafter", "value": "yesterday"}]),
            "schemas[0].filters[0].value: OnOrAfter needs a date or a time",
        ),
        (
            contacts(filters=[{"field_id": "mail", "function": "IsNull"}]),
            "schemas[0].filters[0].field_id: Unknown field 'mail'. Did you mean 'Email'?",
        ),
        (contacts(partition_key="mail"), "schemas[0].partition_key: Unknown field 'mail'."),
        (contacts(tracking_field="email"), "schemas[0].tracking_field: 'email' is of type string."),
        (contacts(data_cutoff_timestamp="soon"), "schemas[0].data_cutoff_timestamp: must be a time"),
        (
            contacts(fields=[{"id": "email", "enabled": False}]),
            "schemas[0].fields: At least one field must be enabled.",
        ),
        (
            contacts(fields=["email", {"id": "phone", "user_output_name": "EMAIL"}]),
            "schemas[0].fields: 2 fields have the output name 'email'.",
        ),
        (
            contacts(fields=[{"id": "phone", "user_output_name": " "}]),
            "schemas[0].fields[0].user_output_name: An output needs a name.",
        ),
        (contacts(user_output_name="a\x07"), "schemas[0].user_output_name: An output cannot be named"),
        (contacts(fields=["email", "Email"]), "schemas[0].fields[1]: 'email' is also schemas[0].fields[0]."),
        ({"schemas": ["deals", "Deals"]}, "schemas[1]: 'deals' is also schemas[0]. Send one of the two."),
        (
            {"schemas": ["deals", {"id": "contacts", "user_output_name": "Deals"}]},
            "schemas: 2 schemas have the output name 'deals'.",
        ),
        ({"destination_configuration": {"schema": "\t"}}, "destination_configuration.schema: An output's"),
    ],
)
async def test_what_the_api_would_refuse_is_refused_with_its_path(
    written: dict[str, Any], problem: str, tools: Tools, bulk: ScriptedApi
) -> None:
    text = await tools.refused("create_bulk_sync", **NAMED | written, dry_run=True)

    assert f"\n- {problem}" in text
    assert bulk.written() == []


async def test_only_enabled_schemas_need_fields_and_outputs_of_their_own(
    tools: Tools, bulk: ScriptedApi
) -> None:
    off = {"id": "contacts", "enabled": False, "user_output_name": "deals"}
    off["fields"] = [{"id": "email", "enabled": False}]

    await tools("create_bulk_sync", **NAMED, schemas=["deals", off])

    assert bulk.written() == ["POST /api/bulk/syncs"]


async def test_all_schemas_are_held_against_each_other_if_none_is_named(
    tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[SOURCE] = {"data": {"schemas": [{"id": "shop.people"}, {"id": "shop_people"}]}}

    text = await tools.refused("create_bulk_sync", **NAMED)

    assert "- schemas: 2 schemas have the output name 'shop_people'." in text


@pytest.mark.parametrize("name", ["people", "other"])
async def test_an_output_cannot_replace_a_schema_that_is_read(
    name: str, tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[f"GET /api/connections/{POSTGRES}/bulksync/source"] = {"data": {"schemas": [{"id": "App.people"}]}}
    same = {"source_connection_id": "PostgreSQL", "destination_configuration": {"schema": "app"}}

    refused, text = await tools.try_(
        "create_bulk_sync", NAMED | same | {"schemas": [{"id": "app.people", "user_output_name": name}]}
    )

    assert refused == (name == "people")
    assert not refused or "- schemas[0]: Its output 'app.people' is also a schema that is read." in text


@pytest.mark.parametrize("tool", ["create_bulk_sync", "update_bulk_sync"])
async def test_what_a_destination_does_not_support_is_refused(
    tool: str, tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[TARGET] = {"data": bulk.answers[TARGET]["data"] | {"supports_history_mode": False}}
    this = NAMED if tool == "create_bulk_sync" else {"bulk_sync_id": BULK}

    text = await tools.refused(tool, **this, **contacts(history_enabled=True))

    assert "- schemas[0].history_enabled: The destination does not support history. Omit it." in text


@pytest.mark.parametrize("tool", ["create_bulk_sync", "update_bulk_sync"])
async def test_what_a_source_does_not_support_is_refused(tool: str, tools: Tools, bulk: ScriptedApi) -> None:
    less = {"configuration": {"properties": {}}, "capabilities": {"supports_tracking_fields": False}}
    bulk[SOURCE] = {"data": bulk.answers[SOURCE]["data"] | less}
    settings = {"source_configuration": {"slot": "a"}}
    this = NAMED | settings if tool == "create_bulk_sync" else {"bulk_sync_id": BULK}

    text = await tools.refused(tool, **this, **contacts(tracking_field="email"))

    assert "- schemas[0].tracking_field: The source does not support tracking fields. Omit it." in text
    has_settings = "- source_configuration: Unknown field 'slot'. There are none." in text
    assert has_settings == (tool == "create_bulk_sync")


async def test_connections_that_cannot_be_an_end_are_problems_like_the_others(
    tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[SOURCE] = httpx.Response(400, json={"message": "cannot be a source"})
    bulk[TARGET] = httpx.Response(400, json={"message": "cannot be a destination"})

    text = await tools.refused("create_bulk_sync", **NAMED, concurrency_limit=-1)

    assert "- concurrency_limit: must be" in text
    for end in ("source", "destination"):
        assert f"- {end}_connection_id: " in text
        assert f"cannot be a {end}" in text


async def test_a_name_in_use_is_refused_unless_allowed(tools: Tools, bulk: ScriptedApi) -> None:
    taken = NAMED | {"name": "hubspot to postgresql"}

    text = await tools.refused("create_bulk_sync", **taken)
    assert f"name: A bulk sync with that name exists: 'HubSpot to PostgreSQL' ({BULK})." in text
    assert bulk.written() == []

    await tools("create_bulk_sync", **taken, allow_duplicate_name=True)
    await tools("create_bulk_sync", **taken, idempotency_key="my-own-key")
    sent = bulk.asked("POST /api/bulk/syncs")
    assert sent[1].headers["Idempotency-Key"] == "my-own-key"
