"""Filter functions: their names, and the values that they take."""

from datetime import timedelta
from typing import Any

import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.rules.filter_functions import (
    FUNCTIONS,
    can_compare_fields,
    condition_problem,
    spelled_duration,
    to_duration,
    value_problem,
)


def test_the_functions_are_those_of_the_catalogue() -> None:
    condition = load_catalogue().definitions["ModelFilterCondition"]

    assert sorted(FUNCTIONS) == sorted(condition["properties"]["function"]["examples"])


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("Equality", ["", 0, False, [], {"a": 1}]),
        ("IsNull", [None]),
        (
            "OnOrAfter",
            ["2026-01-31", "2026-01-31T09:00", "20260131", "2026-01-31T09:00:00.5+02:00", " 2026-01-31 "],
        ),
        ("LessThan", [0, 1.5, "5", "b", "2026-01-31", ""]),
        ("StringContains", ["", "a", 5, True]),
        ("StringOneOf", [["a", 5, None, True], [], "a, b", 5]),
        (
            "Between",
            [
                [1, "3"],
                ["2026-01-01", "2026-01-31T09:00:00Z"],
                ["a", "m"],
                ["00501", "A1A"],
                [20260101, "20260131"],
            ],
        ),
        ("ArrayContains", ["a", 5, ["a", None, {"a": 1}], []]),
        ("InTheLast", ["7 days", "day", "last_month", "in the last 2 hours"]),
        ("RelativeOnOrBefore", ["48 hours ago", " 1_week "]),
    ],
)
def test_a_function_takes_values_of_its_kind(function: str, values: list[Any]) -> None:
    assert [value for value in values if value_problem(function, value)] == []


@pytest.mark.parametrize(
    ("function", "field_type", "values", "refused"),
    [
        ("Equality", "datetime", ["2026-01-31", "20260131"], ["2026-02-30", "soon", 5, True]),
        ("Inequality", "datetime", ["2026-01-31T09:00Z"], ["", ["2026-01-31", "never"]]),
        ("GreaterThan", "datetime", ["2026-01-31"], ["yesterday", "2026-13-01", 5]),
        ("Between", "datetime", [["2026-01-01", "2026-01-31"]], [["2026-02-30", "2026-02-31"], [1, 2]]),
        ("Equality", "number", [5, "5.5", -1], ["five", "", True, "2026-01-31"]),
        ("LessThanEqual", "number", [5, "1e3"], ["many", "2026-01-31"]),
        ("Between", "number", [[1, "3"]], [["a", "m"], ["2026-01-01", "2026-01-31"]]),
        ("Equality", "boolean", [True, "false", 0], ["maybe", 2]),
        ("Equality", "string", ["2026-02-30", 5, True], []),
        ("Equality", "unknown", ["2026-02-30", "five"], []),
        ("StringContains", "number", ["5", "a"], []),
        ("StringOneOf", "number", [[5, "a", None], "5, 6"], []),
        ("InTheLast", "datetime", ["7 days"], ["2026-01-31"]),
        ("IsNull", "datetime", [None], ["2026-01-31"]),
    ],
)
def test_a_value_has_the_type_of_the_field_that_it_is_compared_with(
    function: str, field_type: str, values: list[Any], refused: list[Any]
) -> None:
    assert [value for value in values if value_problem(function, value, field_type)] == []
    assert [value for value in refused if not value_problem(function, value, field_type)] == []


def test_a_value_of_the_wrong_type_is_refused_by_name() -> None:
    assert value_problem("Equality", "2026-02-30", "datetime") == (
        "Equality on a field of type datetime needs a date or a time, such as '2026-01-31' or "
        "'2026-01-31T09:00:00Z'. '2026-02-30' is not one."
    )


