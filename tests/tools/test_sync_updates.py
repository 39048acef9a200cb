"""Updates of a sync: PUT replaces the whole of it, so what was stored goes along, and nothing is lost."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

NO_MODEL = "00000000-0000-0000-0000-000000000000"
MODEL = "22222222-0000-0000-0000-000000000001"
SOURCES = st.sampled_from([{"model_id": MODEL, "field": field} for field in ("contact_id", "plan")])
IDENTITY = st.fixed_dictionaries(
    {"source": SOURCES, "target": st.just("Id"), "function": st.just("Equality")}
)
SEVERAL = IDENTITY.map(lambda identity: {"mappings": [identity], "strategy": "priority"})
MAPPINGS = st.lists(st.fixed_dictionaries({"source": SOURCES, "target": st.just("Note")}), max_size=2)
CONSTANTS = st.lists(
    st.fixed_dictionaries({"target": st.sampled_from(["Note", "Id"]), "override_value": st.integers(0, 3)}),
    max_size=2,
    unique_by=lambda constant: constant["target"],
)
COMPARISON = {"function": st.just("Equality"), "value": st.integers(0, 3)}
OLD = st.lists(
    st.fixed_dictionaries({"field": SOURCES, "field_type": st.just("Model"), **COMPARISON}), max_size=2
)
NEW = st.lists(st.fixed_dictionaries({"source": SOURCES, **COMPARISON}), max_size=2)
OF_TARGET = st.lists(st.fixed_dictionaries({"field": st.just("Id"), **COMPARISON}), max_size=2)


def conditions(of: Any) -> Any:
    return st.fixed_dictionaries({"conditions": of, "logic": st.just("")})


PLAIN = {
    "name": st.sampled_from(["One", "Two"]),
    "active": st.booleans(),
    "schedule": st.sampled_from([{"frequency": "continuous"}, {"frequency": "daily", "hour": "5"}]),
    "policies": st.lists(st.sampled_from("pq"), max_size=2),
    "sync_all_records": st.booleans(),
    "skip_initial_backfill": st.booleans(),
    "only_enrich_updates": st.booleans(),
    "overrides": st.lists(
        st.fixed_dictionaries({"field": SOURCES, "override": st.integers(0, 3)}), max_size=1
    ),
}
OLDER_FILTERS = st.fixed_dictionaries({"filters": OLD})
NEWER_FILTERS = st.fixed_dictionaries(
    {"model_filters": conditions(NEW), "target_filters": conditions(OF_TARGET)}
)
FILTERS = st.one_of(st.just({}), OLDER_FILTERS, NEWER_FILTERS)
OLDER_IDENTITY = st.fixed_dictionaries({"identity": IDENTITY})
NEWER_IDENTITY = st.fixed_dictionaries({"identities": SEVERAL})


def together(*parts: Any) -> Any:
    """Join strategies of objects to one of their union."""
    return st.tuples(*parts).map(
        lambda drawn: {name: value for part in drawn for name, value in part.items()}
    )


STORED = together(
    st.fixed_dictionaries({}, optional=PLAIN),
    st.one_of(OLDER_IDENTITY, NEWER_IDENTITY, together(OLDER_IDENTITY, NEWER_IDENTITY)),
    st.one_of(FILTERS, together(OLDER_FILTERS, NEWER_FILTERS)),
    st.fixed_dictionaries({"fields": MAPPINGS}, optional={"override_fields": CONSTANTS}),
)
CHANGE = together(
    st.fixed_dictionaries({}, optional=PLAIN),
    st.one_of(st.just({}), OLDER_IDENTITY, NEWER_IDENTITY),
    FILTERS,
    st.fixed_dictionaries({}, optional={"fields": MAPPINGS, "override_fields": CONSTANTS}),
)
FORMS = [(("identities",), ("identity",)), (("model_filters", "target_filters"), ("filters", "filter_logic"))]


@pytest.fixture
def hold(company: Any) -> Any:
    """Store a sync in the scripted API, whose PUT keeps what it is sent over it."""
    path = f"/api/syncs/{company.SYNC}"
    base = company.answers[f"GET {path}"]["data"]

    def store(**parts: Any) -> dict[str, Any]:
        stored = base | parts
        if "identities" in parts and "identity" not in parts:
            del stored["identity"]
        company.requests.clear()
        company[f"GET {path}"] = {"data": copy.deepcopy(stored)}
        company[f"PUT {path}"] = lambda request: {"data": stored | json.loads(request.content)}
        return stored

    return store


def sent(api: Any) -> Any:
    (body,) = api.bodies(f"PUT /api/syncs/{api.SYNC}")
    return body


def one_form(stored: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """What an update must send: all of both, each part in one form, the change's or else the newer."""
    whole = stored | change
    for newer, older in FORMS:
        has_older_change = any(name in change for name in older)
        has_newer = any(name in whole for name in newer)
        for name in newer if has_older_change else older if has_newer else ():
            whole.pop(name, None)
    return whole


