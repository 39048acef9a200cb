"""The calls that mend a sync: complete, and accepted as given."""

import json
from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

SYNC = "/api/syncs/33333333-0000-0000-0000-000000000001"
MODEL = "/api/models/22222222-0000-0000-0000-000000000001"
FIELDS = "GET /api/connections/11111111-0000-0000-0000-000000000002/modelsync/target/fields"
COLUMNS = "GET /api/connections/11111111-0000-0000-0000-000000000001/modelsync/source/fields"
PREVIEW = "POST /api/model-preview"
ACCOUNT = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


def source(field: str) -> dict[str, Any]:
    return {"model_id": ScriptedApi.MODEL, "field": field}


def change(api: ScriptedApi, operation: str, **parts: Any) -> None:
    api[operation] = {"data": api.answers[operation]["data"] | parts}


@pytest.fixture
def scripted(company: ScriptedApi) -> ScriptedApi:
    """The scripted API, whose sync ran well and fits its target; each test breaks something."""
    company[f"GET {SYNC}/status"] = {"data": {}}
    company["GET /api/events"] = {"data": []}
    done = {"id": "run-1", "status": "completed", "counts": {"insert": 3, "total": 3}}
    company[f"GET {SYNC}/executions"] = {"data": [done]}
    change(company, FIELDS, properties={})
    change(company, f"GET {SYNC}", fields=[{"source": source("plan"), "target": "Note", "new": None}])
    return company


async def remedies(tools: Tools) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls of the first cause, without the sync's id."""
    cause = (await tools("diagnose_sync", sync_id=ScriptedApi.SYNC))["causes"][0]
    calls = [(step["tool"], dict(step["arguments"])) for step in cause.get("next_steps", [])]
    return [(tool, {k: v for k, v in given.items() if k != "sync_id"}) for tool, given in calls]


async def mends(tools: Tools, scripted: ScriptedApi) -> bool:
    """Make the first call of the first cause; return whether it is accepted."""
    cause = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"][0]
    is_error, _ = await tools.try_(cause["next_steps"][0]["tool"], cause["next_steps"][0]["arguments"])
    return not is_error


REQUIRED = {"id": "Contact_Id__c", "required": True}
NOTE = {"id": "Note", "type": "string"}
ID = {"id": "Id", "supports_identity": True}
KEPT = {"source": source("plan"), "target": "Note"}


async def test_a_required_field_is_mapped_from_the_field_of_its_name(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, FIELDS, fields=[ID, NOTE, REQUIRED])
    added = {"target": "Contact_Id__c", "source": source("contact_id")}

    assert await remedies(tools) == [("update_sync", {"add_fields": [added]})]
    assert await mends(tools, scripted)


async def test_what_only_a_person_knows_is_said_and_not_guessed(tools: Tools, scripted: ScriptedApi) -> None:
    change(scripted, FIELDS, fields=[ID, NOTE, {"id": "Stage", "required": True}])

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert cause["evidence"][-1] == (
        "only a person knows what 'Stage' gets: contact_id, plan, or a constant (override_fields)"
    )
    assert [step["tool"] for step in cause["next_steps"]] == ["list_target_fields"]


async def test_many_choices_for_a_required_field_are_cut(tools: Tools, scripted: ScriptedApi) -> None:
    names = ["contact_id", "plan", *[f"column_{n}" for n in range(9)]]
    change(scripted, f"GET {MODEL}", fields=[{"name": name} for name in names])
    change(scripted, FIELDS, fields=[ID, NOTE, {"id": "Stage", "required": True}])

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert "column_5, …, or a constant" in cause["evidence"][-1]


