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


@pytest.mark.parametrize(("name", "is_wrong"), [(None, False), ("", False), ("people", False), (" ", True)])
def test_an_output_name_is_no_blank(name: str | None, is_wrong: bool) -> None:
    assert (outputs.output_name_problem(name) is not None) == is_wrong


@pytest.mark.parametrize(("cutoff", "is_wrong"), [(None, False), ("2026-01-31", False), ("soon", True)])
def test_a_cutoff_is_a_time(cutoff: str | None, is_wrong: bool) -> None:
    assert (outputs.cutoff_problem(cutoff) is not None) == is_wrong
