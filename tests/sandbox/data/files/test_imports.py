"""Where the user's own files are imported, and which tables they replace."""

import csv
import time
from pathlib import Path
from typing import Any

from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.initial_data import seed_workspace
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.data.files.conftest import Importer


def test_a_csv_file_becomes_a_table_of_every_warehouse(importer: Importer) -> None:
    path = importer.write("people.csv", "id,name\n1,Åsa\n2,\n")

    notes = importer.take({"mine": path})

    assert notes == ["people.csv: 2 rows in table public.mine"]
    for system in ("snowflake", "postgresql", "mssql", "bigquery"):
        assert importer.rows(system=system) == [{"id": 1, "name": "Åsa"}, {"id": 2, "name": None}]
    assert importer.ask("SELECT name FROM mine WHERE id = 1") == [("Åsa",)]


def test_a_name_may_include_its_system(importer: Importer) -> None:
    path = importer.write("a.csv", "Id\n003A\n")
    names = ("salesforce.Extra", "mysql.orders", "mysql.shop.items", "public.mine")

    importer.take(dict.fromkeys(names, path))

    assert importer.rows("Extra", "salesforce") == [{"Id": "003A"}]
    for name in ("public.orders", "shop.items", "public.mine"):
        assert importer.rows(name, "mysql") == [{"Id": "003A"}]
    assert importer.rows("public.orders", "snowflake") != [{"Id": "003A"}]


def test_the_users_table_replaces_the_sample_table(importer: Importer) -> None:
    seed_workspace(importer.workspace, {}, None)
    path = importer.write("c.csv", "Id,Email\n003A,a@b.example\n")
    other = importer.write("o.csv", "x\n1\n")

    notes = importer.take(
        {"salesforce.Contact": path, "public.salesforce_contacts": path, "gong.people": other}
    )

    contact = importer.workspace.tables.get("salesforce", "Contact")
    people = importer.workspace.tables.get("gong", "people")
    assert notes[0] == "c.csv: 1 rows in table Contact, which replaces the existing one"
    assert contact is not None
    assert (contact.kind, contact.key, contact.label) == ("object", "Id", "Contact")
    assert people is not None
    assert people.key is None
    assert importer.rows("public.salesforce_contacts", "redshift") == [{"Id": "003A", "Email": "a@b.example"}]


def test_a_table_imported_again_after_a_restart_has_the_files_current_rows(
    importer: Importer, tmp_path: Path
) -> None:
    def started(content: str) -> list[dict[str, Any]]:
        importer.workspace = Workspace(Store(tmp_path / "state.db"), "key")
        seed_workspace(importer.workspace, {"mine": importer.write("mine.csv", content)}, None)
        rows = importer.rows()
        importer.workspace.close()
        return rows

    assert started("id\n1\n2\n") == [{"id": 1}, {"id": 2}]
    assert started("id,name\n3,x\n") == [{"id": 3, "name": "x"}]


def test_a_hundred_thousand_rows_are_imported_in_seconds(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "email", "note", "joined", "zip"])
        for number in range(100_000):
            joined = "31.02.2024" if number == 99_999 else "2024-01-01"
            writer.writerow(
                [number if number % 100 else "", f"zoë{number % 9000}@x.example", 'a "b"\nc', joined, "00123"]
            )
    started = time.monotonic()

    importer.take({"mine": path})
    (row,) = importer.ask(
        "SELECT count(*), count(id), count(DISTINCT email), max(joined), min(zip) FROM mine"
    )

    assert row == (100_000, 99_000, 9_000, "31.02.2024", "00123")
    assert time.monotonic() - started < 20