def loses_target_filters(stored: dict[str, Any], change: dict[str, Any]) -> bool:
    """Old filters, none of the target, over a sync whose target filters have the new form only."""
    has_target = any(each.get("field_type") == "Target" for each in change.get("filters", ()))
    kept = stored.get("target_filters", {}).get("conditions")
    return bool(kept) and "filters" in change and not (stored.get("filters") or has_target)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=STORED, change=CHANGE)
async def test_an_update_sends_what_was_stored_with_the_change_laid_over_it(
    parts: dict[str, Any], change: dict[str, Any], tools: Any, company: Any, hold: Any
) -> None:
    assume(not loses_target_filters(parts, change))  # refused, as a test of its own holds
    stored = hold(**parts)

    updated = await tools("update_sync", sync_id=company.SYNC, **change)

    read_only = ("id", "model_ids", "updated_at")
    whole = {name: part for name, part in one_form(stored, change).items() if name not in read_only}
    assert sent(company) == {name: part for name, part in whole.items() if part is not None}
    differing = {name for name in change if change[name] != stored.get(name)}
    assert updated["changed"].keys() == differing
    assert {name: part.get("after") for name, part in updated["changed"].items()} == {
        name: change[name] for name in differing
    }


async def test_constants_among_the_fields_go_back_as_override_fields(
    tools: Any, company: Any, hold: Any
) -> None:
    mapping = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Note"}
    constant = {"target": "Id", "override_value": 7, "source": {"model_id": NO_MODEL, "field": ""}}
    known = {"target": "Note", "override_value": 1}
    hold(fields=[mapping, constant, {**known, "source": constant["source"]}], override_fields=[known])

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert sent(company)["fields"] == [mapping]
    assert sent(company)["override_fields"] == [known, {"target": "Id", "override_value": 7}]


async def test_a_target_that_was_created_is_not_created_again(tools: Any, company: Any, hold: Any) -> None:
    target = {"connection_id": company.GONG, "object": company.FLOW, "configuration": {"a": 1}}
    hold(target=target | {"create": {"name": "New"}})

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert sent(company)["target"] == target


async def test_another_target_keeps_the_connection_and_the_configuration(
    tools: Any, company: Any, hold: Any
) -> None:
    hold(target={"connection_id": company.GONG, "object": company.FLOW, "configuration": {"a": 1}})

    await tools("update_sync", sync_id=company.SYNC, target={"create": {"name": "Summer"}})

    target = {"connection_id": company.GONG, "configuration": {"a": 1}, "create": {"name": "Summer"}}
    assert sent(company)["target"] == target


async def test_encrypted_fields_ask_for_the_passphrase_again(tools: Any, company: Any, hold: Any) -> None:
    source = {"model_id": MODEL, "field": "plan"}
    hold(fields=[{"source": source, "target": "Note", "encryption_enabled": True}])

    assert "Send encryption_passphrase again" in await tools.refused(
        "update_sync", sync_id=company.SYNC, name="N"
    )
    assert company.written() == []

    await tools("update_sync", sync_id=company.SYNC, encryption_passphrase="hush")
    assert sent(company)["encryption_passphrase"] == "hush"


@pytest.mark.parametrize(
    ("named", "kind", "lost"),
    [("model_filters", "Target", "target_filters"), ("target_filters", "Model", "model_filters")],
)
async def test_filters_of_the_old_form_are_not_lost_to_half_of_the_new(
    named: str, kind: str, lost: str, tools: Any, company: Any, hold: Any
) -> None:
    hold(filters=[{"field_id": "x", "field_type": kind, "function": "IsNull"}])
    none = {"conditions": []}

    text = await tools.refused("update_sync", sync_id=company.SYNC, **{named: none})
    assert f"Send {lost} too. Nothing was changed." in text
    assert company.written() == []

    await tools("update_sync", sync_id=company.SYNC, **{named: none, lost: none})
    assert "filters" not in sent(company)


