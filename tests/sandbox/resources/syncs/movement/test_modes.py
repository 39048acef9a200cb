"""What each mode does to its target, and the counts it reports."""

import pytest

from tests.sandbox.resources.syncs.conftest import Stage

PEOPLE = [
    {"id": "1", "email": "ada@acme.example", "name": "Ada"},
    {"id": "2", "email": "bob@acme.example", "name": "Bob"},
]
HELD = [{"id": "2", "name": "Robert"}, {"id": "3", "name": "Cyd"}]
ADA, BOB, ROBERT, CYD = ({"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}, *HELD)


@pytest.mark.parametrize(
    ("mode", "counts", "rows"),
    [
        ("create", {"insert": 1, "total": 2}, [ROBERT, CYD, ADA]),
        ("update", {"update": 1, "total": 2}, [BOB, CYD]),
        ("updateOrCreate", {"insert": 1, "update": 1, "total": 2}, [BOB, CYD, ADA]),
        ("replace", {"insert": 2, "delete": 2, "total": 2}, [ADA, BOB]),
        ("append", {"insert": 2, "total": 2}, [ROBERT, CYD, ADA, BOB]),
        ("remove", {"delete": 1, "total": 2}, [CYD]),
    ],
)
async def test_each_mode_writes_as_documented(
    stage: Stage, mode: str, counts: dict[str, int], rows: list[dict[str, str]]
) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name", HELD, system="snowflake")

    counted = await stage.moved(model, "public.arrivals", system="snowflake", mode=mode, **stage.MAPPED)

    assert counted == counts
    assert stage.rows("public.arrivals", system="snowflake") == rows


@pytest.mark.parametrize("mode", ["create", "replace", "append"])
async def test_modes_that_only_insert_work_without_an_identity(stage: Stage, mode: str) -> None:
    model = await stage.model("people", "id email name", [*PEOPLE, PEOPLE[0]])
    stage.table("public.arrivals", "id name", system="snowflake")
    mapped = {"mode": mode, "fields": "id>id name>name"}

    counts = await stage.moved(model, "public.arrivals", system="snowflake", **mapped)

    assert counts == {"insert": 3, "total": 3}
    assert stage.rows("public.arrivals", system="snowflake") == [ADA, BOB, ADA]


async def test_a_second_run_updates_the_records_of_the_first(stage: Stage) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    await stage.start(sync)

    execution = await stage.start(sync, resync=True)

    assert {name: count for name, count in execution["counts"].items() if count} == {"update": 2, "total": 2}


async def test_a_duplicate_in_the_source_updates_the_record_that_was_inserted(stage: Stage) -> None:
    model = await stage.model("people", "id name", [ADA, BOB, {"id": "1", "name": "Ada L."}])
    stage.table("public.arrivals", "id name")

    counts = await stage.moved(model, "public.arrivals", **stage.MAPPED)

    assert counts == {"insert": 2, "update": 1, "total": 3}
    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada L."}, BOB]


async def test_a_date_in_another_spelling_is_not_a_change(stage: Stage) -> None:
    model = await stage.model("people", "id seen", [{"id": "1", "seen": "2026-01-02T03:04:05Z"}])
    stage.table(
        "public.arrivals",
        "id seen:datetime",
        [{"id": "1", "seen": "2026-01-02 03:04:05"}, {"id": "1", "seen": "never"}],
    )

    counts = await stage.moved(model, "public.arrivals", fields="seen>seen", identity="id>id")

    assert counts == {"update": 1, "warnings": 1, "total": 1}


async def test_a_field_in_mode_create_is_written_only_where_it_is_null(stage: Stage) -> None:
    people = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name", [{"id": "1", "name": None}, ROBERT])
    fields = [{"source": {"model_id": model, "field": "name"}, "target": "name", "sync_mode": "create"}]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"update": 2, "total": 2}
    assert stage.rows("public.arrivals") == [ADA, ROBERT]
