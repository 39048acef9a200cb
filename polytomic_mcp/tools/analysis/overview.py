"""The tool that shows the state of every sync and bulk sync, worst first."""

import json
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.analysis.health.blockers import Inventory
from polytomic_mcp.tools.analysis.health.runs import Run, runs_of, span
from polytomic_mcp.tools.analysis.health.states import (
    STATES,
    Condition,
    State,
    condition_of,
    schedules_of,
)
from polytomic_mcp.tools.answers.results import NextStep, Page, Row
from polytomic_mcp.tools.answers.schedules import describe, next_run
from polytomic_mcp.tools.api_access.caller import Caller, Snapshot
from polytomic_mcp.tools.api_access.gathering import Finding, Gathering, Unavailable
from polytomic_mcp.tools.api_access.listing import has_text, page_of
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, every
from polytomic_mcp.tools.api_access.responses import objects_in
from polytomic_mcp.tools.framework.arguments import Limit, PageToken, TheCaller

_STATES: Final = (
    "All syncs by state. broken: a connection or model that it needs is gone or not healthy. failing: the "
    "last run failed or rejected every row. late: no run started within 15 minutes of the last due time. "
    "stuck: a run has taken over 10 times the usual time and over an hour, or over 6 hours if the usual time "
    "is unknown. no_rows: the last run moved none, but most earlier runs did. row_errors: the last run with "
    "rows rejected some. canceled: a user canceled the last run. inactive: has a schedule but is switched "
    "off. unknown: its runs could not be read."
)
_STEP: Final = 50
_HISTORY: Final = 10
_HEALTHY: Final = frozenset({"ok", "running", "never_run", "inactive"})
_LONGEST_DETAIL: Final = 160
_MOST_STEPS: Final = 3


class Overview(Page):
    """Syncs, worst first: state, last success and its age, schedule, next run."""

    states: Annotated[dict[str, int], Field(description=_STATES)]
    unavailable: list[Unavailable] | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    """A sync of either kind, its latest runs, which are being read, and what keeps it from running."""

    kind: str
    sync: JsonObject
    runs: Finding[list[Run]]
    blockers: Sequence[str]

    @property
    def name(self) -> str:
        """The name of the sync; its id if it has none."""
        return self.sync.get("name") or self.sync["id"]

    def condition(self, now: datetime) -> Condition:
        """Judge the sync by its runs, if they could be read, and by its blockers."""
        return condition_of(self.sync, self.runs.value, now, self.blockers)


async def sync_overview(
    caller: TheCaller,
    context: Context[Caller],
    query: Annotated[
        str | None, Field(description="Only those with this text in name, kind or state, or this id")
    ] = None,
    state: Annotated[State | None, Field(description="Only in this state")] = None,
    limit: Limit = 25,
    page_token: PageToken = None,
) -> Overview:
    """Show the state of every sync and bulk sync, worst first, and counts by state.

    broken: a connection or model is gone or unhealthy. late: over 15 min past due. stuck: running over 10
    times as long as usual. no_rows: moved none, unlike before.
    """
    after = _position(page_token)
    snapshot = caller.overview.read(caller.now()) if page_token else None
    snapshot = snapshot or await _read_snapshot(caller, context)
    rows = [row for row in snapshot.rows if _key(row) > after and state in (None, row["state"])]
    page = page_of([row for row in rows if _matches(row, query)], query=None, limit=limit, page_token=None)
    counts = Counter(row["state"] for row in snapshot.rows)
    return Overview(
        items=page.items,
        next_page_token=_token(page.items[-1]) if page.next_page_token else None,
        next_steps=_steps(page.items, caller.tools),
        states={name: counts[name] for name in STATES if counts[name]},
        unavailable=list(snapshot.unavailable) or None,
    )


def _matches(row: JsonObject, query: str | None) -> bool:
    searched = {name: row[name] for name in ("name", "kind", "state")}
    return has_text(searched, query) or row["id"] == query


async def _read_snapshot(caller: Caller, context: Context[Caller]) -> Snapshot:
    """Read and judge all syncs, and keep the result for the next pages."""
    gathering = Gathering()
    subjects = await _subjects(caller.api, gathering, _Progress(context))
    now = caller.date()
    rows = [_row(subject, subject.condition(now), now) for subject in subjects]
    if not rows:
        gathering.refuse_if_partial("sync_overview", "There is nothing in what could be listed")
    snapshot = Snapshot(sorted(rows, key=_key), gathering.unavailable)
    caller.overview.keep(snapshot, caller.now())
    return snapshot


