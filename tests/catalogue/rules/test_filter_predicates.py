"""Filter functions: which values pass."""

from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.catalogue.rules import filter_predicates
from polytomic_mcp.catalogue.rules.filter_functions import FUNCTIONS, value_problem

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("function", "value", "passing", "failing"),
    [
        ("Equality", "a", ["a"], ["A", None, "b"]),
        ("Equality", 5, [5, 5.0, "5", "5.0"], [6, "five", None]),
        ("Equality", "2026-01-01T00:00:00Z", ["2026-01-01", "2026-01-01T01:00:00+01:00"], ["2026-01-02"]),
        ("Equality", True, [True, "true", 1], [False, "x", None]),
        ("Inequality", "a", ["b", None], ["a"]),
        ("IsNull", None, [None], ["", 0]),
        ("IsNotNull", None, ["", 0], [None]),
        ("True", None, [True, "true", 1], [False, None, "no"]),
        ("False", None, [False, "false", 0], [True, None, "no"]),
        (
            "OnOrAfter",
            "2026-01-10",
            ["2026-01-10T00:00:00", "2026-02-01"],
            ["2026-01-09T23:59:59", None, "x"],
        ),
        ("OnOrBefore", "2026-01-10", ["2026-01-10T23:59:59"], ["2026-01-11"]),
        ("OnOrBefore", "2026-01-10T12:00:00Z", ["2026-01-10T12:00:00"], ["2026-01-10T12:00:01"]),
        ("GreaterThan", 5, [6, "10"], [5, "4", None]),
        ("GreaterThanEqual", 5, [5, 6], [4, None]),
        ("LessThan", "b", ["a"], ["b", "c", None]),
        ("LessThanEqual", 5, [5, "4"], [6, None]),
        ("StringContains", "ad", ["shade"], ["ADA", None]),
        ("StringStartsWith", "Ad", ["Ada"], ["Bad", None]),
        ("StringEndsWith", "da", ["Ada"], ["Adam", None]),
        ("StringDoesNotContain", "ad", ["Bob", None], ["shade"]),
        ("StringDoesNotStartWith", "Ad", ["Bob", None], ["Ada"]),
        ("StringDoesNotEndWith", "da", ["Bob", None], ["Ada"]),
        ("StringOneOf", ["a", 1], ["a", 1, "1"], ["b", None]),
        ("StringOneOf", "a, b", ["a", "b"], ["a, b"]),
        ("StringNotOneOf", ["a"], ["b", None], ["a"]),
        ("Between", [1, "3"], [1, 2, 3], [0, 4, None]),
        ("Between", ["2026-01-01", "2026-01-31"], ["2026-01-15T10:00:00Z"], ["2026-02-01"]),
        (
            "Between",
            ["2026-01-01", "2026-01-31"],
            ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-31", "2026-01-31T23:59:59Z"],
            ["2025-12-31T23:59:59Z", "2026-02-01T00:00:00Z", None],
        ),
        (
            "Between",
            ["2026-01-01T12:00:00Z", "2026-01-31"],
            ["2026-01-01T12:00:00Z", "2026-01-31T20:00:00Z"],
            ["2026-01-01T11:59:59Z", "2026-02-01"],
        ),
        ("LessThanEqual", "2026-01-31", ["2026-01-31T20:00:00Z"], ["2026-02-01"]),
        ("GreaterThan", "2026-01-31", ["2026-02-01"], ["2026-01-31T20:00:00Z"]),
        (
            "Equality",
            "2026-01-31",
            ["2026-01-31T20:00:00Z", "2026-01-31"],
            ["2026-02-01", "2026-01-30T23:00Z"],
        ),
        ("StringOneOf", [None], [], ["", None, "None"]),
        ("StringNotOneOf", [None], ["", None, "a"], []),
        ("StringOneOf", [None, ""], [""], [None, "a"]),
        ("StringOneOf", [5.0, "x", True], [5, "5", "5.0", "x", True, "true"], ["6", False, None]),
        ("ArrayContains", "a", [["a", "b"], "a,b"], [["b"], None]),
        ("ArrayContains", ["a", 1], [[1, "a"]], [["a"]]),
        ("ArrayDoesNotContain", "a", [["b"], None], [["a"]]),
        (
            "InTheLast",
            "7 days",
            ["2026-01-08T09:00:00Z", "2026-01-15T09:00:00Z"],
            ["2026-01-08", "2026-01-16", None],
        ),
        ("InTheLast", "last_month", ["2025-12-20"], ["2025-12-01"]),
        ("RelativeOnOrBefore", "48 hours ago", ["2026-01-13T09:00:00Z"], ["2026-01-14", None]),
        ("RelativeOnOrAfter", "1_week", ["2026-01-09"], ["2026-01-01", "x"]),
        ("StringLike", "A_a%", ["Ada", "Ada\nL."], ["ada", "Aa", None]),
        ("StringNotLike", "A%", ["Bob", None], ["Ada"]),
        ("StringMatchesTrimmed", " Ada ", ["Ada", "  Ada"], ["ada", None]),
    ],
)
def test_a_function_passes_the_documented_values(
    function: str, value: Any, passing: list[Any], failing: list[Any]
) -> None:
    test = filter_predicates.build_predicate(function, value, NOW, "unknown")

    assert [field for field in passing if not test(field)] == []
    assert [field for field in failing if test(field)] == []
    assert value_problem(function, value) is None


def test_every_function_of_the_rules_can_be_run() -> None:
    values = {"time": "2026-01-31", "range": [1, 2], "duration": "7 days", "none": None}
    predicates = [
        filter_predicates.build_predicate(name, values.get(kind, "a"), NOW, "unknown")
        for name, kind in FUNCTIONS.items()
    ]

    assert all(predicate("2026-01-31") in (True, False) for predicate in predicates)


@pytest.mark.parametrize(
    ("left", "right", "is_equal"), [(None, None, True), (None, "", False), ("", None, False), (1, 1.0, True)]
)
def test_null_equals_only_null(left: Any, right: Any, is_equal: bool) -> None:  # noqa: FBT001 - a parameter
    assert filter_predicates.is_equal(left, right) is is_equal


@pytest.mark.parametrize(
    ("field_type", "value", "equal", "unequal"),
    [
        ("string", "1234", ["1234", 1234], ["01234", "1234.0", None]),
        ("string", "1e3", ["1e3"], ["1000"]),
        ("string", 5, ["5"], ["05", "5.0"]),
        ("number", "5", [5, 5.0, "5.00"], [6, None]),
    ],
)
def test_a_text_field_equals_the_same_text_and_a_number_the_same_number(
    field_type: str, value: Any, equal: list[Any], unequal: list[Any]
) -> None:
    equals = filter_predicates.build_predicate("Equality", value, NOW, field_type)
    differs = filter_predicates.build_predicate("Inequality", value, NOW, field_type)

    assert [field for field in [*equal, *unequal] if equals(field)] == equal
    assert [field for field in [*equal, *unequal] if differs(field)] == unequal