@pytest.mark.parametrize(
    ("function", "value", "reason"),
    [
        (
            "Equals",
            "a",
            "Unknown filter function 'Equals'. 'Equals' is Equality here. Valid values: Equality",
        ),
        ("Equality", None, "Equality needs a value. To test for a missing one, use IsNull or IsNotNull."),
        ("IsNull", "a", "IsNull takes no value. Omit it."),
        ("OnOrAfter", "yesterday", "OnOrAfter needs a date or a time, such as '2026-01-31' or"),
        ("OnOrBefore", "31.01.2026", "OnOrBefore needs a date or a time, such as"),
        ("OnOrAfter", 1767225600, "OnOrAfter needs a date or a time, such as"),
        ("OnOrAfter", ["2026-01-31"], "OnOrAfter needs a date or a time, such as"),
        ("GreaterThan", [5], "GreaterThan needs a number, a date, a time or a text, such as"),
        ("GreaterThan", {"a": 5}, "GreaterThan needs a number"),
        ("LessThanEqual", True, "LessThanEqual needs a number"),
        ("StringContains", ["a"], "StringContains needs a text, such as 'acme'."),
        ("StringLike", {"a": 1}, "StringLike needs a text"),
        ("StringOneOf", {"a": 1}, "StringOneOf needs a list of values, such as ['new', 'open']."),
        ("StringNotOneOf", ["a", ["b"]], "StringNotOneOf needs a list of values"),
        ("Between", 5, "Between needs a list of two values, the lowest and the highest"),
        ("Between", [5], "Between needs a list of two values"),
        ("Between", [1, 2, 3], "Between needs a list of two values"),
        ("Between", [1, None], "Between needs a list of two values"),
        ("Between", [True, False], "Between needs a list of two values"),
        ("Between", [1, "a"], "Between needs a list of two values"),
        ("Between", ["2026-01-31", "tomorrow"], "Between needs a list of two values"),
        ("Between", [[1], [2]], "Between needs a list of two values"),
        ("ArrayContains", {"a": 1}, "ArrayContains needs a value or a list of values"),
        ("InTheLast", "soon", "InTheLast needs a duration such as '7 days' or '48 hours ago'. 'soon' is not"),
        ("InTheLast", "999999999 days", "InTheLast needs a duration"),
        ("RelativeOnOrAfter", "2026-01-31", "RelativeOnOrAfter needs a duration"),
        (
            "RelativeOnOrAfter",
            7,
            "RelativeOnOrAfter needs a duration such as '7 days' or '48 hours ago'. 7 is",
        ),
    ],
)
def test_a_value_of_another_kind_is_refused_with_an_example(function: str, value: Any, reason: str) -> None:
    assert (value_problem(function, value) or "").startswith(reason)


def test_a_refused_value_is_named() -> None:
    assert (value_problem("OnOrAfter", "yesterday") or "").endswith(" 'yesterday' is not valid.")
    assert "not valid" not in (value_problem("OnOrAfter", None) or "")


@pytest.mark.parametrize(
    ("function", "can"),
    [
        ("Equality", True),
        ("OnOrAfter", True),
        ("StringOneOf", True),
        ("IsNull", False),
        ("Between", False),
        ("InTheLast", False),
        ("x", False),
    ],
)
def test_some_functions_can_compare_two_fields(function: str, can: bool) -> None:  # noqa: FBT001 - a parameter
    assert can_compare_fields(function) is can


def test_a_duration_has_a_number_and_a_unit() -> None:
    assert to_duration("2 Weeks ago") == timedelta(weeks=2)
    assert to_duration("a while") is None


@pytest.mark.parametrize(
    ("function", "value", "part"), [("Like", 1, "function: "), ("OnOrAfter", "soon", "value: ")]
)
def test_the_part_of_a_condition_that_is_wrong_is_named(function: str, value: Any, part: str) -> None:
    assert (condition_problem(function, value) or "").startswith(part)
    assert condition_problem("Equality", value) is None


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("24h", "24 hours"),
        ("P1D", "1 days"),
        ("pt90min", "90 minutes"),
        ("2 hrs ago", "2 hours"),
        (" 3w ", "3 weeks"),
        ("Yesterday", "1 day ago"),
        ("7 days", "7 days"),
        ("P1M", "P1M"),
        (5, 5),
        (None, None),
    ],
)
def test_a_duration_in_another_spelling_is_spelled_as_the_api_does(written: object, spelled: object) -> None:
    assert spelled_duration(written) == spelled
