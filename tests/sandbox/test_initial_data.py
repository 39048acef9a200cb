"""The sample company that every sandbox starts with."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from polytomic_mcp.sandbox.data.sample_company.rows import insert_sample_rows
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.systems.systems import warehouses
from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables
from polytomic_mcp.sandbox.initial_data import add_contacts, known_contacts, seed_workspace
from polytomic_mcp.sandbox.workspace.workspace import Workspace


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(Store(), "key")
    seed_workspace(workspace, {}, None)
    yield workspace
    workspace.close()


def test_gong_has_accounts_people_and_flows_including_the_guides(workspace: Workspace) -> None:
    kinds = {table.name: table.kind for table in workspace.tables.list("gong")}
    flow = workspace.tables.get("gong", "my-gong-engage-flow")

    assert kinds["accounts"] == kinds["people"] == "object"
    assert list(kinds.values()).count("flow") == 3
    assert flow is not None
    assert flow.key == "Id"
    assert [column.name for column in flow.columns] == ["Id", "Name", "Email", "AddedAt"]
    assert flow.columns[0].required
    assert workspace.tables.count(flow) == 3


def test_every_warehouse_has_the_same_tables(workspace: Workspace) -> None:
    shared = {"public.accounts", "public.orders", "public.salesforce_contacts", "public.users"}

    lacking = [
        id_ for id_ in warehouses() if not shared <= {each.name for each in workspace.tables.list(id_)}
    ]

    assert set(lacking) == {"mysql"}


def test_some_contacts_of_the_warehouse_are_not_in_the_crm(workspace: Workspace) -> None:
    result = workspace.engine.query(
        "snowflake",
        "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'",
        dialect="snowflake",
    )

    ids = [id_ for (id_,) in result.rows]
    known = known_contacts(workspace.tables)
    assert None in ids
    assert len([id_ for id_ in ids if id_ and id_ not in known]) == 2
    assert all(len(id_) == 18 and id_.startswith("003") for id_ in known)
    assert len(ids) >= 20


def test_every_value_of_the_company_fits_its_column(workspace: Workspace) -> None:
    for system in ("gong", "hubspot", "salesforce", "snowflake"):
        for table in workspace.tables.list(system):
            quoted = ".".join(f'"{part}"' for part in table.name.split("."))
            result = workspace.engine.query(system, f"FROM {quoted}", dialect="duckdb")
            stored = [tuple(row.values()) for _, row in workspace.tables.read(table)]
            assert result.rows == stored
            assert [column.sql_type for column in result.columns] == [
                column.sql_type for column in table.columns
            ]


def test_seeding_again_changes_nothing(tmp_path: Path) -> None:
    def seeded(*, write: bool) -> list[tuple[str, int]]:
        workspace = Workspace(Store(tmp_path / "state.db"), "key")
        seed_workspace(workspace, {}, None)
        flow = workspace.tables.get("gong", "my-gong-engage-flow")
        assert flow is not None
        if write:
            workspace.tables.insert(flow, [{"Id": "new"}])
        tables = [*workspace.tables.list("gong"), *workspace.tables.list("snowflake")]
        counts = [(table.name, workspace.tables.count(table)) for table in tables]
        workspace.close()
        return counts

    assert seeded(write=True) == seeded(write=False)


def test_the_contacts_of_a_query_are_added_to_the_crm(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    known = min(known_contacts(workspace.tables))
    path.write_text(
        f"contact_id,e_mail,first_name,Email\nA1,x,Ada,a@x.example\nA1,x,Ada,\n,,,\n{known},,,\nB2,,,\n"
    )

    notes = seed_workspace(
        workspace, {"contacts": path}, "SELECT contact_id, first_name, email FROM contacts"
    )

    table = workspace.tables.get("salesforce", "Contact")
    assert table is not None
    added = [row for _, row in workspace.tables.read(table)][-2:]
    assert notes == [
        "people.csv: 5 rows in table public.contacts",
        "2 contacts of the query were added to the sample CRM",
    ]
    assert {"A1", "B2", known} <= known_contacts(workspace.tables)
    assert [(row["Id"], row["FirstName"], row["Email"]) for row in added] == [
        ("A1", "Ada", "a@x.example"),
        ("B2", None, None),
    ]


def test_a_query_for_contacts_that_fails_adds_nothing(tmp_path: Path) -> None:
    workspace = Workspace(Store(), "key")
    path = tmp_path / "people.csv"
    path.write_text("id\n1\n")

    with pytest.raises(QueryError, match="contacts failed: Unknown snowflake table 'nowhere'"):
        seed_workspace(workspace, {"people": path}, "SELECT id FROM nowhere")

    assert workspace.tables.get("snowflake", "public.people") is None
    workspace.close()


def test_without_a_crm_no_contacts_can_be_added(workspace: Workspace) -> None:
    contacts = workspace.tables.get("salesforce", "Contact")
    assert contacts is not None
    workspace.tables.drop(contacts)

    assert known_contacts(workspace.tables) == set()
    with pytest.raises(ValueError, match="no contacts can be added to it"):
        add_contacts(workspace.tables, iter([]))


def test_existing_rows_are_kept_when_a_system_is_first_read() -> None:
    store = Store()
    mine = Table("gong", "accounts", "Mine", "object", (Column("id", "string", "VARCHAR"),))
    store.put("table", mine.id, asdict(mine))

    accounts = Tables(store, insert_sample_rows).get("gong", "accounts")

    assert accounts is not None
    assert accounts.label == "Mine"
    assert Tables(store, insert_sample_rows).get("gong", "people") is not None
    store.close()
