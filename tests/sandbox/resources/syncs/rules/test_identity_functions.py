"""Identity functions: which records they find."""

from typing import Any

import pytest

from polytomic_mcp.catalogue.rules.identity_functions import FUNCTIONS
from polytomic_mcp.sandbox.resources.syncs.rules import identity_functions
from polytomic_mcp.sandbox.resources.syncs.rules.identity_functions import Index


@pytest.mark.parametrize(
    ("function", "held", "value", "found"),
    [
        ("Equality", ["1", 1.0, "one", None], 1, [0, 1]),
        ("Equality", ["Ada"], "ada", []),
        ("ISubstring", ["Acme Inc.", "Beta", None], "acme", [0]),
        ("OneOf", [["a", "b"], "b, c", ["d", None], None], "b", [0, 1]),
        ("OneOf", ["x"], ["x", "y"], [0]),
        (
            "DomainMatch",
            ["ada@mail.acme.example", "https://www.acme.example/x", "beta.example"],
            "acme.example",
            [0, 1],
        ),
        ("DomainMatch", ["shop.acme.co.uk", "other.co.uk"], "https://acme.co.uk", [0]),
        ("DomainMatch", ["http://[bad", ""], "acme.example", []),
        ("HostnameMatch", ["https://app.acme.example/login", "acme.example"], "app.acme.example:8443", [0]),
    ],
)
def test_a_function_finds_the_documented_records(
    function: str, held: list[Any], value: Any, found: list[int]
) -> None:
    index = Index(function)
    for id_, each in enumerate(held):
        index.add(id_, each)

    assert index.find(value) == found


def test_an_index_does_not_find_removed_records() -> None:
    index = Index("Equality")
    index.add(1, "a")
    index.add(2, "a")
    index.add(3, None)

    index.remove(1, "a")
    index.remove(3, None)

    assert index.find("a") == [2]
    assert index.find("b") == []


def test_every_function_of_the_rules_is_described_and_can_be_run() -> None:
    assert [Index(function).find("a") for function in FUNCTIONS] == [[] for _ in FUNCTIONS]
    assert [identity_functions.describe(function)["id"] for function in FUNCTIONS] == list(FUNCTIONS)
