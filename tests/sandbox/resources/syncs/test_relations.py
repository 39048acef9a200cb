"""Syncs that map fields of several related models."""

from tests.sandbox.resources.syncs.conftest import Stage


async def test_models_without_a_relation_cannot_be_in_one_sync(stage: Stage, model: str) -> None:
    far = await stage.model(
        "far", "id title", [], [{"from": "id", "to": {"model_id": "gone", "field": "id"}}]
    )
    fields = [
        {"source": {"model_id": model, "field": "name"}, "target": "name"},
        {"source": {"model_id": far, "field": "title"}, "target": "age"},
    ]

    answer = await stage.create(model, fields=fields)

    assert stage.codes(answer) == [("unrelated_model", "model_ids")]


async def test_a_relation_may_lead_through_a_third_model(stage: Stage, model: str) -> None:
    middle = await stage.model(
        "middle", "id", [{"id": "1"}], [{"from": "id", "to": {"model_id": model, "field": "id"}}]
    )
    far = await stage.model(
        "far",
        "id title",
        [{"id": "1", "title": "Countess"}],
        [{"from": "id", "to": {"model_id": middle, "field": "id"}}],
    )
    fields = [{"source": {"model_id": far, "field": "title"}, "target": "name"}]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"insert": 1, "total": 1}
    assert stage.rows("public.arrivals")[0]["name"] == "Countess"
