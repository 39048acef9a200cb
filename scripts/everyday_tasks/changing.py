"""Tasks that change or run what is there."""

import socket
from datetime import datetime
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from polytomic_mcp.cli.demo.receiver import Receiver
from polytomic_mcp.cli.shared.web import LOOPBACK, listening
from polytomic_mcp.common.json_values import JsonObject
from scripts.everyday_tasks.company import FLOW, PLANS, connect, into_gong, into_salesforce, model, run, sync
from scripts.everyday_tasks.task import Task, Trial
from scripts.everyday_tasks.world import expect, expect_words

_BERLIN: Final = ZoneInfo("Europe/Berlin")
_HEADER: Final = {"name": "X-Api-Key", "value": "sandbox"}
_PEOPLE: Final = "SELECT user_id, name AS full_name, email FROM users"


async def _plans(trial: Trial) -> None:
    trial.left["sync"] = await into_salesforce(trial.world)


async def _runs_on_weekdays(trial: Trial) -> None:
    world, id_ = trial.world, trial.left["sync"]["id"]
    expect("whether it is active", (await world.get(f"/api/syncs/{id_}"))["active"], wanted=True)
    for _ in range(7):
        await world.advance("1d")
    runs = await world.get(f"/api/syncs/{id_}/executions")
    moments = [datetime.fromisoformat(run["started_at"]).astimezone(_BERLIN) for run in runs]
    expect("times of the runs", {moment.strftime("%H:%M") for moment in moments}, {"07:30"})
    expect("days of the runs", sorted(moment.weekday() for moment in moments), [0, 1, 2, 3, 4])


async def _filtered_plans(trial: Trial) -> None:
    paying = [("plan", {"function": "Inequality", "value": "gold", "label": "A"})]
    trial.left["sync"] = await into_salesforce(trial.world, filters=paying)


async def _one_field_more(trial: Trial) -> None:
    before = trial.left["sync"]
    after = await trial.world.get(f"/api/syncs/{before['id']}")
    targets = [mapping["target"] for mapping in before["fields"]]
    expect("mapped fields", [mapping["target"] for mapping in after["fields"]], [*targets, "FirstName"])
    changed = {"fields", "updated_at", "updated_by"}
    expect("all the rest", _without(after, changed), _without(before, changed))


async def _plans_with_dates(trial: Trial) -> None:
    query = "SELECT email, last_name, subscription_plan AS plan, updated_at FROM salesforce_contacts"
    trial.left["sync"] = await into_salesforce(trial.world, query)


async def _only_yesterdays(trial: Trial) -> None:
    expect("whether some rows changed", bool(await _recent(trial)), wanted=True)
    ended = await run(trial.world, trial.left["sync"], resync=True)
    expect("rows of the next run", ended["counts"]["total"], await _recent(trial))
    await trial.world.advance("118d")
    later = await run(trial.world, trial.left["sync"], resync=True)
    expect("rows of a run months later", later["counts"]["total"], await _recent(trial))


async def _recent(trial: Trial) -> int:
    """Return how many rows changed since yesterday, by the sandbox's clock."""
    now = (await trial.world.get("/sandbox/clock"))["now"][:10]
    query = 'SELECT email FROM "snowflake.public.salesforce_contacts" WHERE updated_at >= date(?, "-1 day")'
    return len(trial.world.column(query, now))


async def _flow(trial: Trial) -> None:
    await connect(trial.world, "salesforce")
    trial.left["sync"] = await into_gong(trial.world)
    trial.left["members"] = set(trial.world.column(f'SELECT Id FROM "gong.{FLOW}"'))  # noqa: S608 - a name of ours
    known = trial.world.column(
        'SELECT contact_id FROM "snowflake.public.salesforce_contacts" JOIN "salesforce.Contact"'
        " ON Id = contact_id WHERE subscription_plan = 'gold' ORDER BY 1"
    )
    trial.left["three"] = [id_ for id_ in known if id_ not in trial.left["members"]][:3]


async def _three_arrived(trial: Trial) -> None:
    members = set(trial.world.column(f'SELECT Id FROM "gong.{FLOW}"'))  # noqa: S608 - a name of ours
    expect("new members", sorted(members - trial.left["members"]), trial.left["three"])


async def _endpoint_was_away(trial: Trial) -> None:
    """Connect a webhook whose endpoint is away, so that it is unhealthy; then bring the endpoint back."""
    world = trial.world
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    url = f"http://{LOOPBACK}:{port}/records"
    hook = await connect(world, "webhook", url=url, auth_method="header", header=_HEADER)
    trial.left["id"] = hook["id"]
    expect("status of the connection", hook["status"], "unhealthy")
    trial.stack.enter_context(listening(Receiver().app, port=port))


async def _healthy_again(trial: Trial) -> None:
    hook = await trial.world.get(f"/api/connections/{trial.left['id']}")
    expect("status of the connection", hook["status"], "healthy")


async def _used_connection(trial: Trial) -> None:
    trial.left["sync"] = await into_salesforce(trial.world)


async def _connection_is_gone(trial: Trial) -> None:
    names = [connection["name"] for connection in await trial.world.get("/api/connections")]
    expect("connections", names, ["Salesforce"])
    before = trial.agent.answers[:-1] if trial.agent else []  # the last answer is that of the deletion
    expect_words("\n".join(before), ["Plans", "Model of Plans"])


async def _five_syncs(trial: Trial) -> None:
    for name in ("One", "Two", "Three", "Four", "Five"):
        await into_salesforce(trial.world, PLANS, name, active=True)
    trial.left["other"] = await _elsewhere(trial)


