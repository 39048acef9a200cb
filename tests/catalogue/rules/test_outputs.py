"""The names and places of what a bulk sync writes."""

from typing import Any

import pytest

from polytomic_mcp.catalogue.rules import outputs


@pytest.mark.parametrize(
    ("name", "normalization", "normalized"),
    [
        ("Lead Source", "enabled", "lead_source"),
        ("public.Users", "legacy", "public_users"),
        ("2026 plan", "enabled", "_2026_plan"),
        ("!", "enabled", "_"),
        ("Lead Source", "disabled", "Lead Source"),
    ],
)
def test_a_name_is_normalized_as_the_bulk_sync_says(name: str, normalization: str, normalized: str) -> None:
    assert outputs.normalized(name, normalization) == normalized


@pytest.mark.parametrize(
    ("configuration", "place"),
    [
        ({"schema": "app"}, "app.people"),
        ({"dataset": "app"}, "app.people"),
        ({}, "people.csv"),
        ({"path": "/daily/", "format": "json"}, "daily/people.json"),
    ],
)
def test_an_output_is_in_a_schema_or_in_a_folder(configuration: dict[str, str], place: str) -> None:
    assert outputs.place({"destination_configuration": configuration}, "shop.people", "people") == place


@pytest.mark.parametrize(
    ("schema", "configuration", "name", "place"),
    [
        ({"id": "Shop.People"}, {}, "shop_people", "copy.shop_people"),
        ({"id": "Shop.People"}, {"mirror_schemas": True}, "people", "shop.people"),
        ({"id": "Contact"}, {"mirror_schemas": True}, "contact", "copy.contact"),
        ({"id": "Contact"}, {"advanced": {"table_prefix": "CRM_"}}, "CRM_contact", "copy.CRM_contact"),
        (
            {"id": "a.b", "user_output_name": "c"},
            {"mirror_schemas": True, "advanced": {"table_prefix": "x_"}},
            "x_c",
            "a.x_c",
        ),
    ],
)
def test_an_output_has_the_prefix_of_all_tables_and_may_mirror_its_source(
    schema: dict[str, str], configuration: dict[str, Any], name: str, place: str
) -> None:
    sync = {
        "normalize_names": "enabled",
        "destination_configuration": {"schema": "copy", **configuration},
    }

    assert outputs.output_name(sync, schema) == name
    assert outputs.place(sync, schema["id"], name) == place


def test_names_that_no_place_can_have_are_named_with_their_key() -> None:
    wrong: dict[str, Any] = {"schema": "a\x00", "path": " ", "dataset": 5, "format": " "}
    wrong["advanced"] = {"table_prefix": "a\n"}

    keys = [key for key, _ in outputs.place_problems(wrong)]

    assert keys == ["schema", "path", "advanced.table_prefix"]


@pytest.mark.parametrize("name", [None, "", "people"])
def test_an_output_may_have_no_name_of_its_own(name: str | None) -> None:
    assert outputs.output_name_problem(name) is None


def test_an_output_name_is_no_blank() -> None:
    assert outputs.output_name_problem(" ") == "An output needs a name."


def test_a_cutoff_is_a_time_or_nothing() -> None:
    wrong = [cutoff for cutoff in (None, "2026-01-31", "soon") if outputs.cutoff_problem(cutoff)]

    assert wrong == ["soon"]
