"""What depends on a connection, a model, a field or a sync, and what breaks if it is removed."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import ScriptedApi, Tools

DOWN = httpx.Response(403, json={"message": "no right"})


def source(model: str, field: str) -> dict[str, Any]:
    return {"model_id": model, "field": field}


def model(id_: str, connection_id: str, **more: Any) -> dict[str, Any]:
    fields = [{"id": f"{id_}-email", "name": "email"}, {"id": f"{id_}-plan", "name": "plan"}]
    return {"id": id_, "name": f"Model {id_}", "connection_id": connection_id, "fields": fields, **more}


def sync(id_: str, model_id: str, **more: Any) -> dict[str, Any]:
    """Return a whole sync that identifies records by a model's email and maps its plan."""
    return {
        "id": id_,
        "name": f"Sync {id_}",
        "target": {"connection_id": "crm", "object": "Contact"},
        "schedule": {"frequency": "manual"},
        "identity": {"source": source(model_id, "email"), "target": "Email"},
        "fields": [{"source": source(model_id, "plan"), "target": "Plan"}],
        "model_ids": [model_id],
        **more,
    }


def light(whole: dict[str, Any]) -> dict[str, Any]:
    """Return a sync as 2025-09-18 lists it."""
    kept = {name: whole[name] for name in ("id", "name", "schedule", "model_ids") if name in whole}
    target = whole["target"]
    return {**kept, "target_connection_id": target["connection_id"], "target_object": target["object"]}


def joins(model_id: str, field: str = "email") -> dict[str, Any]:
    return {"relations": [{"from": "email", "to": source(model_id, field)}]}


def after(*ids: str, **more: Any) -> dict[str, Any]:
    return {"schedule": {"frequency": "runafter", "run_after": {"sync_ids": list(ids), **more}}}


@pytest.fixture
def hold(api: ScriptedApi) -> Any:
    """Serve connections, models, syncs and bulk syncs."""

    def store(*, models: Any = (), syncs: Any = (), bulk_syncs: Any = ()) -> None:
        names = {"db": "Database", "crm": "CRM"}
        api.holds("connections", *[{"id": id_, "name": name} for id_, name in names.items()])
        api.holds("models", *models)
        api.holds("syncs", *syncs)
        api["GET /api/syncs"] = {"data": [light(each) for each in syncs]}
        api["GET /api/bulk/syncs"] = {"data": list(bulk_syncs)}

    return store


def told(lineage: Any) -> list[tuple[str, str, str, list[str]]]:
    return [(row["kind"], row["id"], row["breaks"], row["uses"]) for row in lineage["items"]]


async def test_everything_that_depends_on_a_connection_is_found_however_indirectly(
    tools: Tools, hold: Any
) -> None:
    hold(
        models=[model("a", "db"), model("b", "other", **joins("a")), model("c", "other", **joins("b"))],
        syncs=[
            sync("1", "a"),
            sync("2", "c", target={"connection_id": "crm", "object": "Lead"}),
            sync("3", "x", **after("1", "5")),
            sync("4", "x", **after("3")),
            sync("5", "x"),
            sync("6", "b", **after("1")),
        ],
        bulk_syncs=[
            {"id": "9", "name": "Copy", "source_connection_id": "db", "destination_connection_id": "db"},
            {"id": "7", "name": "Other", "source_connection_id": "x"},
            {"id": "8", "name": "Then", "default_schedule": after(bulk_sync_ids=["9"])["schedule"]},
        ],
    )

    lineage = await tools("trace_lineage", connection_id="database")

    assert lineage["subject"] == {"kind": "connection", "id": "db", "name": "Database"}
    assert lineage["counts"] == {"model": 3, "sync": 5, "bulk_sync": 2, "target_object": 1}
    assert told(lineage) == [
        ("model", "a", "can no longer be read", ["reads from it"]),
        ("model", "b", "loses the join", ["joins Model a on email = email"]),
        ("model", "c", "loses the join", ["joins Model b on email = email"]),
        ("sync", "1", "cannot run", ["identifies by email (Email)", "maps plan to Plan"]),
        ("sync", "2", "may miss joined values", ["reads Model c, which loses a join"]),
        ("sync", "3", "is no longer started by it", ["its schedule runs it after Sync 1"]),
        ("sync", "4", "is no longer started by it", ["its schedule runs it after Sync 3"]),
        (
            "sync",
            "6",
            "is no longer started by it",
            ["reads Model b, which loses a join", "its schedule runs it after Sync 1"],
        ),
        ("bulk_sync", "9", "cannot run", ["reads from it", "writes to it"]),
        ("bulk_sync", "8", "is no longer started by it", ["its schedule runs it after Copy"]),
        (
            "target_object",
            "Contact",
            "receives no more rows from it",
            [f"is written by Sync {n}" for n in (1, 3, 4, 6)],
        ),
    ]
    assert lineage["items"][-1]["connection_id"] == "crm"


