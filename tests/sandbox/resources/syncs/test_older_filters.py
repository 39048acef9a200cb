"""Filters and overrides as version 2024-02-08 shows and reads them: by the field and by its id."""

from typing import Any

import pytest

from tests.sandbox.resources.syncs.conftest import Stage

OLD = {"X-Polytomic-Version": "2024-02-08"}
NAME = {"field_type": "Model", "function": "Equality", "value": "x", "label": "A"}
TARGET = {"field_type": "Target", "field_id": "name", "function": "IsNull", "label": "B"}


@pytest.fixture
async def ids(stage: Stage, model: str) -> dict[str, str]:
    """The ids of the model's fields."""
    found = (await stage.http.get(f"/api/models/{model}")).json()["data"]
    return {field["name"]: field["id"] for field in found["fields"]}


async def create(stage: Stage, model: str, *filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await stage.create(model, mode="update", filters=list(filters), **more)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def test_a_filter_shows_its_field_and_the_fields_id(
    stage: Stage, model: str, ids: dict[str, str]
) -> None:
    source = {"model_id": model, "field": "name"}
    override = {"field": source, "function": "IsNull", "override": "none"}
    made = await create(stage, model, {"field": source, **NAME}, TARGET, overrides=[override])
    path = f"/api/syncs/{made['id']}"

    new = (await stage.http.get(path)).json()["data"]
    old = (await stage.http.get(path, headers=OLD)).json()["data"]
    (listed,) = (await stage.http.get("/api/syncs", headers=OLD)).json()["data"]

    assert "field_id" not in new["filters"][0]
    assert old["filters"] == [{"field": source, "field_id": ids["name"], **NAME}, TARGET]
    assert old["overrides"] == [{**override, "field_id": ids["name"]}]
    assert listed["filters"] == old["filters"]


async def test_of_a_field_and_an_id_the_field_counts(stage: Stage, model: str, ids: dict[str, str]) -> None:
    source = {"model_id": model, "field": "name"}
    both = [{"field": source, "field_id": ids["id"], **NAME}]
    body = await stage.body(model, "public.arrivals", mode="update", filters=both, **stage.MAPPED)

    old = (await stage.http.post("/api/syncs", json=body, headers=OLD)).json()["data"]
    new = (await stage.http.put(f"/api/syncs/{old['id']}", json=body)).json()["data"]

    assert old["filters"][0]["field"] == source
    assert new["filters"][0]["field"] == {"model_id": model, "field": "id"}


async def test_the_filter_of_a_deleted_model_shows_the_fields_name(stage: Stage, model: str) -> None:
    source = {"model_id": model, "field": "name"}
    made = await create(stage, model, {"field": source, **NAME})
    await stage.http.delete(f"/api/models/{model}")

    old = (await stage.http.get(f"/api/syncs/{made['id']}", headers=OLD)).json()["data"]

    assert old["filters"][0]["field_id"] == "name"


@pytest.mark.parametrize("filters", ["x", ["x"]])
async def test_filters_that_are_no_objects_are_refused(stage: Stage, filters: Any) -> None:
    answer = await stage.http.post("/api/syncs", json={"filters": filters}, headers=OLD)

    assert answer.status_code == 422
