"""What writes a target object or a field of it, and what a sync or a model reads."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

FIELDS = "GET /api/connections/crm/modelsync/target/fields"
OBJECTS = "GET /api/connections/crm/modelsync/targetobjects"
ACCOUNT = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


def source(model: str, field: str) -> dict[str, Any]:
    return {"model_id": model, "field": field}


def sync(id_: str, model: str = "m", target: str = "Contact", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": f"Sync {id_}",
        "mode": "update",
        "active": True,
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": "crm", "object": target},
        "identity": {"source": source(model, "email"), "target": "Email"},
        "fields": [{"source": source(model, "plan"), "target": "Plan__c"}],
        "override_fields": [{"target": "Stage", "override_value": "new"}],
        "model_ids": [model],
        **more,
    }


@pytest.fixture
def crm(api: ScriptedApi) -> ScriptedApi:
    """A database whose plans three syncs write to objects of a CRM, which are listed without their parts."""
    connections = [{"id": "db", "name": "Database"}, {"id": "crm", "name": "CRM"}]
    api.holds("connections", *connections)
    query = {"query": "SELECT email, plan FROM customers"}
    relation = {"from": "email", "to": source("n", "email")}
    api.holds(
        "models",
        {"id": "m", "name": "Plans", "connection_id": "db", "configuration": query, "relations": [relation]},
        {"id": "n", "name": "Events", "connection_id": "db", "configuration": {"table": "events"}},
    )
    syncs = [sync("1"), sync("2", fields=[]), sync("3", target="Lead")]
    api.holds("syncs", *syncs)
    api["GET /api/syncs"] = {"data": [light(each) for each in syncs]}
    api["GET /api/bulk/syncs"] = {"data": []}
    api[OBJECTS] = {"data": [{"id": "Contact", "name": "Contacts"}, {"id": "Lead", "name": "Leads"}]}
    api[FIELDS] = {"data": {"fields": [{"id": name} for name in ("Email", "Plan__c", "Stage", "Phone")]}}
    return api


def light(whole: dict[str, Any]) -> dict[str, Any]:
    kept = {name: whole[name] for name in ("id", "name", "mode", "active", "schedule", "model_ids")}
    return {**kept, "target_connection_id": "crm", "target_object": whole["target"]["object"]}


PLANS = {
    "model_id": "m",
    "model_name": "Plans",
    "reads": {"query": "SELECT email, plan FROM customers"},
    "connection_id": "db",
    "connection_name": "Database",
}
EVENTS = PLANS | {"model_id": "n", "model_name": "Events", "reads": {"table": "events"}}


@pytest.mark.parametrize("target", ["Contact", "contacts"])
async def test_what_writes_a_field_of_a_target_object_is_named_with_its_source(
    target: str, tools: Tools, crm: ScriptedApi
) -> None:
    lineage = await tools("trace_lineage", connection_id="crm", target=target, field="plan__C")

    assert lineage["items"] == [
        {
            "id": "1",
            "name": "Sync 1",
            "kind": "sync",
            "mode": "update",
            "active": True,
            "writes": ["maps plan of Plans to Plan__c"],
            "sources": [PLANS],
        }
    ]
    assert lineage["subject"] == {
        "kind": "target object",
        "id": "Contact",
        "name": "Contacts",
        "field": "plan__C",
        "connection_id": "crm",
        "connection_name": "CRM",
    }
    assert crm.written() == []


async def test_all_that_writes_a_target_object_is_listed(tools: Tools, crm: ScriptedApi) -> None:
    copies = {"source_connection_id": "db", "destination_connection_id": "crm"}
    crm["GET /api/bulk/syncs"] = {
        "data": [{"id": "9", "name": "Copy", **copies}, {"id": "8", "name": "Other"}]
    }

    lineage = await tools("trace_lineage", connection_id="CRM", target="Contact")

    assert [(row["name"], row["writes"]) for row in lineage["items"]] == [
        (
            "Sync 1",
            ["identifies by email of Plans to Email", "maps plan of Plans to Plan__c", "sets Stage to 'new'"],
        ),
        ("Sync 2", ["identifies by email of Plans to Email", "sets Stage to 'new'"]),
        ("Copy", ["copies tables into the connection; whether into this object is not known"]),
    ]
    assert lineage["items"][2]["sources"] == [{"connection_id": "db", "connection_name": "Database"}]
    assert lineage["counts"] == {"sync": 2, "bulk_sync": 1}


async def test_a_constant_has_no_source(tools: Tools, crm: ScriptedApi) -> None:
    lineage = await tools("trace_lineage", connection_id="CRM", target="Lead", field="Stage")

    assert [(row["writes"], row["sources"]) for row in lineage["items"]] == [(["sets Stage to 'new'"], [])]
    assert crm.written() == []


async def test_a_field_that_nothing_writes_is_an_empty_list_and_an_unknown_one_is_refused(
    tools: Tools, crm: ScriptedApi
) -> None:
    nothing = await tools("trace_lineage", connection_id="crm", target="Contact", field="Phone")
    text = await tools.refused("trace_lineage", connection_id="crm", target="Contact", field="Plan")

    assert nothing["items"] == []
    assert "The target object 'Contacts' has no field 'Plan', and nothing that could be read uses it." in text
    assert "Did you mean 'Plan__c'?" in text
    assert crm.written() == []


async def test_a_target_object_that_is_gone_is_found_by_what_writes_to_it(
    tools: Tools, crm: ScriptedApi
) -> None:
    crm[OBJECTS] = {"data": []}

    lineage = await tools("trace_lineage", connection_id="crm", target="contact", field="Plan__c")
    text = await tools.refused("trace_lineage", connection_id="crm", target="Deal")

    assert [row["name"] for row in lineage["items"]] == ["Sync 1"]
    assert "'Deal'" in text


async def test_a_sync_that_cannot_be_read_whole_is_named(tools: Tools, crm: ScriptedApi) -> None:
    crm["GET /api/syncs/1"] = httpx.Response(403, json={"message": "no right"})

    lineage = await tools("trace_lineage", connection_id="crm", target="Contact")

    assert lineage["items"][0]["writes"] == ["writes to it; its fields could not be read"]
    assert lineage["unavailable"][0]["source"] == "whole syncs"


async def test_a_sync_shows_what_it_reads_and_what_it_writes(tools: Tools, crm: ScriptedApi) -> None:
    lineage = await tools("trace_lineage", sync_id="Sync 1")

    assert lineage["upstream"] == [PLANS]
    assert [(row["kind"], row["name"], row["connection_name"]) for row in lineage["items"]] == [
        ("target_object", "Contacts", "CRM")
    ]
    assert lineage["subject"]["target_connection_name"] == "CRM"
    assert crm.written() == []


async def test_a_model_shows_what_it_reads_and_the_models_that_it_joins(
    tools: Tools, crm: ScriptedApi
) -> None:
    assert (await tools("trace_lineage", model_id="Plans"))["upstream"] == [PLANS, EVENTS]
    assert crm.written() == []


async def test_a_model_that_is_gone_is_said_to_be(tools: Tools, crm: ScriptedApi) -> None:
    crm["GET /api/models"] = {"data": []}

    (row, *_) = (await tools("trace_lineage", connection_id="crm", target="Contact", field="Plan__c"))[
        "items"
    ]

    assert row["sources"] == [{"model_id": "m", "model_name": "gone"}]
    assert row["writes"] == ["maps plan of m to Plan__c"]


@pytest.mark.parametrize(
    "start",
    [
        {},
        {"target": "Contact"},
        {"model_id": "Plans", "target": "Contact"},
        {"connection_id": "CRM", "field": "Plan__c"},
        {"connection_id": "CRM", "sync_id": "Sync 1"},
    ],
)
@pytest.mark.usefixtures("crm")
async def test_a_trace_starts_at_one_object(start: Any, tools: Tools) -> None:
    text = await tools.refused("trace_lineage", **start)

    assert "Send exactly one of connection_id, model_id and sync_id. target requires connection_id" in text


async def test_the_flow_that_a_sync_writes_is_called_a_flow_and_named_on_the_sandbox(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
        gong = await tools(
            "create_connection", name="Gong", type="gong", configuration={"auth_method": "oauth"}
        )
        async with httpx.AsyncClient(transport=sandbox) as browser:
            await browser.post(gong["auth_url"], data={"decision": "allow"})
        query = {"query": "SELECT contact_id FROM salesforce_contacts"}
        await tools("create_model", name="Contacts", connection_id="Snowflake", configuration=query)
        flow = (await tools("list_target_objects", connection_id="Gong"))["items"][0]
        await tools(
            "create_sync",
            name="To Gong",
            mode="updateOrCreate",
            identity={"source": source("Contacts", "contact_id"), "target": "Id"},
            target={"connection_id": "Gong", "object": flow["id"]},
        )
        up = await tools("trace_lineage", connection_id="Gong", target=flow["name"])
        down = await tools("trace_lineage", model_id="Contacts")

    assert (up["subject"]["kind"], up["items"][0]["name"]) == ("flow", "To Gong")
    assert [(row["kind"], row["name"]) for row in down["items"]] == [
        ("sync", "To Gong"),
        ("flow", flow["name"]),
    ]
