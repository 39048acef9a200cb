"""Completions: what could stand in every argument of a prompt and every variable of a template."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import Completion, PromptReference, ResourceTemplateReference

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic
from polytomic_mcp.guides import load_guides
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.settings import Secret
from tests.conftest import Pauses, Script

Serve = Callable[..., AbstractAsyncContextManager[Client]]

SALESFORCE = "11111111-0000-0000-0000-000000000001"
GONG = "11111111-0000-0000-0000-000000000002"
SYNC = "33333333-0000-0000-0000-000000000001"
RUN = "44444444-0000-0000-0000-000000000001"

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture(autouse=True)
def _company(script: Script) -> None:
    script.holds(
        "connections",
        {"id": SALESFORCE, "name": "Salesforce", "type": {"id": "salesforce"}},
        {"id": GONG, "name": "Gong", "type": {"id": "gong"}},
        {"id": "c3", "name": "Old salesforce", "type": {"id": "salesforce"}},
        {"id": "c4", "name": "Warehouse", "type": {"id": "snowflake"}},
    )
    script.holds("models", {"id": "m1", "name": "Plans"}, {"id": "m2", "name": None})
    script.holds("syncs", {"id": SYNC, "name": "Plans to Gong"})
    script.holds("bulk/syncs", {"id": "b1", "name": "Copy"}, {"id": "b2", "name": "copy"})
    script["GET /api/connection_types"] = {"data": [{"id": "snowflake"}, {"id": "gong"}]}
    script[f"GET /api/connections/{GONG}/modelsync/targetobjects"] = {
        "data": [{"id": "flow-1"}, {"id": "flow-2"}]
    }
    script[f"GET /api/syncs/{SYNC}/executions"] = {"data": [{"id": RUN}]}


async def complete(client: Client, of: str, name: str, typed: str = "", **given: str) -> Completion:
    """Complete a template's variable, or a prompt's argument."""
    is_template = of.startswith("polytomic:")
    reference = ResourceTemplateReference(uri=of) if is_template else PromptReference(name=of)
    argument = {"name": name, "value": typed}
    return (await client.complete(reference, argument, context_arguments=given)).completion


@both_eras
@pytest.mark.parametrize(
    ("template", "variable", "given", "expected"),
    [
        (
            "connections/{connection_id}",
            "connection_id",
            {},
            ["Gong", "Old salesforce", "Salesforce", "Warehouse"],
        ),
        ("models/{model_id}", "model_id", {}, ["m2", "Plans"]),
        ("syncs/{sync_id}", "sync_id", {}, ["Plans to Gong"]),
        ("bulk_syncs/{bulk_sync_id}", "bulk_sync_id", {}, ["b1", "b2"]),
        ("connection_types/{type}", "type", {}, ["snowflake", "gong"]),
        (
            "syncs/{sync_id}/executions/{execution_id}",
            "execution_id",
            {"sync_id": "Plans to Gong"},
            ["latest", RUN],
        ),
        ("syncs/{sync_id}/executions/{execution_id}", "execution_id", {}, []),
        ("syncs/{sync_id}", "no_such_variable", {}, []),
    ],
)
async def test_a_templates_variable_is_completed(
    serve: Serve, mode: str, template: str, variable: str, given: dict[str, str], expected: list[str]
) -> None:
    async with serve(mode=mode) as client:
        assert client.server_capabilities.completions is not None
        completion = await complete(client, f"polytomic://{template}", variable, **given)

    assert completion.values == expected
    assert (completion.total, completion.has_more) == (len(expected), False)


@both_eras
async def test_operations_are_completed_and_cut_at_a_hundred(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        whole = await complete(client, "polytomic://operations/{+operation}", "operation")
        some = await complete(client, "polytomic://operations/{+operation}", "operation", "get /api/bulk")

    assert len(whole.values) == 100
    assert (whole.total, whole.has_more) == (len(load_catalogue()), True)
    assert some.values
    assert all(value.startswith("GET /api/bulk") for value in some.values)


async def test_a_list_is_asked_for_once_while_one_types_and_again_later(
    serve: Serve, script: Script, pauses: Pauses
) -> None:
    asked: list[int] = []

    async with serve() as client:
        for seconds, typed in ((0, "g"), (4, "go"), (7, "gon")):
            pauses.time += seconds
            await complete(client, "polytomic://connections/{connection_id}", "connection_id", typed)
            asked.append(script.asked.count("GET /api/connections"))

    assert asked == [1, 1, 2]


async def test_what_begins_with_the_text_comes_before_what_contains_it(serve: Serve) -> None:
    async with serve() as client:
        completion = await complete(client, "polytomic://connections/{connection_id}", "connection_id", "SAL")

    assert completion.values == ["Salesforce", "Old salesforce"]
    assert completion.total == 2


@both_eras
@pytest.mark.parametrize("failure", [401, 404])
async def test_a_failure_of_polytomic_completes_nothing_quietly(
    serve: Serve, script: Script, caplog: pytest.LogCaptureFixture, mode: str, failure: int
) -> None:
    script["GET /api/connections"] = failure

    async with serve(mode=mode) as client:
        completion = await complete(client, "polytomic://connections/{connection_id}", "connection_id")
        of_nothing = await complete(
            client, "add_snowflake_contacts_to_gong_engage_flow", "target", gong="Gong"
        )

    assert completion.values == of_nothing.values == []
    assert caplog.records == []


@both_eras
@pytest.mark.parametrize(
    ("prompt", "argument", "given", "expected"),
    [
        ("add_snowflake_contacts_to_gong_engage_flow", "gong", {}, ["Gong"]),
        ("add_snowflake_contacts_to_gong_engage_flow", "snowflake", {}, ["Warehouse"]),
        ("add_snowflake_contacts_to_gong_engage_flow", "target", {"gong": "gong"}, ["flow-1", "flow-2"]),
        (
            "add_snowflake_contacts_to_gong_engage_flow",
            "frequency",
            {},
            ["manual", "continuous", "hourly", "daily"],
        ),
        ("why_did_this_sync_fail", "sync_id", {}, ["Plans to Gong"]),
        ("why_did_this_sync_fail", "execution_id", {"sync_id": SYNC}, ["latest", RUN]),
        ("migrate_bulk_schedules", "bulk_sync", {}, ["b1", "b2"]),
        ("embed_connection_form", "connection_type", {}, ["snowflake", "gong"]),
        ("why_did_this_sync_fail", "no_such_argument", {}, []),
        ("no_such_prompt", "sync_id", {}, []),
    ],
)
async def test_a_prompts_argument_is_completed(
    serve: Serve, mode: str, prompt: str, argument: str, given: dict[str, str], expected: list[str]
) -> None:
    async with serve(mode=mode) as client:
        completion = await complete(client, prompt, argument, **given)

    assert completion.values == expected


async def test_a_flow_of_the_default_connection_is_completed_without_naming_it(serve: Serve) -> None:
    async with serve() as client:
        completion = await complete(client, "add_snowflake_contacts_to_gong_engage_flow", "target", "2")

    assert completion.values == ["flow-2"]


async def test_every_argument_of_every_prompt_can_be_asked_about(serve: Serve) -> None:
    async with serve() as client:
        completed = [
            (parts, await complete(client, name, argument))
            for name, guide in load_guides().items()
            for argument, parts in guide.arguments.items()
        ]

    for parts, completion in completed:
        assert completion.total == len(completion.values)
        assert completion.values[: len(parts.choices)] == [*parts.choices]


async def test_tables_databases_and_their_columns_are_those_of_the_source(
    serve: Serve, script: Script
) -> None:
    script.holds("connections", {"id": "m", "name": "MongoDB", "type": {"id": "mongodb"}})
    script.holds("models", {"id": "1", "connection_id": "m", "fields": [{"name": "age"}, {"name": None}]})
    source = "GET /api/connections/m/modelsync/source"
    items = {"database": {"items": ["app", "logs"]}, "collection": {"items": None}}
    script[source] = {"data": {"items": items}}
    script[f"{source}/fields"] = {"data": [{"name": "e_mail"}]}
    guide = "sync_mongodb_to_salesforce"

    async with serve() as client:
        databases = await complete(client, guide, "database")
        script[source] = {"data": {"items": {"collection": {"items": ["users", "orders"]}}}}
        collections = await complete(client, guide, "collection", database="app")
        fields = await complete(client, guide, "key_field", database="app", collection="orders")
        script[f"{source}/fields"] = 404
        fewer = await complete(client, guide, "key_field", database="app", collection="no such one")

    assert databases.values == ["app", "logs"]
    assert collections.values == ["users", "orders"]
    assert fields.values == ["email", "e_mail", "age"]
    assert fewer.values == ["email", "age"]
    queries = [query for operation, query in script.queries if operation == source]
    assert queries == [{}, {"params[database]": "app"}]


async def test_fields_of_the_target_that_can_be_the_identity_come_first(serve: Serve, script: Script) -> None:
    fields = [{"id": "Title"}, {"id": "Email", "supports_identity": True}, {"id": "Phone"}]
    objects = {"data": [{"id": "Contact"}, {"id": "Lead"}]}
    script[f"GET /api/connections/{SALESFORCE}/modelsync/targetobjects"] = objects
    path = f"GET /api/connections/{SALESFORCE}/modelsync/target/fields"
    script[path] = {"data": {"id": "Lead", "fields": fields}}

    async with serve() as client:
        completion = await complete(client, "sync_snowflake_to_salesforce", "target_key", target="Lead")
        of_nothing = await complete(client, "sync_snowflake_to_salesforce", "target_key", target="Case")

    assert completion.values == ["Email", "Title", "Phone"]
    assert of_nothing.values == ["Email"]
    assert [query for operation, query in script.queries if operation == path] == [{"target": "Lead"}]


FREE_TEXT = {
    ("call_system_directly", "path"),
    ("embed_connection_form", "connection_name"),
    ("embed_connection_form", "redirect_url"),
    ("place_connector_settings", "setting"),
    ("provision_customer_organization", "email"),
    ("provision_customer_organization", "organization_name"),
    ("receive_events", "endpoint"),
}
"""What nobody but the person knows."""


async def furnish(api: Polytomic, workspace: Any) -> None:
    """Connect each system the guides speak of, under the name they give it; store a sync of each kind."""
    parts = [part for guide in load_guides().values() for part in guide.arguments.values()]
    names = {part.type: part.default for part in parts if part.completes == "connection" and part.type}
    column = Column("e_mail", "string", "VARCHAR")
    base = (await api.call("POST /api/connections", name="Base", type="bigquery", configuration={}))["data"]
    for system, name in names.items():
        stored = workspace.store.get("connection", base["id"]) | {"id": system, "name": name}
        stored["type"] = stored["type"] | {"id": system}
        workspace.store.put("connection", system, stored)
        workspace.tables.create(Table(system, "app.people", "People", "table", (column,), "e_mail"))
    people = {"configuration": {"table": "app.people"}, "connection_id": "snowflake"}
    model = (await api.call("POST /api/models", name="People", **people))["data"]
    source = {"model_id": model["id"], "field": "e_mail"}
    await api.call(
        "POST /api/syncs",
        name="Flow",
        mode="updateOrCreate",
        fields=[],
        identity={"source": source, "target": "Id", "function": "Equality"},
        schedule={"frequency": "manual"},
        target={"connection_id": "gong", "object": "my-gong-engage-flow"},
    )
    await api.call("POST /api/connections/{id}/schemas/refresh", id="hubspot")
    await api.call("GET /api/connections/{id}/schemas/status", id="hubspot")
    await api.call(
        "POST /api/bulk/syncs",
        name="Copy",
        mode="replicate",
        source_connection_id="hubspot",
        destination_connection_id="postgresql",
        destination_configuration={"schema": "copy"},
        default_schedule={"frequency": "manual"},
    )


@pytest.fixture
async def furnished() -> AsyncIterator[Client]:
    """A client of a sandbox that has what the guides speak of."""
    app = create_sandbox(key="sandbox-key")
    transport = httpx.ASGITransport(app)
    async with Polytomic("sandbox-key", base_url="http://sandbox", transport=transport) as api:
        await furnish(api, app.state.workspace)
    settings = Settings(api_key=Secret("sandbox-key"), api_url="http://sandbox")
    async with Client(build_server(settings, transport=transport)) as client:
        yield client
    app.state.workspace.close()


@pytest.mark.parametrize("name", load_guides())
async def test_whoever_fills_in_a_form_is_offered_something_for_each_part_but_free_text(
    furnished: Client, name: str
) -> None:
    filled: dict[str, str] = {}

    for argument in load_guides()[name].arguments:
        offered = (await complete(furnished, name, argument, **filled)).values
        assert bool(offered) == ((name, argument) not in FREE_TEXT), argument
        filled[argument] = offered[0] if offered else "text"


@pytest.mark.parametrize(
    ("name", "argument", "found"),
    [
        ("sync_mysql_to_snowflake", "table", "app.people"),
        ("sync_mongodb_to_salesforce", "database", "app"),
        ("sync_mongodb_to_salesforce", "collection", "people"),
        ("sync_snowflake_to_salesforce", "key_field", "e_mail"),
        ("sync_mysql_to_snowflake", "key_field", "e_mail"),
        ("sync_snowflake_to_salesforce", "target_key", "LastName"),
        ("sync_gcs_to_webhook", "file", "app.people"),
        ("bulk_sync_hubspot_to_postgresql", "schema", "public"),
    ],
)
async def test_what_polytomic_knows_is_offered_beside_the_default(
    furnished: Client, name: str, argument: str, found: str
) -> None:
    arguments = load_guides()[name].arguments
    chosen = {"table": "app.people"} if "table" in arguments else {"database": "app"}

    completion = await complete(furnished, name, argument, **chosen)

    assert completion.values[: len(arguments[argument].choices)] == [*arguments[argument].choices]
    assert found in completion.values
