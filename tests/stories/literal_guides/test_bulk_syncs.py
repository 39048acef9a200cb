"""Guides of bulk syncs."""

from typing import Any

import pytest

from tests.stories.literal_guides.conftest import (
    MYSQL,
    NEW,
    OLD,
    POSTGRESQL,
    S3,
    SALESFORCE,
    SNOWFLAKE,
    Guide,
)

CONTINUOUS = {"frequency": "continuous"}
DAILY = {"frequency": "daily", "hour": "05", "minute": "00"}
RARE = DAILY | {"selective_mode": "nonincrementalFields"}


@pytest.mark.parametrize("schema", ["Contact", "contacts"])
async def test_hubspot_is_copied_to_postgresql(guide: Guide, schema: str) -> None:
    hubspot = await guide.connect("hubspot", {})
    postgres = await guide.connect("postgresql", POSTGRESQL)

    ended = await guide.bulk_sync(
        source_connection_id=await guide.ready(hubspot),
        destination_connection_id=postgres,
        destination_configuration={"schema": "hubspot"},
        schemas=[schema],
    )

    assert [each["schema"] for each in ended["schemas"]] == ["Contact"]
    assert len(guide.rows("postgresql", "hubspot.contact")) == len(guide.rows("hubspot", "contacts"))


async def test_a_schema_is_found_by_its_older_name_everywhere(guide: Guide) -> None:
    hubspot = await guide.ready(await guide.connect("hubspot", {}))
    postgres = await guide.connect("postgresql", POSTGRESQL)
    schedules = (
        {"default_schedule": DAILY, "additional_schedules": [RARE | {"schemas": ["contacts"]}]}
        if guide.version == NEW
        else {"schedule": DAILY}
    )
    body = {
        "name": "Copy",
        "source_connection_id": hubspot,
        "destination_connection_id": postgres,
        "destination_configuration": {"schema": "hubspot"},
        "mode": "replicate",
        "schemas": [{"id": "companies"}, "contacts"],
        **schedules,
    }

    made = await guide.data("POST", "/api/bulk/syncs", body)
    path = f"/api/bulk/syncs/{made['id']}"
    read = await guide.data("GET", f"{path}/schemas/contacts")
    ended = await guide.run(path, {"schemas": ["contacts"]})
    fields = await guide.data("GET", f"/api/connections/{hubspot}/schemas/contacts")
    if guide.version == NEW:
        assert made["additional_schedules"][0]["schemas"] == ["Contact"]

    assert (read["id"], fields["id"]) == ("Contact", "Contact")
    assert [each["schema"] for each in ended["schemas"]] == ["Contact"]
    association = next(each for each in fields["fields"] if each["id"] == "associatedcompanyid")
    assert association["association"]["reference_to"] == ["Company"]


async def test_salesforce_is_copied_to_s3(guide: Guide) -> None:
    salesforce = await guide.ready(await guide.connect("salesforce", SALESFORCE))
    s3 = await guide.connect("s3", S3)
    offered = await guide.data("GET", f"/api/connections/{salesforce}/bulksync/source")

    ended = await guide.bulk_sync(
        source_connection_id=salesforce,
        destination_connection_id=s3,
        destination_configuration={"format": "csv"},
        schemas=["Account"],
    )

    assert "Account" in [each["id"] for each in offered["schemas"]]
    assert ended["schemas"][0]["record_count"] == len(guide.rows("salesforce", "Account"))


async def test_salesforce_is_copied_to_snowflake_with_all_its_schemas(guide: Guide) -> None:
    salesforce = await guide.ready(await guide.connect("salesforce", SALESFORCE))
    warehouse = await guide.connect("snowflake", SNOWFLAKE)

    await guide.bulk_sync(
        source_connection_id=salesforce,
        destination_connection_id=warehouse,
        destination_configuration={"schema": "salesforce"},
    )

    for name in ("Account", "Contact", "Opportunity"):
        assert len(guide.rows("snowflake", f"salesforce.{name}")) == len(guide.rows("salesforce", name))
    assert "Former" not in {
        row["first_name" if "first_name" in row else "firstname"]
        for row in guide.rows("snowflake", "salesforce.contact")
    }


@pytest.mark.parametrize(
    ("type_", "configuration", "setting", "schema"),
    [
        (
            "postgresql",
            POSTGRESQL | {"change_detection": True, "publication": "polytomic"},
            {"replication_slot": "polytomic_slot"},
            "public.users",
        ),
        (
            "postgresql",
            POSTGRESQL | {"change_detection": True, "publication": "polytomic"},
            {},
            "public.users",
        ),
        ("mysql", MYSQL | {"change_detection": True}, {}, "company.customers"),
    ],
)
async def test_changes_are_streamed_from_a_database(
    guide: Guide, type_: str, configuration: dict[str, Any], setting: dict[str, str], schema: str
) -> None:
    database = await guide.ready(await guide.connect(type_, configuration))
    warehouse = await guide.connect("snowflake", SNOWFLAKE)

    ended = await guide.bulk_sync(
        source_connection_id=database,
        destination_connection_id=warehouse,
        source_configuration=setting,
        destination_configuration={"schema": "streamed"},
        schemas=[schema],
    )

    assert ended["schemas"][0]["record_count"] == len(guide.rows(type_, schema))


@pytest.mark.parametrize(
    ("version", "schedules"),
    [
        (NEW, {"default_schedule": CONTINUOUS, "additional_schedules": [RARE]}),
        (
            OLD,
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
        ),
    ],
)
async def test_the_bodies_of_the_migration_guide_are_taken(
    sandbox: Any, http: Any, version: str, schedules: dict[str, Any]
) -> None:
    guide = Guide(http, sandbox, version)
    hubspot = await guide.ready(await guide.connect("hubspot", {}))
    postgres = await guide.connect("postgresql", POSTGRESQL)
    body = {
        "name": "Copy",
        "source_connection_id": hubspot,
        "destination_connection_id": postgres,
        "destination_configuration": {"schema": "hubspot"},
        "mode": "replicate",
        **schedules,
    }

    made = await guide.data("POST", "/api/bulk/syncs", body)
    ended = await guide.run(f"/api/bulk/syncs/{made['id']}")

    assert ended["status"] == "completed"
    assert {key: made[key] for key in schedules}.keys() == schedules.keys()
