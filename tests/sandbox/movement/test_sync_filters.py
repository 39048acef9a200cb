"""The filters and overrides of a sync: checked, and shown in both of their shapes."""

from typing import Any

import pytest


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
async def test_filters_are_checked(
    stage: Any, model: str, conditions: list[Any], logic: str, problems: list[tuple[str, str]]
) -> None:
    source = {"model_id": model, "field": "name"}
    filled = [{"source": source, "function": "IsNull", **each} for each in conditions]

    answer = await stage.create(model, model_filters={"conditions": filled, "logic": logic})

    assert stage.codes(answer) == problems


async def test_overrides_and_target_filters_are_checked(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    condition = {"field": "name", "function": "Equality", "value": "x", "value_source": name}

    answer = await stage.create(
        model,
        mode="append",
        overrides=[{"field": name, "function": "Nope", "override": "x"}],
        target_filters={"conditions": [condition]},
    )

    assert stage.codes(answer) == [
        ("invalid_filter", "target_filters.conditions[0]"),
        ("invalid_filter", "overrides[0].function"),
        ("invalid_filter", "target_filters"),
    ]


@pytest.mark.parametrize("function", ["Nope", "IsNull", "Between", "InTheLast"])
async def test_only_a_plain_comparison_takes_a_value_of_the_model(
    stage: Any, model: str, function: str
) -> None:
    condition = {"field": "name", "function": function, "value_source": {"model_id": model, "field": "name"}}

    answer = await stage.create(model, target_filters={"conditions": [condition]})

    assert stage.codes(answer) == [("invalid_filter", "target_filters.conditions[0]")]


async def test_a_flow_compares_with_fixed_values_only(stage: Any, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    condition = {
        "field": "Name",
        "function": "Equality",
        "value_source": {"model_id": model, "field": "name"},
    }
    filters = {"conditions": [condition]}

    answer = await stage.create(
        model, "launch", system="gong", identity="id>Id", fields=[], target_filters=filters
    )

    assert stage.codes(answer) == [("invalid_filter", "target_filters")]


async def test_the_older_filters_are_read_and_both_shapes_shown(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    filters = [
        {"field": name, "function": "Equality", "value": "Ada", "label": "ada"},
        {"field_id": f"{model}-age", "field_type": "Model", "function": "IsNotNull", "label": "aged"},
    ]

    made = await stage.sync(
        model, "public.arrivals", **stage.MAPPED, filters=filters, filter_logic="ada or aged"
    )

    assert made["model_filters"]["conditions"][1] == {
        "source": {"model_id": model, "field": "age"},
        "function": "IsNotNull",
        "label": "B",
    }
    assert made["model_filters"]["logic"] == "A or B"
    assert made["filter_logic"] == "A or B"
    assert [(each["label"], each["field_type"], each["function"]) for each in made["filters"]] == [
        ("A", "Model", "Equality"),
        ("B", "Model", "IsNotNull"),
    ]


async def test_model_and_target_conditions_interleave_in_the_older_shape(stage: Any, model: str) -> None:
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
    assert made["filter_logic"] == ""
    assert both["filter_logic"] == "(A) and (B)"
    assert stage.codes(mixed) == [("invalid_filter_logic", "filter_logic")]


async def test_both_shapes_of_filters_have_to_agree(stage: Any, model: str) -> None:
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
