"""The values that the API lists for a field: found by value, label or spelling, and named in a hint."""

from typing import Any

import pytest

from polytomic_mcp.catalogue.rules.choices import Choices

ACCOUNTS = [
    {"value": "512::987", "label": "Tidepool Software"},
    {"value": "512::988", "label": "Tidepool Software EMEA"},
    {"value": "a", "label": "Twin"},
    {"value": "b", "label": "twin"},
    {"value": "read_only", "label": "Read only"},
    {"value": 7},
    "plain",
    None,
]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("512::987", ["512::987"]),
        ("tidepool SOFTWARE", ["512::987"]),
        ("Read-Only", ["read_only"]),
        ("PLAIN", ["plain"]),
        ("7", [7]),
        (7, [7]),
        ("twin", []),
        ("nobody", []),
        (["plain"], []),
    ],
)
def test_a_choice_is_found_by_its_value_its_label_or_its_spelling(given: Any, found: list[Any]) -> None:
    assert Choices.of(ACCOUNTS).find(given) == found


def test_a_hint_has_labels_that_say_more_and_the_nearest_first() -> None:
    hint = Choices.of(ACCOUNTS[:5]).hint("Tidepool EMEA")

    assert hint.startswith(" Did you mean '512::988 (Tidepool Software EMEA)'? Valid values: 512::988 (")
    assert hint.endswith(", read_only.")


@pytest.mark.parametrize("items", [None, {}, "text", []])
def test_anything_else_than_a_list_has_no_values(items: Any) -> None:
    assert Choices.of(items).values == []
