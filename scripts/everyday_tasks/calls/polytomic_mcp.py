"""The calls to polytomic-mcp, as careless as models are: names for ids, any case, text for JSON."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from scripts.everyday_tasks.agent import Agent

CALLS: Final[dict[int, Callable[[Agent], Awaitable[None]]]] = {}

_SHARED: Final = "known-to-both-sides"
_SNOWFLAKE: Final = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}


def task(number: int) -> Callable[[Callable[[Agent], Awaitable[None]]], Callable[[Agent], Awaitable[None]]]:
    """Register the calls of a task."""

    def register(calls: Callable[[Agent], Awaitable[None]]) -> Callable[[Agent], Awaitable[None]]:
        CALLS[number] = calls
        return calls

    return register


def mapped(model: str, **targets: str) -> list[dict[str, Any]]:
    """Return mappings of a model's fields, from the name of each source to its target."""
    return [{"source": {"model_id": model, "field": source}, "target": to} for source, to in targets.items()]


async def map_fields(
    agent: Agent, name: str, target: dict[str, Any], fields: list[dict[str, Any]], **parts: Any
) -> None:
    """Create a sync that matches records by the first of its mappings, unless ``parts`` say otherwise."""
    usual = {"mode": "updateOrCreate", "identity": fields[0]}
    await agent("create_sync", name=name, target=target, fields=fields, **usual | parts)


@task(1)
async def _guide(agent: Agent) -> None:
    await agent("create_connection", name="Snowflake", type="snowflake", configuration=_SNOWFLAKE)
    gong = await agent(
        "create_connection", name="Gong Engage", type="Gong", configuration='{"auth_method": "oauth"}'
    )
    await agent.world.consent(gong["auth_url"])
    await agent("get_connection", connection_id="gong engage")
    query = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'"
    await agent(
        "create_model", name="Gold contacts", connection_id="Snowflake", configuration={"query": query}
    )
    flows = await agent("list_target_objects", connection_id="Gong Engage", query="gold plan")
    flow = flows["items"][0]["name"]
    await agent("list_target_fields", connection_id="Gong Engage", target=flow)
    identity = mapped("Gold contacts", contact_id="Id")[0] | {"function": "equality"}
    target = {"connection_id": "Gong Engage", "object": flow}
    await agent(
        "create_sync", name="Gold contacts to Gong", mode="updateOrCreate", target=target, identity=identity
    )
    run = await agent("start_sync", sync_id="Gold contacts to Gong")
    await agent(
        "get_sync_execution", sync_id="Gold contacts to Gong", execution_id=run["id"], log="records", limit=50
    )


@task(2)
async def _nothing_arrived(agent: Agent) -> None:
    await agent("diagnose_sync", sync_id="contacts to gong")


@task(3)
async def _columns(agent: Agent) -> None:
    await agent(
        "preview_model", connection_id="Snowflake", configuration={"table": "customers"}, model_id="", limit=1
    )


@task(4)
async def _rows(agent: Agent) -> None:
    await agent("preview_model", connection_id="Snowflake", configuration={"table": "customers"}, limit="5")


@task(5)
async def _sql(agent: Agent) -> None:
    query = "SELECT plan, count(*) AS people FROM customers GROUP BY plan ORDER BY plan"
    await agent("run_query", connection_id="snowflake", query=query, page_token=None)


@task(6)
async def _only_update(agent: Agent) -> None:
    query = "SELECT email, plan FROM customers WHERE plan <> 'platinum'"
    await agent("create_model", name="Plans", connection_id="Snowflake", configuration={"query": query})
    fields = mapped("Plans", email="email", plan="plan")
    target = {"connection_id": "HubSpot", "object": "contacts"}
    await map_fields(agent, "Plans to HubSpot", target, fields, mode="Update", schedule=None)
    await agent("start_sync", sync_id="Plans to HubSpot")


@task(7)
async def _weekdays(agent: Agent) -> None:
    times = {"frequency": "custom", "minute": 30, "hour": 7, "day_of_week": "mon-fri"}
    schedule = times | {"timezone": "Europe/Berlin"}
    said = await agent.refused("update_sync", sync_id="Plans", schedule=schedule, active=True)
    (hour,) = re.findall(r"'30 (\d+) \* \* mon-fri' UTC until", said)
    await agent("update_sync", sync_id="Plans", schedule=times | {"hour": hour}, active=True)


@task(8)
async def _one_field_more(agent: Agent) -> None:
    await agent("update_sync", sync_id="Plans", add_fields=mapped("Model of Plans", first_name="FirstName"))


@task(9)
async def _since_yesterday(agent: Agent) -> None:
    condition = {
        "source": {"model_id": "Model of Plans", "field": "updated_at"},
        "function": "RelativeOnOrAfter",
        "value": "1 day ago",
    }
    await agent("update_sync", sync_id="Plans", set_filters=[condition])


@task(10)
async def _three_records(agent: Agent) -> None:
    await agent("start_sync", sync_id="Contacts to Gong", identities=agent.told["three"])


@task(11)
async def _copy_nightly(agent: Agent) -> None:
    await agent("list_source_schemas", connection_id="HubSpot")
    await agent(
        "create_bulk_sync",
        name="Nightly",
        source_connection_id="HubSpot",
        destination_connection_id="Postgres",
        schemas=["contacts", "companies"],
        destination_configuration={"schema": "hubspot_copy"},
        default_schedule={"frequency": "daily", "hour": "2", "minute": "00"},
        active=True,
    )
    await agent("start_bulk_sync", bulk_sync_id="Nightly")


