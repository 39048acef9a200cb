"""Model syncs, as the provider manages them; its own acceptance tests have the same configurations."""

from typing import Any

import pytest

from tests.conformance.terraform.replay import (
    COMPUTED,
    PLAIN,
    Api,
    Json,
    Nested,
    Resource,
    cycle,
    destroy,
    live,
)

NO_MODEL = "00000000-0000-0000-0000-000000000000"
SOURCE = Nested({"model_id": PLAIN, "field": PLAIN})
OVERRIDE_FIELD: dict[str, str] = dict.fromkeys(("target", "new", "override_value", "sync_mode"), PLAIN)
FIELD = {**OVERRIDE_FIELD, "encryption_enabled": PLAIN, "source": SOURCE}
CONDITION = {"function": PLAIN, "value": PLAIN, "label": COMPUTED}
SCHEDULE_PARTS = (
    "frequency",
    "day_of_week",
    "hour",
    "minute",
    "month",
    "day_of_month",
    "job_id",
    "connection_id",
)
FLAGS = ("active", "sync_all_records", "only_enrich_updates", "skip_initial_backfill")
TABLE = "public.users"


def given(values: Json, *names: str) -> Json:
    return {name: values[name] for name in names or values if values.get(name) is not None}


def filters_of(config: Json) -> list[Json]:
    """Return the filters of both kinds as the provider sends them: in one list, with empty labels."""
    sent: list[Json] = []
    for each in config.get("filters") or ():
        condition = {"field": each["source"], "field_type": "Model"}
        sent.append(condition | {"label": ""} | given(each, "function", "value", "label"))
    for each in config.get("target_filters") or ():
        condition = {"field_id": each["field"], "field_type": "Target"}
        sent.append(condition | {"label": ""} | given(each, "function", "value", "label"))
    return sent


def body(config: Json, state: Json | None) -> Json:
    """Return what the provider sends; an update names the target object that it knows."""
    target = given(config["target"], "connection_id", "object", "configuration", "new_name", "create")
    if state is not None:
        target.setdefault("object", "")
    overrides = [
        {"field": each["source"], **given(each, "function", "value", "override")}
        for each in config.get("overrides") or ()
    ]
    lists = {"filters": filters_of(config), "overrides": overrides}
    return {
        **given(config, "name", "mode", "fields", "override_fields", "schedule", "identity", "filter_logic"),
        **given(config, "encryption_passphrase", *FLAGS),
        "target": target | given(config["target"], "filter_logic"),
        **{name: values for name, values in lists.items() if values},
    }


def is_override(field: Json) -> bool:
    source = field.get("source")
    is_empty = not source or source["model_id"] in ("", NO_MODEL)
    return field.get("override_value") is not None and is_empty


def conditions_of(answer: Json, field_type: str) -> list[Json]:
    found = [each for each in answer["filters"] or () if each.get("field_type") == field_type]
    name = {"Model": "source", "Target": "field"}[field_type]
    key = {"Model": "field", "Target": "field_id"}[field_type]
    return [
        {
            name: each[key],
            "function": each["function"],
            "value": each.get("value"),
            "label": each.get("label"),
        }
        for each in found
    ]


def state_of(answer: Json, before: Json) -> Json:
    schedule = answer["schedule"]
    fields = answer["fields"]
    identity = answer["identity"]
    target = answer["target"]
    created = (before.get("target") or {}).get("create")
    return {
        "id": answer["id"],
        "organization": answer["organization_id"],
        **{name: answer.get(name) for name in ("name", "mode", "filter_logic", *FLAGS)},
        "target": {
            name: target.get(name)
            for name in ("connection_id", "object", "configuration", "new_name", "filter_logic")
        }
        | {"create": created},
        "fields": [{name: each.get(name) for name in FIELD} for each in fields if not is_override(each)],
        "override_fields": [
            {name: each.get(name) for name in OVERRIDE_FIELD} for each in fields if is_override(each)
        ]
        or None,
        "filters": conditions_of(answer, "Model") or None,
        "target_filters": conditions_of(answer, "Target") or None,
        "overrides": [
            {
                "source": each["field"],
                "function": each.get("function"),
                "value": each.get("value"),
                "override": each["override"],
            }
            for each in answer["overrides"] or ()
        ]
        or None,
        "schedule": {
            name: schedule.get(name) for name in (*SCHEDULE_PARTS, "run_after", "run_after_success_only")
        },
        "identity": identity
        and {
            name: identity.get(name)
            for name in ("source", "target", "function", "remote_field_type_id", "new_field")
        },
        "policies": answer["policies"],
        "created_at": answer["created_at"],
    }


