"""Tasks that look: at columns, rows, runs and what is wrong."""

import json
import re
from typing import Final

from scripts.everyday_tasks.company import FLOW, GOLD, PLANS, connect, into_gong, into_salesforce, run
from scripts.everyday_tasks.task import Task, Trial
from scripts.everyday_tasks.world import NotDoneError, expect, expect_words

_NOBODY: Final = GOLD.replace("'gold'", "'silver'")
_BAD_PLANS: Final = "SELECT email FROM \"snowflake.public.customers\" WHERE plan = 'platinum'"
_PAYING: Final = (
    "SELECT email FROM \"snowflake.public.customers\" WHERE plan IN ('pro', 'enterprise') AND last_name > ''"
)
_COUNTS: Final = "SELECT plan, count(*) AS people FROM customers GROUP BY plan ORDER BY plan"


async def _nothing_arrived(trial: Trial) -> None:
    sync = await into_gong(trial.world, _NOBODY)
    trial.left["members"] = trial.world.column(f'SELECT Id FROM "gong.{FLOW}"')  # noqa: S608 - a name of ours
    ended = await run(trial.world, sync)
    expect("rows of the run", ended["counts"]["total"], 0)


async def _the_model_is_named(trial: Trial) -> None:
    members = trial.world.column(f'SELECT Id FROM "gong.{FLOW}"')  # noqa: S608 - a name of ours
    expect("members, which must be the same", members, trial.left["members"])
    if not re.search(r"model[^.]*\b(0|no|zero) rows?\b", trial.said, re.IGNORECASE):
        raise NotDoneError("the answer does not say that the model returns 0 rows")


async def _snowflake(trial: Trial) -> None:
    await connect(trial.world, "snowflake")


async def _columns_are_named(trial: Trial) -> None:
    view = "snowflake.public.customers"
    expect_words(trial.said, trial.world.column("SELECT name FROM pragma_table_info(?)", view))


async def _five_rows_are_shown(trial: Trial) -> None:
    known = trial.world.column(
        "SELECT customer_id FROM \"snowflake.public.customers\" WHERE customer_id > ''"
    )
    shown = [id_ for id_ in known if id_ in trial.said]
    expect("rows shown", len(shown), 5)


async def _counts_are_shown(trial: Trial) -> None:
    counts = trial.world.rows(_COUNTS.replace("FROM customers", 'FROM "snowflake.public.customers"'))
    expect_words(re.sub(r"\s", "", trial.said), [json.dumps([*row], separators=(",", ":")) for row in counts])


async def _four_broken(trial: Trial) -> None:
    """Break four syncs: a column vanishes, a value is refused, no row is read, and one is switched off."""
    world = trial.world
    vanished = await into_salesforce(world, PLANS, "Vanished column", active=True)
    model = await world.named("models", "Model of Vanished column")
    await world.put(
        f"/api/models/{model['id']}",
        connection_id=model["connection_id"],
        name=model["name"],
        configuration={"query": "SELECT email, last_name, plan AS plan_name FROM customers"},
    )
    refused = await into_salesforce(world, f"{PLANS} WHERE plan <> 'gold'", "Refused plan", active=True)
    empty = await into_salesforce(world, f"{PLANS} WHERE plan = 'silver'", "Nobody", active=True)
    asleep = await into_salesforce(
        world, PLANS, "Asleep", active=False, schedule={"frequency": "daily", "hour": "1", "minute": "0"}
    )
    trial.left["syncs"] = [vanished, refused, empty, asleep]
    for sync in (vanished, refused, empty):
        await world.try_to_run(sync["id"])


async def _all_four_work(trial: Trial) -> None:
    world = trial.world
    *runnable, asleep = trial.left["syncs"]
    expect(
        "whether the last is active", (await world.get(f"/api/syncs/{asleep['id']}"))["active"], wanted=True
    )
    paying = len(world.column(_PAYING))
    for sync in runnable:
        ended = await run(world, sync, resync=True)
        expect(f"refused rows of {sync['name']}", ended["counts"]["error"], 0)
        expect(f"whether {sync['name']} had rows", ended["counts"]["total"] > 0, wanted=True)
        targets = [each["target"] for each in (await world.get(f"/api/syncs/{sync['id']}"))["fields"]]
        expect(f"whether {sync['name']} writes the plan", "Plan__c" in targets, wanted=True)
        if sync["name"] != "Nobody":  # which customers are meant by that, only a person knows
            expect(f"whether {sync['name']} kept its rows", ended["counts"]["total"] >= paying, wanted=True)


async def _rows_refused(trial: Trial) -> None:
    sync = await into_salesforce(trial.world, f"{PLANS} WHERE plan <> 'gold'")
    ended = await run(trial.world, sync)
    expect("refused rows", ended["counts"]["error"], len(trial.world.column(_BAD_PLANS)))


async def _refusals_are_explained(trial: Trial) -> None:
    expect_words(trial.said, [*trial.world.column(_BAD_PLANS), "platinum", "Unknown Plan__c value"])


async def _changed_sync(trial: Trial) -> None:
    sync = await into_salesforce(trial.world)
    await trial.world.advance("1h")
    kept = ("name", "target", "fields", "identity", "schedule")
    await trial.world.put(f"/api/syncs/{sync['id']}", mode="update", **{part: sync[part] for part in kept})
    trial.left["sync"] = await trial.world.get(f"/api/syncs/{sync['id']}")


async def _change_is_known(trial: Trial) -> None:
    sync = trial.left["sync"]
    expect_words(trial.said, [sync["updated_by"]["name"], sync["updated_at"][:16]])


async def _two_weeks_of_runs(trial: Trial) -> None:
    daily = {"frequency": "daily", "hour": "3", "minute": "0"}
    good = await into_salesforce(
        trial.world, PLANS.replace(", plan", ", 'gold' AS plan"), "Good", active=True, schedule=daily
    )
    bad = await into_salesforce(
        trial.world, f"{PLANS} WHERE plan <> 'gold'", "Bad", active=True, schedule=daily
    )
    for _ in range(14):
        await trial.world.advance("1d")
    trial.left["syncs"] = [good, bad]


async def _the_night_is_told(trial: Trial) -> None:
    for sync in trial.left["syncs"]:
        runs = await trial.world.get(f"/api/syncs/{sync['id']}/executions")
        expect(f"runs of {sync['name']}", len(runs), 14)
        last = max(run["started_at"] for run in runs)
        expect_words(trial.said, [sync["name"], last[:13]])


TASKS: Final = (
    Task(2, '"Nothing arrived. Why?" (the model returns no row)', 1, _nothing_arrived, _the_model_is_named),
    Task(3, "What columns does the Snowflake table customers have?", 1, _snowflake, _columns_are_named),
    Task(4, "Show me five rows of it", 1, _snowflake, _five_rows_are_shown),
    Task(5, "Run this SQL", 1, _snowflake, _counts_are_shown),
    Task(
        13, "Which syncs fail, why, and mend them (four broken in four ways)", 5, _four_broken, _all_four_work
    ),
    Task(14, "Why were these rows refused?", 1, _rows_refused, _refusals_are_explained),
    Task(20, "Who changed this sync last, and what", 1, _changed_sync, _change_is_known),
    Task(29, "What ran last night?", 1, _two_weeks_of_runs, _the_night_is_told),
)
