"""The names and places of what a bulk sync writes."""

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
    assert outputs.place(configuration, "people") == place


def test_names_that_no_place_can_have_are_named_with_their_key() -> None:
    wrong = {"schema": "a\x00", "path": " ", "dataset": 5, "format": " "}

    assert [key for key, _ in outputs.place_problems(wrong)] == ["schema", "path"]


@pytest.mark.parametrize("name", [None, "", "people"])
def test_an_output_may_have_no_name_of_its_own(name: str | None) -> None:
    assert outputs.output_name_problem(name) is None


def test_an_output_name_is_no_blank() -> None:
    assert outputs.output_name_problem(" ") == "An output needs a name."


def test_a_cutoff_is_a_time_or_nothing() -> None:
    wrong = [cutoff for cutoff in (None, "2026-01-31", "soon") if outputs.cutoff_problem(cutoff)]

    assert wrong == ["soon"]