SYNC = Resource(
    path="/api/syncs",
    attributes={
        **dict.fromkeys(("name", "mode", "active", "filter_logic"), PLAIN),
        **dict.fromkeys(("only_enrich_updates", "skip_initial_backfill"), COMPUTED),
        "sync_all_records": COMPUTED,
        "target": Nested(
            {
                **dict.fromkeys(("connection_id", "new_name", "create", "filter_logic"), PLAIN),
                "object": COMPUTED,
                "configuration": COMPUTED,
            }
        ),
        "fields": Nested(FIELD, is_set=True),
        "override_fields": Nested(OVERRIDE_FIELD, is_set=True),
        "filters": Nested({**CONDITION, "source": SOURCE}, is_set=True),
        "target_filters": Nested({**CONDITION, "field": PLAIN}, is_set=True),
        "overrides": Nested(
            {"source": SOURCE, **dict.fromkeys(("function", "value", "override"), PLAIN)}, is_set=True
        ),
        "schedule": Nested(
            {
                **dict.fromkeys(SCHEDULE_PARTS, PLAIN),
                "run_after": Nested({"sync_ids": PLAIN, "bulk_sync_ids": PLAIN}),
                "run_after_success_only": COMPUTED,
            }
        ),
        "identity": Nested(
            {"source": SOURCE, "target": PLAIN, "function": PLAIN, "new_field": COMPUTED},
        ),
    },
    body=body,
    state=state_of,
)


@pytest.fixture
async def basic(api: Api, postgresql: str) -> Json:
    """The configuration of a sync that replaces the names of a table without mapping its key."""
    model = {"query": "SELECT email, email AS name FROM users"}
    made = {"name": "People", "connection_id": postgresql, "configuration": model}
    model_id = (await api.call("POST", "/api/models", made))["id"]
    return {
        "name": "People",
        "mode": "replace",
        "active": False,
        "schedule": {"frequency": "manual"},
        "fields": [{"source": {"model_id": model_id, "field": "name"}, "target": "name"}],
        "target": {"connection_id": postgresql, "object": TABLE},
    }


def source(basic: Json, field: str = "email") -> Json:
    return {"model_id": basic["fields"][0]["source"]["model_id"], "field": field}


def identified(basic: Json, mode: str, **more: Any) -> Json:
    identity = {"source": source(basic), "target": "email", "function": "Equality"}
    return {**basic, "mode": mode, "identity": identity, **more}


def condition(basic: Json, function: str, value: Any = None, label: str | None = None) -> Json:
    return {"source": source(basic), "function": function, "value": value, "label": label}


async def test_a_sync_that_changes_its_mode_lives_without_drift(api: Api, basic: Json) -> None:
    upsert = identified(basic, "updateOrCreate")

    await live(api, SYNC, basic, upsert, {**upsert, "sync_all_records": True})


@pytest.mark.parametrize(
    "schedule",
    [
        {"frequency": "continuous"},
        {"frequency": "hourly", "minute": "15"},
        {"frequency": "daily", "hour": "10", "minute": "30"},
        {"frequency": "weekly", "day_of_week": "1", "hour": "8", "minute": "0"},
    ],
)
async def test_a_sync_with_a_schedule_lives_without_drift(api: Api, basic: Json, schedule: Json) -> None:
    await live(api, SYNC, {**basic, "schedule": schedule})


async def test_a_sync_that_runs_after_another_lives_without_drift(api: Api, basic: Json) -> None:
    first = await cycle(api, SYNC, basic)
    schedule = {"frequency": "runafter", "run_after": {"sync_ids": [first["id"]]}}

    await live(api, SYNC, {**basic, "name": "Later", "schedule": schedule})


