"""Every sync and bulk sync at a glance: how each is doing, the worst first."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.analysis.sync_faults import Surroundings
from polytomic_mcp.tools.analysis.sync_states import (
    STATES,
    Condition,
    Run,
    State,
    condition_of,
    runs_of,
    schedules_of,
    span,
)
from polytomic_mcp.tools.answers.results import NextStep, Page, Row
from polytomic_mcp.tools.api_access.caller import Caller, Snapshot
from polytomic_mcp.tools.api_access.gathering import Finding, Gathering, Unavailable
from polytomic_mcp.tools.api_access.listing import has_text, page_of
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, every
from polytomic_mcp.tools.framework.arguments import Limit, PageToken, TheCaller
from polytomic_mcp.tools.syncs.due_times import describe

_STATES: Final = (
    "How many syncs are in each state, of all. broken: a connection or model that it needs is gone or not "
    "healthy. failing: the last run failed or refused every row. late: no run began within 15 minutes of the "
    "last due time. stuck: a run lasts over 10 times the usual time and over an hour, or over 6 hours where "
    "the usual time is not known. no_rows: the last run moved none, most runs before it did. row_errors: the "
    "last run with any rows refused some. canceled: somebody stopped the last run. inactive: switched off, "
    "with a schedule. unknown: its runs could not be read."
)
_STEP: Final = 50
_HISTORY: Final = 10
_WELL: Final = frozenset({"ok", "running", "never_run", "inactive"})
_LONGEST_DETAIL: Final = 160
_MOST_STEPS: Final = 3

Reader = Callable[[], Awaitable[list[Run]]]


class Overview(Page):
    """Syncs, worst first: state, last success and its age, beside the schedule."""

    states: Annotated[dict[str, int], Field(description=_STATES)]
    unavailable: list[Unavailable] | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    """A sync of either kind, and its latest runs, which are being read."""

    kind: str
    sync: JsonObject
    runs: Finding[list[Run]]
    faults: Sequence[str]

    @property
    def name(self) -> str:
        """What the sync is called."""
        return str(self.sync.get("name"))

    def condition(self, now: datetime) -> Condition:
        """Judge the sync by its runs, if they could be read, and by what keeps it from running."""
        return condition_of(self.sync, self.runs.value, now, self.faults)


async def sync_overview(
    caller: TheCaller,
    context: Context[Caller],
    query: Annotated[
        str | None, Field(description="Only with this text in name, kind, state, or this id")
    ] = None,
    state: Annotated[State | None, Field(description="Only these")] = None,
    limit: Limit = 25,
    page_token: PageToken = None,
) -> Overview:
    """Tell how every sync and bulk sync is doing, worst first, with counts per state of all.

    broken: what it needs is gone or ill. late: 15 min past due. stuck: runs over 10 times as long as
    usual. no_rows: moved none, unlike before.
    """
    after = _place(page_token)
    seen = caller.overview.read(caller.now()) if page_token else None
    seen = seen or await _look(caller, context)
    rows = [row for row in seen.rows if _key(row) > after and state in (None, row["state"])]
    page = page_of([row for row in rows if _fits(row, query)], query=None, limit=limit, page_token=None)
    counts = Counter(row["state"] for row in seen.rows)
    return Overview(
        items=page.items,
        next_page_token=_token(page.items[-1]) if page.next_page_token else None,
        next_steps=_steps(page.items, caller.tools),
        states={name: counts[name] for name in STATES if counts[name]},
        unavailable=list(seen.unavailable) or None,
    )


def _fits(row: JsonObject, query: str | None) -> bool:
    searched = {name: row[name] for name in ("name", "kind", "state")}
    return has_text(searched, query) or row["id"] == query


async def _look(caller: Caller, context: Context[Caller]) -> Snapshot:
    """Read and judge all syncs, and keep what was seen for the next page."""
    gathering = Gathering()
    subjects = await _subjects(caller.api, gathering, _Progress(context))
    now = caller.clock()
    rows = [_row(subject, subject.condition(now), now) for subject in subjects]
    snapshot = Snapshot(sorted(rows, key=_key), gathering.unavailable)
    caller.overview.keep(snapshot, caller.now())
    return snapshot


def _key(row: JsonObject) -> tuple[int, str, str]:
    """Return what rows are sorted by: the worst first, then by name and id."""
    return STATES.index(row["state"]), str(row.get("name", "")), str(row["id"])


def _token(row: Row) -> str:
    """Name the place after a row by what it is sorted by, which holds whatever changes meanwhile."""
    return json.dumps([row.model_dump()["state"], row.name or "", row.id], ensure_ascii=False)


def _place(page_token: str | None) -> tuple[int, str, str]:
    if page_token is None:
        return (-1, "", "")
    try:
        state, name, id_ = map(str, json.loads(page_token))
        return [*STATES].index(state), name, id_
    except (TypeError, ValueError) as error:
        text = "page_token is not one that sync_overview answered; leave it out to start over."
        raise ToolError(text) from error


async def _subjects(api: Polytomic, gathering: Gathering, progress: "_Progress") -> list[_Subject]:
    """List all syncs, then read the latest runs of each: one request a sync."""
    async with gathering.together() as read:
        syncs = read("syncs", partial(every, api, SYNC.list))
        bulk_syncs = read("bulk syncs", partial(every, api, BULK_SYNC.list))
        connections = read("connections", partial(every, api, CONNECTION.list))
        models = read("models", partial(every, api, MODEL.list))
    around = Surroundings.of(connections.value, models.value)
    listed = [("sync", sync) for sync in syncs.value or ()]
    listed += [("bulk_sync", sync) for sync in bulk_syncs.value or ()]
    if syncs.value is None and bulk_syncs.value is None:
        reason = next(each.reason for each in gathering.unavailable if each.source == "syncs")
        raise ToolError(f"sync_overview: no kind of sync could be listed. {reason}")
    await progress.expect(len(listed))
    async with gathering.together() as read:
        return [
            _Subject(
                kind,
                sync,
                read(f"runs of {kind}s", partial(_runs, api, kind, sync, progress)),
                around.faults_of(sync),
            )
            for kind, sync in listed
        ]


async def _runs(api: Polytomic, kind: str, sync: JsonObject, progress: "_Progress") -> list[Run]:
    """Read the first page of a sync's runs, newest first."""
    if kind == "sync":
        operation = "GET /api/syncs/{sync_id}/executions"
        arguments: JsonObject = {"sync_id": sync["id"], "ascending": False}
    else:
        operation = "GET /api/bulk/syncs/{id}/executions"
        arguments = {"id": sync["id"], "ascending": False, "limit": _HISTORY}
    try:
        return runs_of(as_object(await api.call(operation, **arguments)).get("data"))
    finally:
        await progress.advance()


