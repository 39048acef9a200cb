"""The filters and overrides of a sync: checked, and shown in both shapes."""

from typing import Any

import pytest

from tests.sandbox.resources.syncs.conftest import Stage


@pytest.mark.parametrize(
    ("conditions", "logic", "problems"),
    [
        ([{"label": "x"}, {}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{"label": "1x"}, {"label": "y"}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{"label": "x"}, {"label": "x"}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{}, {}], "A or", [("invalid_filter_logic", "model_filters.logic")]),
        ([{}, {}], "A", [("invalid_filter_logic", "model_filters.logic")]),
        ([{"function": "Like"}], "", [("invalid_filter", "model_filters.conditions[0].function")]),
        ([{"function": "Equality"}], "", [("invalid_filter", "model_filters.conditions[0].function")]),
    ],
)
async def test_invalid_model_filters_are_refused(
    stage: Stage, model: str, conditions: list[Any], logic: str, problems: list[tuple[str, str]]
) -> None:
    source = {"model_id": model, "field": "name"}
    filled = [{"source": source, "function": "IsNull", **each} for each in conditions]

    answer = await stage.create(model, model_filters={"conditions": filled, "logic": logic})

    assert stage.codes(answer) == problems


async def test_invalid_overrides_and_target_filters_are_refused(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    condition = {"field": "name", "function": "Equality", "value": "x", "value_source": name}

    answer = await stage.create(
        model,
        mode="create",
        overrides=[{"field": name, "function": "Nope", "override": "x"}],
        target_filters={"conditions": [condition]},
    )

    assert stage.codes(answer) == [
        ("invalid_filter", "target_filters.conditions[0]"),
        ("invalid_filter", "overrides[0].function"),
        ("invalid_filter", "target_filters"),
    ]


@pytest.mark.parametrize("function", ["Nope", "IsNull", "Between", "InTheLast"])
async def test_only_a_plain_comparison_accepts_a_field_as_value(
    stage: Stage, model: str, function: str
) -> None:
    condition = {"field": "name", "function": function, "value_source": {"model_id": model, "field": "name"}}

    answer = await stage.create(model, target_filters={"conditions": [condition]})

    assert stage.codes(answer) == [("invalid_filter", "target_filters.conditions[0]")]


async def test_a_filter_on_a_flow_compares_only_with_fixed_values(stage: Stage, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    condition = {
        "field": "Id",
        "function": "Equality",
        "value_source": {"model_id": model, "field": "name"},
    }
    filters = {"conditions": [condition]}

    answer = await stage.create(
        model, "launch", system="gong", identity="id>Id", fields=[], target_filters=filters
    )

    assert stage.codes(answer) == [("invalid_filter", "target_filters.conditions[0].value_source")]


async def test_the_older_shape_is_accepted_and_both_shapes_are_shown(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    filters = [
        {"field": name, "function": "Equality", "value": "Ada", "label": "ada"},
        {"field_id": f"{model}-age", "field_type": "Model", "function": "IsNotNull", "label": "aged"},
    ]

    made = await stage.sync(
        model, "public.arrivals", **stage.MAPPED, filters=filters, filter_logic="ada OR  (aged)"
    )

    assert made["model_filters"]["conditions"][1] == {
        "source": {"model_id": model, "field": "age"},
        "function": "IsNotNull",
        "label": "B",
    }
    assert made["model_filters"]["logic"] == "A OR  (B)"
    assert made["filter_logic"] == "A OR  (B)"
    assert [(each["label"], each["field_type"], each["function"]) for each in made["filters"]] == [
        ("A", "Model", "Equality"),
        ("B", "Model", "IsNotNull"),
    ]


async def test_the_older_shape_may_mix_model_and_target_conditions(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    filters = [
        {"field_id": "name", "field_type": "Target", "function": "Inequality", "value_field": name},
        {"field": {"model_id": model, "field": "name"}, "function": "IsNotNull"},
    ]

    made = await stage.sync(model, "public.arrivals", **stage.MAPPED, filters=filters)
    mixed = await stage.create(model, filters=filters, filter_logic="A or B")
    logics = {
        "model_filters": {**made["model_filters"], "logic": "A"},
        "target_filters": {**made["target_filters"], "logic": "A"},
    }
    both = await stage.sync(model, "public.arrivals", **stage.MAPPED, **logics)

    assert [(each["label"], each["field_type"]) for each in made["filters"]] == [
        ("A", "Model"),
        ("B", "Target"),
    ]
    assert made["filters"][1]["value_field"] == name
    assert made["filter_logic"] is None
    assert both["filter_logic"] == "(A) and (B)"
    assert stage.codes(mixed) == [("invalid_filter_logic", "filter_logic")]


@pytest.mark.parametrize("logic", ["A AND B", "(B and A) AND C", "b1 AND c", "A and (B And C)"])
async def test_a_logic_comes_back_as_it_was_written(stage: Stage, model: str, logic: str) -> None:
    source = {"model_id": model, "field": "name"}
    count = 3 if "C" in logic else 2
    labels = ["b1", "c"] if "b1" in logic else [None] * count
    filters = [{"field": source, "function": "IsNotNull", "label": label} for label in labels]
    logic_shown = "A AND B" if "b1" in logic else logic

    made = await stage.sync(model, "public.arrivals", **stage.MAPPED, filters=filters, filter_logic=logic)

    path = f"/api/syncs/{made['id']}"
    for version in ("2024-02-08", "2025-09-18"):
        headers = {"X-Polytomic-Version": version}
        before = (await stage.http.get(path, headers=headers)).json()["data"]
        body = {key: value for key, value in before.items() if key not in stage.SHOWN_ONLY}
        after = (await stage.http.put(path, json=body, headers=headers)).json()["data"]
        assert made["filter_logic"] == before["filter_logic"] == after["filter_logic"] == logic_shown


async def test_a_logic_that_cannot_be_read_differs_from_the_newer_shape(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    newer = {"conditions": [{"source": name, "function": "IsNull"}]}
    older = [{"field": name, "function": "IsNull"}]

    answer = await stage.create(model, filters=older, filter_logic="A or", model_filters=newer)

    assert stage.codes(answer) == [("conflicting_filters", "filters")]


async def test_both_shapes_of_filters_must_agree(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    condition = {"function": "Equality", "value": "Ada"}
    old = [{"field": name, **condition}]

    same = await stage.create(
        model, filters=old, model_filters={"conditions": [{"source": name, **condition}]}
    )
    other = await stage.create(model, filters=old, model_filters={"conditions": []})
    newer = {"conditions": [{"source": name, **condition}], "logic": "A"}
    logic = await stage.create(model, filters=old, filter_logic="A and A", model_filters=newer)

    assert same.status_code == 200, same.text
    assert stage.codes(other) == stage.codes(logic) == [("conflicting_filters", "filters")]


async def test_filters_and_overrides_compare_by_the_type_of_the_field(stage: Stage) -> None:
    rows = [
        {"zip": "01234", "age": 5, "name": "Ada"},
        {"zip": "1234", "age": 5, "name": "Bob"},
        {"zip": "1234", "age": 6, "name": "Cyd"},
    ]
    model = await stage.model("people", "zip age:number name", rows)
    stage.table("public.arrivals", "zip name")
    code, age = ({"model_id": model, "field": field} for field in ("zip", "age"))

    await stage.moved(
        model,
        "public.arrivals",
        mode="create",
        fields="zip>zip name>name",
        model_filters={"conditions": [{"source": age, "function": "Equality", "value": "5"}]},
        overrides=[{"field": code, "function": "Equality", "value": "1234", "override": "here"}],
    )

    assert stage.rows("public.arrivals") == [
        {"zip": "01234", "name": "Ada"},
        {"zip": "here", "name": "Bob"},
    ]


@pytest.mark.parametrize("compared", [{"value": "1"}, {"value_source": "id"}])
async def test_a_target_filter_compares_a_text_field_as_text(stage: Stage, compared: dict[str, Any]) -> None:
    model = await stage.model("people", "id name", [{"id": "1", "name": "Ada"}])
    stage.table("public.arrivals", "id name code", [{"id": "1", "name": "Bob", "code": "01"}])
    if "value_source" in compared:
        compared = {"value_source": {"model_id": model, "field": "id"}}
    condition = {"field": "code", "function": "Equality", **compared}

    counts = await stage.moved(
        model, "public.arrivals", **stage.MAPPED, target_filters={"conditions": [condition]}
    )

    assert counts == {"total": 1}


@pytest.mark.parametrize("version", ["2024-02-08", "2025-09-18"])
@pytest.mark.parametrize(
    ("model_logic", "target_logic", "shown"),
    [
        ("A or B", "A", "(A or B) and (C)"),
        ("A and (B or A)", "", "(A and (B or A)) and (C)"),
        ("(A and B) and (A or B)", "A", "((A and B) and (A or B)) and (C)"),
        ("", "", None),
    ],
)
async def test_filters_of_both_kinds_can_be_sent_back_as_shown(
    stage: Stage, model: str, version: str, model_logic: str, target_logic: str, shown: str | None
) -> None:
    source = {"model_id": model, "field": "name"}
    conditions = [
        {"source": source, "function": "Equality", "value": "Ada"},
        {"source": source, "function": "IsNull", "value": None},
    ]
    made = await stage.sync(
        model,
        "public.arrivals",
        **stage.MAPPED,
        model_filters={"conditions": conditions, "logic": model_logic},
        target_filters={"conditions": [{"field": "age", "function": "IsNotNull"}], "logic": target_logic},
    )
    path, headers = f"/api/syncs/{made['id']}", {"X-Polytomic-Version": version}
    before = (await stage.http.get(path, headers=headers)).json()["data"]
    body = {key: value for key, value in before.items() if key not in stage.SHOWN_ONLY}

    answer = await stage.http.put(path, json=body, headers=headers)

    after = answer.json()["data"]
    assert answer.status_code == 200, answer.text
    assert before["filter_logic"] == after["filter_logic"] == shown
    assert [each["label"] for each in after["filters"]] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("labels", "logic", "model_logic", "target_logic"),
    [
        ((None, None, None), "B and (C or A)", "B or A", "A"),
        (("x", "y", "z"), "y AND (x and z)", "A and B", "A"),
    ],
)
async def test_a_logic_over_both_kinds_is_split_at_its_and(
    stage: Stage, model: str, labels: tuple[str | None, ...], logic: str, model_logic: str, target_logic: str
) -> None:
    made = await stage.sync(
        model, "public.arrivals", **stage.MAPPED, filters=_mixed(model, labels), filter_logic=logic
    )

    assert made["model_filters"]["logic"] == model_logic
    assert made["target_filters"]["logic"] == target_logic


@pytest.mark.parametrize(
    ("labels", "logic", "reason"),
    [
        ((None, None, None), "A and (B or C)", "combines model and target conditions with 'or'"),
        ((None, None, None), "A and B", "omits C"),
        (("x", "y", None), "x and y", "Label every condition or none"),
        (("x", "x", "z"), "x and z", "Every condition needs a different label"),
    ],
)
async def test_a_logic_over_both_kinds_that_cannot_be_split_is_refused(
    stage: Stage, model: str, labels: tuple[str | None, ...], logic: str, reason: str
) -> None:
    answer = await stage.create(model, filters=_mixed(model, labels), filter_logic=logic)

    assert ("invalid_filter_logic", "filter_logic") in stage.codes(answer)
    assert reason in answer.text


def _mixed(model: str, labels: tuple[str | None, ...]) -> list[dict[str, Any]]:
    """Return a model, a target and a model condition in the older shape."""
    of_model = {"field": {"model_id": model, "field": "name"}, "function": "IsNotNull"}
    of_target = {"field_id": "name", "field_type": "Target", "function": "IsNotNull"}
    return [
        {**each, **({"label": label} if label else {})}
        for each, label in zip((of_model, of_target, of_model), labels, strict=True)
    ]