def _key(row: JsonObject) -> tuple[int, str, str]:
    """Return the sort key of a row: worst state first, then name and id."""
    return STATES.index(row["state"]), str(row.get("name", "")), str(row["id"])


def _token(row: Row) -> str:
    """Return a token for the position after a row. It is the sort key, so later changes do not shift it."""
    return json.dumps([row.model_dump()["state"], row.name or "", row.id], ensure_ascii=False)


def _position(page_token: str | None) -> tuple[int, str, str]:
    if page_token is None:
        return (-1, "", "")
    state, name, id_ = map(str, json.loads(page_token))
    return [*STATES].index(state), name, id_


async def _subjects(api: Polytomic, gathering: Gathering, progress: "_Progress") -> list[_Subject]:
    """List all syncs, then read the latest runs of each, with one request per sync."""
    async with gathering.together() as read:
        syncs = read("syncs", partial(every, api, SYNC.list))
        bulk_syncs = read("bulk syncs", partial(every, api, BULK_SYNC.list))
        connections = read("connections", partial(every, api, CONNECTION.list))
        models = read("models", partial(every, api, MODEL.list))
    inventory = Inventory.of(connections.value, models.value)
    listed = [("sync", sync) for sync in syncs.value or ()]
    listed += [("bulk_sync", sync) for sync in bulk_syncs.value or ()]
    if syncs.value is None and bulk_syncs.value is None:
        reason = next(each.reason for each in gathering.unavailable if each.source == "syncs")
        raise ToolError(f"sync_overview: Neither syncs nor bulk syncs could be listed. {reason}")
    await progress.expect(len(listed))
    async with gathering.together() as read:
        return [
            _Subject(
                kind,
                sync,
                read(f"runs of {kind}s", partial(_runs, api, kind, sync, progress)),
                inventory.blockers_of(sync),
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
        return runs_of(objects_in(operation, await api.call(operation, **arguments)))
    finally:
        await progress.advance()


class _Progress:
    """Reports to the client how many syncs have been checked, every 50 syncs."""

    def __init__(self, context: Context[Caller]) -> None:
        self._context = context
        self._done = self._total = 0

    async def expect(self, total: int) -> None:
        """Report how many there are."""
        self._total = total
        await self._report()

    async def advance(self) -> None:
        """Count one more."""
        self._done += 1
        if self._done % _STEP == 0 or self._done == self._total:
            await self._report()

    async def _report(self) -> None:
        await self._context.report_progress(self._done, self._total, "syncs checked")


def _row(subject: _Subject, condition: Condition, now: datetime) -> JsonObject:
    success, schedules = condition.last_success, schedules_of(subject.sync)
    row = {
        "id": subject.sync["id"],
        "name": subject.name,
        "kind": subject.kind,
        "state": condition.state,
        "detail": condition.detail[:_LONGEST_DETAIL],
        "last_success": success and success.isoformat(timespec="seconds"),
        "age": success and span(now - success),
        "schedule": "; ".join(map(describe, schedules)),
        "next_run": next_run(schedules, now, is_active=bool(subject.sync.get("active"))),
    }
    return {name: part for name, part in row.items() if part}


def _steps(rows: Sequence[Row], shown: AbstractSet[str]) -> list[NextStep]:
    """Suggest the calls that explain the worst rows: a sync's diagnosis, a bulk sync's latest run."""
    steps = [_step(row.model_dump()) for row in rows if row.model_dump()["state"] not in _HEALTHY]
    return [step for step in steps if step.tool in shown][:_MOST_STEPS]


def _step(row: JsonObject) -> NextStep:
    reason = f"{row['name']}: {row['state']}"
    if row["kind"] == "sync":
        return NextStep(tool="diagnose_sync", arguments={"sync_id": row["id"]}, reason=reason)
    if row["state"] == "broken":
        return NextStep(tool="list_connections", arguments={}, reason=reason)
    arguments: JsonObject = {"bulk_sync_id": row["id"], "log": True}
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)
