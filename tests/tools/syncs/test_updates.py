"""Updating a sync: PUT replaces all of it, so stored parts are sent too and nothing is lost."""

import pytest

from tests.tools.conftest import Connect, Hold, ScriptedApi, Tools

NO_MODEL = "00000000-0000-0000-0000-000000000000"
MODEL = "22222222-0000-0000-0000-000000000001"


async def test_constants_among_the_fields_are_sent_back_as_override_fields(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    mapping = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Note"}
    constant = {"target": "Id", "override_value": 7, "source": {"model_id": NO_MODEL, "field": ""}}
    known = {"target": "More", "override_value": 1}
    fields = [{"id": name, "supports_identity": True} for name in ("Id", "Note", "More")]
    answer = {"data": {"id": company.FLOW, "fields": fields}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = answer
    hold(fields=[mapping, constant, {**known, "source": constant["source"]}], override_fields=[known])

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert company.sent_sync()["fields"] == [mapping]
    assert company.sent_sync()["override_fields"] == [known, {"target": "Id", "override_value": 7}]


async def test_a_target_that_was_created_is_not_created_again(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    target = {"connection_id": company.GONG, "object": company.FLOW, "configuration": {"a": 1}}
    hold(target=target | {"create": {"name": "New"}})

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert company.sent_sync()["target"] == target


async def test_another_target_keeps_the_connection_and_the_configuration(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    properties = {"mappings_not_required": True}
    planned = {"data": {"id": "summer", "fields": [{"id": "Id"}], "properties": properties}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = planned
    hold(target={"connection_id": company.GONG, "object": company.FLOW, "configuration": {"a": 1}})

    await tools("update_sync", sync_id=company.SYNC, target={"create": {"name": "Summer"}})

    target = {"connection_id": company.GONG, "configuration": {"a": 1}, "create": {"name": "Summer"}}
    assert company.sent_sync()["target"] == target


async def test_encrypted_fields_require_the_passphrase_again(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    source = {"model_id": MODEL, "field": "plan"}
    hold(fields=[{"source": source, "target": "Note", "encryption_enabled": True}])

    assert "Send encryption_passphrase again" in await tools.refused(
        "update_sync", sync_id=company.SYNC, name="N"
    )
    assert company.written() == []

    await tools("update_sync", sync_id=company.SYNC, encryption_passphrase="hush")
    assert company.sent_sync()["encryption_passphrase"] == "hush"


async def test_the_first_encrypted_field_requires_a_passphrase(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold()
    secret = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Note", "encryption_enabled": True}

    text = await tools.refused("update_sync", sync_id=company.SYNC, add_fields=[secret])

    assert text == (
        "update_sync: The update encrypts fields. Send encryption_passphrase too. Nothing was changed."
    )
    assert company.written() == []


@pytest.mark.parametrize(
    ("named", "kind", "lost"),
    [("model_filters", "Target", "target_filters"), ("target_filters", "Model", "model_filters")],
)
async def test_filters_of_the_old_form_are_not_lost_to_one_kind_of_the_new_form(
    named: str, kind: str, lost: str, tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(filters=[{"field_id": "f1", "field_type": kind, "function": "IsNull"}])
    none = {"conditions": []}

    text = await tools.refused("update_sync", sync_id=company.SYNC, **{named: none})
    assert f"Send {lost} too. Nothing was changed." in text
    assert company.written() == []

    await tools("update_sync", sync_id=company.SYNC, **{named: none, lost: none})
    assert "filters" not in company.sent_sync()


async def test_target_filters_are_not_lost_to_filters_of_the_old_form(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(target_filters={"conditions": [{"field": "Email", "function": "IsNull"}]})
    filters = [{"field_id": "f1", "function": "IsNull"}]

    text = await tools.refused("update_sync", sync_id=company.SYNC, filters=filters)
    assert "Send model_filters instead. Nothing was changed." in text
    assert company.written() == []

    both = [*filters, {"field_id": "Note", "field_type": "Target", "function": "IsNull"}]
    await tools("update_sync", sync_id=company.SYNC, filters=both)
    assert company.sent_sync()["filters"] == both
    assert "target_filters" not in company.sent_sync()


async def test_filter_logic_alone_is_accepted_only_with_filters_of_its_form(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(filters=[{"field": {"model_id": MODEL, "field": "plan"}, "function": "IsNull"}])
    await tools("update_sync", sync_id=company.SYNC, filter_logic="(1)")
    assert company.sent_sync()["filter_logic"] == "(A)"

    hold(model_filters={"conditions": [], "logic": ""})
    text = await tools.refused("update_sync", sync_id=company.SYNC, filter_logic="A")
    assert "Send model_filters with its logic" in text
    assert company.written() == []


async def test_changed_includes_what_changed_only_in_spelling(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    identity = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "equality"}
    hold(identity=identity)

    updated = await tools("update_sync", sync_id=company.SYNC, active=True)

    before = {"source": {"field": "plan"}, "target": "Id", "function": "equality"}
    assert updated["changed"] == {"identity": {"before": before, "after": before | {"function": "Equality"}}}


async def test_an_update_is_validated_against_the_target_like_a_new_sync(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(identity={"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "Equality"})

    text = await tools.refused("update_sync", sync_id=company.SYNC, mode="replace")

    assert text.startswith("update_sync: Nothing was written. Problems:\n- mode: ")
    assert company.written() == []


async def test_a_stored_sync_without_a_target_object_requires_one(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(target={"connection_id": company.GONG})

    text = await tools.refused("update_sync", sync_id=company.SYNC, name="New")

    assert "target: needs an object, one of: 'Winter flow' (my-gong-engage-flow)." in text
    assert company.written() == []


async def test_a_dry_run_shows_the_whole_request(tools: Tools, company: ScriptedApi, hold: Hold) -> None:
    identity = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Id", "function": "Equality"}
    hold(identity=identity)

    shown = await tools("update_sync", sync_id=company.SYNC, name="New", dry_run=True)

    assert shown["dry_run"] is True
    assert shown["request"]["name"] == "New"
    assert shown["request"]["identity"] == identity
    assert company.written() == []


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_the_sandbox_keeps_what_an_update_omits(api_version: str, open_sandbox: Connect) -> None:
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


async def test_numbers_that_the_api_stores_where_texts_are_usual_are_kept(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(schedule={"frequency": "daily", "hour": 5, "minute": 0})

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert company.sent_sync()["schedule"] == {"frequency": "daily", "hour": "5", "minute": "0"}


async def test_a_stored_schedule_that_is_kept_is_not_converted(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    stored = {"frequency": "daily", "hour": "5", "minute": "0", "timezone": "Europe/Berlin"}
    hold(schedule=stored)

    await tools("update_sync", sync_id=company.SYNC, name="New")

    assert company.sent_sync()["schedule"] == stored