@task(12)
async def _copy_nightly_with_any_operation(agent: Agent) -> None:
    found = await agent("find_operations", query="hubspot contacts to postgres nightly copy")
    body = {
        "name": "Nightly",
        "mode": "replicate",
        "source_connection_id": "HubSpot",
        "destination_connection_id": "Postgres",
        "schemas": ["contacts", "companies"],
        "destination_configuration": {"schema": "hubspot_copy"},
        "default_schedule": {"frequency": "daily", "hour": "2", "minute": "0"},
        "active": True,
    }
    await agent("write_operation", operation=found["items"][0]["id"], arguments=body)
    arguments = {"id": "Nightly"}
    await agent("write_operation", operation="POST /api/bulk/syncs/{id}/executions", arguments=arguments)


@task(13)
async def _mend(agent: Agent) -> None:
    await agent("sync_overview")
    query = (
        "SELECT email, first_name, last_name, replace(plan, 'platinum', 'enterprise') AS plan FROM customers"
        " WHERE last_name IS NOT NULL"
    )
    await agent("update_model", model_id="Model of Vanished column", configuration={"query": query})
    await agent("update_model", model_id="Model of Refused plan", configuration={"query": query})
    await agent("update_model", model_id="Model of Nobody", configuration={"query": query})
    await agent("update_sync", sync_id="Asleep", active=True)


@task(14)
async def _refused(agent: Agent) -> None:
    await agent("diagnose_sync", sync_id="Plans")


@task(15)
async def _endpoint_is_back(agent: Agent) -> None:
    tested = await agent("test_connection", connection_id="Our endpoint")
    step = tested["next_steps"][0]
    await agent(step["tool"], **step["arguments"])


@task(16)
async def _delete(agent: Agent) -> None:
    await agent("trace_lineage", connection_id="Snowflake")
    await agent("delete_connection", connection_id="Snowflake", force=True)


@task(17)
async def _pause(agent: Agent) -> None:
    await agent("set_syncs_active", active=False, connection_id="Salesforce")


@task(18)
async def _rename(agent: Agent) -> None:
    await agent("update_connection", connection_id="Snowflake", name="Warehouse", keep_masked=True)


@task(19)
async def _rotate(agent: Agent) -> None:
    await agent("update_connection", connection_id="Snowflake", configuration={"password": "new-password"})


@task(20)
async def _who(agent: Agent) -> None:
    await agent("get_sync", sync_id="Plans")


@task(21)
async def _colleague(agent: Agent) -> None:
    await agent("save_role", name="Viewer")
    await agent("invite_user", email="grace@acme.example", roles=["Viewer"])


@task(22)
async def _audience(agent: Agent) -> None:
    settings = {"service_account": '{"type": "service_account", "project_id": "acme"}', "location": "EU"}
    await agent("create_connection", name="BigQuery", type="bigquery", configuration=settings)
    linkedin = await agent("create_connection", name="LinkedIn", type="linkedinads", configuration={})
    await agent.world.consent(linkedin["auth_url"])
    query = "SELECT email FROM customers WHERE plan = 'pro'"
    await agent("create_model", name="Pro", connection_id="BigQuery", configuration={"query": query})
    targets = await agent("list_target_objects", connection_id="LinkedIn")
    properties = {part["id"]: part for part in targets["target_creation"]["properties"]}
    account = properties["account"]["values"][0]["value"]
    new = {"account": account, "name": "Pro customers", "type": "user_audience"}
    fields = mapped("Pro", email="email")
    target = {"connection_id": "LinkedIn", "create": new}
    await map_fields(agent, "Pro to LinkedIn", target, fields)
    await agent("start_sync", sync_id="Pro to LinkedIn")


@task(23)
async def _to_webhook(agent: Agent) -> None:
    header = {"name": "X-Api-Key", "value": "sandbox"}
    settings = {"url": agent.told["url"], "auth_method": "header", "header": header}
    await agent("create_connection", name="Endpoint", type="webhook", configuration=settings)
    fields = mapped("Paying customers", email="record", plan="record")
    target = {"connection_id": "Endpoint", "object": "http"}
    await map_fields(agent, "Rows to endpoint", target, fields, identity="")
    await agent("start_sync", sync_id="rows to endpoint")


@task(24)
async def _split(agent: Agent) -> None:
    query = (
        "SELECT user_id, email, split_part(name, ' ', 1) AS first_name,"
        " substr(name, length(split_part(name, ' ', 1)) + 2) AS last_name FROM users"
    )
    await agent("update_model", model_id="People", configuration={"query": query})


@task(25)
async def _resync(agent: Agent) -> None:
    await agent("start_sync", sync_id="Plans", resync=True, wait_seconds=0)
    await agent("cancel_sync", sync_id="Plans")


@task(26)
async def _tell(agent: Agent) -> None:
    await agent("save_webhook", endpoint="https://ops.acme.example/polytomic", secret=_SHARED)


@task(27)
async def _join(agent: Agent) -> None:
    await agent(
        "create_model", name="Users", connection_id="Postgres", configuration={"table": "public.users"}
    )
    relation = {"from": "email", "to": {"model_id": "Users", "field": "email"}}
    await agent(
        "create_model",
        name="Customers",
        connection_id="Stripe",
        configuration={"table": "customers"},
        relations=[relation],
    )
    fields = mapped("Users", email="email") + mapped("Customers", id="jobtitle")
    target = {"connection_id": "HubSpot", "object": "contacts"}
    await map_fields(agent, "Users to HubSpot", target, fields)
    await agent("start_sync", sync_id="Users to HubSpot")


@task(28)
async def _export(agent: Agent) -> None:
    await agent("trace_lineage", connection_id="Salesforce")
    await agent("trace_lineage", connection_id="Snowflake")


@task(29)
async def _last_night(agent: Agent) -> None:
    await agent("sync_overview")
