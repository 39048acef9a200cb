"""The records of a run: filtered, overridden, joined with related models, and selected by the caller."""

from tests.sandbox.resources.syncs.conftest import Stage


async def test_model_filters_select_the_records(stage: Stage) -> None:
    model = await stage.model("people", "id email name", stage.PEOPLE)
    stage.table("public.arrivals", "id name")
    source = {"model_id": model, "field": "name"}
    filters = {
        "conditions": [
            {"source": source, "function": "Equality", "value": "Ada", "label": "is_ada"},
            {"source": source, "function": "Equality", "value": "Cyd", "label": "is_cyd"},
        ],
        "logic": "is_ada or is_cyd",
    }

    counts = await stage.moved(model, "public.arrivals", model_filters=filters, **stage.MAPPED)

    assert counts == {"insert": 1, "total": 1}


async def test_target_filters_protect_the_other_records_of_the_target(stage: Stage) -> None:
    model = await stage.model(
        "people", "id name plan", [{**stage.ADA, "plan": "free"}, {**stage.BOB, "plan": "paid"}, {"id": "3"}]
    )
    held = [{"id": "1", "plan": "free"}, {"id": "2", "plan": "free"}, {"id": "3", "plan": "free"}]
    stage.table("public.arrivals", "id name plan", held)
    plan = {"model_id": model, "field": "plan"}
    filters = {
        "conditions": [
            {"field": "PLAN", "function": "Equality", "value_source": plan},
            {"field": "plan", "function": "IsNotNull"},
        ]
    }

    counts = await stage.moved(model, "public.arrivals", target_filters=filters, **stage.MAPPED)

    assert counts == {"update": 1, "total": 3}
    assert [row["name"] for row in stage.rows("public.arrivals")] == ["Ada", None, None]


async def test_overrides_change_values_and_override_fields_set_them(stage: Stage) -> None:
    model = await stage.model("people", "id name", [stage.ADA, stage.BOB])
    stage.table("public.arrivals", "id name source note kind")
    name = {"model_id": model, "field": "name"}
    overrides = [
        {"field": name, "function": "Equality", "value": "Ada", "override": "Countess"},
        {"field_id": f"{model}-id", "override": "7"},
    ]
    fields = [
        {"source": name, "target": "name"},
        {"target": "note", "override_value": "by hand"},
        {"source": name, "target": "kind", "override_value": "person"},
    ]

    await stage.moved(
        model,
        "public.arrivals",
        mode="create",
        fields=[*fields, {"source": {"model_id": model, "field": "id"}, "target": "id"}],
        overrides=overrides,
        override_fields=[{"target": "source", "override_value": "app"}],
    )

    fixed = {"id": "7", "source": "app", "note": "by hand", "kind": "person"}
    assert stage.rows("public.arrivals") == [{**fixed, "name": "Countess"}, {**fixed, "name": "Bob"}]


async def test_fields_of_related_models_join_the_record(stage: Stage) -> None:
    people = await stage.model(
        "people", "id name plan_id", [{**stage.ADA, "plan_id": 1}, {**stage.BOB, "plan_id": None}]
    )
    plans = await stage.model(
        "plans",
        "key title",
        [{"key": "1", "title": "Free"}, {"key": None, "title": "?"}, {"key": "1", "title": "Second"}],
        [{"from": "key", "to": {"model_id": people, "field": "plan_id"}}],
    )
    stage.table("public.arrivals", "id name plan")
    fields = [
        {"source": {"model_id": people, "field": "name"}, "target": "name"},
        {"source": {"model_id": plans, "field": "title"}, "target": "plan"},
    ]

    await stage.moved(people, "public.arrivals", fields=fields, identity="id>id")

    assert [row["plan"] for row in stage.rows("public.arrivals")] == ["Free", None]


async def test_a_start_may_select_records_by_identity_or_by_source(stage: Stage) -> None:
    model = await stage.model("people", "id email name", stage.PEOPLE)
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    email = {"source": {"model_id": model, "field": "email"}, "value": "ada@acme.example"}

    first = await stage.start(sync, identities=["2"])
    second = await stage.start(sync, source_identities=[[email]])

    assert first["counts"]["insert"] == second["counts"]["insert"] == 1
    assert stage.rows("public.arrivals") == [stage.BOB, stage.ADA]
