"""Syncs: creating, showing, listing, updating and deleting them."""

import base64

import pytest

from tests.sandbox.conftest import Clock, InlineWorkers
from tests.sandbox.resources.syncs.conftest import Stage

OLD = {"X-Polytomic-Version": "2024-02-08"}


async def test_a_created_sync_is_returned_whole(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    answer = await stage.http.get(f"/api/syncs/{made['id']}")

    sync = answer.json()["data"]
    assert sync == made
    assert sync["identity"]["function"] == "Equality"
    assert sync["identities"] == {"mappings": [sync["identity"]], "strategy": "priority"}
    assert sync["active"] is False
    assert sync["model_ids"] == [model]
    assert sync["problems"] == []
    assert sync["created_by"]["name"] == "Ada"


async def test_identity_functions_are_accepted_in_any_case_and_stored_as_the_api_spells_them(
    stage: Stage, model: str
) -> None:
    identity = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": "equality"}

    made = await stage.sync(model, "public.arrivals", fields="name>name", identity=identity)

    assert made["identity"]["function"] == "Equality"


async def test_version_2024_02_08_shows_the_older_shape(stage: Stage, model: str) -> None:
    fields = [
        {"source": {"model_id": model, "field": "name"}, "target": "name"},
        {"target": "age", "override_value": "7"},
    ]
    made = await stage.sync(model, "public.arrivals", **{**stage.MAPPED, "fields": fields})

    old = (await stage.http.get(f"/api/syncs/{made['id']}", headers=OLD)).json()["data"]

    assert made["override_fields"] == [{"target": "age", "override_value": "7"}]
    assert old["fields"][1]["source"] == {"model_id": "00000000-0000-0000-0000-000000000000", "field": ""}
    assert not {"identities", "model_filters", "target_filters", "problems", "override_fields"} & old.keys()


async def test_a_sync_shown_by_2024_02_08_can_be_sent_back(stage: Stage, model: str) -> None:
    override = {"target": "age", "override_value": "7", "sync_mode": "create"}
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED, override_fields=[override])
    old = (await stage.http.get(f"/api/syncs/{made['id']}", headers=OLD)).json()["data"]
    body = {key: old[key] for key in ("name", "mode", "fields", "identity", "schedule", "target")}

    answer = await stage.http.put(f"/api/syncs/{made['id']}", json=body)

    assert answer.status_code == 200
    assert answer.json()["data"]["override_fields"] == [override]


async def test_lists_have_pages_of_summaries_last_changed_first_on_2025_09_18(
    stage: Stage, model: str, clock: Clock
) -> None:
    names = ["first", "second", "third"]
    for name in names:
        clock.advance(seconds=1)
        await stage.sync(model, "public.arrivals", name=name, **stage.MAPPED)

    first = (await stage.http.get("/api/syncs?limit=2")).json()
    token = first["pagination"]["next_page_token"]
    second = (await stage.http.get("/api/syncs", params={"limit": 2, "page_token": token})).json()

    assert [each["name"] for each in first["data"] + second["data"]] == names[::-1]
    assert second["pagination"] == {}
    assert first["data"][0]["target_object"] == "public.arrivals"
    assert not {"fields", "model_filters", "overrides", "target"} & first["data"][0].keys()


