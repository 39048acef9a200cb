"""The tool that shows the state of every sync and bulk sync, worst first, or what ran since a time."""

import json
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Annotated, Final

from mcp.server.mcpserver import Context
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.scalars import moment_text
from polytomic_mcp.common.spelling import shortened
from polytomic_mcp.tools.analysis.health.runs import span
from polytomic_mcp.tools.analysis.health.states import STATES, Condition, State, schedules_of
from polytomic_mcp.tools.analysis.overview.past_runs import left_out, read_since, rows_since
from polytomic_mcp.tools.analysis.overview.remedies import first_remedy, with_remedies
from polytomic_mcp.tools.analysis.overview.subjects import LONGEST_DETAIL, OneSync, read_syncs
from polytomic_mcp.tools.answers.results import NextStep, Page, Row
from polytomic_mcp.tools.answers.schedules import describe, next_run
from polytomic_mcp.tools.api_access.caller import Caller, Snapshot
from polytomic_mcp.tools.api_access.consent_links import ConsentLinks
from polytomic_mcp.tools.api_access.gathering import Gathering, Unavailable
from polytomic_mcp.tools.api_access.listing import has_text, page_of
from polytomic_mcp.tools.framework.arguments import Limit, PageToken, TheCaller

_STATES: Final = (
    "All syncs by state. broken: a connection or model that it needs is gone or not healthy. failing: the "
    "last run failed or rejected every row. late: no run started within 15 minutes of the last due time. "
    "stuck: a run has taken over 10 times the usual time and over an hour, or over 6 hours if the usual time "
    "is unknown. no_rows: the last run moved none, but most earlier runs did. row_errors: the last run with "
    "rows rejected some. canceled: a user canceled the last run. inactive: has a schedule but is switched "
    "off. unknown: its runs could not be read."
)
_WHO: Final = "GET /api/me"
_HEALTHY: Final = frozenset({"ok", "running", "never_run", "inactive"})
_MOST_STEPS: Final = 3


class Overview(Page):
    """Syncs, worst first: state, why, last success and its age, schedule, next run; next_step fixes it.

    With since, runs: failed ones first, then those that rejected rows, newest first. Times are in UTC.
    """

    states: Annotated[dict[str, int], Field(description=_STATES)]
    runs: Annotated[dict[str, int] | None, Field(description="All runs since then by status")] = None
    unavailable: list[Unavailable] | None = None


async def sync_overview(
    caller: TheCaller,
    context: Context[Caller],
    query: Annotated[
        str | None, Field(description="Only those with this text in name, kind or state, or this id")
    ] = None,
    state: Annotated[State | None, Field(description="Only in this state")] = None,
    since: Annotated[
        str | None, Field(description="List runs since then instead: UTC, or '12 hours'")
    ] = None,
    limit: Limit = 25,
    page_token: PageToken = None,
) -> Overview:
    """Show the state of every sync and bulk sync, worst first, why, and how to fix it; or runs since a time.

    broken: a connection or model is gone or unhealthy. late: over 15 min past due. stuck: running over 10
    times as long as usual. no_rows: moved none, unlike before.
    """
    if since is not None:
        return await _runs_since(caller, context, since, (query, state, limit, page_token))
    after = _position(page_token)
    snapshot = caller.overview.read(caller.now()) if page_token else None
    snapshot = snapshot or await _read_snapshot(caller, context)
    rows = [row for row in snapshot.rows if _key(row) > after and state in (None, row["state"])]
    shown = await with_remedies(caller, [row for row in rows if _matches(row, query)], limit)
    page = page_of(shown, query=None, limit=limit, page_token=None)
    counts = Counter(row["state"] for row in snapshot.rows)
    return Overview(
        items=page.items,
        next_page_token=_token(page.items[-1]) if page.next_page_token else None,
        next_steps=_steps(shown[: len(page.items)], caller.tools),
        states={name: counts[name] for name in STATES if counts[name]},
        unavailable=list(snapshot.unavailable) or None,
    )