async def _elsewhere(trial: Trial) -> JsonObject:
    """Set up one more sync, into another system."""
    hubspot = await connect(trial.world, "hubspot")
    customers = await trial.world.named("models", "Model of One")
    target = {"connection_id": hubspot["id"], "object": "contacts"}
    return await sync(trial.world, "Elsewhere", customers, target, [("email", "email")], active=True)


async def _all_are_paused(trial: Trial) -> None:
    states = {each["name"]: each["active"] for each in await trial.world.get("/api/syncs")}
    active = [name for name, is_active in states.items() if is_active]
    expect("active syncs", active, ["Elsewhere"])
    expect("syncs", len(states), 6)


async def _with_a_secret(trial: Trial) -> None:
    trial.left["connection"] = await connect(trial.world, "snowflake")


async def _renamed(trial: Trial) -> None:
    (after,) = await trial.world.get("/api/connections")
    expect("its name", after["name"], "Warehouse")
    expect(
        "its password", trial.world.stored("connection", after["id"])["configuration"]["password"], "sandbox"
    )


async def _rotated(trial: Trial) -> None:
    (after,) = await trial.world.get("/api/connections")
    expect(
        "its password",
        trial.world.stored("connection", after["id"])["configuration"]["password"],
        "new-password",
    )
    before = trial.left["connection"]["configuration"]
    expect("all the rest", after["configuration"], before)


async def _organization(trial: Trial) -> None:
    await connect(trial.world, "snowflake")


async def _colleague_is_in(trial: Trial) -> None:
    roles = {role["id"]: role["name"] for role in await trial.world.get("/api/permissions/roles")}
    users = await trial.world.get("/api/organization/users")
    (colleague,) = [user for user in users if user["email"] == "grace@acme.example"]
    expect("the colleague's roles", [roles[id_] for id_ in colleague["role_ids"]], ["Viewer"])


async def _people(trial: Trial) -> None:
    source = await connect(trial.world, "snowflake")
    trial.left["model"] = await model(trial.world, source, "People", _PEOPLE)


async def _names_are_split(trial: Trial) -> None:
    after = await trial.world.get(f"/api/models/{trial.left['model']['id']}")
    names = {field["name"].lower() for field in after["fields"]}
    expect("fields that are missing", sorted({"user_id", "email", "first_name", "last_name"} - names), [])
    sample = await trial.world.sample(after["id"])
    whole = dict(trial.world.rows('SELECT user_id, name FROM "snowflake.public.users"'))
    parts = [(row, row["first_name"] or "", row["last_name"] or "") for row in sample]
    wrong = [
        row
        for row, first, last in parts
        if f"{first} {last}".strip() != (name := whole[row["user_id"]].strip())
        or (" " in name and not (first and last))
    ]
    expect("names that were split wrongly", wrong, [])


async def _slow_sync(trial: Trial) -> None:
    trial.left["sync"] = await into_salesforce(trial.world)
    await run(trial.world, trial.left["sync"])
    await trial.world.fault(slow=5)


async def _was_canceled(trial: Trial) -> None:
    id_ = trial.left["sync"]["id"]
    runs = await trial.world.get(f"/api/syncs/{id_}/executions")
    last = max(runs, key=lambda each: each["created_at"])
    expect("runs", len(runs), 2)
    ended = await trial.world.ended(f"/api/syncs/{id_}/executions/{last['id']}")
    expect("the kind of the last", ended["type"], "resync")
    expect("how the last ended", ended["status"], "canceled")


async def _hook_is_there(trial: Trial) -> None:
    hooks = await trial.world.get("/api/webhooks")
    found = [(hook["endpoint"], hook["disabled"]) for hook in hooks]
    expect("webhooks, and whether they are off", found, [("https://ops.acme.example/polytomic", False)])


async def _all_is_exported(trial: Trial) -> None:
    names = [f"{prefix}{name}" for prefix, name in product(("", "Model of "), ("One", "Two"))]
    expect_words(trial.said, [*names, "Contact", "Snowflake", "Salesforce"])


async def _two_syncs(trial: Trial) -> None:
    for name in ("One", "Two"):
        await into_salesforce(trial.world, PLANS, name)


def _without(document: JsonObject, names: set[str]) -> JsonObject:
    return {name: part for name, part in document.items() if name not in names}


TASKS: Final = (
    Task(7, "Run it every weekday at 07:30 Berlin time", 1, _plans, _runs_on_weekdays),
    Task(8, "Add one field to the sync and lose nothing", 1, _filtered_plans, _one_field_more),
    Task(9, "Only rows changed since yesterday", 1, _plans_with_dates, _only_yesterdays),
    Task(10, "A test run of these three records only", 1, _flow, _three_arrived),
    Task(15, "The webhook's endpoint is back, go on", 2, _endpoint_was_away, _healthy_again),
    Task(
        16, "Delete the old connection, but say first what breaks", 2, _used_connection, _connection_is_gone
    ),
    Task(17, "Pause everything that goes into Salesforce", 1, _five_syncs, _all_are_paused),
    Task(18, "Rename a connection", 1, _with_a_secret, _renamed),
    Task(19, "Rotate its password", 1, _with_a_secret, _rotated),
    Task(21, "Give a colleague read-only access", 2, _organization, _colleague_is_in, toolsets="all"),
    Task(24, "Split full_name into first and last name on the way", 1, _people, _names_are_split),
    Task(25, "Resync one sync; cancel it while it runs", 2, _slow_sync, _was_canceled),
    Task(26, "Tell this URL when a sync fails", 1, _organization, _hook_is_there, toolsets="all"),
    Task(28, "Export what I have built, as text to review", 2, _two_syncs, _all_is_exported),
)
