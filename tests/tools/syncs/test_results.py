"""What the tools say of a sync: names beside ids, and nothing twice."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Hold, ScriptedApi, Tools

MODEL = "22222222-0000-0000-0000-000000000001"
OTHER = "22222222-0000-0000-0000-000000000002"
NAMES = {"target_name": "Winter flow", "target_connection_name": "Gong"}
DAILY = {"frequency": "daily", "hour": "5", "minute": "0"}


async def test_a_sync_has_the_names_of_what_it_refers_to_and_says_its_only_model_once(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    source = {"model_id": MODEL, "field": "plan"}
    condition = {"source": source, "function": "Equality", "value": {"model_id": MODEL}}
    hold(
        fields=[{"source": source, "target": "Note"}, {"target": "Id", "override_value": 1}],
        model_filters={"conditions": [condition]},
        filters=[{"field": source, "function": "Equality"}],
    )

    shown = await tools("get_sync", sync_id=company.SYNC)

    assert shown.items() >= {**NAMES, "model_name": "Plans", "model_id": MODEL}.items()
    assert shown["fields"][0] == {"source": {"field": "plan"}, "target": "Note"}
    assert shown["model_filters"]["conditions"] == [condition | {"source": {"field": "plan"}}]
    assert not {"filters", "model_ids", "model_names"} & shown.keys()
    asked = [f"{each.method} {each.url.path}" for each in company.requests]
    assert len(asked) == len(set(asked)) == 5


@pytest.mark.parametrize(
    ("type_", "properties", "kind"),
    [
        ({"id": "gong"}, {"mappings_not_required": True}, "flow"),
        ("salesloft", {"mappings_not_required": True}, "cadence"),
        ("gong", {"mappings_not_required": False}, None),
        ("hubspot", {"mappings_not_required": True}, None),
        (None, {}, None),
    ],
)
async def test_a_target_is_called_what_people_call_it(
    type_: Any, properties: dict[str, bool], kind: str | None, tools: Tools, company: ScriptedApi
) -> None:
    company[f"GET /api/connections/{company.GONG}"] = {"data": {"id": company.GONG, "type": type_}}
    fields = [{"id": "Id", "supports_identity": True}, {"id": "Note"}]
    answer = {"id": company.FLOW, "name": "Winter flow", "fields": fields, "properties": properties}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": answer}
    mapping = {"source": "plan", "target": "Note"}

    shown = await tools("get_sync", sync_id=company.SYNC)
    planned = await tools("update_sync", sync_id=company.SYNC, add_fields=[mapping], dry_run=True)

    assert shown.get("target_kind") == planned.get("target_kind") == kind


async def test_a_sync_of_several_models_has_their_names_by_id(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    plans = company.answers[f"GET /api/models/{MODEL}"]["data"]
    company.holds("models", plans, {"id": OTHER, "name": "Other"})
    mapping = {"source": {"model_id": OTHER, "field": "x"}, "target": "Note"}
    hold(fields=[mapping])

    shown = await tools("get_sync", sync_id=company.SYNC)

    assert shown["model_names"] == {MODEL: "Plans", OTHER: "Other"}
    assert shown["fields"] == [mapping]
    assert not {"model_id", "model_name"} & shown.keys()


async def test_names_that_cannot_be_read_are_left_out(tools: Tools, company: ScriptedApi, hold: Hold) -> None:
    hold(identity=None)
    for path in ("connections/{}", "connections/{}/modelsync/targetobjects"):
        del company.answers[f"GET /api/{path.format(company.GONG)}"]

    shown = await tools("get_sync", sync_id=company.SYNC)

    assert not {*NAMES, "model_id", "model_name"} & shown.keys()


@pytest.mark.parametrize("tool", ["create_sync", "update_sync"])
@pytest.mark.parametrize("dry_run", [True, False])
async def test_what_is_written_is_answered_with_names(
    tool: str, *, dry_run: bool, tools: Tools, company: ScriptedApi
) -> None:
    identity = {"source": {"model_id": "plans", "field": "contact_id"}, "target": "Id"}
    target = {"connection_id": "Gong", "object": company.FLOW}
    new = {"name": "S", "mode": "updateOrCreate", "target": target, "identity": identity}
    arguments = new if tool == "create_sync" else {"sync_id": company.SYNC, "active": False}

    answer = await tools(tool, **arguments, dry_run=dry_run)

    assert answer.items() >= {**NAMES, "model_name": "Plans"}.items()


async def test_a_list_has_names_and_says_which_schedules_are_off(tools: Tools, company: ScriptedApi) -> None:
    summary = {"mode": "create", "target_connection_id": company.GONG, "target_object": company.FLOW}
    company["GET /api/syncs"] = {
        "data": [
            {"id": "1", "name": "on", "active": True, "schedule": DAILY, **summary},
            {"id": "2", "name": "off", "active": False, "schedule": {"frequency": "runafter"}, **summary},
            {"id": "3", "name": "by hand", "schedule": {"frequency": "manual"}, **summary},
            {"id": "4", "name": "nowhere"},
        ]
    }

    rows = (await tools("list_syncs"))["items"]

    assert rows[0] == {
        "id": "1",
        "name": "on",
        "active": True,
        "schedule": "daily 05:00 UTC",
        **summary,
        **NAMES,
    }
    assert rows[1]["schedule"] == "runafter (off: inactive)"
    assert "schedule" not in rows[2]
    assert rows[3] == {"id": "4", "name": "nowhere"}
    paths = [each.url.path.removeprefix("/api/") for each in company.requests]
    assert sorted(paths) == ["connections", f"connections/{company.GONG}/modelsync/targetobjects", "syncs"]


async def test_a_list_whose_names_cannot_be_read_is_shown_without_them(
    tools: Tools, company: ScriptedApi
) -> None:
    company["GET /api/connections"] = httpx.Response(403, json={"message": "no"})
    company[f"GET /api/connections/{company.GONG}/modelsync/targetobjects"] = {"data": None}

    (row,) = (await tools("list_syncs"))["items"]

    assert row["target_connection_id"] == company.GONG
    assert not NAMES.keys() & row.keys()


SWITCHES_ON = "switches its schedule on: it is inactive"


@pytest.mark.parametrize(
    ("schedule", "waits"),
    [
        (DAILY, "2026-03-05T05:00:00Z"),
        (
            {"frequency": "dbtcloud", "connection_id": ScriptedApi.GONG, "job_id": 1},
            "after its dbt Cloud job",
        ),
    ],
)
async def test_a_schedule_that_is_off_is_said_every_time_with_the_call_that_switches_it_on(
    schedule: dict[str, Any], waits: str, tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(active=False, schedule=schedule)
    this = {"sync_id": company.SYNC}

    answers = [
        await tools("get_sync", **this),
        await tools("update_sync", **this, name="New"),
        planned := await tools("update_sync", **this, name="New", dry_run=True),
    ]

    step = {"tool": "update_sync", "arguments": this | {"active": True}, "reason": SWITCHES_ON}
    assert [each["next_run"] for each in answers] == [f"inactive; once active: {waits}"] * 3
    assert [each["next_steps"][0] for each in answers] == [step] * 3
    assert (
        planned["note"]
        == "It is inactive, so its schedule does not run. Send active: true too to switch it on."
    )
    switched = await tools("update_sync", **step["arguments"])
    assert switched["next_run"] == waits
    assert "next_steps" not in switched


async def test_a_dry_run_of_a_new_sync_says_that_its_schedule_would_be_off(
    tools: Tools, company: ScriptedApi
) -> None:
    identity = {"source": {"model_id": "plans", "field": "contact_id"}, "target": "Id"}
    target = {"connection_id": "Gong", "object": company.FLOW}
    new = {"name": "S", "mode": "updateOrCreate", "target": target, "identity": identity, "schedule": DAILY}

    off = await tools("create_sync", **new, dry_run=True)
    on = await tools("create_sync", **new, active=True, dry_run=True)

    assert off["note"].startswith("It is inactive, so its schedule does not run.")
    assert "note" not in on


async def test_a_list_without_targets_asks_for_no_names(tools: Tools, company: ScriptedApi) -> None:
    company["GET /api/syncs"] = {"data": [{"id": "1", "name": "nowhere"}]}

    assert (await tools("list_syncs"))["items"] == [{"id": "1", "name": "nowhere"}]
    assert len(company.requests) == 1
