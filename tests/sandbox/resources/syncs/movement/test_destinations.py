"""How a run writes to webhooks, flows and applications."""

import pytest

from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from tests.sandbox.resources.syncs.conftest import Stage


async def test_records_for_a_webhook_are_stored_in_the_sandbox(stage: Stage) -> None:
    model = await stage.model("people", "id email name", stage.PEOPLE[:1])
    sync = await stage.sync(model, "http", system="webhook", fields="email>record id>record")
    again = await stage.sync(model, "http", system="webhook", fields="email>record")

    execution = await stage.start(sync)

    assert again["target"]["object"] == "http"
    assert execution["counts"] == stage.counts(upserts=1, total=1)
    (row,) = stage.rows("http", system="webhook")
    assert row["record"]["fields"] == {"email": "ada@acme.example", "id": "1"}
    assert len(row["record"]["hash"]) == 64


async def test_a_flow_accepts_only_contacts_of_the_crm(stage: Stage) -> None:
    (known, *_) = stage.rows("Contact", system="salesforce")
    picked = [{"contact_id": known["Id"]}, {"contact_id": "003unknown"}]
    model = await stage.model("picked", "contact_id", picked)
    stage.table("launch", "Id! Name Email AddedAt:datetime", system="gong", kind="flow", key="Id")
    sync = await stage.sync(model, "launch", system="gong", identity="contact_id>Id")

    execution = await stage.start(sync)

    assert execution["counts"] == stage.counts(insert=1, error=1, total=2)
    assert "003unknown is not known to salesforce: no Contact has that Id" in execution["errors"][0]
    name = f"{known['FirstName']} {known['LastName']}"
    assert stage.rows("launch", system="gong") == [
        {"Id": known["Id"], "Name": name, "Email": known["Email"], "AddedAt": "2026-01-15T09:00:00Z"}
    ]


async def test_a_mapped_reference_must_lead_to_a_record(stage: Stage) -> None:
    (owner, *_) = stage.rows("owners", system="hubspot")
    people = [
        {"email": "known@a.example", "owner": owner["id"]},
        {"email": "unknown@a.example", "owner": "no one"},
    ]
    model = await stage.model("people", "email owner", people)
    mapped = {"fields": "owner>hubspot_owner_id", "identity": "email>email"}

    execution = await stage.start(await stage.sync(model, "contacts", system="hubspot", **mapped))

    assert execution["counts"] == stage.counts(insert=1, error=1, total=2)
    assert "no one is not known to hubspot: no owners has that id" in execution["errors"][0]


async def test_a_flow_accepts_no_one_without_a_crm(stage: Stage) -> None:
    stage.workspace.tables.drop(stage.stored_table("Contact", system="salesforce"))
    model = await stage.model("picked", "contact_id", [{"contact_id": "003unknown"}])
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    counts = await stage.moved(model, "launch", system="gong", identity="contact_id>Id")

    assert counts == {"error": 1, "total": 1}


@pytest.mark.parametrize("type_", ["string", "number"])
async def test_an_application_assigns_ids_to_new_records(stage: Stage, type_: str) -> None:
    model = await stage.model("people", "email name", [{"email": "new@a.example", "name": "New"}])
    stage.table("Guests", f"Id:{type_} Email Name", system="salesforce", kind="object", key="Id")

    await stage.moved(model, "Guests", system="salesforce", fields="name>Name", identity="email>Email")

    (row,) = stage.rows("Guests", system="salesforce")
    assert isinstance(row["Id"], str if type_ == "string" else int)


async def test_an_application_refuses_an_id_that_it_did_not_assign(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.ADA])
    stage.table("Guests", "Id Name", system="salesforce", kind="object", key="Id")
    sync = await stage.sync(model, "Guests", system="salesforce", fields="name>Name", identity="id>Id")

    execution = await stage.start(sync)

    assert execution["errors"] == ["Record 1: Guests assigns Id itself and has no record with 1"]


async def test_a_field_may_accept_values_only_on_insert_or_only_on_update(stage: Stage) -> None:
    model = await stage.model("people", "id name email", [{"id": "1", "name": "Ada", "email": "a@x.example"}])
    once = Column("name", "string", "VARCHAR", updateable=False)
    later = Column("email", "string", "VARCHAR", createable=False)
    table = Table(
        "postgresql", "public.once", "Once", "table", (Column("id", "string", "VARCHAR"), once, later)
    )
    stage.workspace.tables.create(table)
    sync = await stage.sync(model, "public.once", fields="name>name email>email", identity="id>id")

    await stage.start(sync)
    first = stage.rows("public.once")
    stage.workspace.tables.update(
        table, {row_id: row | {"name": "A."} for row_id, row in stage.workspace.tables.read(table)}
    )
    await stage.start(sync, resync=True)

    assert first == [{"id": "1", "name": "Ada", "email": None}]
    assert stage.rows("public.once") == [{"id": "1", "name": "A.", "email": "a@x.example"}]