async def _runs_since(
    caller: Caller,
    context: Context[Caller],
    since: str,
    shown: tuple[str | None, State | None, int, str | None],
) -> Overview:
    """Return a page of all runs since a time; each page reads them again."""
    query, state, limit, page_token = shown
    gathering = Gathering()
    moment = await _moment(caller, since)
    subjects = await read_syncs(caller, context, gathering, moment)
    now = caller.date()
    rows = [row for row in rows_since(subjects, moment, now) if state in (None, row["state"])]
    if not rows:
        gathering.refuse_if_partial("sync_overview", "Nothing ran in what could be listed")
    matching = [row for row in rows if _matches(row, query)]
    page = page_of(matching, query=None, limit=limit, page_token=page_token)
    counts = Counter(subject.condition(now).state for subject in subjects)
    failed = [row for row in matching if row.get("detail") or "error" in row.get("counts", {})]
    return Overview(
        items=page.items,
        next_page_token=page.next_page_token,
        next_steps=_steps(_by_sync(failed), caller.tools),
        states={name: counts[name] for name in STATES if counts[name]},
        runs=dict(Counter(str(row["status"]) for row in rows)),
        unavailable=[*gathering.unavailable, *left_out(subjects, moment)] or None,
    )


async def _moment(caller: Caller, since: str) -> datetime:
    """Return the time that a text means, by the API's date, which is known after the first answer."""
    await caller.api.call(_WHO)
    return read_since(since, caller.date())


def _by_sync(rows: Sequence[JsonObject]) -> list[JsonObject]:
    """Return each sync of these runs once, under its own id."""
    return [*{row["sync_id"]: row | {"id": row["sync_id"]} for row in rows}.values()]


def _matches(row: JsonObject, query: str | None) -> bool:
    searched = {name: row[name] for name in ("name", "kind", "state")}
    return has_text(searched, query) or row["id"] == query


async def _read_snapshot(caller: Caller, context: Context[Caller]) -> Snapshot:
    """Read and judge all syncs, and keep the result for the next pages."""
    gathering = Gathering()
    subjects = await read_syncs(caller, context, gathering)
    now = caller.date()
    links = caller.consent_links
    rows = [_row(subject, subject.condition(now), now, links) for subject in subjects]
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


def _row(subject: OneSync, condition: Condition, now: datetime, links: ConsentLinks) -> JsonObject:
    success, schedules = condition.last_success, schedules_of(subject.sync)
    row: JsonObject = {
        "id": subject.sync["id"],
        "name": subject.name,
        "kind": subject.kind,
        "state": condition.state,
        "detail": shortened(condition.detail, LONGEST_DETAIL),
        "last_success": moment_text(success),
        "age": success and span(now - success),
        "schedule": "; ".join(map(describe, schedules)),
        "next_run": next_run(schedules, now, is_active=bool(subject.sync.get("active"))),
    }
    if condition.state == "broken":
        row["next_step"] = first_remedy(subject.blockers, now, links)
    return {name: part for name, part in row.items() if part}


def _steps(rows: Sequence[JsonObject], shown: AbstractSet[str]) -> list[NextStep]:
    """Suggest the calls that explain the worst rows: a sync's diagnosis, a bulk sync's latest run."""
    steps = [_step(row) for row in rows if row["state"] not in _HEALTHY and not row.get("next_step")]
    return [step for step in steps if step.tool in shown][:_MOST_STEPS]


def _step(row: JsonObject) -> NextStep:
    reason = f"{row['name']}: {row['state']}"
    if row["kind"] == "sync":
        return NextStep(tool="diagnose_sync", arguments={"sync_id": row["id"]}, reason=reason)
    arguments: JsonObject = {"bulk_sync_id": row["id"], "log": True}
    return NextStep(tool="get_bulk_sync_execution", arguments=arguments, reason=reason)