async def test_a_mapping_whose_column_was_renamed_in_case_only_follows_it(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", fields=[{"name": "ContactId"}, {"name": "PLAN"}])

    identity = {"source": source("ContactId"), "target": "Id", "function": "Equality"}
    fields = [{"target": "Note", "source": source("PLAN")}]
    assert await remedies(tools) == [("update_sync", {"add_fields": fields, "identity": identity})]
    assert await mends(tools, scripted)


async def test_a_mapping_without_a_source_or_a_target_is_dropped(tools: Tools, scripted: ScriptedApi) -> None:
    gone = {"source": source("gone"), "target": "Id"}
    unknown = {"source": source("plan"), "target": "Colour"}
    constant = {"source": {"model_id": "00000000-0000-0000-0000-000000000000", "field": ""}, "target": "Id"}
    change(scripted, f"GET {SYNC}", fields=[KEPT, gone, unknown, constant])

    cause = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"][0]

    assert cause["next_steps"][0]["reason"] == (
        "drops the mapping of gone to Id, whose source is gone; "
        "drops the mapping of plan to Colour, which the target no longer has"
    )
    assert cause["next_steps"][0]["arguments"] == {
        "sync_id": scripted.SYNC,
        "remove_fields": ["gone", "Colour"],
    }


async def test_a_mapping_that_is_dropped_is_dropped_by_the_call_as_given(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", fields=[KEPT, {"source": source("gone"), "target": "Id"}])

    assert await remedies(tools) == [("update_sync", {"remove_fields": ["Id"]})]
    assert await mends(tools, scripted)
    assert scripted.sent_sync()["fields"] == [{"target": "Note", "source": source("plan")}]


async def test_a_field_of_a_webhook_follows_its_column(tools: Tools, scripted: ScriptedApi) -> None:
    webhook = {"fields": [{"id": "record"}], "properties": {"optional_target_mappings": True}}
    change(scripted, FIELDS, **webhook, modes=[{"id": "updateOrCreate"}])
    plan, id_ = ({"source": source(name), "target": "record"} for name in ("plan", "contact_id"))
    change(scripted, f"GET {SYNC}", fields=[id_, plan], identity=None)
    change(scripted, f"GET {MODEL}", fields=[{"name": "contactId"}, {"name": "plan"}])

    renamed = {"target": "record", "source": source("contactId")}
    assert await remedies(tools) == [
        ("update_sync", {"add_fields": [renamed], "remove_fields": ["contact_id"]})
    ]
    assert await mends(tools, scripted)
    assert scripted.sent_sync()["fields"] == [plan, renamed]


async def test_an_identity_without_a_source_has_no_remedy_but_a_look(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", fields=[{"name": "plan"}])

    assert [tool for tool, _ in await remedies(tools)] == ["get_model"]


async def test_a_sync_that_encrypts_needs_its_passphrase(tools: Tools, scripted: ScriptedApi) -> None:
    secret = {"source": source("plan"), "target": "Note", "encryption_enabled": True}
    change(scripted, f"GET {SYNC}", fields=[secret, {"source": source("gone"), "target": "Id"}])
    change(scripted, FIELDS, fields=[ID, NOTE | {"encryptable": True}, REQUIRED | {"id": "Stage"}])

    causes = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    said = [line for cause in causes for line in cause["evidence"]]
    assert "encryption_passphrase: Polytomic never returns it; an update needs it" in said


async def test_a_sync_of_another_shape_has_no_remedy(tools: Tools, scripted: ScriptedApi) -> None:
    problem = {"path": "fields[0].source", "message": "no such field"}
    change(
        scripted, f"GET {SYNC}", problems=[problem], mode="remove", identity={"source": source("contact_id")}
    )

    assert [tool for tool, _ in await remedies(tools)] == ["get_model"]


async def test_an_inactive_sync_that_is_broken_is_switched_on_by_the_call_that_mends_it(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", active=False, schedule={"frequency": "hourly", "minute": "15"})
    change(scripted, FIELDS, fields=[ID, NOTE, REQUIRED])

    _, off = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert off["cause"] == "The sync is switched off, so its schedule does not run it"
    assert off["next_steps"][0]["arguments"]["active"] is True
    assert len(off["next_steps"][0]["arguments"]["add_fields"]) == 1


async def test_an_inactive_sync_that_nothing_known_mends_cannot_be_switched_on(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {SYNC}", active=False, schedule={"frequency": "hourly", "minute": "15"})
    change(scripted, FIELDS, fields=[ID, NOTE, {"id": "Stage", "required": True}])

    _, off = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert "next_steps" not in off


async def test_a_column_that_left_its_table_is_reloaded_and_then_left_out(
    tools: Tools, scripted: ScriptedApi
) -> None:
    change(scripted, f"GET {MODEL}", configuration={"table": "contacts"})
    scripted[COLUMNS] = {"data": [{"name": "contact_id"}]}
    other = {"source": source("contact_id"), "target": "Id"}
    change(scripted, f"GET {SYNC}", fields=[KEPT, other])

    assert await remedies(tools) == [
        ("update_model", {"model_id": scripted.MODEL, "refresh": True}),
        ("update_sync", {"remove_fields": ["Note"]}),
    ]


@pytest.fixture
def failing(scripted: ScriptedApi) -> ScriptedApi:
    failed = {"id": "run-1", "status": "failed", "errors": ["no column plan"]}
    scripted[f"GET {SYNC}/executions"] = {"data": [failed]}
    return scripted


async def test_a_query_that_no_longer_runs_is_shown_with_the_reason(
    tools: Tools, failing: ScriptedApi
) -> None:
    failing[PREVIEW] = httpx.Response(422, json={"message": "no column plan"})

    cause, failure = (await tools("diagnose_sync", sync_id=failing.SYNC))["causes"]

    assert cause["cause"] == "The query of the model 'Plans' does not run: no column plan"
    assert (cause["certainty"], cause["blocks"]) == ("certain", True)
    assert cause["evidence"] == ["tried now: SELECT 1"]
    assert [step["tool"] for step in failure["next_steps"]] == ["start_sync", "get_sync_execution"]


async def test_a_column_that_left_the_result_of_a_query_is_named(tools: Tools, failing: ScriptedApi) -> None:
    failing[PREVIEW] = {"data": {"fields": [{"name": "CONTACT_ID"}]}}

    cause = (await tools("diagnose_sync", sync_id=failing.SYNC))["causes"][0]

    assert cause["evidence"] == ["plan of the model Plans no longer exists in its source"]


async def test_a_preview_that_is_not_allowed_is_unavailable(tools: Tools, failing: ScriptedApi) -> None:
    failing[PREVIEW] = httpx.Response(403, json={"message": "no right"})

    diagnosis = await tools("diagnose_sync", sync_id=failing.SYNC)

    assert [each["source"] for each in diagnosis["unavailable"]] == ["source columns"]


async def test_an_unhealthy_connection_says_which_secrets_only_a_person_knows(
    tools: Tools, scripted: ScriptedApi
) -> None:
    masked = {"host": "db", "password": "********"}
    gong = f"GET /api/connections/{scripted.GONG}"
    change(scripted, gong, status="unhealthy", status_error="wrong password", configuration=masked)

    (cause,) = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    assert cause["evidence"][-1] == "if its credentials are wrong, only a person knows new ones: password"


async def test_a_column_that_vanished_is_mended_on_the_sandbox_by_the_calls_as_given(
    open_sandbox: Connect,
) -> None:
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
        query = {"query": "SELECT email, first_name, plan FROM customers"}
        await tools("create_model", name="People", connection_id="Snowflake", configuration=query)
        await tools(
            "create_sync",
            name="Users",
            mode="updateOrCreate",
            target={"connection_id": "Snowflake", "object": "public.users"},
            identity={"source": {"model_id": "People", "field": "email"}, "target": "email"},
            fields=[{"source": {"model_id": "People", "field": "first_name"}, "target": "name"}],
            schedule={"frequency": "daily", "hour": "2", "minute": "0"},
        )
        await tools("start_sync", sync_id="Users")
        renamed = {"query": "SELECT email, first_name AS FirstName FROM customers"}
        await tools("update_model", model_id="People", configuration=renamed, allow_breaking=True)
        is_error, refusal = await tools.try_("start_sync", {"sync_id": "Users"})
        cause, off = (await tools("diagnose_sync", sync_id="Users"))["causes"]
        overview = await tools("sync_overview")
        await tools(off["next_steps"][0]["tool"], **off["next_steps"][0]["arguments"])
        counts = (await tools("start_sync", sync_id="Users"))["counts"]

    assert is_error
    assert json.loads(refusal.splitlines()[-1])["next_steps"][0]["tool"] == "diagnose_sync"
    assert cause["next_steps"][0]["reason"] == "maps FirstName to name"
    assert (
        overview["items"][0]["next_step"]["arguments"].items()
        >= {"sync_id": overview["items"][0]["id"]}.items()
    )
    assert counts["total"] == 41


@pytest.mark.parametrize("status", ["healthy", "unhealthy"])
async def test_a_source_that_is_down_is_waited_for_and_its_query_is_not_to_be_corrected(
    status: str, tools: Tools, scripted: ScriptedApi
) -> None:
    down = "Snowflake could not be reached: it is down"
    error = {"status_error": down} if status == "unhealthy" else {}
    warehouse = f"GET /api/connections/{scripted.WAREHOUSE}"
    change(scripted, warehouse, status=status, configuration={"password": "********"}, **error)
    scripted[f"GET {SYNC}/executions"] = {"data": []}
    scripted[PREVIEW] = httpx.Response(422, json={"key": "upstream_unreachable", "message": down})

    diagnosis = await tools("diagnose_sync", sync_id=scripted.SYNC)

    first, never = diagnosis["causes"]
    assert first["cause"] == (
        "The source connection 'Warehouse' is not healthy"
        if error
        else "The source connection 'Warehouse' does not answer"
    )
    assert any("there is nothing to correct: wait" in line for line in first["evidence"])
    assert "credentials" not in str(first["evidence"])
    assert first["next_steps"][0]["tool"] == "test_connection"
    assert never["cause"] == "The sync has never run"
    assert "next_steps" not in never


async def test_the_model_to_look_at_is_the_one_that_lacks_a_field(
    tools: Tools, scripted: ScriptedApi
) -> None:
    other = "22222222-0000-0000-0000-000000000002"
    scripted.holds(
        "models",
        scripted.answers[f"GET {MODEL}"]["data"],
        {"id": other, "name": "Other", "connection_id": scripted.WAREHOUSE, "fields": [{"name": "a"}]},
    )
    identity = {"source": {"model_id": other, "field": "gone"}, "target": "Id", "function": "Equality"}
    change(scripted, f"GET {SYNC}", identity=identity, model_ids=[scripted.MODEL, other])

    causes = (await tools("diagnose_sync", sync_id=scripted.SYNC))["causes"]

    (cause,) = (each for each in causes if each["cause"].startswith("The sync reads fields"))
    steps = [(step["tool"], step["arguments"]) for step in cause["next_steps"]]
    assert steps == [("get_model", {"model_id": other})]
