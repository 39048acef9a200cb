"""Why nothing arrived, or less than there is: measured through the API, with its counts."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

SYNC = "/api/syncs/33333333-0000-0000-0000-000000000001"
MODEL = "/api/models/22222222-0000-0000-0000-000000000001"
QUERY = "POST /api/connections/11111111-0000-0000-0000-000000000001/query"
RESULT = "GET /api/queries/q"
FIELDS = "GET /api/connections/11111111-0000-0000-0000-000000000002/modelsync/target/fields"
ACCOUNT = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}
CUSTOMERS = {"query": "SELECT * FROM customers"}
NOBODY = {"query": "SELECT * FROM customers WHERE plan = 'nobody'"}


def source(model: str, field: str) -> dict[str, Any]:
    return {"model_id": model, "field": field}


def plan_is(value: str, model: str = "Customers") -> dict[str, Any]:
    return {"source": source(model, "plan"), "function": "Equality", "value": value}


@pytest.fixture
async def warehouse(open_sandbox: Connect) -> AsyncIterator[Tools]:
    """The sandbox with a Snowflake that has 41 customers, and models of all of them and of none."""
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
        for name, configuration in (("Customers", CUSTOMERS), ("Nobody", NOBODY)):
            await tools("create_model", name=name, connection_id="Snowflake", configuration=configuration)
        yield tools


async def ran(tools: Tools, model: str = "Customers", mode: str = "updateOrCreate", **parts: Any) -> Any:
    """Create a sync of a model's e-mail addresses into the table of users, and run it."""
    await tools(
        "create_sync",
        name="Users",
        mode=mode,
        target={"connection_id": "Snowflake", "object": "public.users"},
        identity={"source": source(model, "email"), "target": "email"},
        fields=[{"source": source(model, "first_name"), "target": "name"}],
        **parts,
    )
    return await tools("start_sync", sync_id="Users")


async def diagnosed(tools: Tools) -> Any:
    return await tools("diagnose_sync", sync_id="Users")


async def test_a_model_without_rows_is_the_cause(warehouse: Tools) -> None:
    run = await ran(warehouse, "Nobody")
    diagnosis = await diagnosed(warehouse)

    assert [step["tool"] for step in run["next_steps"]] == ["diagnose_sync"]
    assert "No row was written" in run["note"]
    (cause,) = diagnosis["causes"]
    assert (cause["cause"], cause["certainty"], cause["blocks"]) == (
        "The model 'Nobody' returns 0 rows",
        "certain",
        True,
    )
    assert cause["evidence"][1] == f"its query: {NOBODY['query']}"
    assert diagnosis["verdict"] == "1 problem found"


@pytest.mark.parametrize("logic", ["A OR B", ""])
async def test_a_filter_that_passes_no_row_is_counted_condition_by_condition(
    logic: str, warehouse: Tools
) -> None:
    conditions = [plan_is("titanium"), plan_is("silver")]

    await ran(warehouse, model_filters={"conditions": conditions, "logic": logic})
    diagnosis = await diagnosed(warehouse)

    (cause,) = diagnosis["causes"]
    assert (cause["cause"], cause["certainty"]) == ("The filter passes 0 of 41 rows", "certain")
    assert cause["evidence"][:2] == [
        "plan Equality 'titanium': passes 0 of 41 rows",
        "plan Equality 'silver': passes 0 of 41 rows",
    ]
    assert cause["evidence"][2].startswith("values of plan: 'gold' (")
    assert diagnosis["verdict"] == "1 problem found"


async def test_a_filter_that_passes_some_rows_is_counted_as_no_problem(warehouse: Tools) -> None:
    counts = (await ran(warehouse, model_filters={"conditions": [plan_is("gold")]}))["counts"]
    diagnosis = await diagnosed(warehouse)

    (cause,) = diagnosis["causes"]
    assert 0 < counts["total"] < 41
    assert cause["cause"] == f"The filter passes {counts['total']} of 41 rows"
    assert diagnosis["verdict"] == "nothing failed, but rows were left out: see causes"


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_a_filter_in_the_older_form_is_counted_too(api_version: str, open_sandbox: Connect) -> None:
    async with open_sandbox(api_version=api_version) as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
        table = {"table": "public.customers"}
        await tools("create_model", name="Customers", connection_id="Snowflake", configuration=table)
        condition = {"field": source("Customers", "plan"), "function": "Equality", "value": "none such"}
        await ran(tools, filters=[condition])
        (cause,) = (await diagnosed(tools))["causes"]

    assert cause["cause"] == "The filter passes 0 of 41 rows"


