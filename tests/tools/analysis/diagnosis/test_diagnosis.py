"""Why a sync fails: ranked causes, worked out from all its sources."""

import json
from typing import Any

import httpx
import pytest

from polytomic_mcp import Settings
from polytomic_mcp.settings import Secret
from tests.tools.conftest import Connect, ScriptedApi, Tools

SYNC = "/api/syncs/33333333-0000-0000-0000-000000000001"
MODEL = "/api/models/22222222-0000-0000-0000-000000000001"
ERRORS = f"{SYNC}/executions/run-1/errors"
COUNTS = {"insert": 3, "update": 0, "error": 0, "total": 3}
DOWN = httpx.Response(403, json={"message": "no right"})


def run(number: int = 1, status: str = "completed", **more: Any) -> dict[str, Any]:
    """Return an execution on the day of the test clock; number 1 is the newest."""
    time = f"2026-03-04T{11 - number:02}:00:00Z"
    return {"id": f"run-{number}", "status": status, "started_at": time, "completed_at": time} | more


@pytest.fixture
def scripted(company: ScriptedApi) -> Any:
    """The scripted API, whose sync ran well; each test changes what it needs."""
    company[f"GET {SYNC}/status"] = {"data": {"next_execution_time": "2026-03-05T00:00:00Z"}}
    company[f"GET {SYNC}/executions"] = {"data": [run(counts=COUNTS)]}
    company["GET /api/events"] = {"data": []}
    return company


def change(api: ScriptedApi, operation: str, **parts: Any) -> None:
    """Change parts of the object that an operation answers."""
    api[operation] = {"data": api.answers[operation]["data"] | parts}


def reject_rows(api: ScriptedApi, *lines: Any, total: int | None = None) -> None:
    """Serve a run with rejected rows and their log."""
    count = len(lines) if total is None else total
    api[f"GET {SYNC}/executions"] = {"data": [run(counts=COUNTS | {"error": count})]}
    api[f"GET {SYNC}/executions/run-1/logs"] = {"data": {"errors": {"count": count}}}
    api[f"GET {ERRORS}"] = {"data": {"urls": [f"https://x.example{ERRORS}/1.jsonl?sig=1"]}}
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    api[f"GET {ERRORS}/1.jsonl"] = httpx.Response(200, text=text)


def causes_in(diagnosis: Any) -> list[tuple[str, str, bool]]:
    return [(cause["cause"], cause["certainty"], cause["blocks"]) for cause in diagnosis["causes"]]


async def test_a_healthy_sync_is_shown_as_healthy(tools: Tools, scripted: ScriptedApi) -> None:
    diagnosis = await tools("diagnose_sync", sync_id="plans to gong")

    assert diagnosis["verdict"] == "no problem found"
    assert diagnosis["causes"] == []
    assert diagnosis["state"] == {
        "state": "ok",
        "active": True,
        "schedule": "manual",
        "next_run": "only when started",
        "mode": "updateOrCreate",
        "target": "my-gong-engage-flow",
        "target_name": "Winter flow",
        "last_success": "2026-03-04T10:00:00Z",
        "next_execution": "2026-03-05T00:00:00Z",
        "checked": "0 broken fields; checked against 1 model and the target",
    }
    assert diagnosis["executions"] == [run(counts={"insert": 3, "total": 3})]
    assert [(each["role"], each["status"]) for each in diagnosis["connections"]] == [
        ("source", "healthy"),
        ("target", "healthy"),
    ]
    assert scripted.written() == []


async def test_rejected_rows_are_grouped_by_cause_with_two_examples_each(
    tools: Tools, scripted: ScriptedApi
) -> None:
    unknown = [
        {"row": {"contact_id": f"00Q{n}xyz"}, "error": f"contact 00Q{n}xyz is not known"} for n in range(3)
    ]
    too_long = [
        {"record": {"Note": "n" * 99}, "message": f"Note is longer than {n} characters"} for n in (7, 8)
    ]
    reject_rows(scripted, *unknown, *too_long)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    errors = diagnosis["row_errors"]
    assert (errors["execution_id"], errors["total"], errors["read"]) == ("run-1", 5, 5)
    assert [(each["cause"], each.get("field"), each["count"]) for each in errors["causes"]] == [
        ("contact <contact_id> is not known", None, 3),
        ("Note is longer than <number> characters", "Note", 2),
    ]
    assert errors["causes"][0]["examples"] == [
        {"error": f"contact 00Q{n}xyz is not known", "row": {"contact_id": f"00Q{n}xyz"}} for n in range(2)
    ]
    assert len(errors["causes"][1]["examples"][0]["row"]["Note"]) == 60
    assert diagnosis["verdict"] == "2 problems found"
    assert causes_in(diagnosis)[0] == (
        "Rows are rejected: contact <contact_id> is not known",
        "certain",
        False,
    )
    assert diagnosis["causes"][0]["next_steps"][0] == {
        "tool": "get_sync_execution",
        "arguments": {"sync_id": scripted.SYNC, "execution_id": "run-1", "log": "errors"},
        "reason": "see the rows",
    }


