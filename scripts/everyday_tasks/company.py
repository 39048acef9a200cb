"""The parts of a start: connections, models and syncs, made with the API's own operations."""

from collections.abc import Iterable
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from scripts.everyday_tasks.world import World, expect

CONFIGURATIONS: Final[dict[str, JsonObject]] = {
    "snowflake": {"account": "acme", "username": "polytomic", "password": "sandbox", "dbname": "ANALYTICS"},
    "postgresql": {
        "hostname": "db.acme.example",
        "port": 5432,
        "database": "app",
        "username": "polytomic",
        "password": "sandbox",
    },
    "bigquery": {"service_account": '{"type": "service_account", "project_id": "acme"}', "location": "EU"},
    "salesforce": {"domain": "https://acme.my.salesforce.com"},
    "stripe": {"api_key": "sk_test_sandbox"},
    "gong": {"auth_method": "oauth"},
    "hubspot": {},
    "linkedinads": {},
}
PLANS: Final = "SELECT email, first_name, last_name, plan FROM customers"
GOLD: Final = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'"
FLOW: Final = "my-gong-engage-flow"


async def connect(world: World, type_: str, name: str | None = None, **configuration: Any) -> JsonObject:
    """Connect a system; where a person must consent, one does."""
    settings = CONFIGURATIONS.get(type_, {}) | configuration
    made = await world.post("/api/connections", name=name or NAMES[type_], type=type_, configuration=settings)
    if made.get("auth_url"):
        await world.consent(made["auth_url"])
    if type_ != "webhook":
        await world.get(f"/api/connections/{made['id']}/modelsync/source")  # now its tables are views
    return await world.get(f"/api/connections/{made['id']}")


NAMES: Final = {
    "snowflake": "Snowflake",
    "postgresql": "Postgres",
    "bigquery": "BigQuery",
    "salesforce": "Salesforce",
    "stripe": "Stripe",
    "gong": "Gong Engage",
    "hubspot": "HubSpot",
    "linkedinads": "LinkedIn Ads",
    "webhook": "Our endpoint",
}


async def model(world: World, source: JsonObject, name: str, query: str, **parts: Any) -> JsonObject:
    """Create a model of a query."""
    body = {"connection_id": source["id"], "configuration": {"query": query}} | parts
    return await world.post("/api/models", name=name, **body)


async def sync(
    world: World,
    name: str,
    model: JsonObject,
    target: JsonObject,
    fields: Iterable[tuple[str, str]],
    **parts: Any,
) -> JsonObject:
    """Create a sync that matches records by the first of its pairs of fields, source and target."""
    mapped = [{"source": {"model_id": model["id"], "field": source}, "target": to} for source, to in fields]
    body: JsonObject = {
        "mode": "updateOrCreate",
        "target": target,
        "fields": mapped,
        "schedule": {"frequency": "manual"},
    }
    if mapped:
        body["identity"] = mapped[0] | {"function": "Equality"}
    return await world.post("/api/syncs", name=name, **body | parts)


async def into_gong(world: World, query: str = GOLD, **parts: Any) -> JsonObject:
    """Set up the guide: contacts of Snowflake into a flow of Gong Engage."""
    source, gong = await connect(world, "snowflake"), await connect(world, "gong")
    contacts = await model(world, source, "Contacts", query)
    target = {"connection_id": gong["id"], "object": FLOW}
    identity = {
        "source": {"model_id": contacts["id"], "field": "contact_id"},
        "target": "Id",
        "function": "Equality",
    }
    return await sync(world, "Contacts to Gong", contacts, target, (), identity=identity, **parts)


async def into_salesforce(
    world: World,
    query: str = PLANS,
    name: str = "Plans",
    filters: Iterable[tuple[str, JsonObject]] = (),
    **parts: Any,
) -> JsonObject:
    """Set up a sync of Snowflake's customers into Salesforce's contacts; connections are made once.

    ``filters`` are pairs of a field and its condition.
    """
    known = {connection["name"]: connection for connection in await world.get("/api/connections")}
    source = known.get("Snowflake") or await connect(world, "snowflake")
    salesforce = known.get("Salesforce") or await connect(world, "salesforce")
    customers = await model(world, source, f"Model of {name}", query)
    pairs = [("email", "Email"), ("last_name", "LastName"), ("plan", "Plan__c")]
    target = {"connection_id": salesforce["id"], "object": "Contact"}
    if conditions := [
        {"field": {"model_id": customers["id"], "field": field}, "field_type": "Model"} | condition
        for field, condition in filters
    ]:
        parts["filters"] = conditions
    return await sync(world, name, customers, target, pairs, **parts)


async def run(world: World, sync: JsonObject, **options: Any) -> JsonObject:
    """Run a sync, which must not fail."""
    ended = await world.run(sync["id"], **options)
    expect(f"the run of {sync['name']}", ended["status"], "completed")
    return ended