async def test_lists_have_whole_syncs_without_pages_on_2024_02_08(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    body = (await stage.http.get("/api/syncs", headers=OLD)).json()

    assert body.keys() == {"data"}
    assert body["data"][0]["fields"] == made["fields"]


async def test_lists_can_be_filtered(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", mode="create", **stage.MAPPED)
    await stage.sync(model, "http", system="webhook", fields="name>record", active=True)
    connection = made["target"]["connection_id"]

    for query in ("active=false", "mode=create", f"target_connection_id={connection}"):
        body = (await stage.http.get(f"/api/syncs?{query}")).json()
        assert [each["id"] for each in body["data"]] == [made["id"]], query


@pytest.mark.parametrize("query", ["page_token=!", "page_token=e30", "page_token=WzFd", "page_token=W10"])
async def test_an_invalid_page_token_is_refused(stage: Stage, model: str, query: str) -> None:
    await stage.sync(model, "public.arrivals", **stage.MAPPED)

    answer = await stage.http.get(f"/api/syncs?{query}")

    assert answer.status_code == 400


@pytest.mark.parametrize("limit", [500, 51, 0, -3])
async def test_a_limit_beyond_its_bounds_means_the_most_or_the_default(
    stage: Stage, model: str, limit: int
) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    answer = await stage.http.get("/api/syncs", params={"limit": limit})

    assert [each["id"] for each in answer.json()["data"]] == [made["id"]]


async def test_a_page_token_nested_too_deeply_is_refused(stage: Stage) -> None:
    token = base64.urlsafe_b64encode(b"[" * 20_000).decode()

    answer = await stage.http.get("/api/syncs", params={"page_token": token})

    assert answer.status_code == 400


async def test_an_update_replaces_the_whole_sync(stage: Stage, model: str, clock: Clock) -> None:
    made = await stage.sync(model, "public.arrivals", active=True, **stage.MAPPED)
    clock.advance(hours=1)

    answer = await stage.http.put(
        f"/api/syncs/{made['id']}",
        json=await stage.body(model, "public.arrivals", name="Renamed", **stage.MAPPED),
    )

    sync = answer.json()["data"]
    assert (sync["id"], sync["name"], sync["active"]) == (made["id"], "Renamed", False)
    assert sync["created_at"] == made["created_at"] < sync["updated_at"]


async def test_activate_turns_a_schedule_on(stage: Stage, model: str) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    answer = await stage.http.post(f"/api/syncs/{made['id']}/activate", json={"active": True})

    assert answer.json()["data"] == {"id": made["id"], "active": True}
    assert (await stage.http.get(f"/api/syncs/{made['id']}")).json()["data"]["active"] is True


async def test_deleting_a_sync_cancels_its_execution(
    stage: Stage, model: str, workers: InlineWorkers
) -> None:
    made = await stage.sync(model, "public.arrivals", **stage.MAPPED)
    workers.is_holding = True
    await stage.start(made)

    deleted = await stage.http.delete(f"/api/syncs/{made['id']}")
    workers.release()
    gone = await stage.http.get(f"/api/syncs/{made['id']}")
    events = (await stage.http.get("/api/events")).json()["data"]

    assert [deleted.status_code, gone.status_code] == [204, 404]
    assert [event["type"] for event in events] == ["sync.canceled"]
    assert stage.rows("public.arrivals") == []


async def test_a_sync_shown_by_2025_09_18_can_be_sent_back(stage: Stage, model: str) -> None:
    name = {"model_id": model, "field": "name"}
    conditions = [
        {"source": name, "function": "Equality", "value": "Ada", "label": "ada"},
        {"source": name, "function": "IsNull", "label": "nobody"},
    ]
    made = await stage.sync(
        model,
        "public.arrivals",
        **stage.MAPPED,
        model_filters={"conditions": conditions, "logic": "ada OR nobody"},
        target_filters={"conditions": [{"field": "age", "function": "IsNotNull"}], "logic": "A"},
    )
    body = {key: value for key, value in made.items() if key not in stage.SHOWN_ONLY}

    answer = await stage.http.put(f"/api/syncs/{made['id']}", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == made
    assert made["filter_logic"] == "(A OR B) and (C)"


async def test_the_filter_logic_of_a_target_is_kept(stage: Stage, model: str) -> None:
    body = await stage.body(model, "public.arrivals", **stage.MAPPED)
    body["target"]["filter_logic"] = "A AND B"

    made = (await stage.http.post("/api/syncs", json=body)).json()["data"]

    assert made["target"]["filter_logic"] == "A AND B"


@pytest.mark.parametrize(
    ("name", "value", "older"),
    [
        ("identities", {"mappings": []}, "identity"),
        ("model_filters", {"conditions": []}, "filters"),
        ("target_filters", {"conditions": []}, "filters with the field_type Target"),
    ],
)
async def test_version_2024_02_08_refuses_what_came_later(
    name: str, value: dict[str, list[str]], older: str, stage: Stage, model: str
) -> None:
    body = await stage.body(model, "public.arrivals", **stage.MAPPED) | {name: value}

    old = await stage.http.post("/api/syncs", json=body, headers=OLD)
    new = await stage.http.post("/api/syncs", json=body | {"identity": None})

    assert (old.status_code, old.json()["message"]) == (
        400,
        f"Version 2024-02-08 does not accept {name}. Send {older}, or use version 2025-09-18.",
    )
    assert new.status_code != 400