@pytest.mark.parametrize("mode", ["create", "update", "updateOrCreate", "remove"])
async def test_a_sync_of_every_mode_with_an_identity_lives_without_drift(
    api: Api, basic: Json, mode: str
) -> None:
    await live(api, SYNC, identified(basic, mode))


async def test_a_sync_with_filters_of_every_kind_of_value_lives_without_drift(api: Api, basic: Json) -> None:
    filters = [
        [condition(basic, "Equality", "test@example.com")],
        [condition(basic, "IsNull")],
        [condition(basic, "Equality", "admin@example.com"), condition(basic, "IsNotNull")],
        [condition(basic, "Equality", value=True)],
        [condition(basic, "Equality", 42)],
        [condition(basic, "StringOneOf", ["a@example.com", "b@example.com"])],
    ]

    await live(api, SYNC, *({**basic, "filters": each} for each in filters), basic)


async def test_a_sync_with_a_filter_logic_lives_without_drift(api: Api, basic: Json) -> None:
    labeled = [condition(basic, "Equality", "a@b.example", "A"), condition(basic, "IsNotNull", label="B")]
    both = {**basic, "filters": labeled}

    await live(api, SYNC, {**both, "filter_logic": "A AND B"}, {**both, "filter_logic": "A OR (B)"}, basic)


async def test_a_sync_with_filters_on_its_target_lives_without_drift(api: Api, basic: Json) -> None:
    target = {"field": "email", "function": "IsNotNull"}
    filtered = identified(basic, "update", target_filters=[target])
    logical = filtered | {"target": {**basic["target"], "filter_logic": "A"}}

    await live(api, SYNC, filtered, {**filtered, "filters": [condition(basic, "IsNotNull")]}, logical)


async def test_a_sync_with_overrides_lives_without_drift(api: Api, basic: Json) -> None:
    overrides: list[list[Json]] = [
        [{"source": source(basic), "function": "Equality", "value": "a", "override": "b"}],
        [{"source": source(basic), "function": "IsNull", "override": {"default": "a", "type": "fallback"}}],
        [{"source": source(basic), "function": "Equality", "value": 100, "override": 200}],
        [
            {"source": source(basic), "function": "Equality", "value": "a", "override": "b"},
            {"source": source(basic), "function": "IsNull", "override": "none"},
        ],
    ]

    await live(api, SYNC, *({**basic, "overrides": each} for each in overrides), basic)


async def test_a_sync_with_fixed_values_lives_without_drift(api: Api, basic: Json) -> None:
    fixed = {"target": "email", "override_value": "default@acme.example"}
    beside = [*basic["fields"], {"source": source(basic), **fixed}]

    await live(api, SYNC, {**basic, "override_fields": [fixed]}, basic, {**basic, "fields": beside})


async def test_a_sync_with_a_mode_for_one_field_lives_without_drift(api: Api, basic: Json) -> None:
    fields = [basic["fields"][0] | {"sync_mode": "create"}]

    await live(api, SYNC, identified(basic, "updateOrCreate", fields=fields))


async def test_a_sync_that_creates_its_target_lives_without_drift(api: Api, basic: Json) -> None:
    target = {"connection_id": basic["target"]["connection_id"], "create": {"name": "public.fresh"}}
    creating = {**basic, "target": target}

    state = await cycle(api, SYNC, creating, {**creating, "name": "Renamed"})

    assert state["target"]["object"] == "public.fresh"
    await destroy(api, SYNC, state)


async def test_a_sync_with_a_configuration_of_its_target_lives_without_drift(api: Api, basic: Json) -> None:
    await live(api, SYNC, {**basic, "target": {**basic["target"], "configuration": {"format": "csv"}}})


async def test_a_sync_with_flags_lives_without_drift(api: Api, basic: Json) -> None:
    flags = {"sync_all_records": True, "skip_initial_backfill": True, "only_enrich_updates": True}

    await live(api, SYNC, {**basic, **flags}, {**basic, **dict.fromkeys(flags, False)})


async def test_a_sync_that_encrypts_a_field_lives_without_drift(api: Api, basic: Json) -> None:
    fields = [basic["fields"][0] | {"encryption_enabled": True}]

    await live(api, SYNC, {**basic, "fields": fields, "encryption_passphrase": "a passphrase"})