@pytest.mark.parametrize(
    ("mode", "why", "step"),
    [
        ("update", "match no record and the mode 'update' does not create", "update_sync"),
        ("remove", "match no record and the mode 'remove' removes only what matches", "get_sync_execution"),
    ],
)
async def test_rows_that_the_mode_leaves_out_are_counted(
    mode: str, why: str, step: str, warehouse: Tools
) -> None:
    run = await ran(warehouse, mode=mode)
    diagnosis = await diagnosed(warehouse)

    counts = run["counts"]
    left_out = counts["total"] - counts["update"] - counts["delete"]
    assert 0 < left_out < counts["total"] == 41
    assert run["note"].startswith(f"{left_out} of 41 rows were neither written nor rejected.")
    (cause,) = diagnosis["causes"]
    assert cause["cause"] == f"{left_out} of 41 rows {why}"
    assert cause["next_steps"][0]["tool"] == step
    assert diagnosis["verdict"] == "nothing failed, but rows were left out: see causes"


async def test_the_remedy_for_rows_without_a_record_works_as_given(warehouse: Tools) -> None:
    await ran(warehouse, mode="update")
    (cause,) = (await diagnosed(warehouse))["causes"]

    await warehouse(cause["next_steps"][0]["tool"], **cause["next_steps"][0]["arguments"])
    await warehouse("start_sync", sync_id="Users")

    assert (await diagnosed(warehouse))["verdict"] == "no problem found"


async def test_records_that_exist_already_are_counted_in_mode_create(warehouse: Tools) -> None:
    await ran(warehouse, mode="create")
    await warehouse("start_sync", sync_id="Users", resync=True)

    causes = (await diagnosed(warehouse))["causes"]

    assert (
        causes[0]["cause"] == "41 of 41 rows match a record that exists and the mode 'create' does not update"
    )


async def test_a_test_run_without_rows_is_explained_too(warehouse: Tools) -> None:
    await warehouse(
        "create_sync",
        name="Users",
        mode="append",
        target={"connection_id": "Snowflake", "object": "public.users"},
        fields=[{"source": source("Nobody", "first_name"), "target": "name"}],
    )
    await warehouse("start_sync", sync_id="Users", test=True)

    causes = [each["cause"] for each in (await diagnosed(warehouse))["causes"]]

    assert "The model 'Nobody' returns 0 rows" in causes


@pytest.fixture
def scripted(company: ScriptedApi) -> ScriptedApi:
    """The scripted API, whose last run took no row."""
    company[f"GET {SYNC}/status"] = {"data": {}}
    company["GET /api/events"] = {"data": []}
    runs(company, counted(total=0))
    serve(company, [{"contact_id": "1"}, {"contact_id": "2"}])
    return company


def counted(number: int = 1, **counts: int) -> dict[str, Any]:
    time = f"2026-03-04T{11 - number:02}:00:00Z"
    counts = {"insert": 0, "update": 0, "error": 0, "delete": 0} | counts
    return {"id": f"run-{number}", "status": "completed", "started_at": time, "counts": counts}


def runs(api: ScriptedApi, *executions: dict[str, Any]) -> None:
    api[f"GET {SYNC}/executions"] = {"data": list(executions)}


def serve(api: ScriptedApi, rows: list[dict[str, Any]], **result: Any) -> None:
    """Serve the rows as the sample and, after one look, as the result of the query."""
    api[f"GET {MODEL}/sample"] = {"data": {"records": [{api.MODEL: row} for row in rows]}}
    done = {"id": "q", "status": "done", "count": len(rows), "results": rows} | result
    looks = iter([{"data": {"id": "q", "status": "running"}}, *[{"data": done}] * 99])
    api[QUERY] = {"data": {"id": "q"}}
    api[RESULT] = lambda _: next(looks)


