"""Listing and showing bulk syncs and the schemas of a source, brief by default."""

from typing import Any

import httpx
import pytest

from tests.tools.bulk_syncs.conftest import BULK, HUBSPOT, POSTGRES
from tests.tools.conftest import Clock, ScriptedApi, Tools

ROW = {
    "id": BULK,
    "name": "HubSpot to PostgreSQL",
    "mode": "replicate",
    "active": False,
    "source_connection_id": HUBSPOT,
    "destination_connection_id": POSTGRES,
}
SCHEDULE = "daily 05:00 UTC; hourly :15 (off: inactive)"


@pytest.mark.parametrize(
    ("asked", "count"),
    [({}, 2), ({"active": True}, 1), ({"active": False}, 1), ({"query": "hub"}, 1), ({"limit": 1}, 1)],
)
async def test_bulk_syncs_are_listed_in_short_rows(
    asked: dict[str, Any], count: int, tools: Tools, bulk: ScriptedApi
) -> None:
    stored = bulk.answers["GET /api/bulk/syncs"]["data"]
    bulk["GET /api/bulk/syncs"] = {"data": [*stored, {"id": "other", "name": "Other", "active": True}]}

    page = await tools("list_bulk_syncs", **asked)

    assert len(page["items"]) == count
    assert ("next_page_token" in page) == ("limit" in asked)


@pytest.mark.usefixtures("bulk")
async def test_rows_have_more_fields_on_request(tools: Tools) -> None:
    page = await tools("list_bulk_syncs", fields=["normalize_names"])

    names = {"source_name": "HubSpot", "destination_name": "PostgreSQL"}
    assert page["items"] == [ROW | names | {"normalize_names": "enabled", "schedule": SCHEDULE}]


@pytest.mark.usefixtures("bulk")
async def test_a_bulk_sync_is_shown_with_its_enabled_schemas(tools: Tools) -> None:
    shown = await tools("get_bulk_sync", bulk_sync_id="HUBSPOT to postgresql")

    assert shown.items() >= ROW.items()
    assert shown["enabled_schemas"] == ["contacts", "companies"]
    assert shown["schema_count"] == 3
    assert "shown_schema" not in shown


@pytest.mark.usefixtures("bulk")
async def test_one_of_its_schemas_is_shown_whole_on_request(tools: Tools) -> None:
    shown = await tools("get_bulk_sync", bulk_sync_id=BULK, schema_id="People")

    assert shown["shown_schema"]["filters"] == [{"field_id": "email", "function": "IsNotNull"}]


@pytest.mark.usefixtures("bulk")
async def test_an_unknown_bulk_sync_is_refused_with_the_existing_ones(tools: Tools) -> None:
    text = await tools.refused("get_bulk_sync", bulk_sync_id="HubSpot to Postgres")

    assert "Unknown bulk sync 'HubSpot to Postgres'. Did you mean 'HubSpot to PostgreSQL'?" in text
    assert "list_bulk_syncs shows all" in text


@pytest.mark.usefixtures("bulk")
async def test_schemas_of_a_source_are_listed(tools: Tools) -> None:
    page = await tools("list_source_schemas", connection_id="HubSpot", limit=2)
    rest = await tools("list_source_schemas", connection_id="HubSpot", page_token=page["next_page_token"])

    rows = [*page["items"], *rest["items"]]
    assert rows == [
        {"id": "contacts", "name": "Contacts"},
        {"id": "companies", "name": "Companies"},
        {"id": "deals", "name": "Deals"},
    ]


@pytest.mark.usefixtures("bulk")
async def test_the_fields_of_one_schema_are_listed_on_request(tools: Tools) -> None:
    page = await tools(
        "list_source_schemas", connection_id="HubSpot", schema_id="CONTACTS", fields=["remote_type"]
    )

    assert (page["schema_id"], page["schema_name"]) == ("contacts", "Contacts")
    assert page["items"] == [
        {"id": "email", "name": "Email", "type": "string", "is_primary_key": True, "remote_type": "text"},
        {"id": "phone", "name": "Phone number", "type": "string", "remote_type": "text"},
        {"id": "changed_at", "name": "Changed at", "type": "datetime", "remote_type": "timestamp"},
    ]


@pytest.mark.usefixtures("bulk")
async def test_an_unknown_schema_is_refused_with_the_nearest(tools: Tools) -> None:
    text = await tools.refused("list_source_schemas", connection_id="HubSpot", schema_id="contract")

    assert text == (
        "Unknown schema 'contract'. Did you mean 'Contacts'? Valid values: 'Contacts' (contacts), "
        "'Companies' (companies), 'Deals' (deals)."
    )


async def test_a_source_that_offers_nothing_says_so(tools: Tools, bulk: ScriptedApi) -> None:
    bulk[f"GET /api/connections/{HUBSPOT}/bulksync/source"] = {"data": {"schemas": []}}

    text = await tools.refused("list_source_schemas", connection_id="HubSpot", schema_id="contacts")

    assert text == "Unknown schema 'contacts'. There are none."


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_source_that_cannot_be_read_is_not_waited_for(
    status: int, tools: Tools, bulk: ScriptedApi, clock: Clock
) -> None:
    source = f"GET /api/connections/{HUBSPOT}/bulksync/source"
    bulk[source] = httpx.Response(status, json={"message": "no source"})

    assert "no source" in await tools.refused("list_source_schemas", connection_id="HubSpot")
    assert clock.pauses == []


@pytest.mark.slow
@pytest.mark.parametrize("policies", [0, 2000])
@pytest.mark.parametrize("is_one", [True, False])
async def test_the_suggested_calls_read_what_was_truncated(
    *, is_one: bool, policies: int, tools: Tools, bulk: ScriptedApi
) -> None:
    many = [{"id": f"schema of number {number}", "enabled": True, "hidden": None} for number in range(1200)]
    whole = {"id": "contacts", "fields": many, "filters": []}
    path = f"/api/bulk/syncs/{BULK}"
    listed = [many[0], {"id": "contacts", "enabled": False}, *many[1:]]
    bulk[f"GET {path}/schemas"] = lambda request: {"data": many if "filters" in str(request.url) else listed}
    bulk[f"GET {path}/schemas/contacts"] = {"data": whole}
    stored = bulk.answers[f"GET {path}"]["data"] | {"policies": [f"p{number}" for number in range(policies)]}
    bulk[f"GET {path}"] = {"data": stored}

    shown = await tools("get_bulk_sync", bulk_sync_id=BULK, **({"schema_id": "contacts"} if is_one else {}))
    rest = {cut["pointer"]: await follow(tools, cut["rest"]) for cut in shown["truncated"]}

    enabled = shown.get("enabled_schemas", []) + [item["id"] for item in rest["/enabled_schemas"]]
    assert enabled == [item["id"] for item in many]
    assert shown["schema_count"] == 1201
    assert rest.keys() == {
        "/enabled_schemas",
        *(["/shown_schema/fields"] if is_one else []),
        *(["/policies"] if policies else []),
    }
    if is_one:
        fields = shown["shown_schema"].get("fields", []) + rest["/shown_schema/fields"]
        assert [field["id"] for field in fields] == [item["id"] for item in many]
    if policies:
        assert shown["policies"] + rest["/policies"] == stored["policies"]


async def follow(tools: Tools, step: dict[str, Any]) -> list[Any]:
    """Read a list to its end by following the suggested calls."""
    found: list[Any] = []
    while step:
        more = await tools(step["tool"], **step["arguments"])
        found += more["result"]
        step = next((cut["rest"] for cut in more.get("truncated", []) if cut["pointer"] == "/result"), {})
    return found
