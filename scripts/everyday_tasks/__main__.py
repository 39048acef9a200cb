"""Carry out everyday tasks with an MCP server, over stdio in both eras of the protocol, and print their cost.

Each task starts from a sandbox of its own. A script of calls stands in for a model that knows the tools well.
The end is checked in the sandbox's rows and objects, by SQL.
"""

import argparse
import asyncio
import importlib
import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import product
from typing import Final

from scripts.everyday_tasks import changing, looking, setting_up
from scripts.everyday_tasks.agent import Agent, Era, agent
from scripts.everyday_tasks.task import Task, Trial
from scripts.everyday_tasks.world import NotDoneError, world

Calls = Mapping[int, Callable[[Agent], Awaitable[None]]]

_TASKS: Final = {
    task.number: task
    for task in sorted((*setting_up.TASKS, *looking.TASKS, *changing.TASKS), key=lambda task: task.number)
}
_ERAS: Final[tuple[Era, ...]] = ("modern", "legacy")
_AT_ONCE: Final = 2
_PATIENCE: Final = 150.0
"""Seconds in which a task must end."""

_MOST: Final = 1.15
"""How many times the ideal number of calls all tasks together may take."""


@dataclass(frozen=True)
class Outcome:
    """What a task took; ``problem`` is empty if it ended as it should."""

    task: int
    era: Era
    calls: int
    ideal: int
    definitions: int
    tokens: int
    problem: str


async def attempt(task: Task, era: Era, command: Sequence[str], calls: Calls) -> Outcome:
    """Carry out one task in a new world."""
    async with AsyncExitStack() as stack:
        trial = Trial(await stack.enter_async_context(world()), stack)
        problem = ""
        try:
            async with asyncio.timeout(_PATIENCE):
                await task.start(trial)
                started = agent(command, trial.world, era, task.toolsets, trial.left)
                trial.agent = await stack.enter_async_context(started)
                await calls[task.number](trial.agent)
                await task.end(trial)
        except NotDoneError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever ends one task, the others go on
            problem = f"{type(error).__name__}: {error}"
        done = trial.agent
        costs = (done.calls, task.ideal, done.definitions, done.tokens) if done else (0, task.ideal, 0, 0)
        return Outcome(task.number, era, *costs, problem)


async def attempt_all(
    tasks: Sequence[Task], eras: Sequence[Era], command: Sequence[str], calls: Calls
) -> list[Outcome]:
    """Carry out the tasks, two at a time, and print each as it ends."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(task: Task, era: Era) -> Outcome:
        async with places:
            outcome = await attempt(task, era, command, calls)
        print(f"{'done' if not outcome.problem else 'NOT DONE':<9}{task.number:>3} {era}", file=sys.stderr)
        return outcome

    return list(await asyncio.gather(*(one(task, era) for era, task in product(eras, tasks))))


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table, with what went wrong below it."""
    lines = [
        f"{'task':<60}{'era':<8}{'calls':>6}{'ideal':>6}{'definitions':>13}{'arguments and answers':>23}"
    ]
    for each in outcomes:
        words = f"{each.task:>2} {_TASKS[each.task].words}"
        shown = words if len(words) < 59 else f"{words[:57]}…"  # noqa: PLR2004 - the first column's width
        state = "  NOT DONE" if each.problem else ""
        lines.append(
            f"{shown:<60}{each.era:<8}{each.calls:>6}{each.ideal:>6}{each.definitions:>13,}{each.tokens:>23,}{state}"
        )
    calls, ideal = sum(each.calls for each in outcomes), sum(each.ideal for each in outcomes)
    done = sum(not each.problem for each in outcomes)
    lines.append(
        f"{done} of {len(outcomes)} done; {calls} calls, where {ideal} are ideal ({calls / ideal:.2f} times)"
    )
    lines += [f"{each.task} ({each.era}): {each.problem}" for each in outcomes if each.problem]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Carry out tasks, print the table; return 0 if all ended well, with few enough calls."""
    parser = argparse.ArgumentParser(
        prog="scripts/tasks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("numbers", nargs="*", type=int, metavar="TASK", help="only these tasks, by number")
    parser.add_argument("--era", choices=_ERAS, help="only this era; default: both")
    parser.add_argument(
        "--server",
        default=f"{sys.executable} -m polytomic_mcp",
        metavar="COMMAND",
        help="starts the server; it gets POLYTOMIC_API_URL and POLYTOMIC_API_KEY",
    )
    parser.add_argument(
        "--calls",
        default="polytomic_mcp",
        metavar="MODULE",
        help="the calls of an agent, from the folder calls/; default: polytomic_mcp",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(words)
    if unknown := sorted({*options.numbers} - {*_TASKS}):
        parser.error(f"there is no task {unknown[0]}; there are {', '.join(map(str, _TASKS))}")
    calls: Calls = importlib.import_module(f"scripts.everyday_tasks.calls.{options.calls}").CALLS
    tasks = [task for number, task in _TASKS.items() if number in (options.numbers or _TASKS)]
    eras = (options.era,) if options.era else _ERAS
    outcomes = asyncio.run(attempt_all(tasks, eras, shlex.split(options.server), calls))
    print(json.dumps([asdict(each) for each in outcomes]) if options.json else report(outcomes))
    is_cheap = sum(each.calls for each in outcomes) <= _MOST * sum(each.ideal for each in outcomes)
    return int(any(each.problem for each in outcomes) or not is_cheap)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
