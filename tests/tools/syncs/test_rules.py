"""What the API says of values, and what a target says that it cannot do: each rule alone."""

import copy
import json
from typing import Any

import pytest

from tests.tools.conftest import Hold, ScriptedApi, Tools

OTHER = "22222222-0000-0000-0000-000000000002"
BETWEEN = "22222222-0000-0000-0000-000000000003"
FLAGS = (
    *("supports_field_creation", "supports_identity_field_creation"),
    *("supports_multiple_identities", "supports_filter_value_fields"),
)
FIELDS: list[dict[str, Any]] = [
    {"id": "Id", "supports_identity": True, "identity_functions": [{"id": "Equality"}]},
    {"id": "Note", "supports_identity": False, "filterable": False, "encryptable": False},
]


@pytest.fixture
def request_(company: ScriptedApi) -> dict[str, Any]:
    """A valid sync into a target that supports next to nothing."""
    describe(company)
    plans = company.answers[f"GET /api/models/{company.MODEL}"]["data"]
    others = [
        {"id": id_, "name": name, "fields": [{"id": "o1", "name": "x"}]} for id_, name in ((OTHER, "Other"),)
    ]
    company.holds("models", plans, *others)
    return {
        "name": "S",
        "mode": "update",
        "target": {"connection_id": "Gong", "object": "Winter flow"},
        "identity": {"source": {"model_id": "Plans", "field": "contact_id"}, "target": "id"},
        "fields": [{"source": {"model_id": "Plans", "field": "plan"}, "target": "NOTE"}],
    }


def describe(company: ScriptedApi, **more: Any) -> None:
    """Serve the target, with other parts than usual."""
    modes = [
        {"mode": "update", "supports_field_sync_mode": False},
        {"mode": "create", "supports_target_filters": False},
    ]
    target = {"id": company.FLOW, "name": "Flow", "fields": FIELDS, "modes": modes}
    answer = target | {"properties": dict.fromkeys(FLAGS, False)} | more
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": answer}


def source(field: str = "plan", model: str = "Plans") -> dict[str, Any]:
    return {"model_id": model, "field": field}


def condition(function: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"source": source(), "function": function, **({} if value is None else {"value": value}), **more}


def identities(*targets: str, strategy: str | None = None) -> dict[str, Any]:
    return {"mappings": [{"source": source(), "target": target} for target in targets], "strategy": strategy}


