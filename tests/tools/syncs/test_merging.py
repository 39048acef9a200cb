"""An update of any sync with any change sends the whole merged sync and returns what changed."""

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Hold, ScriptedApi, Tools

POLICIES = ("55555555-0000-0000-0000-000000000001", "55555555-0000-0000-0000-000000000002")
MODEL = "22222222-0000-0000-0000-000000000001"
SOURCES = st.sampled_from([{"model_id": MODEL, "field": field} for field in ("contact_id", "plan")])
IDENTITY = st.fixed_dictionaries(
    {"source": SOURCES, "target": st.just("Id"), "function": st.just("Equality")}
)
SEVERAL = IDENTITY.map(lambda identity: {"mappings": [identity], "strategy": "priority"})
MAPPINGS = st.lists(st.fixed_dictionaries({"source": SOURCES, "target": st.just("Note")}), max_size=1)
CONSTANTS = st.lists(
    st.fixed_dictionaries({"target": st.just("Id"), "override_value": st.integers(0, 3)}), max_size=1
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
    "schedule": st.sampled_from(
        [{"frequency": "continuous"}, {"frequency": "daily", "hour": "5", "minute": "0"}]
    ),
    "policies": st.lists(st.sampled_from(POLICIES), max_size=2),
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
    """Combine strategies for objects into one for their union."""
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


def one_form(stored: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return the merged sync that an update must send: each part in the change's or else the newer form."""
    whole = stored | change
    for newer, older in FORMS:
        has_older_change = any(name in change for name in older)
        has_newer = any(name in whole for name in newer)
        for name in newer if has_older_change else older if has_newer else ():
            whole.pop(name, None)
    return whole


READ_ONLY = ("id", "model_ids", "updated_at")
SHOWN_BESIDE = {"changed", "next_run", "next_steps", "updated_at"}


def flat(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what a tool shows of a sync by path, with lists as sets of JSON, without what is empty."""
    nested = {
        name: shown[name] for name in ("identities", "model_filters", "target_filters") if name in shown
    }
    paths = {f"{name}.{member}": part for name, parts in nested.items() for member, part in parts.items()}
    beside = {*nested, *SHOWN_BESIDE, *(["identity"] if "identities" in nested else [])}
    parts = {name: part for name, part in shown.items() if name not in beside} | paths
    return {name: comparable(part) for name, part in parts.items() if part not in ("", [])}


def comparable(part: Any) -> Any:
    return {json.dumps(each, sort_keys=True) for each in part} if isinstance(part, list) else part


def applied(change: dict[str, Any] | None, before: Any) -> Any:
    """Return what a part is after a change, by the answer."""
    if change is None:
        return before
    if "after" in change:
        return comparable(change["after"])
    removed, added = comparable(change.get("removed", [])), comparable(change.get("added", []))
    assert removed <= (before or set())
    return ((before or set()) - removed) | added or None


def loses_target_filters(stored: dict[str, Any], change: dict[str, Any]) -> bool:
    """Whether old filters without one of the target would replace target filters of the new form."""
    has_target = any(each.get("field_type") == "Target" for each in change.get("filters", ()))
    kept = stored.get("target_filters", {}).get("conditions")
    return bool(kept) and "filters" in change and not (stored.get("filters") or has_target)


def loses_mappings(stored: dict[str, Any], change: dict[str, Any]) -> bool:
    """Whether a list would drop a mapping or a constant whose target is in neither list any more."""
    lists = ("fields", "override_fields")
    whole = stored | change
    kept = {each["target"] for name in lists for each in whole.get(name, ())}
    return any(each["target"] not in kept for name in lists for each in stored.get(name, ()))


@settings(
    max_examples=settings().max_examples * 3 // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(parts=STORED, change=CHANGE)
async def test_an_update_sends_the_stored_object_with_the_change_applied(
    parts: dict[str, Any], change: dict[str, Any], tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    assume(not loses_target_filters(parts, change))  # refused, as a test of its own holds
    assume(not loses_mappings(parts, change))  # so is this
    stored = hold(**parts)

    company[f"PUT /api/syncs/{company.SYNC}"] = lambda request: {
        "data": {name: stored[name] for name in READ_ONLY} | json.loads(request.content)
    }
    before = await tools("get_sync", sync_id=company.SYNC)

    updated = await tools("update_sync", sync_id=company.SYNC, **change)

    whole = {name: part for name, part in one_form(stored, change).items() if name not in READ_ONLY}
    assert company.sent_sync() == {name: part for name, part in whole.items() if part is not None}
    changed = updated.get("changed", {})
    old, new = flat(before), flat(updated)
    for name in old.keys() | new.keys() | changed.keys():
        assert new.get(name) == applied(changed.get(name), old.get(name)), name
