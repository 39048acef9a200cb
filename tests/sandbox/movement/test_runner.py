"""What a run does to its target, and the counts it reports."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from polytomic_mcp.sandbox import executions, logs, runner
from polytomic_mcp.sandbox.tables import Tables

PEOPLE = [
    {"id": "1", "email": "ada@acme.example", "name": "Ada"},
    {"id": "2", "email": "bob@acme.example", "name": "Bob"},
]
HELD = [{"id": "2", "name": "Robert"}, {"id": "3", "name": "Cyd"}]
ADA, BOB, ROBERT, CYD = ({"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}, *HELD)
MAPPED = {"fields": "name>name", "identity": "id>id"}


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
async def test_a_mode_does_what_its_name_says(
    stage: Any, mode: str, counts: dict[str, int], rows: list[dict[str, str]]
) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name", HELD)

    counted = await stage.moved(model, "public.arrivals", mode=mode, **MAPPED)

    assert counted == counts
    assert stage.rows("public.arrivals") == rows


@pytest.mark.parametrize("mode", ["create", "replace", "append"])
async def test_modes_that_only_add_work_without_an_identity(stage: Any, mode: str) -> None:
    model = await stage.model("people", "id email name", [*PEOPLE, PEOPLE[0]])
    stage.table("public.arrivals", "id name")

    counts = await stage.moved(model, "public.arrivals", mode=mode, fields="id>id name>name")

    assert counts == {"insert": 3, "total": 3}
    assert stage.rows("public.arrivals") == [ADA, BOB, ADA]


async def test_a_second_run_updates_what_it_finds(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    await stage.start(sync)

    execution = await stage.start(sync, resync=True)

    assert {name: count for name, count in execution["counts"].items() if count} == {"update": 2, "total": 2}


async def test_a_later_duplicate_of_the_source_updates_what_the_earlier_one_added(stage: Any) -> None:
    model = await stage.model("people", "id name", [ADA, BOB, {"id": "1", "name": "Ada L."}])
    stage.table("public.arrivals", "id name")

    counts = await stage.moved(model, "public.arrivals", **MAPPED)

    assert counts == {"insert": 2, "update": 1, "total": 3}
    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada L."}, BOB]


async def test_a_record_without_an_identity_is_an_error_of_its_own(stage: Any) -> None:
    model = await stage.model(
        "people", "id name", [{"id": None, "name": "Nobody"}, {"id": " ", "name": "Blank"}, ADA]
    )
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)

    execution = await stage.start(sync)

    assert execution["status"] == "completed"
    assert execution["counts"]["error"] == 2
    assert execution["errors"][0] == "Record 1: the identity id has no value"
    assert stage.rows("public.arrivals") == [ADA]


@pytest.mark.parametrize("mode", ["updateOrCreate", "update"])
async def test_a_required_value_that_is_missing_is_an_error(stage: Any, mode: str) -> None:
    model = await stage.model("people", "id name", [{"id": "2", "name": None}])
    stage.table("public.arrivals", "id name!", [ROBERT] if mode == "update" else [])
    sync = await stage.sync(model, "public.arrivals", mode=mode, **MAPPED)

    execution = await stage.start(sync)

    assert execution["errors"] == ["Record 1: name is required and has no value"]


async def test_a_value_that_does_not_fit_its_column_is_an_error_and_the_rest_goes_on(stage: Any) -> None:
    model = await stage.model("people", "id age", [{"id": "1", "age": "old"}, {"id": "2", "age": "41"}])
    stage.table("public.arrivals", "id age:number")
    sync = await stage.sync(model, "public.arrivals", fields="age>age", identity="id>id")

    execution = await stage.start(sync)

    assert execution["errors"] == ['Record 1: "old" does not fit age, which holds number (DOUBLE)']
    assert stage.rows("public.arrivals") == [{"id": "2", "age": 41}]


async def test_an_identity_that_does_not_fit_its_column_is_an_error(stage: Any) -> None:
    model = await stage.model("people", "id name", [{"id": "one", "name": "Ada"}])
    stage.table("public.arrivals", "id:number name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)

    execution = await stage.start(sync)

    assert execution["counts"]["error"] == 1
    assert stage.rows("public.arrivals") == []


async def test_only_the_first_hundred_errors_are_listed(stage: Any) -> None:
    model = await stage.model("people", "id name", [{"id": None, "name": "Nobody"}] * 101)
    stage.table("public.arrivals", "id name")

    execution = await stage.start(await stage.sync(model, "public.arrivals", **MAPPED))

    assert execution["counts"]["error"] == 101
    assert len(execution["errors"]) == 100


async def test_a_seeded_date_in_another_spelling_is_no_change(stage: Any) -> None:
    model = await stage.model("people", "id seen", [{"id": "1", "seen": "2026-01-02T03:04:05Z"}])
    stage.table(
        "public.arrivals",
        "id seen:datetime",
        [{"id": "1", "seen": "2026-01-02 03:04:05"}, {"id": "1", "seen": "never"}],
    )

    counts = await stage.moved(model, "public.arrivals", fields="seen>seen", identity="id>id")

    assert counts == {"update": 1, "warnings": 1, "total": 1}


async def test_a_field_that_is_written_once_keeps_a_value_and_fills_a_gap(stage: Any) -> None:
    people = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name", [{"id": "1", "name": None}, ROBERT])
    fields = [{"source": {"model_id": model, "field": "name"}, "target": "name", "sync_mode": "create"}]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"update": 2, "total": 2}
    assert stage.rows("public.arrivals") == [ADA, ROBERT]


async def test_several_matches_are_all_updated_with_a_warning(stage: Any) -> None:
    model = await stage.model("people", "id name", [BOB])
    stage.table("public.arrivals", "id name", [ROBERT, ROBERT])
    sync = await stage.sync(model, "public.arrivals", **MAPPED)

    execution = await stage.start(sync)

    assert execution["counts"] == executions_counts(update=1, warnings=1, total=1)
    assert stage.rows("public.arrivals") == [BOB, BOB]


def executions_counts(**counts: int) -> dict[str, int]:
    return dict.fromkeys(executions.COUNTS, 0) | counts


async def test_a_record_moves_whole_or_not_at_all(stage: Any) -> None:
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


async def test_priority_takes_the_first_mapping_that_finds_a_record(stage: Any) -> None:
    people = [
        {"id": "1", "email": "x@a.example", "name": "by id"},
        {"id": "9", "email": "c@a.example", "name": "by mail"},
    ]
    model = await stage.model("people", "id email name", people)
    stage.table(
        "public.arrivals",
        "id email name",
        [{"id": "1", "email": "a@a.example"}, {"id": "3", "email": "c@a.example"}],
    )

    counts = await stage.moved(
        model,
        "public.arrivals",
        mode="update",
        fields="name>name",
        identities=two_identities(model, "priority"),
    )

    assert counts == {"update": 2, "total": 2}
    assert [row["name"] for row in stage.rows("public.arrivals")] == ["by id", "by mail"]


async def test_and_wants_every_mapping_to_match(stage: Any) -> None:
    people = [
        {"id": "1", "email": "a@a.example", "name": "both"},
        {"id": "3", "email": "a@a.example", "name": "one"},
        {"id": "1", "email": None, "name": "half"},
    ]
    model = await stage.model("people", "id email name", people)
    stage.table(
        "public.arrivals",
        "id email name",
        [{"id": "1", "email": "a@a.example"}, {"id": "3", "email": "c@a.example"}],
    )
    sync = await stage.sync(
        model, "public.arrivals", fields="name>name", identities=two_identities(model, "and")
    )

    execution = await stage.start(sync)

    assert execution["counts"] == executions_counts(update=1, insert=1, error=1, total=3)


async def test_priority_goes_by_the_mappings_that_have_a_value(stage: Any) -> None:
    model = await stage.model(
        "people", "id email name", [{"id": None, "email": "a@a.example", "name": "Ada"}]
    )
    stage.table("public.arrivals", "id email name")
    identities = two_identities(model, "priority")

    counts = await stage.moved(model, "public.arrivals", fields="name>name", identities=identities)

    assert counts == {"insert": 1, "total": 1}
    assert stage.rows("public.arrivals") == [{"id": None, "email": "a@a.example", "name": "Ada"}]


def two_identities(model: str, strategy: str) -> dict[str, Any]:
    return {
        "strategy": strategy,
        "mappings": [
            {"source": {"model_id": model, "field": field}, "target": field, "function": "equality"}
            for field in ("id", "email")
        ],
    }


async def test_model_filters_choose_the_records(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")
    source = {"model_id": model, "field": "name"}
    filters = {
        "conditions": [
            {"source": source, "function": "Equality", "value": "Ada", "label": "is_ada"},
            {"source": source, "function": "Equality", "value": "Cyd", "label": "is_cyd"},
        ],
        "logic": "is_ada or is_cyd",
    }

    counts = await stage.moved(model, "public.arrivals", model_filters=filters, **MAPPED)

    assert counts == {"insert": 1, "total": 1}


async def test_target_filters_leave_the_other_records_of_the_target_alone(stage: Any) -> None:
    model = await stage.model(
        "people", "id name plan", [{**ADA, "plan": "free"}, {**BOB, "plan": "paid"}, {"id": "3"}]
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

    counts = await stage.moved(model, "public.arrivals", target_filters=filters, **MAPPED)

    assert counts == {"update": 1, "total": 3}
    assert [row["name"] for row in stage.rows("public.arrivals")] == ["Ada", None, None]


async def test_overrides_change_values_and_override_fields_fix_them(stage: Any) -> None:
    model = await stage.model("people", "id name", [ADA, BOB])
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
        mode="append",
        fields=[*fields, {"source": {"model_id": model, "field": "id"}, "target": "id"}],
        overrides=overrides,
        override_fields=[{"target": "source", "override_value": "app"}],
    )

    fixed = {"id": "7", "source": "app", "note": "by hand", "kind": "person"}
    assert stage.rows("public.arrivals") == [{**fixed, "name": "Countess"}, {**fixed, "name": "Bob"}]


async def test_fields_of_related_models_join_the_record(stage: Any) -> None:
    people = await stage.model("people", "id name plan_id", [{**ADA, "plan_id": 1}, {**BOB, "plan_id": None}])
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


async def test_a_start_may_name_the_records_by_identity_or_by_source(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE)
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    email = {"source": {"model_id": model, "field": "email"}, "value": "ada@acme.example"}

    first = await stage.start(sync, identities=["2"])
    second = await stage.start(sync, source_identities=[[email]])

    assert first["counts"]["insert"] == second["counts"]["insert"] == 1
    assert stage.rows("public.arrivals") == [BOB, ADA]


@pytest.mark.parametrize("mode", ["updateOrCreate", "replace"])
async def test_a_test_run_reads_five_records_and_writes_none(stage: Any, mode: str) -> None:
    model = await stage.model("people", "id name", [{"id": str(each), "name": None} for each in range(9)])
    stage.table("public.arrivals", "id name", HELD)
    sync = await stage.sync(model, "public.arrivals", mode=mode, **MAPPED)

    execution = await stage.start(sync, test=True)

    assert execution["type"] == "test"
    assert execution["counts"] == executions_counts(total=5)
    assert stage.rows("public.arrivals") == HELD


async def test_a_webhook_gets_records_that_stay_in_the_sandbox(stage: Any) -> None:
    model = await stage.model("people", "id email name", PEOPLE[:1])
    sync = await stage.sync(model, "http", system="webhook", fields="email>record id>record")
    again = await stage.sync(model, "http", system="webhook", fields="email>record")

    execution = await stage.start(sync)

    assert again["target"]["object"] == "http"
    assert execution["counts"] == executions_counts(upserts=1, total=1)
    (row,) = stage.rows("http", system="webhook")
    assert row["fields"] == {"email": "ada@acme.example", "id": "1"}
    assert len(row["hash"]) == 64


async def test_a_flow_takes_contacts_that_the_crm_knows(stage: Any) -> None:
    (known, *_) = stage.rows("Contact", system="salesforce")
    picked = [{"contact_id": known["Id"]}, {"contact_id": "003unknown"}]
    model = await stage.model("picked", "contact_id", picked)
    stage.table("launch", "Id! Name Email AddedAt:datetime", system="gong", kind="flow", key="Id")
    sync = await stage.sync(model, "launch", system="gong", identity="contact_id>Id")

    execution = await stage.start(sync)

    assert execution["counts"] == executions_counts(insert=1, error=1, total=2)
    assert "003unknown is not known to the CRM" in execution["errors"][0]
    name = f"{known['FirstName']} {known['LastName']}"
    assert stage.rows("launch", system="gong") == [
        {"Id": known["Id"], "Name": name, "Email": known["Email"], "AddedAt": "2026-01-15T09:00:00Z"}
    ]


async def test_a_flow_takes_nobody_while_there_is_no_crm(stage: Any) -> None:
    stage.world.tables.drop(stage.world.tables.get("salesforce", "Contact"))
    model = await stage.model("picked", "contact_id", [{"contact_id": "003unknown"}])
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    counts = await stage.moved(model, "launch", system="gong", identity="contact_id>Id")

    assert counts == {"error": 1, "total": 1}


@pytest.mark.parametrize("type_", ["string", "number"])
async def test_an_application_assigns_the_ids_of_new_records(stage: Any, type_: str) -> None:
    model = await stage.model("people", "email name", [{"email": "new@a.example", "name": "New"}])
    stage.table("Guests", f"Id:{type_} Email Name", system="salesforce", kind="object", key="Id")

    await stage.moved(model, "Guests", system="salesforce", fields="name>Name", identity="email>Email")

    (row,) = stage.rows("Guests", system="salesforce")
    assert isinstance(row["Id"], str if type_ == "string" else int)


async def test_an_application_takes_no_id_that_it_did_not_assign(stage: Any) -> None:
    model = await stage.model("people", "id name", [ADA])
    stage.table("Guests", "Id Name", system="salesforce", kind="object", key="Id")
    sync = await stage.sync(model, "Guests", system="salesforce", fields="name>Name", identity="id>Id")

    execution = await stage.start(sync)

    assert execution["errors"] == ["Record 1: Guests assigns Id itself and has no record with 1"]


async def test_rows_that_another_run_wrote_in_between_are_seen(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1)
    model = await stage.model("people", "id name", [ADA, BOB])
    table = stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    intrude_after_first_write(stage, monkeypatch, lambda: stage.world.tables.insert(table, [ROBERT]))

    execution = await stage.start(sync)

    assert execution["counts"] == executions_counts(insert=1, update=1, total=2)
    assert stage.rows("public.arrivals") == [ADA, BOB]


async def test_a_cancel_between_two_chunks_keeps_what_was_written(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CHUNK", 1)
    model = await stage.model("people", "id name", [ADA, BOB])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)

    def cancel() -> None:
        (execution,) = executions.of_sync(stage.world, sync["id"])
        executions.request_cancel(stage.world, execution)

    intrude_after_first_write(stage, monkeypatch, cancel)

    execution = await stage.start(sync)

    assert execution["status"] == "canceled"
    assert execution["counts"] == executions_counts(insert=1, total=1)
    assert stage.rows("public.arrivals") == [ADA]


async def test_a_cancel_before_the_end_of_a_replacement_leaves_the_target_as_it_was(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await stage.model("people", "id name", [ADA, BOB])
    stage.table("public.arrivals", "id name", HELD)
    sync = await stage.sync(model, "public.arrivals", mode="replace", **MAPPED)
    move = runner._Run._move

    def canceling(self: Any, record: Any) -> None:
        (execution,) = executions.of_sync(stage.world, sync["id"])
        executions.request_cancel(stage.world, execution)
        move(self, record)

    monkeypatch.setattr(runner._Run, "_move", canceling)

    execution = await stage.start(sync)

    assert execution["status"] == "canceled"
    assert stage.rows("public.arrivals") == HELD


def intrude_after_first_write(stage: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    insert, acts = Tables.insert, [act]

    def intruding(self: Tables, *arguments: Any) -> Any:
        answer = insert(self, *arguments)
        if acts:
            stage.world.store.after_commit(acts.pop())
        return answer

    monkeypatch.setattr(Tables, "insert", intruding)


async def test_a_run_whose_model_cannot_be_read_fails_and_says_why(stage: Any) -> None:
    model = await stage.model("people", "id name", [ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    source = stage.world.tables.get("postgresql", "public.people")
    stage.world.tables.drop(source)

    execution = await stage.start(sync)

    assert execution["status"] == "failed"
    assert "people" in execution["errors"][0]
    assert logs.console(stage.world, execution["id"])[-1]["level"] == "error"


async def test_a_fault_of_the_sandbox_ends_the_run_as_failed(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = await stage.model("people", "id name", [ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    monkeypatch.setattr(runner, "make_plan", None)

    execution = await stage.start(sync)

    assert execution["errors"] == ["The sandbox failed; that is a fault of the sandbox."]


async def test_a_sync_that_goes_away_before_it_runs_takes_its_run_along(stage: Any, workers: Any) -> None:
    model = await stage.model("people", "id name", [ADA])
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    workers.is_holding = True
    await stage.start(sync)
    await stage.http.delete(f"/api/connections/{sync['target']['connection_id']}?force=true")

    workers.release()

    assert stage.rows("public.arrivals") == []
    assert stage.world.store.list("execution") == []


async def test_a_target_that_goes_away_before_the_run_fails_it(stage: Any, workers: Any) -> None:
    model = await stage.model("people", "id name", [ADA])
    table = stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **MAPPED)
    workers.is_holding = True
    started = await stage.start(sync)
    stage.world.tables.drop(table)

    workers.release()

    execution = await stage.execution(sync, started["id"])
    assert execution["status"] == "failed"
    assert "no target object 'public.arrivals'" in execution["errors"][0]


async def test_a_hundred_thousand_records_move_in_one_run(stage: Any) -> None:
    people = ({"id": str(each), "name": f"Person {each}"} for each in range(100_000))
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name")

    counts = await asyncio.wait_for(stage.moved(model, "public.arrivals", **MAPPED), 60)

    assert counts == {"insert": 100_000, "total": 100_000}