async def test_a_destination_is_used_by_what_writes_to_it(tools: Tools, hold: Any) -> None:
    job = {"schedule": {"frequency": "dbtcloud", "connection_id": "crm", "job_id": 1}}
    elsewhere = {"target": {"connection_id": "x", "object": "o"}}
    enriched = model("a", "db", enricher={"connection_id": "crm"})
    hold(models=[enriched], syncs=[sync("1", "a"), sync("2", "a", **job, **elsewhere)])

    lineage = await tools("trace_lineage", connection_id="CRM")

    assert told(lineage) == [
        ("model", "a", "loses its enrichment", ["is enriched by it"]),
        ("sync", "1", "cannot run", ["writes to Contact"]),
        ("sync", "2", "is no longer started by it", ["its schedule follows a job of it"]),
        ("target_object", "o", "receives no more rows from it", ["is written by Sync 2"]),
    ]


async def test_models_that_join_each_other_are_each_listed_once(tools: Tools, hold: Any) -> None:
    hold(models=[model("a", "db", **joins("b")), model("b", "db", **joins("a"))])

    lineage = await tools("trace_lineage", model_id="Model a")

    assert told(lineage) == [("model", "b", "loses the join", ["joins Model a on email = email"])]


async def test_a_field_is_used_by_what_maps_identifies_filters_replaces_or_joins_by_it(
    tools: Tools, hold: Any
) -> None:
    conditions = {"conditions": [{"source": source("a", name)} for name in ("plan", "email")]}
    by_value = {"conditions": [{"field": "Email", "value_source": source("a", "email")}]}
    identities = {"mappings": [{"source": source("a", "email"), "target": "Mail"}], "strategy": "priority"}
    hold(
        models=[
            model("a", "db", identifier="email", tracking_columns=["email"], **joins("c")),
            model("b", "db", **joins("a")),
            model("c", "db", **joins("a", "plan")),
            model("d", "db", **joins("b")),
        ],
        syncs=[
            sync("1", "a", model_filters=conditions, target_filters=by_value, identities=identities),
            sync("2", "a", identity=None, filters=[{"field_id": "a-email", "function": "IsNull"}]),
            sync("3", "a", identity=None, overrides=[{"field": source("a", "email"), "override": 1}]),
            sync("4", "a", identity=None),
        ],
    )

    lineage = await tools("trace_lineage", model_id="Model a", field="email")

    assert lineage["subject"] == {"kind": "field", "id": "a", "name": "Model a", "field": "email"}
    own = ["is its identifier", "is a tracking column", "starts a join"]
    assert told(lineage) == [
        ("model", "a", "loses this field", own),
        ("model", "b", "loses the join", ["joins Model a on email = email"]),
        (
            "sync",
            "1",
            "cannot run",
            ["identifies by email (Mail)", "filters the target by email", "filters by email"],
        ),
        ("sync", "2", "cannot run", ["filters by email"]),
        ("sync", "3", "cannot run", ["replaces values of email"]),
        (
            "target_object",
            "Contact",
            "receives no more rows from it",
            ["is written by Sync 1", "is written by Sync 2", "is written by Sync 3"],
        ),
    ]


async def test_a_sync_that_reads_models_joined_by_a_field_may_miss_values_without_it(
    tools: Tools, hold: Any
) -> None:
    both = [{"source": source(name, "plan"), "target": name} for name in "ab"]
    parts = {"identity": None, "fields": both, "model_ids": ["a", "b"]}
    hold(
        models=[model("a", "db"), model("b", "db", **joins("a"))],
        syncs=[sync("1", "b", **parts), sync("2", "b"), sync("3", "a", identity=None)],
    )

    joined = await tools("trace_lineage", model_id="a", field="email")
    joining = await tools("trace_lineage", model_id="b", field="email")

    poorer = ("sync", "1", "may miss joined values", ["reads models joined by email"])
    assert [row for row in told(joined) if row[0] == "sync"] == [poorer]
    assert [row for row in told(joining) if row[0] == "sync"] == [
        poorer,
        ("sync", "2", "cannot run", ["identifies by email (Email)"]),
    ]


async def test_bulk_syncs_that_follow_jobs_or_syncs_are_found_in_every_form_of_schedule(
    tools: Tools, hold: Any
) -> None:
    job = {"frequency": "dbtcloud", "connection_id": "db", "job_id": 1}
    several = [{"item": "none", "schedule": {"frequency": "manual"}}, {"schedule": after("1")["schedule"]}]
    hold(
        syncs=[sync("1", "a", target={"connection_id": "db", "object": "o"})],
        bulk_syncs=[
            {"id": "8", "name": "A", "default_schedule": job},
            {"id": "9", "name": "B", "schedule": {"frequency": "multi", "multi": {"schedules": several}}},
        ],
    )

    lineage = await tools("trace_lineage", connection_id="db")

    assert told(lineage)[1:] == [
        ("bulk_sync", "8", "is no longer started by it", ["its schedule follows a job of it"]),
        ("bulk_sync", "9", "is no longer started by it", ["its schedule runs it after Sync 1"]),
    ]


async def test_a_field_that_nothing_uses_has_no_dependants(tools: Tools, hold: Any) -> None:
    hold(models=[model("a", "db")], syncs=[sync("1", "b")])

    lineage = await tools("trace_lineage", model_id="a", field="plan")

    assert (lineage["items"], lineage["counts"]) == ([], {})


