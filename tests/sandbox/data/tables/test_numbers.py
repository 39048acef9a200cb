"""Numbers of JSON and of databases, without loss."""

from decimal import Decimal

import pytest

from polytomic_mcp.sandbox.data.tables.numbers import (
    exact,
    float_json,
    is_double,
    is_single,
    json_number,
    last_place,
    single,
    to_decimal,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.50", 1.5),
        ("123456789012345", 123456789012345.0),
        ("1234567890123456.7891", "1234567890123456.7891"),
        ("-0.10", -0.1),
    ],
)
def test_a_decimal_is_a_number_as_long_as_a_double_has_all_its_digits(text: str, number: float | str) -> None:
    assert exact(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", 0.1),
        ("0.10", 0.1),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("1.00000000000000000001e2", "1.00000000000000000001e2"),
    ],
)
def test_a_number_of_json_that_a_double_would_round_stays_text(text: str, number: float | str) -> None:
    assert json_number(text) == number


def test_what_json_lacks_is_text() -> None:
    values = [float("nan"), float("inf"), float("-inf"), 1.5]

    assert [float_json(value) for value in values] == ["NaN", "Infinity", "-Infinity", 1.5]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, None),
        (7, Decimal(7)),
        (0.1, Decimal("0.1")),
        (float("inf"), None),
        (" 1.50 ", Decimal("1.50")),
        ("x", None),
        (None, None),
    ],
)
def test_a_value_spells_an_exact_number_or_none(value: object, number: Decimal | None) -> None:
    assert to_decimal(value) == number


@pytest.mark.parametrize(
    ("number", "in_eight_bytes", "in_four"),
    [
        ("0.1", True, True),
        ("0.12345678901", True, False),
        ("1e300", True, False),
        ("9007199254740993", False, False),
    ],
)
def test_a_float_holds_the_numbers_that_it_gives_back(
    number: str, *, in_eight_bytes: bool, in_four: bool
) -> None:
    assert (is_double(Decimal(number)), is_single(Decimal(number))) == (in_eight_bytes, in_four)


def test_no_float_holds_a_number_beyond_its_range() -> None:
    assert not is_double(Decimal(10) ** 400)


def test_a_float_of_four_bytes_has_its_shortest_text() -> None:
    assert single(0.10000000149011612) == 0.1
    assert single(float("inf")) == float("inf")


@pytest.mark.parametrize(("number", "place"), [("0", 0), ("100", 2), ("1.250", -2), ("7", 0)])
def test_the_last_place_is_that_of_the_last_digit_that_is_not_zero(number: str, place: int) -> None:
    assert last_place(Decimal(number)) == place
