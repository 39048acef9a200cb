"""What most rows have in common is said once."""

from typing import Any

import pytest

from polytomic_mcp.tools.answers.defaults import common_values, without_defaults

A, B, ALL = {"x": ["a"]}, {"x": ["b"]}, {"x"}


@pytest.mark.parametrize(
    ("rows", "common"),
    [
        ([], {}),
        ([A, A], {}),
        ([A, A, A], A),
        ([A, A, A, B, B, B, B, B], B),
        ([A, A, A, B, B, {"x": 1}, {"x": 2}], {}),
        ([A, A, A, {}], {}),
        ([{"x": False}] * 3, {}),
        ([{"y": 1}] * 3, {}),
    ],
)
def test_a_value_is_common_if_half_of_the_rows_and_three_of_them_have_it(rows: Any, common: Any) -> None:
    assert common_values(rows, ALL) == common


@pytest.mark.parametrize(
    ("row", "rest"),
    [
        ({"id": 1, "x": ["a"]}, {"id": 1}),
        ({"id": 1, "x": []}, {"id": 1, "x": []}),
        ({"id": 1, "y": []}, {"id": 1}),
        ({"id": 1, "x": ["b"], "y": 2}, {"id": 1, "x": ["b"], "y": 2}),
    ],
)
def test_a_row_has_only_what_differs(row: Any, rest: Any) -> None:
    assert without_defaults(row, A) == rest