async def test_a_removed_field_is_still_traced_but_a_misspelled_one_is_refused(
    tools: Tools, hold: Any
) -> None:
    hold(models=[model("a", "db", fields=[{"name": "email"}])], syncs=[sync("1", "a")])

    lineage = await tools("trace_lineage", model_id="a", field="plan")
    text = await tools.refused("trace_lineage", model_id="a", field="emial")

    assert told(lineage)[0] == ("sync", "1", "cannot run", ["maps plan to Plan"])
    assert "has no field 'emial'" in text
    assert "Did you mean 'email'?" in text


async def test_the_followers_and_the_target_of_a_sync_depend_on_it(tools: Tools, hold: Any) -> None:
    elsewhere = {"target": {"connection_id": "x", "object": "Contact"}}
    hold(syncs=[sync("1", "a"), sync("2", "a", **after("1"), **elsewhere)])

    lineage = await tools("trace_lineage", sync_id="Sync 1")

    assert told(lineage)[0] == (
        "sync",
        "2",
        "is no longer started by it",
        ["its schedule runs it after Sync 1"],
    )
    assert [(row["id"], row["connection_id"]) for row in lineage["items"][1:]] == [
        ("Contact", "crm"),
        ("Contact", "x"),
    ]


async def test_only_syncs_that_may_use_the_subject_are_read(
    tools: Tools, api: ScriptedApi, hold: Any
) -> None:
    unknown = sync("3", "b")
    del unknown["model_ids"]
    hold(models=[model("a", "db")], syncs=[sync("1", "a"), sync("2", "b"), unknown])

    await tools("trace_lineage", model_id="a")

    assert [len(api.asked(f"GET /api/syncs/{id_}")) for id_ in "123"] == [1, 0, 1]


async def test_syncs_that_the_older_version_lists_whole_are_not_read_again(
    tools: Tools, api: ScriptedApi, hold: Any
) -> None:
    hold(models=[model("a", "db")])
    api["GET /api/syncs"] = {"data": [sync("1", "a")]}

    lineage = await tools("trace_lineage", model_id="a")

    assert lineage["counts"] == {"sync": 1, "target_object": 1}
    assert api.asked("GET /api/syncs/1") == []


async def test_a_sync_deleted_meanwhile_is_skipped_and_an_unreadable_one_is_listed_by_its_model(
    tools: Tools, api: ScriptedApi, hold: Any
) -> None:
    hold(models=[model("a", "db")], syncs=[sync("1", "a"), sync("2", "a")])
    del api.answers["GET /api/syncs/1"]
    api["GET /api/syncs/2"] = DOWN

    lineage = await tools("trace_lineage", model_id="a")

    assert told(lineage)[0] == ("sync", "2", "cannot run", ["reads Model a"])
    assert lineage["counts"] == {"sync": 1, "target_object": 1}
    assert [each["source"] for each in lineage["unavailable"]] == ["whole syncs"]


@pytest.mark.parametrize(
    ("kind", "source_name"), [("models", "models"), ("syncs", "syncs"), ("bulk/syncs", "bulk syncs")]
)
async def test_a_listing_that_fails_is_named_and_the_rest_is_traced(
    kind: str, source_name: str, tools: Tools, api: ScriptedApi, hold: Any
) -> None:
    hold(
        models=[model("a", "crm")],
        syncs=[sync("1", "a")],
        bulk_syncs=[{"id": "2", "name": "Copy", "destination_connection_id": "crm"}],
    )
    api[f"GET /api/{kind}"] = DOWN

    lineage = await tools("trace_lineage", connection_id="crm")

    assert [each["source"] for each in lineage["unavailable"]] == [source_name]
    assert len(lineage["items"]) == 2


async def test_many_uses_are_limited_and_many_dependants_are_paged(tools: Tools, hold: Any) -> None:
    fields = [{"source": source("a", f"f{n}"), "target": f"T{n}"} for n in range(20)]
    hold(models=[model("a", "db")], syncs=[sync(f"{n:03}", "a", fields=fields) for n in range(100)])

    seen: list[str] = []
    token: dict[str, Any] = {}
    while True:
        lineage = await tools("trace_lineage", model_id="a", limit=1000, **token)
        seen += [row["id"] for row in lineage["items"]]
        if "next_page_token" not in lineage:
            break
        token = {"page_token": lineage["next_page_token"]}

    assert seen == [*(f"{n:03}" for n in range(100)), "Contact"]
    assert lineage["counts"] == {"sync": 100, "target_object": 1}
    assert len(lineage["items"][-1]["uses"]) == 7
    assert lineage["items"][-1]["uses"][-1] == "and more"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"connection_id": "db", "model_id": "a"},
        {"field": "plan"},
        {"connection_id": "db", "field": "plan"},
    ],
)
async def test_exactly_one_subject_is_required(arguments: Any, tools: Tools, hold: Any) -> None:
    hold(models=[model("a", "db")])

    assert "Send exactly one of connection_id" in await tools.refused("trace_lineage", **arguments)