def change(api: ScriptedApi, operation: str, **parts: Any) -> None:
    api[operation] = {"data": api.answers[operation]["data"] | parts}


def told(diagnosis: Any) -> list[tuple[str, str, bool]]:
    return [(each["cause"], each["certainty"], each["blocks"]) for each in diagnosis["causes"]]


NOTHING_NEW = "The last run took no rows: none are new or changed since the run before"


@pytest.mark.parametrize(
    ("before", "certainty"),
    [([counted(2, total=2, insert=2), counted(3, total=0)], "likely"), ([], "possible")],
)
async def test_a_run_that_found_nothing_new_is_no_problem_and_names_the_resync(
    before: Any, certainty: str, tools: Tools, scripted: ScriptedApi
) -> None:
    runs(scripted, counted(total=0), *before)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    cause = diagnosis["causes"][-1]
    assert told(diagnosis)[-1] == (NOTHING_NEW, certainty, False)
    assert cause["evidence"][0] == "the run took 0 rows; 2 of 2 rows pass the filters now"
    took = [line for line in cause["evidence"] if line.startswith("the last run that took rows")]
    assert [line.rpartition(" ")[2] for line in took] == ["2"] * (certainty == "likely")
    assert cause["next_steps"][0]["arguments"] == {"sync_id": scripted.SYNC, "resync": True}
    assert diagnosis["verdict"] == "nothing failed, but rows were left out: see causes"


async def test_a_second_run_says_that_nothing_is_new_and_its_remedy_moves_everything(
    warehouse: Tools,
) -> None:
    first = (await ran(warehouse))["counts"]
    second = (await warehouse("start_sync", sync_id="Users"))["counts"]
    (cause,) = (await diagnosed(warehouse))["causes"]

    again = await warehouse(cause["next_steps"][0]["tool"], **cause["next_steps"][0]["arguments"])

    assert (cause["cause"], cause["certainty"]) == (NOTHING_NEW, "likely")
    assert cause["evidence"][0] == "the run took 0 rows; 41 of 41 rows pass the filters now"
    assert (first["total"], second["total"], again["counts"]["total"]) == (41, 0, 41)


async def test_a_sync_without_an_initial_backfill_says_why_its_first_run_took_no_rows(
    warehouse: Tools,
) -> None:
    run = await ran(warehouse, skip_initial_backfill=True)
    (cause,) = (await diagnosed(warehouse))["causes"]

    again = await warehouse(cause["next_steps"][0]["tool"], **cause["next_steps"][0]["arguments"])

    assert "skip_initial_backfill" in cause["cause"]
    assert (run["counts"]["total"], again["counts"]["total"]) == (0, 41)


