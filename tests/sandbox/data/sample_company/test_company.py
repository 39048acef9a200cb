"""The files of the sample company are consistent, except for the intended defects."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

import polytomic_mcp.sandbox.data.sample_company
from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.files.imports import read_file
from polytomic_mcp.sandbox.data.sample_company.rows import deleted_rows
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

SYSTEMS = Path(polytomic_mcp.sandbox.data.sample_company.__file__).parent / "systems"
SHARED = "warehouse"
FOLDERS = sorted(folder.name for folder in SYSTEMS.iterdir() if folder.is_dir())
EVERYONE = {
    "airtable.app2ElQeMFcBMx0yp.tblcjcgYGRPBGVGT3": "Email",
    "gong.people": "Email",
    "mongodb.app.users": "email",
    "mysql.company.customers": "email",
    "s3.people/people.csv": "email",
    "salesforce.Contact": "Email",
    "salesloft.people": "email_address",
    "stripe.customers": "email",
}
"""The objects that have each person of the CRM once, and their column with the address."""

FORMER = {f"former.contact{number}" for number in (1, 2, 3)}
DIRTY = {
    "warehouse.public.salesforce_contacts",
    "warehouse.public.customers",
    "warehouse.public.salesloft_people",
}
STAFF = {f"{name}@tidepool-software.example" for name in ("ada.okafor", "ben.larsson", "ines.marin")}
SALESFORCE_ID = re.compile(r"(?:00[0-9A-Za-z]|701)Sb00000[0-9A-Za-z]{8}")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.example", re.IGNORECASE)
PRICES = {"gold": 0.0, "pro": 49.5, "enterprise": 399.0}


@dataclass(frozen=True)
class Held:
    """An object's columns as described, and its rows by name."""

    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    key: str = ""
    kind: str = "file"


@cache
def described(system: str) -> dict[str, Any]:
    body = json.loads((SYSTEMS / system / "system.json").read_text(encoding="utf-8"))
    above = body.get("rows_of", body.get("like"))
    return {**(described(above) if above else {}), **body}


@cache
def company() -> dict[str, Held]:
    return {f"{path.relative_to(SYSTEMS).parts[0]}.{name}": held for path, name, held in _all()}


