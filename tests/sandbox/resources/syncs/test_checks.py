"""Problems of a sync: all are in one refusal when it is written, and in the sync when they appear later."""

from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.resources.syncs.conftest import Stage


async def test_both_shapes_of_an_identity_must_agree(stage: Stage, model: str) -> None:
    identity = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": "Equality"}

    same = await stage.create(model, identity=identity, identities={"mappings": [identity]})
    other = await stage.create(
        model, identity=identity, identities={"mappings": [{**identity, "target": "name"}]}
    )

    assert same.status_code == 200
    assert stage.codes(other) == [("conflicting_identity", "identity")]


async def test_a_deleted_model_or_target_shows_as_a_problem(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    stage.workspace.store.delete("model", model)
    stage.workspace.tables.drop(stage.stored_table("public.arrivals"))

    sync = (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]

    assert [problem["code"] for problem in sync["problems"]] == [
        "unknown_model",
        "unknown_model",
        "unknown_target",
    ]
    assert {problem["severity"] for problem in sync["problems"]} == {"error"}


async def test_a_deleted_connection_shows_as_a_problem(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    stage.workspace.store.delete("connection", made["target"]["connection_id"])

    sync = (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]

    assert sync["problems"][0]["code"] == "unknown_connection"


async def test_a_refusal_has_every_problem_with_the_nearest_valid_value(stage: Stage, model: str) -> None:
    answer = await stage.create(
        model,
        mode="upsert",
        fields="nam>naem age>age",
        identity="idd>id",
        schedule={"frequency": "hourly"},
    )

    assert stage.codes(answer) == [
        ("unknown_source_field", "identities.mappings[0].source.field"),
        ("unknown_source_field", "fields[0].source.field"),
        ("unknown_target_field", "fields[0].target"),
        ("invalid_schedule", "schedule.minute"),
        ("invalid_mode", "mode"),
    ]
    message = answer.json()["message"]
    for hint in (
        "Did you mean 'name'?",
        "'upsert' is updateOrCreate here. Valid values: updateOrCreate, create, update",
        "Frequency hourly requires minute.",
    ):
        assert hint in message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"target": {"connection_id": "none"}}, ("unknown_connection", "target.connection_id")),
        ({"target_object": "public.arivals"}, ("unknown_target", "target.object")),
        ({"identity": None}, ("missing_identity", "identity")),
        ({"fields": []}, ("missing_fields", "fields")),
        ({"fields": "age>age"}, ("missing_required_field", "fields")),
        ({"fields": "name>name age>name"}, ("duplicate_target_field", "fields")),
        ({"schedule": {"frequency": "never"}}, ("invalid_schedule", "schedule.frequency")),
        (
            {"overrides": [{"field_id": "?", "override": "x"}]},
            ("unknown_source_field", "overrides[0].field"),
        ),
        (
            {"mode": "append", "identity": None, "fields": [{"target": "name", "override_value": "x"}]},
            ("missing_source", "fields"),
        ),
        (
            {"override_fields": [{"target": " ", "override_value": "x", "new": True}]},
            ("unknown_target_field", "override_fields[0].target"),
        ),
        ({"override_fields": [{"target": "age"}]}, ("missing_value", "override_fields[0]")),
        ({"filters": [{"function": "IsNull"}]}, ("unknown_source_field", "filters[0]")),
        (
            {"filters": [{"function": "IsNull", "field_type": "Target"}]},
            ("unknown_source_field", "filters[0]"),
        ),
        (
            {"filters": [{"function": "IsNull", "field_type": "Target", "field_id": "nope"}]},
            ("unknown_target_field", "target_filters.conditions[0].field"),
        ),
    ],
)
async def test_an_invalid_sync_is_refused(
    stage: Stage, model: str, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = await stage.create(model, change.pop("target_object", "public.arrivals"), **change)

    assert problem in stage.codes(answer)


async def test_a_replace_may_omit_the_key_of_its_target_but_no_other_required_field(
    stage: Stage, model: str
) -> None:
    stage.table("public.members", "email! name", key="email")
    stage.table("public.strict", "email! name code!", key="email")

    replacing = await stage.create(model, "public.members", mode="replace", fields="name>name", identity=None)
    creating = await stage.create(model, "public.members", mode="create", fields="name>name", identity=None)
    strict = await stage.create(model, "public.strict", mode="replace", fields="name>name", identity=None)

    assert replacing.status_code == 200, replacing.text
    assert stage.codes(creating) == stage.codes(strict) == [("missing_required_field", "fields")]
    assert "require code." in strict.text


async def test_a_missing_source_or_an_unknown_field_mode_is_refused(stage: Stage, model: str) -> None:
    source = {"model_id": model, "field": "name"}
    fields = [{"source": source, "target": "name", "sync_mode": "sometimes"}, {"target": "age"}]

    answer = await stage.create(model, fields=fields)

    assert stage.codes(answer) == [
        ("invalid_field_mode", "fields[0].sync_mode"),
        ("missing_source", "fields[1]"),
    ]


async def test_a_flow_needs_no_fields_and_accepts_only_its_id_as_identity(stage: Stage, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    made = await stage.sync(model, "launch", system="gong", identity="id>Id")
    named = await stage.create(model, "launch", system="gong", identity="id>Name", fields="name>Name")
    two = {"mappings": [{**made["identity"]}, {**made["identity"]}], "strategy": "and"}
    doubled = await stage.create(model, "launch", system="gong", identity=None, identities=two, fields=[])

    assert made["fields"] == []
    assert ("invalid_identity", "identities.mappings[0].target") in stage.codes(named)
    assert ("readonly_target_field", "fields[0].target") in stage.codes(named)
    assert stage.codes(doubled) == [("invalid_identity", "identities.mappings")]


async def test_fields_may_be_omitted_if_the_target_needs_none(stage: Stage, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    body = await stage.body(model, "launch", system="gong", identity="id>Id")
    del body["fields"]

    answer = await stage.http.post("/api/syncs", json=body)

    assert answer.status_code == 200, answer.text


async def test_a_target_connection_that_is_not_authorized_is_refused(stage: Stage, model: str) -> None:
    body = await stage.body(model, "public.arrivals", **stage.MAPPED)
    id_ = body["target"]["connection_id"]
    stage.workspace.store.put("connection", id_, stage.workspace.find("connection", id_) | {"status": ""})

    answer = await stage.http.post("/api/syncs", json=body)

    assert stage.codes(answer) == [("not_a_destination", "target.connection_id")]
    assert "is not authorized yet" in answer.json()["message"]


async def test_identity_functions_and_the_strategy_are_checked(stage: Stage, model: str) -> None:
    source = {"model_id": model, "field": "id"}
    mappings = [
        {"source": source, "target": "id", "function": "Hashed"},
        {"source": source, "target": "name", "function": "OneOf"},
    ]

    answer = await stage.create(model, identity=None, identities={"mappings": mappings})

    assert stage.codes(answer) == [
        ("invalid_identity", "identities.mappings[0].function"),
        ("invalid_identity", "identities.strategy"),
    ]


async def test_an_identity_function_that_the_field_does_not_support_is_refused(
    stage: Stage, model: str
) -> None:
    stage.table("People", "Emails Name", system="hubspot", kind="object")
    stored = stage.stored_table("People", system="hubspot")
    stage.workspace.tables.drop(stored)
    emails, name = stored.columns
    columns = (replace(emails, identity_functions=("OneOf",)), name)
    stage.workspace.tables.create(replace(stored, columns=columns))

    exact = await stage.create(model, "People", system="hubspot", identity="id>Emails", fields="name>Name")
    (problem,) = exact.json()["metadata"]["problems"]

    assert (problem["code"], problem["path"]) == ("invalid_identity", "identities.mappings[0].function")
    assert problem["message"] == (
        "Field Emails does not support identity function Equality. Valid values: OneOf."
    )


async def test_a_mode_for_each_field_is_refused_where_the_mode_does_not_support_it(
    stage: Stage, model: str
) -> None:
    fields = [{"source": {"model_id": model, "field": "name"}, "target": "name", "sync_mode": "create"}]
    constant = [{"target": "age", "override_value": 1, "sync_mode": "updateOrCreate"}]

    answer = await stage.create(model, mode="update", fields=fields, override_fields=constant)

    assert stage.codes(answer) == [
        ("invalid_field_mode", "fields[0].sync_mode"),
        ("invalid_field_mode", "override_fields[0].sync_mode"),
    ]


@pytest.mark.parametrize(
    ("mode", "target", "system"),
    [("replace", "public.arrivals", "postgresql"), ("updateOrCreate", "http", "webhook")],
)
async def test_a_mode_that_matches_no_record_has_no_mode_for_each_field(
    mode: str, target: str, system: str, stage: Stage, model: str
) -> None:
    to = "record" if system == "webhook" else "name"
    field = {"source": {"model_id": model, "field": "name"}, "target": to, "sync_mode": "create"}

    answer = await stage.create(model, target, system=system, mode=mode, fields=[field], identity=None)

    assert stage.codes(answer) == [("invalid_field_mode", "fields[0].sync_mode")]


@pytest.mark.parametrize("function", ["OneOf", "ISubstring", "DomainMatch", "HostnameMatch"])
async def test_a_flow_takes_the_identity_functions_that_it_lists(
    function: str, stage: Stage, model: str
) -> None:
    identity = {"source": {"model_id": model, "field": "id"}, "target": "Id", "function": function}

    answer = await stage.create(model, "my-gong-engage-flow", system="gong", identity=identity, fields=[])

    assert stage.codes(answer) == [("invalid_identity", "identities.mappings[0].function")]
    assert "Valid values: Equality." in answer.text


async def test_a_filter_on_a_field_that_cannot_be_filtered_is_refused(stage: Stage, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    filters = {"conditions": [{"field": "Name", "function": "IsNull"}]}

    answer = await stage.create(
        model, "launch", system="gong", identity="id>Id", fields=[], target_filters=filters
    )

    assert stage.codes(answer) == [("invalid_filter", "target_filters.conditions[0].field")]
    assert "Field Name of target object launch cannot be filtered. Valid values: Id." in answer.text