async def test_rows_that_came_after_a_run_of_all_rows_suggest_another_run(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", sync_all_records=True)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert told(diagnosis) == [("The rows came after the last run", "likely", False)]
    assert diagnosis["causes"][0]["next_steps"][0]["arguments"] == {"sync_id": scripted.SYNC}


@pytest.mark.parametrize(
    ("rows", "causes"),
    [
        (
            [{"contact_id": None}, {"contact_id": " "}, {"contact_id": "1"}],
            [("2 of 3 rows have no value in contact_id, which identifies them", "certain", False)],
        ),
        (
            [{"contact_id": ""}],
            [("1 of 1 rows have no value in contact_id, which identifies them", "certain", True)],
        ),
        (
            [{"contact_id": "1"}, {"CONTACT_ID": "1"}, {"contact_id": "2"}],
            [("2 of 3 rows share their value of contact_id, which identifies them", "possible", False)],
        ),
    ],
)
async def test_empty_and_repeated_identities_are_counted(
    rows: Any, causes: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    serve(scripted, rows)

    assert told(await tools("diagnose_sync", sync_id=scripted.SYNC))[: len(causes)] == causes


FILTERS = {
    "conditions": [{"source": source(ScriptedApi.MODEL, "plan"), "function": "Equality", "value": "x"}]
}


@pytest.mark.parametrize(
    ("result", "title", "certainty"),
    [
        ({}, "The filter passes 0 of 2 rows", "certain"),
        ({"count": 9}, "The filter passes 0 of the first 2 rows", "likely"),
        ({"count": None}, "The filter passes 0 of the first 2 rows", "likely"),
        ({"status": "failed"}, "The filter passes 0 of the first 2 rows", "likely"),
        ({"status": "running"}, "The filter passes 0 of the first 2 rows", "likely"),
    ],
)
async def test_a_count_of_a_part_of_the_rows_says_so(
    result: Any, title: str, certainty: str, tools: Tools, scripted: ScriptedApi
) -> None:
    serve(scripted, [{"contact_id": "1", "plan": "y"}, {"contact_id": "2"}], **result)
    change(scripted, f"GET {SYNC}", model_filters=FILTERS)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert told(diagnosis)[0] == (title, certainty, True)
    assert diagnosis["causes"][0]["evidence"][-1] == "values of plan: 'y' (1), null (1)"


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (
            {"configuration": {"query": "with x as (select 1) select * from x"}},
            "with x as (select 1) select * from x",
        ),
        ({"configuration": {"query": "DELETE FROM x RETURNING *"}}, None),
        ({"configuration": {"table": "t", "schema": "s"}}, "SELECT contact_id, plan FROM s.t"),
        ({"configuration": {"object": "Contact"}}, "SELECT contact_id, plan FROM Contact"),
        ({"configuration": {"table": "a b"}}, None),
        ({"configuration": {"table": "t", "view": "v"}}, None),
        ({"configuration": None}, None),
    ],
)
async def test_a_model_is_read_by_a_query_only_if_it_is_known_to_select(
    model: Any, query: str | None, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", **model)

    await tools("diagnose_sync", sync_id=scripted.SYNC)

    asked = [str(each.url.params.get("query")) for each in scripted.asked(QUERY)]
    bodies = [each.content.decode() for each in scripted.asked(QUERY)]
    assert len(asked) == (0 if query is None else 1)
    assert all(query in text or query in body for text, body in zip(asked, bodies, strict=True) if query)


async def test_a_refused_query_leaves_the_sample(tools: Tools, scripted: ScriptedApi) -> None:
    scripted[QUERY] = httpx.Response(400, json={"message": "does not support queries"})
    change(scripted, f"GET {SYNC}", model_filters=FILTERS)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert told(diagnosis)[0] == ("The filter passes 0 of the first 2 rows", "likely", True)
    assert "unavailable" not in diagnosis


@pytest.mark.parametrize(
    "answer", [{"job": {"type": "samplemodel", "job_id": "j"}}, httpx.Response(422, json={"message": "no"})]
)
async def test_rows_that_cannot_be_read_are_named_as_unavailable(
    answer: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    scripted[f"GET {MODEL}/sample"] = answer

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [each["source"] for each in diagnosis["unavailable"]] == ["rows of models"]
    assert diagnosis["verdict"] == "no problem found in what could be read"


async def test_all_pages_of_a_query_are_read_up_to_two_thousand_rows(
    tools: Tools, scripted: ScriptedApi
) -> None:
    serve(scripted, [{"contact_id": "1"}])
    numbers = iter(range(99))

    def page(_: httpx.Request) -> Any:
        number = next(numbers)
        rows = [{"contact_id": f"{number}-{n}"} for n in range(500)]
        data = {"id": "q", "status": "done", "count": 5_000, "results": rows}
        return {"data": data, "links": {"next": f"/api/queries/q?page=p{number}"}}

    scripted[RESULT] = page
    change(scripted, f"GET {SYNC}", model_filters=FILTERS)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert told(diagnosis)[0][0] == "The filter passes 0 of the first 2000 rows"
    assert [each.url.params.get("page") for each in scripted.asked(RESULT)] == [None, "p0", "p1", "p2"]


async def test_a_page_that_repeats_ends_the_reading(tools: Tools, scripted: ScriptedApi) -> None:
    rows = [{"contact_id": "1"}]
    data = {"id": "q", "status": "done", "count": 2, "results": rows}
    scripted[RESULT] = {"data": data, "links": {"next": "/api/queries/q?page=p"}}

    await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert len(scripted.asked(RESULT)) == 2


@pytest.mark.parametrize(
    "parts",
    [
        {
            "model_filters": {
                "conditions": [{"source": source(ScriptedApi.MODEL, "gone"), "function": "IsNull"}]
            }
        },
        {"model_filters": FILTERS | {"logic": "A or Z"}},
        {"model_filters": {"conditions": [*FILTERS["conditions"], {"source": {}, "function": "IsNull"}]}},
        {"model_filters": {"conditions": [each | {"label": "same"} for each in FILTERS["conditions"] * 2]}},
        {"filters": [{"field_id": "f1", "function": "No such"}]},
    ],
)
async def test_a_filter_that_cannot_be_evaluated_is_not_counted(
    parts: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", **parts)

    causes = [cause for cause, *_ in told(await tools("diagnose_sync", sync_id=scripted.SYNC))]

    assert not any("The filter passes" in cause for cause in causes)


async def test_a_condition_that_names_a_field_by_id_is_counted(tools: Tools, scripted: ScriptedApi) -> None:
    target = {"field_type": "Target", "field_id": "Note", "function": "IsNull"}
    model = {"field_type": "Model", "field_id": "f1", "function": "Equality", "value": "2"}
    change(scripted, f"GET {SYNC}", filters=[target, model])

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    (found,) = [each for each in diagnosis["causes"] if each["cause"].startswith("The filter")]
    assert found["cause"] == "The filter passes 1 of 2 rows"
    assert found["evidence"] == ["contact_id Equality '2': passes 1 of 2 rows"]


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"mode": "append"}, "were not written"),
        (
            {"target_filters": {"conditions": [{"field": "Note", "function": "IsNull"}]}},
            "match records that the target filters exclude",
        ),
        (
            {"mode": "update", "target_filters": {"conditions": [{"field": "Note", "function": "IsNull"}]}},
            "match no record that the target filters allow and the mode 'update' does not create",
        ),
    ],
)
async def test_rows_are_left_out_by_the_mode_or_the_target_filters(
    parts: Any, why: str, tools: Tools, scripted: ScriptedApi
) -> None:
    runs(scripted, counted(total=41, update=37))
    change(scripted, f"GET {SYNC}", **parts)

    causes = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert f"4 of 41 rows {why}" in [each["cause"] for each in causes]