async def test_target_filters_are_not_lost_to_filters_of_the_old_form(
    tools: Any, company: Any, hold: Any
) -> None:
    hold(target_filters={"conditions": [{"field": "Email", "function": "IsNull"}]})
    filters = [{"field_id": "x", "function": "IsNull"}]

    text = await tools.refused("update_sync", sync_id=company.SYNC, filters=filters)
    assert "Send model_filters instead. Nothing was changed." in text
    assert company.written() == []

    both = [*filters, {"field_id": "y", "field_type": "Target", "function": "IsNull"}]
    await tools("update_sync", sync_id=company.SYNC, filters=both)
    assert sent(company)["filters"] == both
    assert "target_filters" not in sent(company)


async def test_a_logic_alone_is_laid_over_filters_of_its_form_only(
    tools: Any, company: Any, hold: Any
) -> None:
    hold(filters=[{"field": {"model_id": MODEL, "field": "plan"}, "function": "IsNull"}])
    await tools("update_sync", sync_id=company.SYNC, filter_logic="NOT 1")
    assert sent(company)["filter_logic"] == "NOT A"

    hold(model_filters={"conditions": [], "logic": ""})
    text = await tools.refused("update_sync", sync_id=company.SYNC, filter_logic="A")
    assert "Send model_filters with its logic" in text
    assert company.written() == []


async def test_changed_tells_what_only_the_spelling_changed(tools: Any, company: Any, hold: Any) -> None:
    identity = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "equality"}
    hold(identity=identity)

    updated = await tools("update_sync", sync_id=company.SYNC, active=True)

    assert updated["changed"] == {
        "identity": {"before": identity, "after": identity | {"function": "Equality"}},
    }


async def test_an_update_is_held_against_the_target_like_a_new_sync(
    tools: Any, company: Any, hold: Any
) -> None:
    hold(identity={"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "Equality"})

    text = await tools.refused("update_sync", sync_id=company.SYNC, mode="replace")

    assert text.startswith("update_sync: nothing was written, because:\n- mode: ")
    assert company.written() == []


async def test_a_stored_sync_without_a_target_object_has_to_be_given_one(
    tools: Any, company: Any, hold: Any
) -> None:
    hold(target={"connection_id": company.GONG})

    text = await tools.refused("update_sync", sync_id=company.SYNC, name="New")

    assert "target needs either object" in text
    assert company.written() == []


async def test_a_dry_run_shows_the_whole_request(tools: Any, company: Any, hold: Any) -> None:
    identity = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "Equality"}
    hold(identity=identity)

    shown = await tools("update_sync", sync_id=company.SYNC, name="New", dry_run=True)

    assert shown["dry_run"] is True
    assert shown["request"]["name"] == "New"
    assert shown["request"]["identity"] == identity
    assert company.written() == []


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_the_sandbox_keeps_what_an_update_does_not_name(api_version: str, open_sandbox: Any) -> None:
    snowflake = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    gong = {"auth_method": "token", "access_key": "ak", "access_secret": "as"}
    query = {"query": "SELECT contact_id, subscription_plan AS plan FROM salesforce_contacts"}
    async with open_sandbox(api_version=api_version) as tools:
        await tools("create_connection", name="W", type="snowflake", configuration=snowflake)
        await tools("create_connection", name="G", type="gong", configuration=gong)
        await tools("create_model", name="M", connection_id="W", configuration=query)
        await tools(
            "create_sync",
            name="S",
            mode="updateOrCreate",
            target={"connection_id": "G", "object": "my-gong-engage-flow"},
            identity={"source": {"model_id": "M", "field": "contact_id"}, "target": "Id"},
            schedule={"frequency": "daily", "hour": "5", "minute": "0"},
            filters=[{"field": {"model_id": "M", "field": "plan"}, "function": "IsNotNull"}],
            sync_all_records=True,
        )
        before = await tools("get_sync", sync_id="S")
        updated = await tools("update_sync", sync_id="S", name="S2")
        after = await tools("get_sync", sync_id="S2")

    assert updated["changed"] == {"name": {"before": "S", "after": "S2"}}
    assert after == before | {"name": "S2", "updated_at": after["updated_at"]}