def _all() -> Iterator[tuple[Path, str, Held]]:
    for path in sorted(SYSTEMS.glob("*/objects/*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        names = [column["name"] for column in body["columns"]]
        rows = [dict(zip(names, row, strict=True)) for row in body["rows"]]
        yield (
            path,
            path.name.removesuffix(".json"),
            Held(body["columns"], rows, body["key"] or "", body["kind"]),
        )
    for path in sorted(SYSTEMS.glob("*/files/**/*")):
        if path.is_file():
            content = read_file(path)
            names = [column.name for column in content.columns]
            rows = [dict(zip(names, row, strict=True)) for row in content.rows]
            name = path.relative_to(SYSTEMS / path.relative_to(SYSTEMS).parts[0] / "files").as_posix()
            yield path, name, Held([{"name": each} for each in names], rows)


def cells() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield each value with its object and column; values inside JSON are yielded one by one."""
    for name, held in company().items():
        for row in held.rows:
            for column in held.columns:
                for value in _leaves(row[column["name"]]):
                    yield name, column, value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _leaves(each)
    else:
        yield value


def referred(name: str, path: str) -> tuple[str, str]:
    """Return the object and the column that ``refers_to`` names."""
    target, _, key = path.rpartition(".")
    known = next(each for each in (target, f"{name.partition('.')[0]}.{target}") if each in company())
    return known, key


def with_attribute(attribute: str) -> list[tuple[str, Held, dict[str, Any]]]:
    """Return each column that has the attribute, with its object; at least one must exist."""
    found = [
        (name, held, column)
        for name, held in company().items()
        for column in held.columns
        if column.get(attribute)
    ]
    assert found
    return found


def suffix(id_: str) -> str:
    """Return the checksum of an id of 15 characters: three characters that encode its capitals."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (id_[start : start + 5] for start in (0, 5, 10))
    return "".join(letters[sum(char.isupper() << place for place, char in enumerate(part))] for part in parts)


@pytest.mark.parametrize("system", FOLDERS)
def test_a_description_uses_known_words_and_an_existing_type(system: str) -> None:
    body = described(system)
    kinds: dict[str, Any] = body["kinds"]

    assert system == SHARED or system in load_connection_types()
    assert body.keys() <= {
        *("about", "aliases", "creation", "kinds", "like", "parameters", "query", "rows_of"),
        *("has_deleted_records", "ignores_case", "not_offered", "schema_ids", "sources"),
    }
    assert body.get("query", {}).keys() <= {"language", "database", "schema"}
    creation = {"by", "columns", "id", "is_implied", "kind", "like", "properties"}
    assert body.get("creation", {}).keys() <= creation
    for kind in kinds.values():
        assert kind.keys() <= {"modes", "identity", "assigns_key", "is_target", "is_source", "properties"}
    for property_ in body.get("creation", {}).get("properties", []):
        assert property_.keys() <= {"id", "title", "values"}


@pytest.mark.parametrize("system", FOLDERS)
def test_a_database_is_named_by_a_field_of_the_configuration(system: str) -> None:
    key = described(system).get("query", {}).get("database")

    assert key is None or key in load_connection_types()[system].fields


@pytest.mark.parametrize("name", company())
def test_an_object_is_of_a_kind_and_keyed_by_a_column_of_its_own(name: str) -> None:
    held = company()[name]
    known = {
        *(
            "name",
            "sql_type",
            "label",
            "required",
            "unique",
            "createable",
            "updateable",
            "values",
            "refers_to",
        ),
        *("identity_functions", "computed", "from_reference", "stamped"),
    }

    assert held.kind in described(name.partition(".")[0])["kinds"]
    assert held.key in {"", *(column["name"] for column in held.columns)}
    assert set().union(*held.columns) <= known


def test_the_template_of_a_new_object_exists() -> None:
    creations = {system: described(system).get("creation", {}) for system in FOLDERS}
    like = [
        (f"{system}.{name}", each["kind"])
        for system, each in creations.items()
        for name in each.get("like", {}).values()
    ]

    assert like
    assert all(company()[name].kind == kind for name, kind in like)


def test_keys_and_unique_columns_hold_each_value_once() -> None:
    for name, held in company().items():
        unique = {held.key, *(column["name"] for column in held.columns if column.get("unique"))}
        for column in unique - {""}:
            values = [row[column] for row in held.rows]
            if name not in DIRTY:
                assert len(set(values)) == len(values), (name, column)
                assert None not in values or column != held.key, (name, column)


def test_required_columns_have_values() -> None:
    for name, held, column in with_attribute("required"):
        assert all(row[column["name"]] not in (None, "") for row in held.rows), (name, column["name"])


def test_values_are_in_their_pick_lists() -> None:
    for name, held, column in with_attribute("values"):
        values = {each["value"] for each in column["values"]}
        assert {row[column["name"]] for row in held.rows} <= values | {None}, (name, column["name"])


def test_references_exist() -> None:
    for name, held, column in with_attribute("refers_to"):
        target, key = referred(name, column["refers_to"])
        known = {row[key] for row in company()[target].rows}
        assert {row[column["name"]] for row in held.rows} <= known | {None}, (name, column["name"])


def test_columns_that_a_system_fills_have_the_values_it_would_fill() -> None:
    for name, held, column in with_attribute("computed"):
        for row in held.rows:
            assert row[column["name"]] == " ".join(row[part] for part in column["computed"]), name
    for name, held, column in with_attribute("from_reference"):
        (key,) = (each for each in held.columns if each["name"] == held.key)
        target, id_ = referred(name, key["refers_to"])
        rows = {row[id_]: row for row in company()[target].rows}
        for row in held.rows:
            assert row[column["name"]] == rows[row[held.key]][column["from_reference"]], name


def test_ids_of_salesforce_end_in_their_checksum() -> None:
    found = {value for _, _, value in cells() if isinstance(value, str) and SALESFORCE_ID.fullmatch(value)}

    assert len(found) > 70
    assert all(id_[15:] == suffix(id_[:15]) for id_ in found)


def test_all_contact_ids_but_three_are_in_the_crm() -> None:
    known = {row["Id"] for row in company()["salesforce.Contact"].rows}
    named = {value for _, _, value in cells() if isinstance(value, str) and SALESFORCE_ID.fullmatch(value)}
    former = [
        row["contact_id"]
        for row in company()["warehouse.public.salesforce_contacts"].rows
        if row["email"].partition("@")[0] in FORMER
    ]

    assert {id_ for id_ in named if id_.startswith("003")} - known == set(former)
    assert len(former) == len(FORMER)


def test_the_contacts_that_left_the_crm_are_its_deleted_records() -> None:
    contact = company()["salesforce.Contact"]
    known = {row["contact_id"]: row for row in company()["warehouse.public.salesforce_contacts"].rows}
    deleted = deleted_rows("salesforce", "Contact")

    assert {row["Email"].partition("@")[0] for row in deleted} == FORMER
    for row in deleted:
        assert list(row) == [column["name"] for column in contact.columns]
        assert (row["Email"], row["Plan__c"]) == (
            known[row["Id"]]["email"],
            known[row["Id"]]["subscription_plan"],
        )
        assert row["Monthly_Amount__c"] == PRICES[row["Plan__c"]]
    assert not deleted_rows("salesforce", "Account")


@pytest.mark.parametrize("name", EVERYONE)
def test_everyone_is_in_every_system(name: str) -> None:
    people = {row["Email"] for row in company()["salesforce.Contact"].rows}

    assert {row[EVERYONE[name]] for row in company()[name].rows} == people
    assert len(company()[name].rows) == len(people)


def test_every_address_belongs_to_a_person() -> None:
    crm = ("salesforce.Contact", "salesforce.Lead")
    people = STAFF | {row["Email"] for name in crm for row in company()[name].rows}
    found = {value for _, _, value in cells() if isinstance(value, str) and ADDRESS.fullmatch(value)}
    strangers = {address for address in found - people if address.casefold() not in people}

    assert {address.partition("@")[0] for address in strangers} == FORMER | {"walk-in", "mehmet"}
    assert len(found - people - strangers) == 1, "one address is written in capitals"


def test_a_person_has_the_same_plan_and_amount_everywhere() -> None:
    plans = {row["Email"]: row["Plan__c"] for row in company()["salesforce.Contact"].rows}
    compared = 0
    for name, held in company().items():
        for row in held.rows:
            folded = {key.casefold().removesuffix("__c"): value for key, value in row.items()}
            email = str(folded.get("email")).casefold()
            plan = folded.get("plan", folded.get("subscription_plan"))
            amount = folded.get("monthly_amount", folded.get("amount"))
            if email in plans and plan not in (None, "platinum"):
                compared += 1
                assert plan == plans[email], (name, email)
                assert amount in (None, PRICES[plan]), (name, email)

    assert compared > 300


def test_deals_and_invoices_have_the_same_amounts_everywhere() -> None:
    deals = [
        {row[name]: row[amount] for row in company()[object_].rows}
        for object_, name, amount in (
            ("salesforce.Opportunity", "Name", "Amount"),
            ("hubspot.deals", "dealname", "amount"),
            ("gsheets.Forecast 2026", "Deal", "Amount"),
        )
    ]
    booked = {row["tranid"]: row["total"] * 100 for row in company()["netsuite.invoice"].rows}

    assert deals[0] == deals[1] == deals[2]
    assert booked == {row["number"]: row["amount_due"] for row in company()["stripe.invoices"].rows}


def test_the_intended_defects_exist() -> None:
    customers = company()["warehouse.public.customers"].rows
    by_column = {name: [row[name] for row in customers] for name in customers[0]}
    addresses = [address.casefold() for address in by_column["email"]]

    assert by_column["customer_id"].count(None) == 1
    assert by_column["last_name"].count(None) == 1
    assert len(addresses) - len(set(addresses)) == 1
    assert by_column["plan"].count("platinum") == 1
    assert max(len(note or "") for note in by_column["notes"]) == 10_400
    assert {"1899-12-31", "1969-12-31"} <= set(by_column["born_on"])
    assert "12345678901234.5678" in by_column["lifetime_value"]
    assert [None, ""] in by_column["tags"]
    assert 999_999 in {row["person_id"] for row in company()["warehouse.public.salesloft_people"].rows}
    assert {row["IsActive"] for row in company()["salesforce.User"].rows} == {True, False}


def test_the_company_is_small() -> None:
    files = [path for path in SYSTEMS.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) < 400_000


def test_every_value_is_in_the_form_of_its_column() -> None:
    app = create_sandbox()
    workspace = app.state.workspace
    for system in FOLDERS:
        for table in workspace.tables.list(system):
            name = ".".join(f'"{part}"' for part in table.name.split("."))
            result = workspace.engine.query(system, f"FROM {name}", dialect="duckdb")
            assert result.rows == [tuple(row.values()) for _, row in workspace.tables.read(table)], table.id
            assert [each.sql_type for each in result.columns] == [each.sql_type for each in table.columns]
