"""Syncs: what is stored, what is shown, and what is refused with every reason at once."""

from typing import Any

import pytest

OLD = {"X-Polytomic-Version": "2024-02-08"}
MAPPED = {"fields": "name>name", "identity": "id>id"}


@pytest.fixture
async def model(stage: Any) -> str:
    stage.table("public.arrivals", "id name! age:number")
    made: str = await stage.model("people", "id name age:number", [{"id": "1", "name": "Ada", "age": 36}])
    return made


def codes(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(problem["code"], problem["path"]) for problem in answer.json()["metadata"]["problems"]]


async def create(stage: Any, model: str, target: str = "public.arrivals", /, **more: Any) -> Any:
    return await stage.http.post("/api/syncs", json=await stage.body(model, target, **{**MAPPED, **more}))


async def test_a_created_sync_comes_back_whole(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", encryption_passphrase="secret", **MAPPED)

    answer = await stage.http.get(f"/api/syncs/{made['id']}")

    sync = answer.json()["data"]
    assert sync == made
    assert sync["identity"]["function"] == "Equality"
    assert sync["identities"] == {"mappings": [sync["identity"]], "strategy": "priority"}
    assert sync["active"] is False
    assert sync["model_ids"] == [model]
    assert sync["problems"] == []
    assert sync["created_by"]["name"] == "Ada"
    assert "encryption_passphrase" not in sync


async def test_identity_functions_are_taken_in_any_case_and_kept_in_the_apis_own(
    stage: Any, model: str
) -> None:
    identity = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": "equality"}

    made = await stage.sync(model, "public.arrivals", fields="name>name", identity=identity)

    assert made["identity"]["function"] == "Equality"


async def test_both_shapes_of_identity_may_say_the_same(stage: Any, model: str) -> None:
    identity = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": "Equality"}

    same = await create(stage, model, identity=identity, identities={"mappings": [identity]})
    other = await create(
        stage, model, identity=identity, identities={"mappings": [{**identity, "target": "name"}]}
    )

    assert same.status_code == 200
    assert codes(other) == [("conflicting_identity", "identity")]


async def test_2024_02_08_shows_the_older_shape(stage: Any, model: str) -> None:
    fields = [
        {"source": {"model_id": model, "field": "name"}, "target": "name"},
        {"target": "age", "override_value": "7"},
    ]
    made = await stage.sync(model, "public.arrivals", **{**MAPPED, "fields": fields})

    old = (await stage.http.get(f"/api/syncs/{made['id']}", headers=OLD)).json()["data"]

    assert made["override_fields"] == [{"target": "age", "override_value": "7"}]
    assert old["fields"][1]["source"] == {"model_id": "00000000-0000-0000-0000-000000000000", "field": ""}
    assert not {"identities", "model_filters", "target_filters", "problems", "override_fields"} & old.keys()


async def test_what_2024_02_08_shows_can_be_written_back(stage: Any, model: str) -> None:
    override = {"target": "age", "override_value": "7", "sync_mode": "create"}
    made = await stage.sync(model, "public.arrivals", **MAPPED, override_fields=[override])
    old = (await stage.http.get(f"/api/syncs/{made['id']}", headers=OLD)).json()["data"]
    body = {key: old[key] for key in ("name", "mode", "fields", "identity", "schedule", "target")}

    answer = await stage.http.put(f"/api/syncs/{made['id']}", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"]["override_fields"] == [override]


async def test_lists_are_light_and_paged_on_2025_09_18_newest_change_first(
    stage: Any, model: str, clock: Any
) -> None:
    names = ["first", "second", "third"]
    for name in names:
        clock.advance(seconds=1)
        await stage.sync(model, "public.arrivals", name=name, **MAPPED)

    first = (await stage.http.get("/api/syncs?limit=2")).json()
    token = first["pagination"]["next_page_token"]
    second = (await stage.http.get("/api/syncs", params={"limit": 2, "page_token": token})).json()

    assert [each["name"] for each in first["data"] + second["data"]] == names[::-1]
    assert second["pagination"] == {}
    assert first["data"][0]["target_object"] == "public.arrivals"
    assert not {"fields", "model_filters", "overrides", "target"} & first["data"][0].keys()


async def test_lists_are_whole_and_unpaged_on_2024_02_08(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **MAPPED)

    body = (await stage.http.get("/api/syncs", headers=OLD)).json()

    assert body.keys() == {"data"}
    assert body["data"][0]["fields"] == made["fields"]


async def test_lists_can_be_narrowed(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", mode="create", **MAPPED)
    await stage.sync(model, "http", system="webhook", fields="name>record", active=True)
    connection = made["target"]["connection_id"]

    for query in ("active=false", "mode=create", f"target_connection_id={connection}"):
        body = (await stage.http.get(f"/api/syncs?{query}")).json()
        assert [each["id"] for each in body["data"]] == [made["id"]], query


@pytest.mark.parametrize(
    "query", ["limit=51", "limit=0", "page_token=!", "page_token=e30", "page_token=WzFd"]
)
async def test_a_page_that_cannot_be_is_refused(stage: Any, model: str, query: str) -> None:
    await stage.sync(model, "public.arrivals", **MAPPED)

    answer = await stage.http.get(f"/api/syncs?{query}")

    assert answer.status_code == 400


async def test_an_update_replaces_the_whole_sync(stage: Any, model: str, clock: Any) -> None:
    made = await stage.sync(model, "public.arrivals", active=True, **MAPPED)
    clock.advance(hours=1)

    answer = await stage.http.put(
        f"/api/syncs/{made['id']}", json=await stage.body(model, "public.arrivals", name="Renamed", **MAPPED)
    )

    sync = answer.json()["data"]
    assert (sync["id"], sync["name"], sync["active"]) == (made["id"], "Renamed", False)
    assert sync["created_at"] == made["created_at"] < sync["updated_at"]


async def test_activate_switches_a_sync_on_and_off(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **MAPPED)

    answer = await stage.http.post(f"/api/syncs/{made['id']}/activate", json={"active": True})

    assert answer.json()["data"] == {"id": made["id"], "active": True}
    assert (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]["active"] is True


async def test_a_deleted_sync_is_gone_and_a_running_one_stays(stage: Any, model: str, workers: Any) -> None:
    made = await stage.sync(model, "public.arrivals", **MAPPED)
    workers.is_holding = True
    await stage.start(made)

    refused = await stage.http.delete(f"/api/syncs/{made['id']}")
    workers.release()
    deleted = await stage.http.delete(f"/api/syncs/{made['id']}")
    gone = await stage.http.get(f"/api/syncs/{made['id']}")

    assert [refused.status_code, deleted.status_code, gone.status_code] == [409, 204, 404]


async def test_what_went_away_shows_as_a_problem(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **MAPPED)
    stage.world.store.delete("model", model)
    stage.world.tables.drop(stage.world.tables.get("postgresql", "public.arrivals"))

    sync = (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]

    assert [problem["code"] for problem in sync["problems"]] == [
        "unknown_model",
        "unknown_model",
        "unknown_target",
    ]
    assert {problem["severity"] for problem in sync["problems"]} == {"error"}


async def test_a_connection_that_went_away_shows_as_a_problem(stage: Any, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **MAPPED)
    stage.world.store.delete("connection", made["target"]["connection_id"])

    sync = (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]

    assert sync["problems"][0]["code"] == "unknown_connection"


async def test_every_problem_is_named_at_once_with_the_nearest_right_name(stage: Any, model: str) -> None:
    answer = await create(
        stage,
        model,
        name=" ",
        mode="upsert",
        fields="nam>naem age>age",
        identity="idd>id",
        schedule={"frequency": "hourly"},
    )

    assert codes(answer) == [
        ("unknown_source_field", "identities.mappings[0].source.field"),
        ("unknown_source_field", "fields[0].source.field"),
        ("unknown_target_field", "fields[0].target"),
        ("invalid_name", "name"),
        ("invalid_schedule", "schedule.minute"),
        ("invalid_mode", "mode"),
    ]
    message = answer.json()["message"]
    for hint in ("did you mean name?", "create, update, updateOrCreate", "hourly needs minute"):
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
async def test_a_sync_that_cannot_run_is_refused(
    stage: Any, model: str, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    answer = await create(stage, model, change.pop("target_object", "public.arrivals"), **change)

    assert problem in codes(answer)


async def test_a_source_that_is_missing_or_a_mode_of_a_field_that_is_none_is_refused(
    stage: Any, model: str
) -> None:
    source = {"model_id": model, "field": "name"}
    fields = [{"source": source, "target": "name", "sync_mode": "sometimes"}, {"target": "age"}]

    answer = await create(stage, model, fields=fields)

    assert codes(answer) == [("invalid_field_mode", "fields[0].sync_mode"), ("missing_source", "fields[1]")]


async def test_a_flow_wants_no_fields_and_only_its_id_as_identity(stage: Any, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")

    made = await stage.sync(model, "launch", system="gong", identity="id>Id")
    named = await create(stage, model, "launch", system="gong", identity="id>Name", fields="name>Name")
    two = {"mappings": [{**made["identity"]}, {**made["identity"]}], "strategy": "and"}
    doubled = await create(stage, model, "launch", system="gong", identity=None, identities=two, fields=[])

    assert made["fields"] == []
    assert ("invalid_identity", "identities.mappings[0].target") in codes(named)
    assert ("readonly_target_field", "fields[0].target") in codes(named)
    assert codes(doubled) == [("invalid_identity", "identities.mappings")]


async def test_fields_may_be_left_out_where_the_target_needs_none(stage: Any, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    body = await stage.body(model, "launch", system="gong", identity="id>Id")
    del body["fields"]

    answer = await stage.http.post("/api/syncs", json=body)

    assert answer.status_code == 200, answer.text


async def test_a_connection_that_cannot_be_written_to_is_refused(stage: Any, model: str) -> None:
    body = await stage.body(model, "public.arrivals", **MAPPED)
    id_ = body["target"]["connection_id"]
    stage.world.store.put("connection", id_, stage.world.find("connection", id_) | {"status": ""})

    answer = await stage.http.post("/api/syncs", json=body)

    assert codes(answer) == [("not_a_destination", "target.connection_id")]
    assert "is not authorized yet" in answer.json()["message"]


async def test_identities_are_checked(stage: Any, model: str) -> None:
    source = {"model_id": model, "field": "id"}
    mappings = [
        {"source": source, "target": "id", "function": "Hashed"},
        {"source": source, "target": "name", "function": "OneOf"},
    ]

    answer = await create(stage, model, identity=None, identities={"mappings": mappings})

    assert codes(answer) == [
        ("invalid_identity", "identities.mappings[0].function"),
        ("invalid_identity", "identities.strategy"),
    ]


@pytest.mark.parametrize(
    ("conditions", "logic", "problems"),
    [
        ([{"label": "x"}, {}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{"label": "1x"}, {"label": "y"}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{"label": "x"}, {"label": "x"}], "", [("invalid_filter_label", "model_filters.conditions")]),
        ([{}, {}], "A or", [("invalid_filter_logic", "model_filters.logic")]),
        ([{}, {}], "A", [("invalid_filter_logic", "model_filters.logic")]),
        ([{"function": "Like"}], "", [("invalid_filter", "model_filters.conditions[0].function")]),
        ([{"function": "Equality"}], "", [("invalid_filter", "model_filters.conditions[0].function")]),
    ],
)
async def test_filters_are_checked(
    stage: Any, model: str, conditions: list[Any], logic: str, problems: list[tuple[str, str]]
) -> None:
    source = {"model_id": model, "field": "name"}
    filled = [{"source": source, "function": "IsNull", **each} for each in conditions]

    answer = await create(stage, model, model_filters={"conditions": filled, "logic": logic})

    assert codes(answer) == problems


async def test_overrides_and_target_filters_are_checked(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    condition = {"field": "name", "function": "Equality", "value": "x", "value_source": name}

    answer = await create(
        stage,
        model,
        mode="append",
        overrides=[{"field": name, "function": "Nope", "override": "x"}],
        target_filters={"conditions": [condition]},
    )

    assert codes(answer) == [
        ("invalid_filter", "target_filters.conditions[0]"),
        ("invalid_filter", "overrides[0].function"),
        ("invalid_filter", "target_filters"),
    ]


@pytest.mark.parametrize("function", ["Nope", "IsNull", "Between", "InTheLast"])
async def test_only_a_plain_comparison_takes_a_value_of_the_model(
    stage: Any, model: str, function: str
) -> None:
    condition = {"field": "name", "function": function, "value_source": {"model_id": model, "field": "name"}}

    answer = await create(stage, model, target_filters={"conditions": [condition]})

    assert codes(answer) == [("invalid_filter", "target_filters.conditions[0]")]


async def test_a_flow_compares_with_fixed_values_only(stage: Any, model: str) -> None:
    stage.table("launch", "Id! Name", system="gong", kind="flow", key="Id")
    condition = {
        "field": "Name",
        "function": "Equality",
        "value_source": {"model_id": model, "field": "name"},
    }
    filters = {"conditions": [condition]}

    answer = await create(
        stage, model, "launch", system="gong", identity="id>Id", fields=[], target_filters=filters
    )

    assert codes(answer) == [("invalid_filter", "target_filters")]


async def test_the_older_filters_are_read_and_both_shapes_shown(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    filters = [
        {"field": name, "function": "Equality", "value": "Ada", "label": "ada"},
        {"field_id": f"{model}-age", "field_type": "Model", "function": "IsNotNull", "label": "aged"},
    ]

    made = await stage.sync(model, "public.arrivals", **MAPPED, filters=filters, filter_logic="ada or aged")

    assert made["model_filters"]["conditions"][1] == {
        "source": {"model_id": model, "field": "age"},
        "function": "IsNotNull",
        "label": "B",
    }
    assert made["model_filters"]["logic"] == "A or B"
    assert made["filter_logic"] == "A or B"
    assert [(each["label"], each["field_type"], each["function"]) for each in made["filters"]] == [
        ("A", "Model", "Equality"),
        ("B", "Model", "IsNotNull"),
    ]


async def test_model_and_target_conditions_interleave_in_the_older_shape(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    filters = [
        {"field_id": "name", "field_type": "Target", "function": "Inequality", "value_field": name},
        {"field": {"model_id": model, "field": "name"}, "function": "IsNotNull"},
    ]

    made = await stage.sync(model, "public.arrivals", **MAPPED, filters=filters)
    mixed = await create(stage, model, filters=filters, filter_logic="A or B")
    logics = {
        "model_filters": {**made["model_filters"], "logic": "A"},
        "target_filters": {**made["target_filters"], "logic": "A"},
    }
    both = await stage.sync(model, "public.arrivals", **MAPPED, **logics)

    assert [(each["label"], each["field_type"]) for each in made["filters"]] == [
        ("A", "Model"),
        ("B", "Target"),
    ]
    assert made["filters"][1]["value_field"] == name
    assert made["filter_logic"] == ""
    assert both["filter_logic"] == "(A) and (B)"
    assert codes(mixed) == [("invalid_filter_logic", "filter_logic")]


async def test_what_2025_09_18_shows_can_be_written_back(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    conditions = [
        {"source": name, "function": "Equality", "value": "Ada", "label": "ada"},
        {"source": name, "function": "IsNull", "label": "nobody"},
    ]
    made = await stage.sync(
        model,
        "public.arrivals",
        **MAPPED,
        model_filters={"conditions": conditions, "logic": "ada OR nobody"},
        target_filters={"conditions": [{"field": "age", "function": "IsNotNull"}], "logic": "A"},
    )
    shown_only = (
        "id",
        "organization_id",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "model_ids",
        "problems",
    )
    body = {key: value for key, value in made.items() if key not in shown_only}

    answer = await stage.http.put(f"/api/syncs/{made['id']}", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == made
    assert made["filter_logic"] == "(A or B) and (C)"


async def test_both_shapes_of_filters_have_to_agree(stage: Any, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    condition = {"function": "Equality", "value": "Ada"}
    old = [{"field": name, **condition}]

    same = await create(
        stage, model, filters=old, model_filters={"conditions": [{"source": name, **condition}]}
    )
    other = await create(stage, model, filters=old, model_filters={"conditions": []})
    newer = {"conditions": [{"source": name, **condition}], "logic": "A"}
    logic = await create(stage, model, filters=old, filter_logic="A and A", model_filters=newer)

    assert same.status_code == 200, same.text
    assert codes(other) == codes(logic) == [("conflicting_filters", "filters")]


async def test_models_without_a_relation_cannot_be_mapped_together(stage: Any, model: str) -> None:
    far = await stage.model(
        "far", "id title", [], [{"from": "id", "to": {"model_id": "gone", "field": "id"}}]
    )
    fields = [
        {"source": {"model_id": model, "field": "name"}, "target": "name"},
        {"source": {"model_id": far, "field": "title"}, "target": "age"},
    ]

    answer = await create(stage, model, fields=fields)

    assert codes(answer) == [("unrelated_model", "model_ids")]


async def test_a_relation_may_lead_over_a_third_model(stage: Any, model: str) -> None:
    middle = await stage.model(
        "middle", "id", [{"id": "1"}], [{"from": "id", "to": {"model_id": model, "field": "id"}}]
    )
    far = await stage.model(
        "far",
        "id title",
        [{"id": "1", "title": "Countess"}],
        [{"from": "id", "to": {"model_id": middle, "field": "id"}}],
    )
    fields = [{"source": {"model_id": far, "field": "title"}, "target": "name"}]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"insert": 1, "total": 1}
    assert stage.rows("public.arrivals")[0]["name"] == "Countess"


async def test_a_new_table_is_made_with_the_sync_and_takes_its_rows(stage: Any, model: str) -> None:
    connection = await stage.connection("postgresql")
    target = {"connection_id": connection, "create": {"schema": "crm", "name": "fresh"}}

    made = await stage.sync(model, "", target=target, fields="name>name age>age", identity="id>id")
    await stage.start(made)
    again = await create(stage, model, target=target, fields="name>name")

    table = stage.world.tables.get("postgresql", "crm.fresh")
    assert made["target"] == {"connection_id": connection, "object": "crm.fresh"}
    assert [(each.name, each.sql_type) for each in table.columns] == [
        ("name", "VARCHAR"),
        ("age", "DOUBLE"),
        ("id", "VARCHAR"),
    ]
    assert stage.rows("crm.fresh") == [{"name": "Ada", "age": 36, "id": "1"}]
    assert codes(again) == [("target_exists", "target.create.name")]


@pytest.mark.parametrize(
    ("create_", "code"),
    [({"name": "x", "color": "red"}, "invalid_creation"), ({"schema": "crm"}, "invalid_creation")],
)
async def test_a_new_table_that_cannot_be_made_is_refused(
    stage: Any, model: str, create_: dict[str, str], code: str
) -> None:
    target = {"connection_id": await stage.connection("postgresql"), "create": create_}

    answer = await create(stage, model, target=target, fields="nam>name")

    assert [each for each, _ in codes(answer)] == ["unknown_source_field", code]


async def test_an_application_makes_no_new_target(stage: Any, model: str) -> None:
    target = {"connection_id": await stage.connection("gong"), "create": {"name": "x"}}

    answer = await create(stage, model, target=target)

    assert codes(answer) == [("unsupported_creation", "target.create")]


async def test_a_new_table_without_a_schema_goes_into_the_usual_one(stage: Any, model: str) -> None:
    connection = await stage.connection("mysql")
    names = []

    for name in ("shop.first", "second", "other.third"):
        target = {"connection_id": connection, "create": {"name": name}}
        names.append((await stage.sync(model, "", target=target, **MAPPED))["target"]["object"])

    assert names == ["shop.first", "public.second", "other.third"]


async def test_a_new_field_becomes_a_column_where_the_target_allows_it(stage: Any, model: str) -> None:
    stage.table("Guests", "Id Email", system="salesforce", kind="object", key="Id")
    source = {"model_id": model, "field": "age"}
    new = {"source": source, "target": "years", "new": True}
    name = {"source": {"model_id": model, "field": "name"}, "target": "name"}

    made = await stage.sync(model, "public.arrivals", fields=[name, new], identity="id>id")
    await stage.start(made)
    refused = await create(stage, model, "Guests", system="salesforce", fields=[new], identity="id>Email")

    assert stage.rows("public.arrivals") == [{"id": "1", "name": "Ada", "age": None, "years": 36}]
    assert codes(refused) == [("unknown_target_field", "fields[0].target")]
