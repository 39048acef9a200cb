"""How identities find the rows that match, with several mappings or several matches."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.resources.syncs.movement import runner
from tests.sandbox.resources.syncs.conftest import Stage


async def test_all_matches_are_updated_with_a_warning(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.BOB])
    stage.table("public.arrivals", "id name", [stage.ROBERT, stage.ROBERT])
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["counts"] == stage.counts(update=1, warnings=1, total=1)
    assert stage.rows("public.arrivals") == [stage.BOB, stage.BOB]


async def test_a_match_ignoring_case_finds_rows_of_earlier_chunks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A chunk has 10,000 records; with smaller chunks a few records are enough.
    monkeypatch.setattr(runner, "CHUNK", 1)
    people = [{"id": name, "name": name} for name in ("bob", "ADA", "ada", "Cy")]
    model = await stage.model("people", "id name", people)
    stage.table(
        "public.arrivals", "id name", [{"id": "Bob", "name": "Robert"}, {"id": "BOB", "name": "Bobby"}]
    )
    identity = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": "ISubstring"}

    counts = await stage.moved(model, "public.arrivals", fields="name>name", identity=identity)

    assert counts == {"update": 2, "insert": 2, "warnings": 1, "total": 4}
    assert [row["name"] for row in stage.rows("public.arrivals")] == ["bob", "bob", "ada", "Cy"]


async def test_priority_uses_the_first_mapping_that_matches(stage: Stage) -> None:
    people = [
        {"id": "1", "email": "x@a.example", "name": "by id"},
        {"id": "9", "email": "c@a.example", "name": "by mail"},
    ]
    model = await stage.model("people", "id email name", people)
    stage.table(
        "public.arrivals",
        "id email name",
        [{"id": "1", "email": "a@a.example"}, {"id": "3", "email": "c@a.example"}],
    )

    counts = await stage.moved(
        model,
        "public.arrivals",
        mode="update",
        fields="name>name",
        identities=two_identities(model, "priority"),
    )

    assert counts == {"update": 2, "total": 2}
    assert [row["name"] for row in stage.rows("public.arrivals")] == ["by id", "by mail"]


async def test_and_requires_every_mapping_to_match(stage: Stage) -> None:
    people = [
        {"id": "1", "email": "a@a.example", "name": "both"},
        {"id": "3", "email": "a@a.example", "name": "one"},
        {"id": "1", "email": None, "name": "half"},
    ]
    model = await stage.model("people", "id email name", people)
    stage.table(
        "public.arrivals",
        "id email name",
        [{"id": "1", "email": "a@a.example"}, {"id": "3", "email": "c@a.example"}],
    )
    sync = await stage.sync(
        model, "public.arrivals", fields="name>name", identities=two_identities(model, "and")
    )

    execution = await stage.start(sync)

    assert execution["counts"] == stage.counts(update=1, insert=1, error=1, total=3)


async def test_priority_ignores_mappings_without_a_value(stage: Stage) -> None:
    model = await stage.model(
        "people", "id email name", [{"id": None, "email": "a@a.example", "name": "Ada"}]
    )
    stage.table("public.arrivals", "id email name")
    identities = two_identities(model, "priority")

    counts = await stage.moved(model, "public.arrivals", fields="name>name", identities=identities)

    assert counts == {"insert": 1, "total": 1}
    assert stage.rows("public.arrivals") == [{"id": None, "email": "a@a.example", "name": "Ada"}]


def two_identities(model: str, strategy: str) -> dict[str, Any]:
    return {
        "strategy": strategy,
        "mappings": [
            {"source": {"model_id": model, "field": field}, "target": field, "function": "equality"}
            for field in ("id", "email")
        ],
    }


@pytest.mark.parametrize(
    ("system", "object_", "key", "email", "name"),
    [
        ("salesforce", "Contact", "Id", "Email", "LastName"),
        ("hubspot", "contacts", "id", "email", "lastname"),
    ],
)
async def test_a_crm_finds_a_text_in_any_case_as_its_own_search_does(
    system: str, object_: str, key: str, email: str, name: str, stage: Stage
) -> None:
    found = ["ADA@ACME.EXAMPLE", "élodie@acme.example", "İpek@acme.example", "new@acme.example"]
    people = [{"id": None, "email": each, "name": "Changed"} for each in [*found, "New@Acme.example"]]
    model = await stage.model("people", "id email name", people)
    table = stage.stored_table(object_, system=system)
    held = ["Ada@Acme.example", "Élodie@acme.example", "İpek@acme.example"]
    stage.workspace.tables.insert(
        table, [{key: f"00{at}", email: each, name: "Old"} for at, each in enumerate(held)]
    )

    counts = await stage.moved(
        model, object_, system=system, fields=f"name>{name}", identity=f"email>{email}"
    )

    assert counts == {"update": 4, "insert": 1, "total": 5}
    rows = [row for row in stage.rows(object_, system=system) if row[name] == "Changed"]
    assert [row[email] for row in rows] == [*held, "new@acme.example"]


async def test_a_crm_compares_its_ids_exactly(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": "003sb00000", "name": "Other"}])
    contacts = stage.stored_table("Contact", system="salesforce")
    stage.workspace.tables.insert(contacts, [{"Id": "003Sb00000", "LastName": "Old"}])

    sync = await stage.sync(model, "Contact", system="salesforce", fields="name>LastName", identity="id>Id")

    execution = await stage.start(sync)

    assert execution["counts"] == stage.counts(error=1, total=1)
    assert execution["errors"] == ["Record 1: Contact assigns Id itself and has no record with 003sb00000"]


async def test_a_list_and_a_substring_are_found_in_any_case_too(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": "B@X.example", "name": "Bob"}])
    contacts = stage.stored_table("contacts", system="hubspot")
    held = {"hs_additional_emails": ["a@x.example", "b@x.example"], "lastname": "Old"}
    stage.workspace.tables.insert(contacts, [held])
    identity = {
        "source": {"model_id": model, "field": "id"},
        "target": "hs_additional_emails",
        "function": "OneOf",
    }

    counts = await stage.moved(
        model, "contacts", mode="update", system="hubspot", fields="name>lastname", identity=identity
    )

    assert counts == {"update": 1, "total": 1}