MANY: dict[str, Any] = {"identity": None}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a function that does not exist": (
        {"model_filters": {"conditions": [condition("Resembles", "x")]}},
        "model_filters.conditions[0].function: Unknown filter function 'Resembles'.",
    ),
    "a value of another kind": (
        {"model_filters": {"conditions": [condition("OnOrAfter", "yesterday")]}},
        "model_filters.conditions[0].value: OnOrAfter needs a date or a time",
    ),
    "labels of some": (
        {"model_filters": {"conditions": [condition("IsNull", label="a"), condition("IsNull")]}},
        "model_filters.conditions: Label every condition or none of them.",
    ),
    "logic without a label": (
        {"model_filters": {"conditions": [condition("IsNull")], "logic": "A or B"}},
        "model_filters.logic: 'A or B' uses unknown labels: B.",
    ),
    "a value and a field": (
        {
            "target_filters": {
                "conditions": [{"field": "Id", "function": "Equality", "value": 1, "value_source": source()}]
            }
        },
        "target_filters.conditions[0]: Send either value or the field to compare with.",
    ),
    "a comparison of fields without one": (
        {"target_filters": {"conditions": [{"field": "Id", "function": "IsNull", "value_source": source()}]}},
        "target_filters.conditions[0].function: 'IsNull' cannot compare with a field.",
    ),
    "fields that the target cannot compare": (
        {
            "target_filters": {
                "conditions": [{"field": "Id", "function": "Equality", "value_source": source()}]
            }
        },
        "target_filters.conditions[0].value_source: 'Flow' compares with fixed values only.",
    ),
    "a field that cannot be filtered": (
        {"target_filters": {"conditions": [{"field": "note", "function": "IsNull"}]}},
        "target_filters.conditions[0].field: 'note' cannot be filtered. Valid values: Id.",
    ),
    "a filter on no field of the target": (
        {"target_filters": {"conditions": [{"field": "Nota", "function": "IsNull"}]}},
        "target_filters.conditions[0].field: 'Flow' has no field 'Nota'. Valid values: Id.",
    ),
    "target filters in a mode without": (
        {"mode": "create", "target_filters": {"conditions": [{"field": "Id", "function": "IsNull"}]}},
        "target_filters: mode 'create' does not support them.",
    ),
    "both forms of filters": (
        {"model_filters": {"conditions": []}, "filters": [{"field": source(), "function": "IsNull"}]},
        "filters: Send model_filters and target_filters, or filters, not both forms.",
    ),
    "an unknown type of field": (
        {"filters": [{"field": source(), "field_type": "Modal", "function": "IsNull"}]},
        "filters[0].field_type: Unknown type of field 'Modal'. Did you mean 'Model'?",
    ),
    "an unknown field id": (
        {"filters": [{"field_id": "f9", "function": "IsNull"}]},
        "filters[0].field_id: No model has a field with the id 'f9'.",
    ),
    "a filter without a field": (
        {"filters": [{"function": "IsNull"}]},
        "filters[0].field: is missing.",
    ),
    "kinds of conditions combined by or": (
        {
            "filters": [
                {"field": source(), "function": "IsNull"},
                {"field_id": "Id", "field_type": "Target", "function": "IsNull"},
            ],
            "filter_logic": "1 or 2",
        },
        "filter_logic: 'A or B' combines model and target conditions with 'or'.",
    ),
    "a field compared with one that it cannot": (
        {
            "filters": [
                {"field_id": "Id", "field_type": "Target", "function": "Equality", "value_field": source()}
            ]
        },
        "filters[0].value_source: 'Flow' compares with fixed values only.",
    ),
    "an override of no field": ({"overrides": [{"override": 1}]}, "overrides[0].field: is missing."),
    "an override's function": (
        {"overrides": [{"field": source(), "function": "Between", "value": 1, "override": 1}]},
        "overrides[0].value: Between needs a list of two values",
    ),
    "unrelated models": (
        {"fields": [{"source": source("x", "Other"), "target": "Note"}]},
        "fields: No relation leads from the model 'Plans' to the model 'Other'.",
    ),
    "no model": (
        {"identity": None, "fields": [{"target": "Note", "override_value": 1}]},
        "fields: The sync uses no model.",
    ),
    "two forms of an identity": (
        {"identities": identities("Id")},
        "identity: It differs from the first of identities.mappings.",
    ),
    "several identities without a strategy": (
        {**MANY, "identities": identities("Id", "Id")},
        "identities.strategy: Several mappings require one. Valid values: priority, and.",
    ),
    "several identities": (
        {**MANY, "identities": identities("Id", "Id", strategy="and")},
        "identities.mappings: 'Flow' supports a single one.",
    ),
    "a new identity field": (
        {"identity": {"source": source(), "target": "New", "new_field": True, "function": "Hashed"}},
        "identity.new_field: 'Flow' does not support new identity fields.",
    ),
    "an unknown function of a new identity": (
        {"identity": {"source": source(), "target": "New", "new_field": True, "function": "Hashed"}},
        "identity.function: Unknown function 'Hashed'.",
    ),
    "a new field": (
        {"fields": [{"source": source(), "target": "New", "new": True}]},
        "fields[0].new: 'Flow' does not support new fields.",
    ),
    "a new field of no name": (
        {"fields": [{"source": source(), "target": "a\u0001b", "new": True}]},
        "fields[0].target: A new field cannot be named",
    ),
    "a field mapped twice": (
        {"override_fields": [{"target": "note", "override_value": 1}]},
        "fields: 'note' is mapped 2 times. Map it once.",
    ),
    "a mapping of nothing": (
        {"fields": [{"target": "Note"}]},
        "fields[0]: needs a source, or an override_value.",
    ),
    "a constant without a value": (
        {"override_fields": [{"target": "Id"}]},
        "override_fields[0]: needs an override_value.",
    ),
    "a mapping to no field": (
        {"fields": [{"source": source(), "target": " "}]},
        "fields[0].target: must not be empty.",
    ),
    "an unknown mode of a field": (
        {"fields": [{"source": source(), "target": "Note", "sync_mode": "often"}]},
        "fields[0].sync_mode: Unknown field mode 'often'.",
    ),
    "a mode of a field": (
        {"fields": [{"source": source(), "target": "Note", "sync_mode": "create"}]},
        "fields[0].sync_mode: mode 'update' supports no modes of fields.",
    ),
    "a field that cannot be encrypted": (
        {"fields": [{"source": source(), "target": "Note", "encryption_enabled": True}]},
        "fields[0].encryption_enabled: 'NOTE' cannot be encrypted.".replace("NOTE", "Note"),
    ),
    "a schedule without its parts": (
        {"schedule": {"frequency": "hourly"}},
        "schedule.minute: Frequency hourly requires",
    ),
    "a cron line of nothing": (
        {"schedule": {"frequency": "custom"}},
        "schedule: Frequency custom requires at least one",
    ),
    "a zone that changes": (
        {"schedule": {"frequency": "daily", "hour": "7", "minute": "30", "timezone": "europe/berlin"}},
        "schedule.timezone: Europe/Berlin changes its offset: 07:30 there is 06:30 UTC until 2026-03-29",
    ),
    "a name that is in use": (
        {"name": "plans to gong"},
        "name: A sync with that name exists: 'Plans to Gong' (",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_broken_rule_is_reported_with_its_path(
    case: str, request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    changed, told = REFUSED[case]
    body = {name: part for name, part in (request_ | copy.deepcopy(changed)).items() if part is not None}

    text = await tools.refused("create_sync", **body, dry_run=True)

    assert f"\n- {told}" in text
    assert text.count("send it with write_operation") == 1
    assert company.written() == []


async def test_a_target_to_be_created_has_the_fields_that_the_sync_names(
    request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    describe(
        company, id="new", fields=[], properties={"target_creator": True, "optional_target_mappings": True}
    )
    condition_ = {"field": "email", "function": "IsNotNull"}
    created = request_ | {
        "target": {"connection_id": "Gong", "create": {"name": "New"}},
        "identity": request_["identity"] | {"target": "email"},
        "fields": [{"source": source(), "target": "plan"}, {"source": source(), "target": "PLAN"}],
        "target_filters": {"conditions": [condition_]},
    }

    shown = await tools("create_sync", **created, dry_run=True)
    text = await tools.refused(
        "create_sync", **created | {"fields": [{"source": source(), "target": "\u0001"}]}
    )

    assert shown["request"]["fields"][1]["target"] == "PLAN"
    assert "fields[0].target: A new field cannot be named" in text


@pytest.mark.parametrize(
    ("planned", "creation", "told"),
    [
        (
            "my-gong-engage-flow",
            {},
            "target.create.name: 'my-gong-engage-flow' exists. Use it as target.object.",
        ),
        ("new", {"supported": False}, "target.create: The connection does not support new objects."),
    ],
)
async def test_a_target_that_cannot_be_created_is_refused(
    planned: str, creation: Any, told: str, request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    describe(company, id=planned)
    path = f"GET /api/connections/{company.GONG}/modelsync/targetobjects"
    company[path] = company.answers[path] | {"target_creation": creation}
    created = request_ | {"target": {"connection_id": "Gong", "create": {"name": "New"}}}

    assert f"\n- {told}" in await tools.refused("create_sync", **created, dry_run=True)


async def test_a_new_identity_may_not_have_a_control_character(
    request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    describe(company, properties={})
    new = {"source": source(), "target": "a\u0001", "new_field": True}

    text = await tools.refused("create_sync", **request_ | {"identity": new}, dry_run=True)

    assert "\n- identity.target: A new field cannot be named" in text


@pytest.mark.parametrize(
    ("clear", "told"),
    [
        (["active"], "clear: active is sent too. Send one of the two."),
        (["filtres"], "clear: 'filtres' cannot be reset. Did you mean 'filters'?"),
        (["mode"], "clear: 'mode' cannot be reset."),
    ],
)
async def test_what_cannot_be_cleared_is_refused(
    clear: list[str], told: str, tools: Tools, company: ScriptedApi
) -> None:
    assert told in await tools.refused("update_sync", sync_id=company.SYNC, active=True, clear=clear)
    assert company.written() == []


async def test_cleared_parts_are_not_sent(tools: Tools, company: ScriptedApi, hold: Hold) -> None:
    filters = {"conditions": [{"source": {"model_id": company.MODEL, "field": "plan"}, "function": "IsNull"}]}
    hold(model_filters=filters, filters=[], schedule={"frequency": "continuous"})

    await tools("update_sync", sync_id=company.SYNC, clear=["model_filters", "schedule"])

    assert "model_filters" not in company.sent_sync()
    assert company.sent_sync()["schedule"] == {"frequency": "manual"}


async def test_models_that_a_third_one_relates_may_be_used_together(
    request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    plans = company.answers[f"GET /api/models/{company.MODEL}"]["data"]
    field = [{"id": "o1", "name": "x"}]
    via = [{"from": "plan", "to": {"model_id": BETWEEN, "field": "x"}}]
    company.holds(
        "models",
        plans | {"relations": via},
        {
            "id": BETWEEN,
            "name": "Between",
            "fields": field,
            "relations": [{"from": "x", "to": {"model_id": "gone"}}],
        },
        {
            "id": OTHER,
            "name": "Other",
            "fields": field,
            "relations": [{"from": "x", "to": {"model_id": BETWEEN}}],
        },
    )
    both = {"fields": [{"source": source("x", "Other"), "target": "Note"}]}

    shown = await tools("create_sync", **request_ | both, dry_run=True)

    assert shown["request"]["fields"][0]["source"]["model_id"] == OTHER


async def test_a_time_zone_is_converted_and_the_next_run_says_when(
    request_: dict[str, Any], tools: Tools
) -> None:
    schedule = {
        "frequency": "Weekly",
        "day_of_week": "Mon",
        "hour": 7,
        "minute": "30",
        "timezone": "asia/tokyo",
    }

    shown = await tools("create_sync", **request_, schedule=schedule, active=True, dry_run=True)

    converted = {"frequency": "weekly", "day_of_week": "sunday", "hour": "22", "minute": "30"}
    assert shown["request"]["schedule"] == converted
    assert shown["next_run"] == "2026-03-08T22:30:00Z"


async def test_a_name_in_use_may_be_used_on_purpose(
    request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    taken = request_ | {"name": "Plans to Gong"}

    await tools("create_sync", **taken, allow_duplicate_name=True)
    await tools("create_sync", **taken, idempotency_key="my-own-key-1")

    assert company.asked("GET /api/syncs") == []
    assert company.asked("POST /api/syncs")[-1].headers["Idempotency-Key"] == "my-own-key-1"


async def test_a_schedule_that_moves_with_the_clocks_is_refused_with_the_call_that_is_right_today(
    request_: dict[str, Any], tools: Tools, company: ScriptedApi
) -> None:
    berlin = {"frequency": "weekdays at 07:30", "timezone": "Europe/Berlin"}
    in_utc = {"frequency": "custom", "minute": "30", "hour": "6", "day_of_week": "mon-fri"}
    mode = {"mode": "update"}
    describe(company, properties={"mappings_not_required": True})

    creating = await tools.refused("create_sync", **request_, schedule=berlin, active=True)
    updating = await tools.refused("update_sync", sync_id=company.SYNC, **mode, schedule=berlin, dry_run=True)

    create, update = (json.loads(text.splitlines()[-1])["next_steps"] for text in (creating, updating))
    assert [each["tool"] for each in [*create, *update]] == ["create_sync", "update_sync"]
    arguments = {"sync_id": company.SYNC, **mode, "dry_run": True, "schedule": in_utc}
    assert update[0]["arguments"] == arguments
    assert create[0]["arguments"]["schedule"] == in_utc
    created = await tools("create_sync", **create[0]["arguments"], dry_run=True)
    assert created["next_run"] == "2026-03-05T06:30:00Z"


async def test_durations_of_filters_are_spelled_as_the_api_does(
    request_: dict[str, Any], tools: Tools
) -> None:
    conditions = [{"source": source("plan"), "function": "inthelast", "value": "24h"}]

    shown = await tools("create_sync", **request_, model_filters={"conditions": conditions}, dry_run=True)

    assert shown["request"]["model_filters"]["conditions"][0]["value"] == "24 hours"
