"""Tasks that set something up: the guide, syncs of every kind, copies of whole schemas."""

from typing import Final

from polytomic_mcp.cli.demo.receiver import Receiver
from polytomic_mcp.cli.shared.web import listening
from scripts.everyday_tasks.company import FLOW, connect, model
from scripts.everyday_tasks.task import Task, Trial, nothing
from scripts.everyday_tasks.world import expect, expect_words

_NIGHTLY: Final = ("daily", "02", "00")


async def _guide_is_done(trial: Trial) -> None:
    wanted = trial.world.column(
        'SELECT DISTINCT contact_id FROM "snowflake.public.salesforce_contacts" JOIN "salesforce.Contact"'
        " ON Id = contact_id WHERE subscription_plan = 'gold'"
    )
    arrived = trial.world.column(f'SELECT Id FROM "gong.{FLOW}"')  # noqa: S608 - a name of ours
    expect("contacts that are missing in the flow", sorted({*wanted} - {*arrived}), [])
    expect("whether there were contacts", bool(wanted), wanted=True)
    expect_words(trial.said, wanted)


async def _two_systems(trial: Trial) -> None:
    await connect(trial.world, "snowflake")
    await connect(trial.world, "hubspot")
    trial.left["contacts"] = trial.world.rows('SELECT id, lower(email) FROM "hubspot.contacts" ORDER BY id')


async def _only_updated(trial: Trial) -> None:
    world = trial.world
    after = world.rows('SELECT id, lower(email) FROM "hubspot.contacts" ORDER BY id')
    expect("contacts, which must be the same", after, trial.left["contacts"])
    wrong = world.rows(
        'SELECT h.email, h.plan, c.plan FROM "hubspot.contacts" h JOIN "snowflake.public.customers" c'
        " ON lower(c.email) = lower(h.email) WHERE h.plan IS NOT c.plan"
        " AND c.plan IN ('gold', 'pro', 'enterprise')"
    )
    expect("contacts whose plan is not the customer's", wrong, [])
    (sync,) = await world.get("/api/syncs")
    expect("the mode", (await world.get(f"/api/syncs/{sync['id']}"))["mode"], "update")


async def _source_and_destination(trial: Trial) -> None:
    source = await connect(trial.world, "hubspot")
    await trial.world.schemas_read(source["id"])
    await connect(trial.world, "postgresql")


async def _copies_nightly(trial: Trial) -> None:
    world = trial.world
    (found,) = await world.get("/api/bulk/syncs")
    bulk = await world.get(f"/api/bulk/syncs/{found['id']}")
    expect("whether it is active", bulk["active"], wanted=True)
    schedule = bulk.get("default_schedule") or bulk["schedule"]
    expect("how often", schedule["frequency"], "daily")
    await world.advance("1d")
    runs = await world.get(f"/api/bulk/syncs/{found['id']}/executions")
    expect("whether it ran by itself", bool(runs), wanted=True)
    await world.ended(f"/api/bulk/syncs/{found['id']}/executions/{runs[0]['id']}")
    for object_, schema in (("contacts", "contact"), ("companies", "company")):
        (copy,) = world.column(
            "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE ? AND name NOT LIKE 'hubspot%'",
            f"%.{schema}",
        )
        source = f'"hubspot.{object_}"'
        missing = f'SELECT id FROM {source} EXCEPT SELECT id FROM "{copy}"'  # noqa: S608 - names of ours
        expect(f"{object_} that were not copied", world.column(missing), [])


async def _audience_is_filled(trial: Trial) -> None:
    world = trial.world
    views = "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'linkedinads.%'"
    known = {"linkedinads.20453117", "linkedinads.20453245", "linkedinads.accounts", "linkedinads.campaigns"}
    (audience,) = {*world.column(views)} - known
    arrived = world.column(f'SELECT email FROM "{audience}"')  # noqa: S608 - a name of ours
    wanted = world.column(
        "SELECT DISTINCT email FROM \"bigquery.public.customers\" WHERE plan = 'pro' AND email IS NOT NULL"
    )
    expect("people of the audience", sorted(arrived), sorted(wanted))


async def _a_source_and_a_receiver(trial: Trial) -> None:
    receiver = Receiver()
    server = trial.stack.enter_context(listening(receiver.app))
    source = await connect(trial.world, "snowflake")
    await model(
        trial.world, source, "Paying customers", "SELECT email, plan FROM customers WHERE plan = 'pro'"
    )
    trial.left |= {"receiver": receiver, "url": f"{server.url}/records"}


async def _records_arrived(trial: Trial) -> None:
    requests = await trial.left["receiver"].wait_for(1)
    wanted = trial.world.column("SELECT email FROM \"snowflake.public.customers\" WHERE plan = 'pro'")
    got = "".join(str(request) for request in requests)
    expect("rows that did not reach the endpoint", [email for email in wanted if email not in got], [])


async def _three_systems(trial: Trial) -> None:
    for type_ in ("postgresql", "stripe", "hubspot"):
        await connect(trial.world, type_)


async def _joined(trial: Trial) -> None:
    wrong = trial.world.rows(
        'SELECT h.email, h.jobtitle, s.id FROM "hubspot.contacts" h'
        ' JOIN "postgresql.public.users" u ON u.email = h.email'
        ' JOIN "stripe.customers" s ON s.email = u.email'
        " GROUP BY h.email HAVING sum(h.jobtitle = s.id) = 0"
    )
    expect("contacts without their Stripe id", wrong, [])
    missing = trial.world.column(
        'SELECT email FROM "postgresql.public.users" WHERE email IS NOT NULL'
        ' EXCEPT SELECT email FROM "hubspot.contacts"'
    )
    expect("users that are no contacts", missing, [])


TASKS: Final = (
    Task(
        1,
        'Do the guide "Adding contacts from Snowflake to Gong Engage", and show which rows arrived',
        9,
        nothing,
        _guide_is_done,
    ),
    Task(6, "Match on e-mail and only update, never create", 3, _two_systems, _only_updated),
    Task(
        11,
        "Copy HubSpot contacts and companies to Postgres every night (all toolsets)",
        3,
        _source_and_destination,
        _copies_nightly,
        toolsets="all",
    ),
    Task(12, "The same with the default toolsets", 3, _source_and_destination, _copies_nightly),
    Task(22, "Create a LinkedIn audience from BigQuery and fill it", 6, nothing, _audience_is_filled),
    Task(23, "Send rows to a webhook", 3, _a_source_and_a_receiver, _records_arrived),
    Task(27, "Join Postgres users and Stripe customers into HubSpot", 4, _three_systems, _joined),
)
