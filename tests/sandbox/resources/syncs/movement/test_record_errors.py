"""Records that cannot be written: each counts as an error, and the run continues."""

import pytest

from tests.sandbox.resources.syncs.conftest import Stage


async def test_a_record_without_an_identity_is_an_error(stage: Stage) -> None:
    model = await stage.model(
        "people", "id name", [{"id": None, "name": "Nobody"}, {"id": " ", "name": "Blank"}, stage.ADA]
    )
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["status"] == "completed"
    assert execution["counts"]["error"] == 2
    assert execution["errors"][0] == "Record 1: the identity id has no value"
    assert stage.rows("public.arrivals") == [stage.ADA]


@pytest.mark.parametrize("mode", ["updateOrCreate", "update"])
async def test_a_missing_required_value_is_an_error(stage: Stage, mode: str) -> None:
    model = await stage.model("people", "id name", [{"id": "2", "name": None}])
    stage.table("public.arrivals", "id name!", [stage.ROBERT] if mode == "update" else [])
    sync = await stage.sync(model, "public.arrivals", mode=mode, **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["errors"] == ["Record 1: name is required and has no value"]


async def test_a_value_that_does_not_fit_its_column_is_an_error(stage: Stage) -> None:
    model = await stage.model("people", "id age", [{"id": "1", "age": "old"}, {"id": "2", "age": "41"}])
    stage.table("public.arrivals", "id age:number")
    sync = await stage.sync(model, "public.arrivals", fields="age>age", identity="id>id")

    execution = await stage.start(sync)

    assert execution["errors"] == ['Record 1: "old" does not fit age, which is of type number (DOUBLE)']
    assert stage.rows("public.arrivals") == [{"id": "2", "age": 41}]


async def test_an_identity_that_does_not_fit_its_column_is_an_error(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": "one", "name": "Ada"}])
    stage.table("public.arrivals", "id:number name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["counts"]["error"] == 1
    assert stage.rows("public.arrivals") == []


async def test_only_the_first_hundred_errors_are_listed(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": None, "name": "Nobody"}] * 101)
    stage.table("public.arrivals", "id name")

    execution = await stage.start(await stage.sync(model, "public.arrivals", **stage.MAPPED))

    assert execution["counts"]["error"] == 101
    assert len(execution["errors"]) == 100


async def test_a_record_is_written_whole_or_not_at_all(stage: Stage) -> None:
    model = await stage.model("people", "id name age", [{"id": "1", "name": "Ada", "age": "old"}])
    held = [{"id": "1", "name": None, "age": 36}, {"id": "1", "name": None, "age": None}]
    stage.table("public.arrivals", "id name age:number", held)
    fields = [
        {"source": {"model_id": model, "field": field}, "target": field, "sync_mode": "create"}
        for field in ("name", "age")
    ]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"error": 1, "total": 1}
    assert stage.rows("public.arrivals") == held
