"""References to arguments and to earlier answers, filled in."""

from typing import Any

import pytest

from polytomic_mcp.guides import ReferenceNotFoundError, as_text, fill, without_empty

ANSWERS: dict[str, Any] = {
    "model": {"id": "m1", "fields": [{"name": "email"}, {"name": "plan"}]},
    "run": {"counts": {"insert": 1500, "update": 0, "total": 1500}, "is_done": True, "late": False},
    "posts": [{"records": [{"id": 1}, {"id": 2}]}, {"records": [{"id": 3}]}],
    "proxy": {"body": '{"total": 5}'},
    "empty": [],
    "nothing": {},
    "gong": {"id": "g1"},
}
VALUES = {"gong": "Gong", "query": "SELECT '{gong}'"}


@pytest.mark.parametrize(
    ("value", "filled_in"),
    [
        ("{model.id}", "m1"),
        ("{model.fields.0.name}", "email"),
        ("{model.fields}", [{"name": "email"}, {"name": "plan"}]),
        ("{model.fields.*.name}", ["email", "plan"]),
        ("{posts.*.records.*.id}", [1, 2, 3]),
        ("{posts.#}", 2),
        ("{posts.*.records.#}", [2, 1]),
        ("{proxy.body.@json.total}", 5),
        ("{run.counts.insert}", 1500),
        ("ids {model.id} and {run.counts.insert}", "ids m1 and 1500"),
        ({"a": ["{model.id}", 7], "b": {"c": "{model.id}"}}, {"a": ["m1", 7], "b": {"c": "m1"}}),
    ],
)
def test_a_reference_is_filled_in_at_any_depth_and_keeps_its_type(value: Any, filled_in: Any) -> None:
    assert fill(value, ANSWERS, VALUES) == filled_in


@pytest.mark.parametrize("value", ["GET /api/syncs/{id}", "{}", "{model}", "{a b.c}", 5, None, True])
def test_a_text_without_references_is_unchanged(value: Any) -> None:
    assert fill(value, ANSWERS, VALUES) == value


@pytest.mark.parametrize(
    ("value", "filled_in"),
    [
        ("{gong}", "Gong"),
        ("{gong.id}", "g1"),
        ("{gong} is {gong.id}", "Gong is g1"),
        ({"query": "{query}"}, {"query": "SELECT '{gong}'"}),
    ],
)
def test_a_name_alone_is_the_value_of_an_argument(value: Any, filled_in: Any) -> None:
    assert fill(value, ANSWERS, VALUES) == filled_in


@pytest.mark.parametrize(
    "reference",
    [
        "{slack.id}",
        "{model.nonesuch}",
        "{model.fields.9}",
        "{model.fields.name}",
        "{run.is_done.#}",
        "{model.id.@json}",
    ],
)
def test_a_reference_to_nothing_is_named(reference: str) -> None:
    with pytest.raises(ReferenceNotFoundError) as raised:
        fill(reference, ANSWERS, VALUES)

    assert str(raised.value) == f"No earlier answer has {reference}."


@pytest.mark.parametrize(
    ("template", "read"),
    [
        ("{run.counts}", "1,500 insert, 1,500 total"),
        ("{model.fields.*.name}", "email, plan"),
        ("done: {run.is_done}, late: {run.late}", "done: yes, late: no"),
        ("{model.id} has {run.counts.insert}", "m1 has 1,500"),
        ("{empty.*.id} and {run.counts.update}", "none and 0"),
        ("{gong} and {unknown}", "Gong and {unknown}"),
    ],
)
def test_a_person_reads_answers_as_sentences(template: str, read: str) -> None:
    assert as_text(template, ANSWERS, VALUES) == read


def test_members_that_are_empty_texts_are_omitted_at_any_depth() -> None:
    value = {"a": "", "b": [{"c": "", "d": 0}, ""], "e": None}

    assert without_empty(value) == {"b": [{"d": 0}, ""], "e": None}
