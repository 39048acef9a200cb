"""Updating a bulk sync: PUT replaces all of it, so stored parts are sent too; schemas are sent separately."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.settings import Secret, Settings
from tests.tools.bulk_syncs.conftest import BULK, DAILY
from tests.tools.conftest import Connect, ScriptedApi, Tools

PATH = f"/api/bulk/syncs/{BULK}"
PUT, PATCH = f"PUT {PATH}", f"PATCH {PATH}/schemas"
NAME = "HubSpot to PostgreSQL"
WHOLE = {
    "name": NAME,
    "mode": "replicate",
    "active": False,
    "source_connection_id": "11111111-0000-0000-0000-000000000011",
    "destination_connection_id": "11111111-0000-0000-0000-000000000012",
    "destination_configuration": {"schema": "hubspot", "suffix": "x"},
    "default_schedule": {"id": "d", **DAILY},
    "additional_schedules": [{"id": "a", "frequency": "hourly", "minute": "15", "schemas": ["contacts"]}],
    "automatically_add_new_fields": "all",
    "automatically_add_new_objects": "none",
    "normalize_names": "enabled",
    "concurrency_limit": 3,
    "policies": [],
}
CONTACTS = {
    "id": "contacts",
    "enabled": True,
    "fields": [{"id": "email", "enabled": True, "obfuscated": False}, {"id": "phone", "enabled": False}],
    "filters": [{"field_id": "email", "function": "IsNotNull"}],
}


async def test_omitted_arguments_are_sent_as_stored(tools: Tools, bulk: ScriptedApi) -> None:
    updated = await tools("update_bulk_sync", bulk_sync_id="hubspot to postgresql", active=True)

    assert bulk.bodies(PUT) == [WHOLE | {"active": True}]
    assert updated["changed"] == {"active": {"before": False, "after": True}}
    assert bulk.written() == [PUT]


async def test_an_older_version_receives_its_single_schedule(connect: Connect, bulk: ScriptedApi) -> None:
    stored = bulk.answers[f"GET {PATH}"]["data"]
    kept = {name: part for name, part in stored.items() if "_schedule" not in name}
    items = [
        {"item": "incrementalFields", "schedule": {"frequency": "continuous", "hour": None}},
        {"item": "nonincrementalFields", "schedule": DAILY},
    ]
    bulk[f"GET {PATH}"] = {"data": kept | {"schedule": {"frequency": "multi", "multi": {"schedules": items}}}}

    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("update_bulk_sync", bulk_sync_id=BULK, name="New")

    (body,) = bulk.bodies(PUT)
    items[0]["schedule"] = {"frequency": "continuous"}
    assert body["schedule"] == {"frequency": "multi", "multi": {"schedules": items}}
    assert not {"default_schedule", "additional_schedules"} & body.keys()


CONTINUOUS = {"frequency": "continuous"}
NONE, REST, RARE = (
    {"item": item, "schedule": DAILY} for item in ("none", "incrementalFields", "nonincrementalFields")
)


def multi(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"frequency": "multi", "multi": {**more, "schedules": list(items)}}


@pytest.mark.parametrize(
    "stored",
    [multi(NONE, RARE), multi(RARE, NONE), multi(NONE, REST), multi(RARE), multi(REST, RARE, type="fields")],
)
async def test_the_schedules_of_an_older_version_are_sent_back_unchanged(
    stored: dict[str, Any], connect: Connect, bulk: ScriptedApi
) -> None:
    bulk.holds("bulk/syncs", {"id": BULK, "name": NAME, "schedule": stored} | _ends())

    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("update_bulk_sync", bulk_sync_id=BULK, name="B2")

    assert bulk.bodies(PUT) == [{"name": "B2", "schedule": stored} | _ends()]


@pytest.mark.parametrize(
    ("stored", "given", "sent"),
    [
        (multi(RARE, NONE), {"schedule": CONTINUOUS}, multi({"item": "none", "schedule": CONTINUOUS}, RARE)),
        (
            multi(RARE),
            {"default_schedule": CONTINUOUS},
            multi({"item": "incrementalFields", "schedule": CONTINUOUS}, RARE),
        ),
        (multi(NONE, RARE), {"additional_schedules": []}, DAILY),
        (DAILY, {"schedule": multi(NONE, REST)}, multi(NONE, REST)),
        (multi(NONE, RARE), {"schedules": [CONTINUOUS]}, CONTINUOUS),
    ],
)
async def test_an_older_version_keeps_the_schedules_that_are_not_replaced(
    stored: Any, given: Any, sent: Any, connect: Connect, bulk: ScriptedApi
) -> None:
    bulk.holds("bulk/syncs", {"id": BULK, "name": NAME, "schedule": stored} | _ends())

    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("update_bulk_sync", bulk_sync_id=BULK, **given)

    assert bulk.bodies(PUT)[0]["schedule"] == sent


@pytest.mark.parametrize(
    ("said", "new_fields", "new_objects"),
    [
        ({"discover": True}, "all", "all"),
        ({"discover": False}, "none", "none"),
        ({"discover": True, "automatically_add_new_fields": "none"}, "none", "all"),
    ],
)
async def test_the_discover_setting_of_an_older_version_is_kept(
    said: Any, new_fields: str, new_objects: str, connect: Connect, bulk: ScriptedApi
) -> None:
    bulk.holds("bulk/syncs", {"id": BULK, "name": NAME, "schedule": DAILY} | _ends() | said)

    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("update_bulk_sync", bulk_sync_id=BULK, active=True)

    (body,) = bulk.bodies(PUT)
    assert body["automatically_add_new_fields"] == new_fields
    assert body["automatically_add_new_objects"] == new_objects


async def test_settings_are_cleared_by_name_a_limit_by_0_and_a_list_by_an_empty_one(
    tools: Tools, bulk: ScriptedApi
) -> None:
    stored = bulk.answers[f"GET {PATH}"]["data"] | {"data_cutoff_timestamp": "2026-01-01T00:00:00Z"}
    bulk.holds("bulk/syncs", stored)
    nothing = {"clear": ["data_cutoff_timestamp"], "concurrency_limit": 0, "additional_schedules": []}

    await tools("update_bulk_sync", bulk_sync_id=BULK, **nothing)

    (body,) = bulk.bodies(PUT)
    assert not {"data_cutoff_timestamp", "concurrency_limit"} & body.keys()
    assert body["additional_schedules"] == []


async def test_an_empty_value_clears_a_setting_of_a_schema(tools: Tools, bulk: ScriptedApi) -> None:
    names = ("user_output_name", "tracking_field", "partition_key", "data_cutoff_timestamp")

    await tools(
        "update_bulk_sync", bulk_sync_id=BULK, schemas=[{"id": "contacts", **dict.fromkeys(names, "")}]
    )

    (schema,) = bulk.bodies(PATCH)[0]["schemas"]
    assert [schema[name] for name in names] == ["", "", "", None]


@pytest.mark.parametrize("stored", [DAILY, {}])
async def test_a_single_schedule_of_the_old_form_is_the_default(
    stored: dict[str, str], connect: Connect, bulk: ScriptedApi
) -> None:
    bulk.holds("bulk/syncs", {"id": BULK, "name": NAME, "schedule": stored} | _ends())

    async with connect(settings=Settings(api_key=Secret("k"), api_version="2024-02-08")) as tools:
        await tools("update_bulk_sync", bulk_sync_id=BULK, active=True)

    (body,) = bulk.bodies(PUT)
    assert body["schedule"] == stored


def _ends() -> dict[str, Any]:
    kept = ("source_connection_id", "destination_connection_id", "destination_configuration")
    return {name: WHOLE[name] for name in kept}


async def test_a_new_schedule_replaces_the_default_and_keeps_the_others(
    tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, schedule={"frequency": "continuous"})

    (body,) = bulk.bodies(PUT)
    assert body == WHOLE | {"default_schedule": {"id": "d", "frequency": "continuous"}}


async def test_a_list_of_schedules_replaces_all_of_them(tools: Tools, bulk: ScriptedApi) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, schedules=[{"frequency": "continuous"}])

    (body,) = bulk.bodies(PUT)
    assert body["additional_schedules"] == []


async def test_additional_schedules_may_refer_to_schemas_by_name(tools: Tools, bulk: ScriptedApi) -> None:
    more = [DAILY | {"schemas": ["People"]}]

    await tools("update_bulk_sync", bulk_sync_id=BULK, additional_schedules=more)

    assert bulk.bodies(PUT)[0]["additional_schedules"] == [DAILY | {"schemas": ["contacts"]}]
    assert bulk.written() == [PUT]


async def test_a_configuration_is_merged_by_key_and_checked(tools: Tools, bulk: ScriptedApi) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, destination_configuration={"suffix": "y"})
    assert bulk.bodies(PUT)[0]["destination_configuration"] == {"schema": "hubspot", "suffix": "y"}

    text = await tools.refused(
        "update_bulk_sync", bulk_sync_id=BULK, destination_configuration={"shema": "y"}
    )
    assert "Unknown field 'shema'. Did you mean 'schema'?" in text
    assert bulk.written() == [PUT]


async def test_naming_the_same_destination_keeps_its_configuration(tools: Tools, bulk: ScriptedApi) -> None:
    same = {"destination_connection_id": "postgresql", "destination_configuration": {"suffix": "y"}}

    await tools("update_bulk_sync", bulk_sync_id=BULK, **same)

    assert bulk.bodies(PUT)[0]["destination_configuration"] == {"schema": "hubspot", "suffix": "y"}


async def test_another_destination_starts_with_a_new_configuration(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET /api/connections/{bulk.WAREHOUSE}/bulksync/target"] = {"data": {}}
    there = {"destination_connection_id": "Warehouse", "destination_configuration": {"dataset": "x"}}

    await tools("update_bulk_sync", bulk_sync_id=BULK, **there)

    (body,) = bulk.bodies(PUT)
    assert body["destination_connection_id"] == bulk.WAREHOUSE
    assert body["destination_configuration"] == {"dataset": "x"}


@pytest.mark.usefixtures("bulk")
async def test_nothing_is_read_about_an_unknown_destination(tools: Tools) -> None:
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, destination_connection_id="Nowhere")

    assert text.startswith("update_bulk_sync: Nothing was written. Problems:\n- destination_connection_id: ")


async def test_schemas_are_merged_by_id_and_their_fields_too(tools: Tools, bulk: ScriptedApi) -> None:
    contacts = {
        "id": "people",
        "fields": ["Phone", {"id": "email", "obfuscate": True}],
        "partition_key": "email",
    }

    updated = await tools("update_bulk_sync", bulk_sync_id=BULK, schemas=[contacts, "Deals"])

    fields = [{"id": "email", "enabled": True, "obfuscated": True}, {"id": "phone", "enabled": True}]
    assert bulk.bodies(PATCH) == [
        {
            "schemas": [
                CONTACTS | {"fields": fields, "partition_key": "email"},
                {"id": "deals", "enabled": True, "fields": []},
            ]
        }
    ]
    assert bulk.written() == [PATCH]
    assert updated["changed"].keys() == {
        "schemas.contacts.fields",
        "schemas.contacts.partition_key",
        "schemas.deals.enabled",
    }
    assert updated["changed"]["schemas.contacts.fields"]["after"] == fields


async def test_a_schema_without_known_fields_accepts_the_given_ones(tools: Tools, bulk: ScriptedApi) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, schemas=[{"id": "deals", "fields": ["amount"]}])

    (body,) = bulk.bodies(PATCH)
    assert body["schemas"] == [
        {"id": "deals", "enabled": False, "fields": [{"id": "amount", "enabled": True}]}
    ]


async def test_only_schemas_disables_the_others_and_keeps_their_settings(
    tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, schemas=[{"id": "deals"}], only_schemas=True)

    (body,) = bulk.bodies(PATCH)
    assert body["schemas"] == [
        {"id": "deals", "enabled": True, "fields": []},
        CONTACTS | {"enabled": False},
        {"id": "companies", "enabled": False, "fields": [{"id": "domain"}]},
    ]


async def test_only_schemas_without_schemas_is_refused(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, only_schemas=True)

    assert "send schemas too" in text
    assert bulk.written() == []


async def test_settings_and_schemas_change_in_two_requests_that_a_dry_run_shows(
    tools: Tools, bulk: ScriptedApi
) -> None:
    wanted = {"bulk_sync_id": BULK, "name": "New", "schemas": [{"id": "deals", "enabled": True}]}

    shown = await tools("update_bulk_sync", **wanted, dry_run=True)
    assert bulk.written() == []

    await tools("update_bulk_sync", **wanted)
    assert bulk.written() == [PUT, PATCH]
    assert shown["requests"] == {
        "PUT /api/bulk/syncs/{id}": bulk.bodies(PUT)[0],
        "PATCH /api/bulk/syncs/{id}/schemas": bulk.bodies(PATCH)[0],
    }


async def test_unknown_schemas_and_fields_change_nothing(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, name="New", schemas=["deal"])
    assert "- schemas[0]: Unknown schema 'deal'. Did you mean 'deals'?" in text

    mail = [{"id": "contacts", "fields": ["mail"]}]
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, name="New", schemas=mail)
    assert "- schemas[0].fields[0]: Unknown field 'mail'. Did you mean 'email'?" in text

    assert bulk.written() == []


@pytest.mark.parametrize("odd", [{"id": None}, {"fields": [{"enabled": True}, {"id": "x"}]}, {"fields": "x"}])
async def test_a_schema_that_is_read_without_an_id_or_all_its_fields_is_not_changed(
    odd: dict[str, Any], tools: Tools, bulk: ScriptedApi
) -> None:
    stored = bulk.answers[f"GET {PATH}/schemas/deals"]["data"]
    bulk[f"GET {PATH}/schemas/deals"] = {"data": stored | odd}

    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, schemas=["deals"])

    assert "The schema deals could not be read: GET /api/bulk/syncs/{id}/schemas/{schema_id} answered" in text
    assert bulk.written() == []


async def test_an_answer_whose_schemas_have_odd_ids_does_not_hide_that_they_were_written(
    tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[PATCH] = {"data": [{"id": ["deals"]}, {}]}

    await tools("update_bulk_sync", bulk_sync_id=BULK, schemas=["deals"])

    assert bulk.written() == [PATCH]


async def test_a_schema_that_cannot_be_read_is_not_changed(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET {PATH}/schemas/deals"] = httpx.Response(404, json={"message": "gone"})

    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, name="New", schemas=["deals"])

    assert "The schema deals could not be read" in text
    assert bulk.written() == []


@pytest.mark.parametrize("more", [{"name": "New"}, {}])
async def test_a_refusal_of_schemas_says_what_was_written(
    more: dict[str, str], tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[PATCH] = httpx.Response(400, json={"message": "unfit"})

    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, schemas=["deals"], **more)

    assert text.startswith("update_bulk_sync: Everything except the schemas was written. ") == bool(more)
    assert "400 unfit" in text


async def test_fields_that_the_api_did_not_return_are_not_invented(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET {PATH}/schemas/deals"] = {"data": {"id": "deals", "enabled": False}}

    await tools("update_bulk_sync", bulk_sync_id=BULK, schemas=["deals"])

    assert bulk.bodies(PATCH) == [{"schemas": [{"id": "deals", "enabled": True}]}]


@pytest.mark.parametrize(
    ("name", "part", "reset"),
    [
        ("default_schedule", "default_schedule", {"id": "d", "frequency": "manual"}),
        ("schedule", "default_schedule", {"id": "d", "frequency": "manual"}),
        ("additional_schedules", "additional_schedules", []),
        ("mode", "mode", None),
        ("concurrency_limit", "concurrency_limit", None),
        ("destination_configuration", "destination_configuration", {}),
    ],
)
async def test_clear_resets_an_argument_to_its_default(
    name: str, part: str, reset: Any, tools: Tools, bulk: ScriptedApi
) -> None:
    bulk[f"GET /api/connections/{WHOLE['destination_connection_id']}/bulksync/target"] = {"data": {}}

    await tools("update_bulk_sync", bulk_sync_id=BULK, clear=[name])

    (body,) = bulk.bodies(PUT)
    assert body.get(part) == reset
    assert body.keys() >= {"destination_configuration", "default_schedule"}


async def test_schemas_cannot_be_cleared(tools: Tools, bulk: ScriptedApi) -> None:
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, clear=["schemas"])

    assert "- clear: schemas cannot be reset." in text
    assert bulk.written() == []


async def test_what_the_api_answered_and_no_model_knows_is_kept(tools: Tools, bulk: ScriptedApi) -> None:
    stored = bulk.answers[f"GET {PATH}"]["data"]
    stored["default_schedule"]["holidays"] = "skip"
    stored["additional_schedules"][0]["holidays"] = "skip"
    contacts = bulk.answers[f"GET {PATH}/schemas/contacts"]["data"]
    contacts["sampling"] = 5
    contacts["fields"][0]["masking"] = {"kind": "hash"}

    await tools(
        "update_bulk_sync", bulk_sync_id=BULK, name="New", schemas=[{"id": "contacts", "fields": ["phone"]}]
    )

    (body,), (patch,) = bulk.bodies(PUT), bulk.bodies(PATCH)
    assert body["default_schedule"]["holidays"] == body["additional_schedules"][0]["holidays"] == "skip"
    assert patch["schemas"][0]["sampling"] == 5
    assert patch["schemas"][0]["fields"][0]["masking"] == {"kind": "hash"}


async def test_a_mode_is_taken_in_any_case_and_a_new_schema_is_held_against_the_others(
    tools: Tools, bulk: ScriptedApi
) -> None:
    await tools("update_bulk_sync", bulk_sync_id=BULK, mode="SNAPSHOT")
    assert bulk.bodies(PUT)[0]["mode"] == "snapshot"

    same = [{"id": "deals", "enabled": True, "user_output_name": "Companies"}]
    text = await tools.refused("update_bulk_sync", bulk_sync_id=BULK, schemas=same)
    assert "- schemas: 2 schemas have the output name 'companies'." in text


async def test_a_tracking_field_is_checked_if_the_source_can_be_read(tools: Tools, bulk: ScriptedApi) -> None:
    source = WHOLE["source_connection_id"]
    wanted = {"bulk_sync_id": BULK, "schemas": [{"id": "contacts", "tracking_field": "email"}]}

    text = await tools.refused("update_bulk_sync", **wanted)
    assert "- schemas[0].tracking_field: 'email' is of type string." in text

    for path in ("bulksync/source", "schemas/contacts"):
        bulk[f"GET /api/connections/{source}/{path}"] = httpx.Response(400, json={"message": "unhealthy"})
    await tools("update_bulk_sync", **wanted)
    assert bulk.bodies(PATCH)[0]["schemas"][0]["tracking_field"] == "email"
