"""References to earlier answers, filled in."""

from typing import Any

import pytest

from polytomic_mcp.walkthroughs import ReferenceNotFoundError, filled, text

ANSWERS: dict[str, Any] = {
    "model": {"id": "m1", "fields": [{"name": "email"}, {"name": "plan"}]},
    "run": {"counts": {"insert": 1500, "update": 0, "total": 1500}, "is_done": True, "late": False},
    "posts": [{"records": [{"id": 1}, {"id": 2}]}, {"records": [{"id": 3}]}],
    "proxy": {"body": '{"total": 5}'},
    "empty": [],
    "nothing": {},
}


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
    assert filled(value, ANSWERS) == filled_in


@pytest.mark.parametrize("value", ["GET /api/syncs/{id}", "{}", "{model}", "{a b.c}", 5, None, True])
def test_what_is_no_reference_stays(value: Any) -> None:
    assert filled(value, ANSWERS) == value


@pytest.mark.parametrize(
    "reference",
    [
        "{gong.id}",
        "{model.nonesuch}",
        "{model.fields.9}",
        "{model.fields.name}",
        "{run.is_done.#}",
        "{model.id.@json}",
    ],
)
def test_a_reference_to_nothing_is_named(reference: str) -> None:
    with pytest.raises(ReferenceNotFoundError) as raised:
        filled(reference, ANSWERS)

    assert str(raised.value) == f"{reference} is in no earlier answer."


@pytest.mark.parametrize(
    ("template", "read"),
    [
        ("{run.counts}", "1,500 insert, 1,500 total"),
        ("{model.fields.*.name}", "email, plan"),
        ("done: {run.is_done}, late: {run.late}", "done: yes, late: no"),
        ("{model.id} has {run.counts.insert}", "m1 has 1,500"),
        ("{empty.*.id} and {run.counts.update}", "none and 0"),
    ],
)
def test_a_person_reads_answers_as_sentences(template: str, read: str) -> None:
    assert text(template, ANSWERS) == read
