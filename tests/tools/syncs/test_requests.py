"""A sync as a caller writes it: what is completed, what is translated, and what a dry run shows."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

POLICY = "55555555-0000-0000-0000-000000000001"


@pytest.fixture
def request_(company: ScriptedApi) -> dict[str, Any]:
    """A sync into the company's flow, written only with names."""
    del company
    return {
        "name": "S",
        "mode": "updateOrCreate",
        "target": {"connection_id": "gong", "object": "WINTER FLOW"},
        "identity": {"source": {"model_id": "plans", "field": "contact_id"}, "target": "Id"},
    }


def mapping(field: str = "plan", **more: Any) -> dict[str, Any]:
    return {"source": {"model_id": "plans", "field": field}, "target": "Note", **more}


def condition(**more: Any) -> dict[str, Any]:
    return {"source": {"model_id": "PLANS", "field": "plan"}, "function": "IsNotNull", **more}


async def test_a_dry_run_shows_the_request_and_writes_nothing(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    shown = await tools("create_sync", **request_, dry_run=True)

    source = {"model_id": company.MODEL, "field": "contact_id"}
    assert shown == {
        "dry_run": True,
        "request": {
            "name": "S",
            "mode": "updateOrCreate",
            "target": {"connection_id": company.GONG, "object": company.FLOW},
            "identity": {"source": source, "target": "Id", "function": "Equality"},
            "fields": [],
            "schedule": {"frequency": "manual"},
        },
        "next_run": "only when started",
        "target_name": "Winter flow",
        "target_kind": "flow",
        "target_connection_name": "Gong",
        "model_name": "Plans",
    }
    assert company.written() == []


async def test_what_a_dry_run_shows_is_what_is_sent(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    request_ |= {
        "fields": [mapping(encryption_enabled=True)],
        "active": False,
        "policies": [POLICY],
        "encryption_passphrase": "x",
    }

    shown = await tools("create_sync", **request_, dry_run=True)
    await tools("create_sync", **request_)

    assert company.bodies("POST /api/syncs") == [shown["request"] | {"encryption_passphrase": "x"}]
    assert shown["request"]["encryption_passphrase"] == "********"


async def test_models_may_be_named_anywhere_in_a_sync(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    source = {"model_id": company.MODEL, "field": "plan"}
    request_ |= {
        "fields": [mapping(sync_mode="create")],
        "model_filters": {"conditions": [condition()]},
        "overrides": [{"field": {"model_id": "plans", "field": "plan"}, "function": "IsNull", "override": 1}],
    }
    del request_["identity"]
    request_["identities"] = {"mappings": [{"source": dict(mapping()["source"]), "target": "Id"}]}

    sent = (await tools("create_sync", **request_, dry_run=True))["request"]

    assert sent["fields"][0] == {"source": source, "target": "Note", "sync_mode": "create"}
    assert sent["model_filters"]["conditions"][0]["source"] == source
    assert sent["overrides"][0]["field"] == source
    assert sent["identities"]["mappings"] == [{"source": source, "target": "Id", "function": "Equality"}]


async def test_a_model_is_looked_up_once_even_if_named_often(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    await tools(
        "create_sync", **request_, fields=[mapping(), mapping("contact_id", target="Id")], dry_run=True
    )

    assert len(company.asked("GET /api/models")) == 1


async def test_data_that_looks_like_a_source_is_left_alone(request_: Any, tools: Tools) -> None:
    value = {"model_id": "nobody", "field": "x"}
    request_["target"]["configuration"] = {"of": value}

    shown = await tools("create_sync", **request_, fields=[mapping(override_value=value)], dry_run=True)

    assert shown["request"]["fields"][0]["override_value"] == value
    assert shown["request"]["target"]["configuration"] == {"of": value}


@pytest.mark.parametrize("value", [None, 0, False, "", [1], {"a": None}])
async def test_a_constant_may_be_any_json(
    value: Any, request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    await tools("create_sync", **request_, fields=[{"target": "Note", "override_value": value}])

    assert company.bodies("POST /api/syncs")[0]["fields"] == [{"target": "Note", "override_value": value}]


@pytest.mark.parametrize(
    ("function", "sent"),
    [("equality", "Equality"), ("DOMAINMATCH", "DomainMatch"), ("one_of", "OneOf")],
)
async def test_an_identity_function_is_sent_as_the_api_spells_it(
    function: str, sent: str, request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    fields = {"id": "x", "fields": [{"id": "Id"}], "properties": {"mappings_not_required": True}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": fields}
    request_["identity"]["function"] = function

    shown = await tools("create_sync", **request_, dry_run=True)

    assert shown["request"]["identity"]["function"] == sent


@pytest.mark.parametrize(
    ("logic", "labels", "sent"),
    [
        ("1 AND (2 OR 3)", [None] * 3, "A AND (B OR C)"),
        ("A and B", [None] * 2, "A and B"),
        ("1 or 2", ["old", "new"], "old or new"),
        ("f1 and f2", ["f1", "f2"], "f1 and f2"),
    ],
)
async def test_numbers_in_a_filters_logic_become_its_labels(
    logic: str, labels: list[Any], sent: str, request_: Any, tools: Tools
) -> None:
    conditions = [condition(**({} if label is None else {"label": label})) for label in labels]
    old = [{"field": part["source"], **part} for part in conditions]
    for part in old:
        del part["source"]

    newer = await tools(
        "create_sync", **request_, model_filters={"conditions": conditions, "logic": logic}, dry_run=True
    )
    older = await tools("create_sync", **request_, filters=old, filter_logic=logic, dry_run=True)

    assert newer["request"]["model_filters"]["logic"] == sent
    assert older["request"]["filter_logic"] == sent


async def test_parts_of_a_schedule_may_be_numbers(request_: Any, tools: Tools) -> None:
    schedule = {"frequency": "daily", "hour": 5, "minute": 0}

    shown = await tools("create_sync", **request_, schedule=schedule, dry_run=True)

    assert shown["request"]["schedule"] == {"frequency": "daily", "hour": "5", "minute": "0"}


async def test_a_schedule_may_name_the_syncs_or_the_connection_it_follows(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    after = {"frequency": "runafter", "run_after": {"sync_ids": ["plans to gong"]}, "job_id": 1}
    over = {"frequency": "dbtcloud", "connection_id": "Warehouse", "job_id": 7}

    shown = await tools("create_sync", **request_, schedule=after, dry_run=True)
    assert shown["request"]["schedule"] == after | {"run_after": {"sync_ids": [company.SYNC]}}

    shown = await tools("create_sync", **request_, schedule=over, dry_run=True)
    assert shown["request"]["schedule"] == over | {"connection_id": company.WAREHOUSE}

    text = await tools.refused("create_sync", **request_, schedule=over | {"connection_id": "dbt"})
    assert "- schedule.connection_id: Unknown connection 'dbt'." in text


async def test_a_new_target_is_checked_by_its_properties(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    properties = {"mappings_not_required": True}
    planned = {"data": {"id": "summer", "fields": [{"id": "Id"}], "properties": properties}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = planned
    request_["target"] = {"connection_id": "Gong", "create": {"name": "Summer flow"}}

    shown = await tools("create_sync", **request_, dry_run=True)

    assert shown["request"]["target"] == {"connection_id": company.GONG, "create": {"name": "Summer flow"}}
    (asked,) = company.asked(f"GET /api/connections/{company.GONG}/modelsync/target/fields")
    assert dict(asked.url.params) == {"properties[name]": "Summer flow"}


async def test_every_part_may_be_json_text(request_: Any, tools: Tools, company: ScriptedApi) -> None:
    texts = {
        "target": '{"connection_id": "gong", "object": "winter flow",}',
        "identity": '{"source": {"model_id": "plans", "field": "contact_id",}, "target": "Id"}',
        "fields": '[{"source": {"model_id": "plans", "field": "plan"}, "target": "Note"},]',
        "model_filters": '{"conditions": [], "logic": "", }',
        "override_fields": '[{"target": "Id", "override_value": "a,}"},]',
    }

    shown = await tools("create_sync", **request_ | texts, dry_run=True)

    assert shown["request"]["target"] == {"connection_id": company.GONG, "object": company.FLOW}
    assert shown["request"]["fields"][0]["source"]["model_id"] == company.MODEL
    assert shown["request"]["override_fields"] == [{"target": "Id", "override_value": "a,}"}]


async def test_an_unknown_part_is_refused_by_its_name(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    request_["identity"]["fonction"] = "Equality"

    text = await tools.refused("create_sync", **request_)

    assert (
        "identity.fonction: unknown name. Did you mean 'function'? Valid values: function, source, target"
        in text
    )
    assert company.requests == []


async def test_what_only_the_api_can_check_is_refused_with_its_message(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    company["POST /api/syncs"] = httpx.Response(422, json={"message": "schema cache not ready"})

    assert "schema cache not ready" in await tools.refused("create_sync", **request_)


async def test_a_sync_cannot_run_after_itself(open_sandbox: Connect) -> None:
    snowflake = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    gong = {"auth_method": "token", "access_key": "ak", "access_secret": "as"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="W", type="snowflake", configuration=snowflake)
        await tools("create_connection", name="G", type="gong", configuration=gong)
        query = {"query": "SELECT contact_id FROM salesforce_contacts"}
        await tools("create_model", name="M", connection_id="W", configuration=query)
        made = {
            "mode": "updateOrCreate",
            "target": {"connection_id": "G", "object": "my-gong-engage-flow"},
            "identity": {"source": {"model_id": "M", "field": "contact_id"}, "target": "Id"},
        }
        after = {
            name: {"frequency": "runafter", "run_after": {"sync_ids": [name]}} for name in ("A", "B", "C")
        }
        await tools("create_sync", name="A", **made)
        await tools("create_sync", name="B", schedule=after["A"], **made)
        await tools("create_sync", name="C", schedule=after["B"], **made)
        both = {"frequency": "runafter", "run_after": {"sync_ids": ["C", "B", "C"]}}
        text = await tools.refused("update_sync", sync_id="A", schedule=both)
        twice = {"frequency": "runafter", "run_after": {"sync_ids": ["A", "A"]}}
        await tools("update_sync", sync_id="C", schedule=twice)

    assert "- schedule.run_after: The sync would run after itself." in text