class _Progress:
    """Tells whoever waits how many syncs were looked at, every so often."""

    def __init__(self, context: Context[Caller]) -> None:
        self._context = context
        self._done = self._total = 0

    async def expect(self, total: int) -> None:
        """Tell how many there are."""
        self._total = total
        await self._tell()

    async def advance(self) -> None:
        """Count one more."""
        self._done += 1
        if self._done % _STEP == 0 or self._done == self._total:
            await self._tell()

    async def _tell(self) -> None:
        await self._context.report_progress(self._done, self._total, "syncs looked at")


def _row(subject: _Subject, condition: Condition, now: datetime) -> JsonObject:
    success = condition.last_success
    row = {
        "id": subject.sync["id"],
        "name": subject.name,
        "kind": subject.kind,
        "state": condition.state,
        "detail": condition.detail[:_LONGEST_DETAIL],
        "last_success": success and success.isoformat(timespec="seconds"),
        "age": success and span(now - success),
        "schedule": "; ".join(map(describe, schedules_of(subject.sync))),
    }
    return {name: part for name, part in row.items() if part}


def _steps(rows: Sequence[Row], shown: AbstractSet[str]) -> list[NextStep]:
    """Lead from the worst to why they are so: a sync's diagnosis, a bulk sync's latest run."""
    steps = [_step(row.model_dump()) for row in rows if row.model_dump()["state"] not in _WELL]
    return [step for step in steps if step.tool in shown][:_MOST_STEPS]


def _step(row: JsonObject) -> NextStep:
    reason = f"{row['name']}: {row['state']}"
    if row["kind"] == "sync":
        return NextStep(tool="diagnose_sync", arguments={"sync_id": row["id"]}, reason=reason)
    if row["state"] == "broken":
        return NextStep(tool="list_connections", arguments={}, reason=reason)
    arguments: JsonObject = {"bulk_sync_id": row["id"], "log": True}
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)
