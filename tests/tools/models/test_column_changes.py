"""Columns that an update removes: what uses them is named first, and the update is refused once."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Connect, ScriptedApi, Tools

NEW = {"query": "SELECT contact_id, plan AS tier FROM t"}
SENTENCE = "Keep the name with an alias (... AS plan), change these first, or send allow_breaking."


def fields(*names: str) -> list[dict[str, Any]]:
    return [{"id": f"id of {name}", "name": name, "type": "string"} for name in names]


@pytest.fixture
def model(company: ScriptedApi) -> ScriptedApi:
    """A company whose model has a new query in the preview and in the update, without the column ``plan``."""
    stored = company.answers[f"GET /api/models/{company.MODEL}"]["data"]
    stored["fields"] = fields("contact_id", "plan")
    company.holds("models", stored)
    company["POST /api/model-preview"] = {"data": {"fields": fields("contact_id", "tier")}}
    company.echoes(f"PUT /api/models/{company.MODEL}", id=company.MODEL, fields=fields("contact_id", "tier"))
    company[f"GET /api/models/{company.MODEL}/sample"] = {"data": {"records": [{"a": 1}]}}
    company.holds("syncs", {"id": company.SYNC, "name": "Plans to Gong"})
    return company


def use(api: ScriptedApi, **parts: Any) -> None:
    api.holds("syncs", {"id": api.SYNC, "name": "Plans to Gong"} | parts)


def sent(api: ScriptedApi) -> Any:
    (body,) = api.bodies(f"PUT /api/models/{api.MODEL}")
    return body


def source(api: ScriptedApi, field: str = "plan") -> dict[str, Any]:
    return {"source": {"model_id": api.MODEL, "field": field}, "target": "Plan__c"}


@pytest.mark.parametrize(
    ("part", "verb"),
    [
        (lambda api: {"fields": [source(api)]}, "maps plan"),
        (lambda api: {"override_fields": [source(api)]}, "maps plan"),
        (lambda api: {"identity": source(api, "PLAN")}, "identifies by plan"),
        (lambda api: {"identities": {"mappings": [source(api)]}}, "identifies by plan"),
        (
            lambda api: {"filters": [{"field": source(api)["source"], "value": {"model_id": "data"}}]},
            "filters by plan",
        ),
        (
            lambda api: {"model_filters": {"conditions": [{"field": source(api)["source"]}]}},
            "filters by plan",
        ),
        (lambda _: {"filters": [{"field_id": "id of plan", "function": "IsNull"}]}, "filters by plan"),
        (lambda _: {"overrides": [{"field_id": "id of plan"}]}, "replaces values of plan"),
        (
            lambda api: {"fields": [source(api)], "identity": source(api)},
            "maps plan, identifies by plan",
        ),
    ],
)
async def test_an_update_that_breaks_a_sync_is_refused_with_its_name_and_the_columns(
    part: Any, verb: str, tools: Tools, model: ScriptedApi
) -> None:
    use(model, **part(model))

    text = await tools.refused("update_model", model_id="Plans", configuration=NEW)

    assert text.startswith(
        "update_model: Nothing was written. The update removes 'plan', and this breaks:\n"
        f"- sync 'Plans to Gong' ({model.SYNC}): {verb}\n{SENTENCE}"
    )
    assert model.written() == ["POST /api/model-preview"]


async def test_a_model_that_joins_by_a_lost_column_is_named(tools: Tools, model: ScriptedApi) -> None:
    kept = {"from": "y", "to": source(model, "contact_id")["source"]}
    relations = [kept, {"from": "x", "to": source(model)["source"]}]
    other = {"id": "m2", "name": "Orders", "relations": relations}
    model.holds("models", model.answers[f"GET /api/models/{model.MODEL}"]["data"], other)

    text = await tools.refused("update_model", model_id="Plans", configuration=NEW)

    assert "- model 'Orders' (m2): joins by plan\n" in text


async def test_a_confirmed_update_is_written_and_says_first_what_it_breaks(
    tools: Tools, model: ScriptedApi
) -> None:
    use(model, fields=[source(model)])

    updated = await tools("update_model", model_id="Plans", configuration=NEW, allow_breaking=True)

    assert next(iter(updated)) == "broken"
    assert updated["broken"] == [f"sync 'Plans to Gong' ({model.SYNC}): maps plan"]
    assert updated["changed"]["fields"] == {"added": ["tier"], "removed": ["plan"]}
    assert model.written() == [f"PUT /api/models/{model.MODEL}"]


async def test_columns_that_cannot_be_known_before_are_compared_after(
    tools: Tools, model: ScriptedApi
) -> None:
    model["POST /api/model-preview"] = httpx.Response(501, json={"message": "not here"})
    use(model, fields=[source(model)])

    updated = await tools("update_model", model_id="Plans", configuration=NEW)

    assert updated["broken"] == [f"sync 'Plans to Gong' ({model.SYNC}): maps plan"]


@pytest.mark.parametrize(
    "part", [{}, {"fields": []}, {"fields": [{"target": "x", "source": {"model_id": "m"}}]}]
)
async def test_a_lost_column_that_nothing_uses_goes_through(
    part: Any, tools: Tools, model: ScriptedApi
) -> None:
    use(model, **part)

    updated = await tools("update_model", model_id="Plans", configuration=NEW)

    assert "broken" not in updated
    assert updated["changed"]["fields"] == {"added": ["tier"], "removed": ["plan"]}


async def test_an_update_that_keeps_the_columns_reads_no_sync(tools: Tools, model: ScriptedApi) -> None:
    model.echoes(f"PUT /api/models/{model.MODEL}", id=model.MODEL, fields=fields("contact_id", "plan"))

    await tools("update_model", model_id="Plans", name="Other")

    assert model.asked("GET /api/syncs") == model.asked("POST /api/model-preview") == []


async def test_syncs_that_cannot_be_read_are_not_taken_for_none(tools: Tools, model: ScriptedApi) -> None:
    model["GET /api/syncs"] = httpx.Response(403, json={"message": "not yours"})

    text = await tools.refused("update_model", model_id="Plans", configuration=NEW)
    updated = await tools("update_model", model_id="Plans", configuration=NEW, allow_breaking=True)

    assert "whether syncs use that could not be read." in text
    assert "not yours" in text
    assert updated["broken"][0].startswith("Whether syncs use plan could not be read.")


async def test_many_uses_are_counted(tools: Tools, model: ScriptedApi) -> None:
    syncs = [{"id": f"s{number}", "name": f"S{number}", "fields": [source(model)]} for number in range(23)]
    model.holds("syncs", *syncs)

    text = await tools.refused("update_model", model_id="Plans", configuration=NEW)

    assert "- sync 'S19' (s19): maps plan\n- and 3 more\n" in text


async def test_a_type_that_changes_is_shown_with_both(tools: Tools, model: ScriptedApi) -> None:
    after = [
        {"id": "1", "name": "contact_id", "type": "number"},
        {"id": "2", "name": "plan", "type": "string"},
    ]
    model.echoes(f"PUT /api/models/{model.MODEL}", id=model.MODEL, fields=after)

    updated = await tools("update_model", model_id="Plans", refresh=True)

    types = {"before": "string", "after": "number"}
    assert updated["changed"] == {"fields": {"changed": {"contact_id": {"type": types}}}}


async def test_a_new_query_that_returns_no_row_is_told(tools: Tools, model: ScriptedApi) -> None:
    model[f"GET /api/models/{model.MODEL}/sample"] = {"data": {"records": []}}

    updated = await tools("update_model", model_id="Plans", configuration=NEW)

    assert updated["note"] == "It returns no rows: a sync of it would write nothing."


async def test_the_sandbox_refuses_an_update_that_breaks_a_sync(open_sandbox: Connect) -> None:
    snowflake = {"account": "a", "username": "u", "password": "p", "warehouse": "w", "dbname": "d"}
    postgres = {"hostname": "h", "port": 5432, "username": "u", "password": "p", "database": "d"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=snowflake)
        await tools("create_connection", name="PG", type="postgresql", configuration=postgres)
        query = {"query": "SELECT email, plan FROM customers WHERE plan = 'nobody'"}
        model = await tools("create_model", name="P", connection_id="Snowflake", configuration=query)
        await tools(
            "create_sync",
            name="P to PG",
            mode="create",
            target={"connection_id": "PG", "object": "public.users"},
            fields=[{"source": {"model_id": "P", "field": "plan"}, "target": "name"}],
            schedule={"frequency": "manual"},
        )

        text = await tools.refused("update_model", model_id="P", fields=["email"])

    assert model["note"] == "It returns no rows: a sync of it would write nothing."
    assert "- sync 'P to PG'" in text


async def test_a_column_whose_case_changes_is_gone_for_what_uses_it(tools: Tools, model: ScriptedApi) -> None:
    use(model, fields=[source(model)])
    model["POST /api/model-preview"] = {"data": {"fields": fields("contact_id", "PLAN")}}

    refused = await tools.refused("update_model", model_id="Plans", configuration=NEW)

    assert "The update removes 'plan', and this breaks:\n- sync 'Plans to Gong'" in refused


async def test_the_alias_that_helps_is_of_a_column_in_use(tools: Tools, model: ScriptedApi) -> None:
    use(model, fields=[source(model)])
    model["POST /api/model-preview"] = {"data": {"fields": fields("tier")}}

    refused = await tools.refused("update_model", model_id="Plans", configuration=NEW)

    assert "The update removes 'contact_id', 'plan'" in refused
    assert SENTENCE in refused
    assert '"field":"plan"' in refused


async def test_a_refresh_takes_the_columns_that_the_source_has_now(tools: Tools, model: ScriptedApi) -> None:
    use(model, fields=[source(model)])

    updated = await tools("update_model", model_id="Plans", refresh=True)

    assert "fields" not in sent(model)
    assert updated["changed"]["fields"] == {"added": ["tier"], "removed": ["plan"]}
    assert updated["broken"] == [f"sync 'Plans to Gong' ({model.SYNC}): maps plan"]


async def test_a_refresh_keeps_a_list_of_columns_that_all_exist(tools: Tools, model: ScriptedApi) -> None:
    model["POST /api/model-preview"] = {"data": {"fields": fields("contact_id", "plan", "tier")}}

    await tools("update_model", model_id="Plans", refresh=True)

    assert sent(model)["fields"] == ["contact_id", "plan"]
