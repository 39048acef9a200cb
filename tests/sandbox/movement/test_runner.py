from typing import Any

import pytest

PEOPLE = [
    {"id": "1", "email": "ada@acme.example", "name": "Ada"},
    {"id": "2", "email": "bob@acme.example", "name": "Bob"},
]
MAPPED = {"fields": "name>name", "identity": "id>id"}


async def test_records_arrive_in_an_empty_target(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")

    counts = await stage.moved(model, "public.arrivals", **MAPPED)

    assert counts == {"insert": 2, "total": 2}
    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]


async def test_a_second_run_finds_nothing_to_change(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    await stage.start(sync)

    execution = await stage.start(sync)

    assert execution["status"] == "completed"
    assert {name: count for name, count in execution["counts"].items() if count} == {"total": 2}