@pytest.mark.parametrize(
    ("line", "cause", "field"),
    [
        ("plain words", "plain words", None),
        ("Record 12: plain words", "plain words", None),
        ('"a text of its own"', "a text of its own", None),
        ({"other": 1}, "no reason given", None),
        ({"error": ["too", "long"]}, "[<text>, <text>]", None),
        ({"error": "bad", "field": "plan"}, "bad", "plan"),
        ({"error": "'Id' is wrong, not 'x y'"}, "'Id' is wrong, not <text>", "Id"),
        ({"error": "7 of 1,000.5 at 2026-03-04T10:00:00Z"}, "<number> of <number> at <date>", None),
        ({"error": "a.b+c@example.com at https://x.y/z"}, "<email> at <url>", None),
        ({"error": "no 22222222-0000-0000-0000-000000000001"}, "no <id>", None),
        ({"error": "no 003Sb00000ZQAeAIAX"}, "no <id>", None),
        ({"error": "no cat here", "row": {"pet": "cat", "a": "ca", "b": 1}}, "no <pet> here", None),
        ({"error": "category", "row": {"pet": "cat"}}, "category", None),
        ({"error": "Note is empty", "row": {"pet": "Note", "Note": None}}, "Note is empty", "Note"),
    ],
)
async def test_a_cause_is_a_message_without_its_values(
    line: Any, cause: str, field: str | None, tools: Tools, scripted: ScriptedApi
) -> None:
    reject_rows(scripted, line)

    (group,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["row_errors"]["causes"]

    assert (group["cause"], group.get("field"), group["count"]) == (cause, field, 1)


async def test_rejected_rows_are_still_explained_after_a_run_without_rows(
    tools: Tools, scripted: ScriptedApi
) -> None:
    reject_rows(scripted, "contact 7 is not known")
    rejecting = scripted.answers[f"GET {SYNC}/executions"]["data"][0]
    narrowed = run(0, counts={"insert": 0, "error": 0, "total": 0})
    scripted[f"GET {SYNC}/executions"] = {"data": [narrowed, run(0, "canceled", counts=COUNTS), rejecting]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert diagnosis["row_errors"]["execution_id"] == "run-1"
    assert causes_in(diagnosis) == [("Rows are rejected: contact <number> is not known", "certain", False)]
    state = diagnosis["state"]
    assert (state["state"], state["detail"]) == (
        "row_errors",
        "rejected rows: 1, in the run of 2026-03-04 10:00 UTC; later runs had no rows",
    )


async def test_a_run_that_rejected_every_row_failed(tools: Tools, scripted: ScriptedApi) -> None:
    reject_rows(scripted, "bad", "bad")
    refused = run(counts={"insert": 0, "error": 2, "total": 2})
    scripted[f"GET {SYNC}/executions"] = {"data": [refused, run(2, counts=COUNTS)]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [
        ("The last run wrote nothing: all 2 rows were rejected", "certain", True),
        ("Rows are rejected: bad", "certain", False),
    ]
    assert diagnosis["causes"][0]["evidence"][-1] == "1 of the last 2 runs failed"
    assert diagnosis["state"]["state"] == "failing"
    assert diagnosis["state"]["last_success"] == "2026-03-04T09:00:00Z"


async def test_rejected_rows_are_a_cause_even_without_a_reason(tools: Tools, scripted: ScriptedApi) -> None:
    reject_rows(scripted)
    scripted[f"GET {SYNC}/executions"] = {"data": [run(counts=COUNTS | {"error": 4, "total": 7})]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [("Rows are rejected", "certain", False)]
    assert diagnosis["causes"][0]["evidence"] == ["4 rows; neither the log nor the run gives a reason"]


async def test_a_canceled_run_is_reported_with_the_rows_it_wrote(tools: Tools, scripted: ScriptedApi) -> None:
    scripted[f"GET {SYNC}/executions"] = {"data": [run(1, "canceled", counts=COUNTS)]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [("The last run was canceled before it completed", "certain", False)]
    (cause,) = diagnosis["causes"]
    assert cause["evidence"] == ["the last run was canceled; rows written before that: 3"]
    assert cause["next_steps"][0]["tool"] == "start_sync"
    assert diagnosis["state"]["state"] == "canceled"


async def test_many_causes_and_long_logs_are_limited_and_say_so(tools: Tools, scripted: ScriptedApi) -> None:
    reject_rows(scripted, *[f"word{'x' * n} is wrong" for n in range(20)] * 1_001, total=20_020)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    errors = diagnosis["row_errors"]
    assert (errors["total"], errors["read"]) == (20_020, 20_000)
    assert len(errors["causes"]) == 6
    assert errors["more_causes"] == 14
    assert diagnosis["causes"][0]["evidence"][0] == "1000 of 20000 rejected rows read"


async def test_a_diagnosis_of_everything_at_once_fits_a_context_window(
    tools: Tools, scripted: ScriptedApi, tokenizer: Any
) -> None:
    rows = [{f"column {n}": f"value {n} of many words " * 20 for n in range(40)} for _ in range(20)]
    reasons = [f"the {'very ' * n} long reason " * 20 for n in range(20)]
    reject_rows(scripted, *[{"row": row, "error": why} for row, why in zip(rows, reasons, strict=True)])
    listed = scripted.answers[f"GET {SYNC}/executions"]["data"]
    failed = [run(n, "failed", counts=COUNTS, errors=reasons) for n in range(2, 10)]
    scripted[f"GET {SYNC}/executions"] = {"data": [*listed, *failed]}
    for id_ in (scripted.WAREHOUSE, scripted.GONG):
        change(scripted, f"GET /api/connections/{id_}", status="unhealthy", status_error="it is down " * 200)
    change(scripted, f"GET {SYNC}", problems=[{"path": "target.object", "message": why} for why in reasons])
    event = {"sync_id": scripted.SYNC, "execution_id": "run-1", "error": "it is down " * 200}
    scripted["GET /api/events"] = {"data": [{"type": "sync.failed", "event": event}] * 90}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC, executions=50)

    assert len(tokenizer.encode(json.dumps(diagnosis))) < 6_000
    assert diagnosis["causes"][0]["cause"] == "The source connection 'Warehouse' is not healthy"
    assert len(diagnosis["causes"]) >= 3
    assert diagnosis["row_errors"]["causes"]
    assert "/causes" in {cut["pointer"] for cut in diagnosis["truncated"]}


async def test_a_log_is_read_to_its_five_millionth_character(tools: Tools, scripted: ScriptedApi) -> None:
    reject_rows(scripted, *["x" * 1_000_000] * 6)

    assert (await tools("diagnose_sync", sync_id=scripted.SYNC))["row_errors"]["read"] == 5


@pytest.mark.parametrize("content", [b"\x1f\x8b\xff", None])
async def test_the_errors_of_the_run_are_grouped_if_its_log_is_empty(
    content: bytes | None, tools: Tools, scripted: ScriptedApi
) -> None:
    reject_rows(scripted, "x")
    errors = ["Record 1: no 7", "Record 2: no 8"]
    scripted[f"GET {SYNC}/executions"] = {"data": [run(counts=COUNTS | {"error": 40}, errors=errors)]}
    if content is None:
        scripted[f"GET {SYNC}/executions/run-1/logs"] = {"data": {"errors": {"count": 0}}}
    else:
        scripted[f"GET {ERRORS}/1.jsonl"] = httpx.Response(200, content=content)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    found = diagnosis["row_errors"]
    assert (found["total"], found["read"], found["causes"][0]["cause"]) == (40, 2, "no <number>")
    assert [each["source"] for each in diagnosis.get("unavailable", [])] == (
        ["row errors"] if content else []
    )


@pytest.mark.parametrize(
    ("parts", "causes"),
    [
        ({"status": "unhealthy", "status_error": "key expired"}, [("is not healthy", "certain", True)]),
        ({"status": "error"}, [("is not healthy", "certain", True)]),
        (
            {"rate_limit": {"currently_limited": True, "limited_since": "2026-03-04T11:00:00Z"}},
            [("limits the rate of requests", "likely", False)],
        ),
        ({"rate_limit": {"currently_limited": False}}, []),
    ],
)
async def test_the_health_and_rate_limit_of_a_connection_are_reported(
    parts: Any, causes: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET /api/connections/{scripted.GONG}", **parts)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [(text.partition("'Gong' ")[2], *more) for text, *more in causes_in(diagnosis)] == causes
    is_blocked = any(blocks for _, _, blocks in causes)
    assert diagnosis["state"]["state"] == ("broken" if is_blocked else "ok")
    shown = diagnosis["connections"][1]
    assert {name: shown[name] for name in parts} == parts
    for cause in diagnosis["causes"]:
        assert cause["evidence"]
        assert cause["next_steps"][0]["arguments"] == {"connection_id": scripted.GONG}


@pytest.mark.parametrize(
    ("parts", "step"),
    [
        ({"saved": False}, ("get_connection", {})),
        ({"status_error": "Waiting for a person to sign in"}, ("get_connection", {})),
        ({"status_error": "Please sign in again"}, ("update_connection", {"reconnect": True})),
        ({"status_error": "oauth2: invalid_grant"}, ("update_connection", {"reconnect": True})),
        ({"status_error": "key expired"}, ("test_connection", {})),
    ],
)
async def test_a_connection_that_needs_a_sign_in_suggests_a_new_consent(
    parts: Any, step: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET /api/connections/{scripted.GONG}", status="unhealthy", **parts)

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    tool, arguments = step
    assert cause["next_steps"][0]["tool"] == tool
    assert cause["next_steps"][0]["arguments"] == {"connection_id": scripted.GONG, **arguments}


async def test_a_missing_connection_is_the_only_cause_for_what_depends_on_it(
    tools: Tools, scripted: ScriptedApi
) -> None:
    del scripted.answers[f"GET /api/connections/{scripted.GONG}"]
    del scripted.answers[f"GET /api/connections/{scripted.GONG}/modelsync/target/fields"]

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [("The target connection no longer exists", "certain", True)]
    assert diagnosis["connections"][1]["status"] == "gone"


async def test_a_missing_model_and_target_object_are_named(tools: Tools, scripted: ScriptedApi) -> None:
    del scripted.answers[f"GET {MODEL}"]
    del scripted.answers[f"GET /api/connections/{scripted.GONG}/modelsync/target/fields"]

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [
        ("A model that the sync reads no longer exists", "certain", True),
        ("The flow no longer exists", "certain", True),
    ]
    assert diagnosis["causes"][1]["evidence"] == [f"no flow {scripted.FLOW}"]


async def test_fields_that_disappeared_or_became_required_are_named(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", fields=[{"id": "f2", "name": "plan", "type": "string"}])
    fields = scripted.answers[f"GET /api/connections/{scripted.GONG}/modelsync/target/fields"]["data"][
        "fields"
    ]
    change(
        scripted,
        f"GET /api/connections/{scripted.GONG}/modelsync/target/fields",
        fields=[*fields, {"id": "Stage", "required": True}],
    )
    mapping = {"source": {"model_id": scripted.MODEL, "field": "plan"}, "target": "Colour"}
    filters = {"conditions": [{"field": name, "function": "IsNull"} for name in ("Size", "Id")]}
    change(scripted, f"GET {SYNC}", fields=[mapping], target_filters=filters)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    model, target = diagnosis["causes"]
    assert diagnosis["state"]["state"] == "broken"
    assert diagnosis["state"]["detail"] == "; ".join(cause["cause"] for cause in diagnosis["causes"])
    assert causes_in(diagnosis) == [
        ("The sync reads fields that its models no longer have", "certain", True),
        ("The sync no longer matches its target", "certain", True),
    ]
    assert model["evidence"] == [
        "identity.source: the model 'Plans' has no field 'contact_id'. Valid values: plan."
    ]
    assert model["next_steps"][0]["arguments"] == {"model_id": scripted.MODEL}
    assert [line.partition(":")[0] for line in target["evidence"]] == [
        "fields[0].target",
        "fields",
        "target_filters.conditions[0].field",
        "only a person knows what 'Stage' gets",
    ]
    assert target["next_steps"][0]["arguments"] == {
        "connection_id": scripted.GONG,
        "target": scripted.FLOW,
        "refresh": True,
    }


async def test_problems_that_polytomic_reports_appear_once(tools: Tools, scripted: ScriptedApi) -> None:
    change(scripted, f"GET {MODEL}", fields=[])
    problem = {"code": "x", "path": "identity.source.field", "message": "no contact_id"}
    other = {"code": "y", "path": "schedule.minute", "message": "is missing"}
    change(scripted, f"GET {SYNC}", problems=[problem, other])

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert diagnosis["state"]["checked"].startswith("1 broken field; ")
    assert [cause["evidence"] for cause in diagnosis["causes"]] == [
        ["identity.source.field: no contact_id"],
        ["schedule.minute: is missing"],
    ]
    assert causes_in(diagnosis)[1][0] == "The sync's settings are not valid"
    assert diagnosis["causes"][1]["next_steps"][0]["tool"] == "get_sync"


async def test_long_evidence_is_truncated_and_counted(tools: Tools, scripted: ScriptedApi) -> None:
    problems = [{"path": f"fields[{n}].target", "message": "m" * 900} for n in range(9)]
    change(scripted, f"GET {SYNC}", problems=problems)

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert [len(line) for line in cause["evidence"]] == [161] * 5 + [10]
    assert cause["evidence"][-1] == "and 4 more"


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ("2026-03-04T11:00:00Z", True),  # after the last run, which was at ten
        ("2026-02-01T00:00:00Z", False),
        ("2025-02-01T00:00:00Z", False),
        (None, False),
    ],
)
async def test_a_type_changed_since_the_sync_and_its_last_clean_run_is_reported(
    changed: Any, is_told: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    number = {"id": "f1", "name": "contact_id", "type": "number", "updated_at": changed}
    change(scripted, f"GET {MODEL}", fields=[number])
    target = {"id": "Id", "type": "boolean", "supports_identity": True}
    change(scripted, f"GET /api/connections/{scripted.GONG}/modelsync/target/fields", fields=[target])

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    evidence = ["contact_id is number, Id expects boolean; the field was changed after the sync"]
    expected = [("Types do not match", "likely", False)] if is_told else []
    assert causes_in(diagnosis) == expected
    assert [cause["evidence"] for cause in diagnosis["causes"]] == ([evidence] if is_told else [])


@pytest.mark.parametrize(
    ("type_", "target_type", "is_told"),
    [
        ("string", "number", True),
        ("object", "datetime", True),
        ("array", "boolean", True),
        ("number", "boolean", False),
        ("datetime", "string", False),
    ],
)
async def test_a_severe_type_mismatch_is_reported_whatever_ran_since_the_change(
    type_: str, target_type: str, is_told: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    changed = "2026-02-01T00:00:00Z"  # after the sync, before its last good run
    change(scripted, f"GET {MODEL}", updated_at=changed, fields=[{"name": "contact_id", "type": type_}])
    target = {"id": "Id", "type": target_type, "supports_identity": True}
    change(scripted, f"GET /api/connections/{scripted.GONG}/modelsync/target/fields", fields=[target])

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == ([("Types do not match", "possible", False)] if is_told else [])
    for cause in diagnosis["causes"]:
        assert cause["evidence"][0].endswith("; the model was changed after the sync")


COLUMNS = "GET /api/connections/11111111-0000-0000-0000-000000000001/modelsync/source/fields"
CONTACT_ID = {"name": "contact_id", "type": "string"}


def read_table(api: ScriptedApi, *columns: Any, **model: Any) -> None:
    """Make the model read a table that now has these columns."""
    change(api, f"GET {MODEL}", **({"configuration": {"table": "contacts", "keys": ["a"]}} | model))
    api[COLUMNS] = {"data": list(columns)}


async def test_a_column_dropped_in_the_source_is_reported_even_if_the_model_still_has_it(
    tools: Tools, scripted: ScriptedApi
) -> None:
    read_table(scripted, {"name": "plan", "type": "string"})

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    (cause,) = diagnosis["causes"]
    title = "The source no longer has columns that the sync reads"
    assert causes_in(diagnosis) == [(title, "certain", True)]
    assert cause["evidence"] == ["contact_id of the model Plans no longer exists in its source"]
    assert cause["next_steps"][0]["tool"] == "update_model"
    assert cause["next_steps"][0]["arguments"] == {"model_id": scripted.MODEL, "refresh": True}
    (asked,) = scripted.asked(COLUMNS)
    assert dict(asked.url.params) == {"params[table]": "contacts", "params[keys]": "a"}


async def test_a_column_whose_type_changed_in_the_source_is_reported(
    tools: Tools, scripted: ScriptedApi
) -> None:
    read_table(scripted, {"name": "CONTACT_ID", "type": "number"})

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [("Columns have a different type in their source", "possible", False)]
    evidence = ["contact_id of the model Plans was string, is now number in its source"]
    assert diagnosis["causes"][0]["evidence"] == evidence


@pytest.mark.parametrize(
    ("columns", "model"),
    [
        ([CONTACT_ID], {}),
        ([{"name": "contact_id"}], {}),
        ([], {}),
        ([{"name": "x"}], {"configuration": {"query": "SELECT 1"}}),
        ([{"name": "x"}], {"configuration": {"table": "contacts", "rows": 3}}),
        ([{"name": "x"}], {"configuration": None}),
        ([{"name": "x"}], {"enricher": {"connection_id": "c"}}),
        ([{"name": "x"}], {"fields": [CONTACT_ID | {"user_added": True}]}),
    ],
)
async def test_unchanged_or_unreadable_columns_are_not_reported(
    columns: Any, model: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    read_table(scripted, *columns, **model)

    assert (await tools("diagnose_sync", sync_id=scripted.SYNC))["verdict"] == "no problem found"


async def test_a_source_whose_columns_cannot_be_read_is_listed_as_unavailable(
    tools: Tools, scripted: ScriptedApi
) -> None:
    read_table(scripted)
    scripted[COLUMNS] = DOWN

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [each["source"] for each in diagnosis["unavailable"]] == ["source columns"]
    assert diagnosis["verdict"] == "no problem found in what could be read"


async def test_a_test_run_is_listed_but_does_not_count(tools: Tools, scripted: ScriptedApi) -> None:
    trial = run(1, "failed", type="test", errors=["a trial"])
    scripted[f"GET {SYNC}/executions"] = {"data": [trial, run(2, counts=COUNTS)]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert diagnosis["verdict"] == "no problem found"
    assert [each["id"] for each in diagnosis["executions"]] == ["run-1", "run-2"]
    assert diagnosis["executions"][0]["type"] == "test"


async def test_the_rows_that_a_last_test_run_rejected_are_explained(
    tools: Tools, scripted: ScriptedApi
) -> None:
    reject_rows(scripted, "contact 7 is not known")
    trial = scripted.answers[f"GET {SYNC}/executions"]["data"][0] | {"type": "test"}
    scripted[f"GET {SYNC}/executions"] = {"data": [trial, run(2, counts=COUNTS)]}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [("Rows are rejected: contact <number> is not known", "certain", False)]
    assert diagnosis["state"]["state"] == "ok"


async def test_type_mismatches_are_reported_if_rows_are_rejected_for_them(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", fields=[{"name": "contact_id", "type": "string"}])
    target = {"id": "Id", "type": "number"}
    change(scripted, f"GET /api/connections/{scripted.GONG}/modelsync/target/fields", fields=[target])
    reject_rows(scripted, {"error": "'abc' does not fit Id"})

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [text for text, *_ in causes_in(diagnosis)] == [
        "Rows are rejected: <text> does not fit Id",
        "Types do not match",
    ]


async def test_a_failed_run_is_reported_with_its_events(tools: Tools, scripted: ScriptedApi) -> None:
    failed = run(1, "failed", errors=["no table X"])
    runs = [run(3, counts=COUNTS), failed, run(2, "failed", errors=["no table X"])]
    scripted[f"GET {SYNC}/executions"] = {"data": runs}
    event = {"sync_id": scripted.SYNC, "execution_id": "run-1", "error": "the table X was dropped"}
    pages = [
        {"id": "e1", "type": "sync.failed", "created_at": "2026-03-04T10:00:00Z", "event": event},
        {"id": "e2", "type": "sync.failed", "event": {"sync_id": "another"}},
    ]
    scripted["GET /api/events"] = {"data": pages}

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC, executions=2)

    (cause,) = diagnosis["causes"]
    assert cause["cause"] == "The last run did not complete: no table X"
    assert cause["evidence"] == [
        "run run-1 failed",
        "no table X",
        "2 of the last 3 runs failed",
        "the table X was dropped",
    ]
    assert [each["id"] for each in diagnosis["executions"]] == ["run-1", "run-2"]
    assert diagnosis["events"] == [
        {
            "type": "sync.failed",
            "created_at": "2026-03-04T10:00:00Z",
            "execution_id": "run-1",
            "error": "the table X was dropped",
        }
    ]
    (asked,) = scripted.asked("GET /api/events")
    assert asked.url.params["starting_after"] == "2026-03-02T12:00:00Z"


async def test_events_are_read_up_to_a_thousand(tools: Tools, scripted: ScriptedApi) -> None:
    events = [{"id": str(n), "event": {"sync_id": "another"}} for n in range(100)]
    tokens = iter(range(100))

    def page(_: httpx.Request) -> Any:
        return {"data": events, "pagination": {"next_page_token": f"token-{next(tokens)}"}}

    scripted["GET /api/events"] = page

    assert (await tools("diagnose_sync", sync_id=scripted.SYNC)).get("events", []) == []
    assert len(scripted.asked("GET /api/events")) == 10


DAILY = {"frequency": "daily", "hour": "1", "minute": "0"}


@pytest.mark.parametrize(
    ("parts", "runs", "cause", "step"),
    [
        (
            {"schedule": DAILY, "active": False},
            [run(counts=COUNTS)],
            "The sync is switched off, so its schedule does not run it",
            ("update_sync", {"active": True}),
        ),
        ({}, [], "The sync has never run", ("start_sync", {})),
        ({"schedule": DAILY}, [], "No run started when one was due", ("start_sync", {})),
        (
            {},
            [run(9, "running", completed_at=None)],
            "The current run is taking far longer than usual",
            ("cancel_sync", {}),
        ),
    ],
)
async def test_the_state_of_a_sync_that_does_not_run_is_reported_with_a_remedy(
    parts: Any, runs: Any, cause: str, step: Any, tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", **parts)
    scripted[f"GET {SYNC}/executions"] = {"data": runs}

    (found,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    tool, arguments = step
    assert found["cause"] == cause
    assert found["next_steps"][0]["tool"] == tool
    assert found["next_steps"][0]["arguments"] == {"sync_id": scripted.SYNC, **arguments}


async def test_a_run_without_rows_suggests_previewing_the_model(tools: Tools, scripted: ScriptedApi) -> None:
    runs = [run(1, counts={"insert": 0, "total": 0}), run(2, counts=COUNTS)]
    scripted[f"GET {SYNC}/executions"] = {"data": runs}

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert cause["cause"] == "The last run moved no rows, but earlier runs did"
    assert cause["next_steps"][0]["arguments"] == {"model_id": scripted.MODEL}


async def test_the_most_certain_and_blocking_causes_come_first(tools: Tools, scripted: ScriptedApi) -> None:
    reject_rows(scripted, "bad")
    limit = {"currently_limited": True}
    change(scripted, f"GET /api/connections/{scripted.WAREHOUSE}", rate_limit=limit)
    change(scripted, f"GET /api/connections/{scripted.GONG}", status="unhealthy")

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert causes_in(diagnosis) == [
        ("The target connection 'Gong' is not healthy", "certain", True),
        ("Rows are rejected: bad", "certain", False),
        ("'Warehouse' limits the rate of requests", "likely", False),
    ]


@pytest.mark.parametrize(
    ("source", "operation"),
    [
        ("status", f"GET {SYNC}/status"),
        ("executions", f"GET {SYNC}/executions"),
        ("events", "GET /api/events"),
        ("models", f"GET {MODEL}"),
        (
            "target fields",
            "GET /api/connections/11111111-0000-0000-0000-000000000002/modelsync/target/fields",
        ),
        ("connections", "GET /api/connections/11111111-0000-0000-0000-000000000002"),
    ],
)
async def test_an_unavailable_source_is_named_and_the_rest_is_reported(
    source: str, operation: str, tools: Tools, scripted: ScriptedApi
) -> None:
    scripted[operation] = DOWN

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [each["source"] for each in diagnosis["unavailable"]] == [source]
    assert "no right" in diagnosis["unavailable"][0]["reason"]
    assert diagnosis["verdict"] == "no problem found in what could be read"


async def test_a_sync_into_its_own_source_names_the_connection_once(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", connection_id=scripted.GONG)

    (connection,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["connections"]

    assert connection["role"] == "source and target"


async def test_the_placeholder_for_no_model_is_not_looked_up(tools: Tools, scripted: ScriptedApi) -> None:
    nobody = {"source": {"model_id": "00000000-0000-0000-0000-000000000000", "field": ""}, "target": "Note"}
    change(scripted, f"GET {SYNC}", fields=[nobody])

    assert (await tools("diagnose_sync", sync_id=scripted.SYNC))["verdict"] == "no problem found"


async def test_a_sync_without_target_and_mode_can_be_diagnosed(tools: Tools, scripted: ScriptedApi) -> None:
    change(scripted, f"GET {SYNC}", target=None, mode=None)

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    assert [each["role"] for each in diagnosis["connections"]] == ["source"]


async def test_no_cause_suggests_a_hidden_tool(connect: Connect, scripted: ScriptedApi) -> None:
    scripted[f"GET {SYNC}/executions"] = {"data": []}

    async with connect(settings=Settings(api_key=Secret("k"), access_mode="read-only")) as tools:
        diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    (cause,) = diagnosis["causes"]
    assert cause["cause"] == "The sync has never run"
    assert "next_steps" not in cause


@pytest.mark.usefixtures("scripted")
async def test_an_unknown_sync_is_refused_with_the_existing_ones(tools: Tools) -> None:
    assert "'Plans to Gong'" in await tools.refused("diagnose_sync", sync_id="Plans to Gon")


@pytest.mark.parametrize("tool", ["diagnose_sync", "trace_lineage"])
@pytest.mark.parametrize("reference", ["copy", "44444444-0000-0000-0000-000000000009"])
async def test_the_name_or_id_of_a_bulk_sync_suggests_the_tools_for_it(
    tool: str, reference: str, tools: Tools, scripted: ScriptedApi
) -> None:
    id_ = "44444444-0000-0000-0000-000000000009"
    scripted.holds("bulk/syncs", {"id": id_, "name": "Copy"})

    text = await tools.refused(tool, sync_id=reference)

    assert f"'{reference}' is a bulk sync, not a sync: 'Copy' ({id_})." in text
    steps = json.loads(text.splitlines()[-1])["next_steps"]
    assert [(step["tool"], step["arguments"]) for step in steps] == [("get_bulk_sync", {"bulk_sync_id": id_})]


async def test_several_syncs_of_a_name_come_before_a_bulk_sync_of_that_name(
    tools: Tools, scripted: ScriptedApi
) -> None:
    twins = [{"id": str(n), "name": "Copy"} for n in range(2)]
    scripted["GET /api/syncs"] = {"data": twins}
    scripted.holds("bulk/syncs", {"id": "b", "name": "Copy"})

    assert "2 syncs are named 'Copy'" in await tools.refused("diagnose_sync", sync_id="Copy")


async def guide(tools: Tools, sandbox: httpx.ASGITransport, query: str) -> None:
    """Follow the guide up to its sync, using only names; the query selects its contacts."""
    await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
    gong = await tools("create_connection", name="Gong", type="gong", configuration={"auth_method": "oauth"})
    async with httpx.AsyncClient(transport=sandbox) as browser:
        await browser.post(gong["auth_url"], data={"decision": "allow"})
    await tools("create_model", name="Contacts", connection_id="Snowflake", configuration={"query": query})
    await tools(
        "create_sync",
        name="To Gong",
        mode="updateOrCreate",
        identity={"source": {"model_id": "Contacts", "field": "contact_id"}, "target": "Id"},
        target={"connection_id": "Gong", "object": "my-gong-engage-flow"},
    )


ACCOUNT = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}
CONTACTS = "SELECT contact_id FROM salesforce_contacts"


async def test_the_rejected_rows_of_the_guide_are_explained_on_the_sandbox(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        await guide(tools, sandbox, f"{CONTACTS} UNION SELECT NULL UNION SELECT 'nobody'")
        counts = (await tools("start_sync", sync_id="To Gong"))["counts"]
        diagnosis = await tools("diagnose_sync", sync_id="to gong")

    errors = diagnosis["row_errors"]
    assert counts["error"] == errors["total"] == sum(each["count"] for each in errors["causes"]) > 2
    unknown, empty = diagnosis["causes"]
    assert "<contact_id> is not known to salesforce" in unknown["cause"]
    assert "the identity Id has no value" in empty["cause"]
    assert diagnosis["state"]["state"] == "row_errors"
    assert [each["type"] for each in diagnosis["events"]] == ["sync.completed_with_errors", "sync.running"]
    assert "unavailable" not in diagnosis


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_a_field_that_disappeared_is_explained_on_the_sandbox(
    api_version: str, open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox(api_version=api_version) as tools:
        await guide(tools, sandbox, CONTACTS)
        renamed = {"query": "SELECT contact_id AS person FROM salesforce_contacts"}
        await tools("update_model", model_id="Contacts", configuration=renamed, allow_breaking=True)
        diagnosis = await tools("diagnose_sync", sync_id="To Gong")

    cause = diagnosis["causes"][0]
    assert (cause["cause"], cause["blocks"]) == ("The sync reads fields that its models no longer have", True)
    assert len(cause["evidence"]) == 1
    assert "'contact_id'" in cause["evidence"][0]
    assert cause["next_steps"][0]["tool"] == "get_model"


async def test_a_connection_that_needs_consent_is_the_first_cause_on_the_sandbox(
    open_sandbox: Connect, sandbox: httpx.ASGITransport
) -> None:
    async with open_sandbox() as tools:
        await guide(tools, sandbox, CONTACTS)
        await tools("update_connection", connection_id="Gong", reconnect=True)
        diagnosis = await tools("diagnose_sync", sync_id="To Gong")

    cause = diagnosis["causes"][0]
    assert cause["cause"] == "The target connection 'Gong' is not healthy"
    assert [each["tool"] for each in cause["next_steps"]] == ["get_connection"]
    assert "Waiting for consent. A person must open auth_url." in cause["evidence"]
    assert diagnosis["state"]["state"] == "broken"
