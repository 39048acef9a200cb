"""Filter logic: expressions of labels."""

import pytest

from polytomic_mcp.catalogue.rules.filter_logic import LogicError, default_label, parse, relabeled


@pytest.mark.parametrize(
    ("text", "true", "holds"),
    [
        ("A and B or C", "C", True),
        ("A and (B or C)", "C", False),
        ("A and (B or C)", "AC", True),
        ("a_1 OR (b AND c)", "", False),
        ("", "AB", False),
        ("", "ABC", True),
        ("A and B and C", "ABC", True),
        ("((A)) and B and C", "BC", False),
    ],
)
def test_an_expression_is_evaluated_by_its_operators(text: str, true: str, holds: bool) -> None:  # noqa: FBT001 - a parameter
    labels = ["a_1", "b", "c"] if "a_1" in text else ["A", "B", "C"]
    expression = parse(text, labels)

    assert expression.holds(lambda label: label in true) is holds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A and D or B", "uses unknown labels: D. The labels are A, B"),
        ("A", "omits B"),
        ("A and", "ends where"),
        ("A B", "has 'B' where 'and' or 'or'"),
        ("(A and B", "has no closing parenthesis"),
        ("A and B)", "has ')' where"),
        ("A and or B", "has 'or' where"),
        ("1 and A", "has '1' where"),
        ("A & B", "has '&' where"),
        ("(" * 60 + "A" + ")" * 60, "nests more than 50 parentheses"),
    ],
)
def test_a_malformed_expression_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(LogicError) as raised:
        parse(text, ["A", "B"])

    assert str(raised.value).startswith(reason)


def test_an_expression_without_conditions_is_refused() -> None:
    with pytest.raises(LogicError, match="There are no conditions"):
        parse("A", [])


def test_labels_can_be_replaced() -> None:
    text = parse("x and (y or z)", ["x", "y", "z"]).renamed({"x": "A", "y": "B", "z": "C"})

    assert text == "A and (B or C)"


def test_labels_can_be_replaced_in_an_expression_as_it_is_written() -> None:
    assert relabeled("(x AND  y)or z", {"x": "A", "y": "B", "z": "C"}) == "(A AND  B)or C"


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ("A and B and C", "(A AND (B)) and (C)", True),
        ("A or (B and C)", "(A) or (B AND (C))", True),
        ("((A or B)) and C", "(A or B) and C", True),
        ("A and B and C", "A and (B or C)", False),
    ],
)
def test_expressions_compare_without_needless_parentheses(one: str, other: str, *, is_equal: bool) -> None:
    first, second = (parse(text, ["A", "B", "C"]).flat() for text in (one, other))

    assert (first == second) is is_equal


def test_a_lone_label_is_an_expression() -> None:
    assert parse("x", ["x"]).renamed({"x": "A"}) == "A"


def test_default_labels_continue_after_z() -> None:
    assert [default_label(position) for position in (0, 25, 26, 27, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]