async def test_a_mode_that_would_need_more_is_not_suggested(tools: Tools, scripted: ScriptedApi) -> None:
    runs(scripted, counted(total=41, update=37))
    change(scripted, f"GET {SYNC}", mode="update")
    fields = scripted.answers[FIELDS]["data"]["fields"]
    modes = [{"mode": "update"}, {"mode": "updateOrCreate"}]
    change(scripted, FIELDS, fields=[*fields, {"id": "Stage", "required": True}], modes=modes)

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert cause["evidence"][1].startswith(
        "the mode 'updateOrCreate' would need more: fields: 'Winter flow' requires"
    )
    assert [each["tool"] for each in cause["next_steps"]] == ["get_sync_execution"]


@pytest.mark.parametrize("parts", [{}, {"model_filters": {"conditions": [plan_is("silver")]}}])
async def test_a_replacing_sync_that_found_no_row_says_what_it_deleted(
    parts: dict[str, Any], warehouse: Tools
) -> None:
    run = await ran(warehouse, "Customers" if parts else "Nobody", "replace", **parts)
    diagnosis = await diagnosed(warehouse)

    deleted = run["counts"]["delete"]
    assert deleted > 0
    assert run["note"].startswith(f"The run found no row to write and deleted {deleted} records")
    (cause,) = diagnosis["causes"]
    assert "0 " in cause["cause"]
    assert (
        f"the run deleted {deleted} records: the mode 'replace' keeps only what it writes"
        in cause["evidence"]
    )
    assert diagnosis["verdict"] == "1 problem found"
