"""All syncs and bulk syncs with their latest executions, read with one request a sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_objects
from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.tools.analysis.diagnosis.field_changes import broken_fields
from polytomic_mcp.tools.analysis.health.blockers import Blocker, Inventory
from polytomic_mcp.tools.analysis.health.runs import runs_of
from polytomic_mcp.tools.analysis.health.states import Condition, condition_of
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.gathering import Finding, Gathering
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, every
from polytomic_mcp.tools.api_access.responses import data_of, identified, objects_in

LONGEST_DETAIL: Final = 160
"""How many characters of a failure a row shows."""

MOST_RUNS: Final = 500
"""How many executions of one sync are read at most."""

_STEP: Final = 50
_HISTORY: Final = 10


@dataclass(frozen=True, slots=True)
class OneSync:
    """A sync of either kind, its latest executions, which are being read, and what keeps it from running."""

    kind: str
    sync: JsonObject
    executions: Finding[list[JsonObject]]
    blockers: list[Blocker]

    @property
    def name(self) -> str:
        """The name of the sync; its id if it has none."""
        return self.sync.get("name") or self.sync["id"]

    def condition(self, now: datetime) -> Condition:
        """Judge the sync by its runs, if they could be read, and by its blockers."""
        runs = None if self.executions.value is None else runs_of(self.executions.value)
        return condition_of(self.sync, runs, now, [each.text for each in self.blockers])


async def read_syncs(
    caller: Caller, context: Context[Caller], gathering: Gathering, since: datetime | None = None
) -> list[OneSync]:
    """List all syncs, then read the latest executions of each: the first page, or all since a time.

    Raises:
        ToolError: Neither syncs nor bulk syncs could be listed.
    """
    api, progress = caller.api, _Progress(context)
    async with gathering.together() as read:
        syncs = read("syncs", partial(every, api, SYNC.list))
        bulk_syncs = read("bulk syncs", partial(every, api, BULK_SYNC.list))
        connections = read("connections", partial(every, api, CONNECTION.list))
        models = read("models", partial(every, api, MODEL.list))
    inventory = Inventory.of(connections.value, models.value)
    kinds = (("sync", syncs.value), ("bulk_sync", bulk_syncs.value))
    listed = [(kind, sync) for kind, items in kinds for sync in items or ()]
    if syncs.value is None and bulk_syncs.value is None:
        reason = next(each.reason for each in gathering.unavailable if each.source == "syncs")
        raise ToolError(f"sync_overview: Neither syncs nor bulk syncs could be listed. {reason}")
    await progress.expect(len(listed))
    async with gathering.together() as read:
        found = [
            OneSync(
                kind,
                sync,
                read(f"runs of {kind}s", partial(_executions, api, kind, sync, since, progress)),
                inventory.blockers_of(sync),
            )
            for kind, sync in listed
        ]
    await _add_broken_references(api, found, inventory, gathering)
    return found


async def _add_broken_references(
    api: Polytomic, found: Sequence[OneSync], inventory: Inventory, gathering: Gathering
) -> None:
    """Add what a sync can no longer read to its blockers, if a model changed after its last success."""
    changed = [each for each in found if _is_outdated(each, inventory)]
    async with gathering.together() as read:
        wholes = [read("whole syncs", partial(read_sync, api, each.sync["id"])) for each in changed]
    for each, whole in zip(changed, wholes, strict=True):
        sync = whole.value or {}
        lines = [str(problem.get("message")) for problem in as_objects(sync.get("problems"))]
        lines = lines or broken_fields(sync, inventory.models or {}, None)
        each.blockers.extend([Blocker(f"The sync cannot run: {lines[0]}", is_gone=False)] if lines else [])


def _is_outdated(each: OneSync, inventory: Inventory) -> bool:
    """Whether a model of a sync changed after the sync was saved and after its last success."""
    if each.kind != "sync" or each.blockers:
        return False
    success = next((run.started for run in runs_of(each.executions.value or []) if run.is_success), None)
    saved = [moment for moment in (to_moment(each.sync.get("updated_at")), success) if moment is not None]
    models = (inventory.models or {}).get
    changes = (
        to_moment(models(str(id_), {}).get("updated_at")) for id_ in as_list(each.sync.get("model_ids"))
    )
    return any(moment is not None and moment > max(saved, default=moment) for moment in changes)


async def read_sync(api: Polytomic, sync_id: str) -> JsonObject:
    """Return a whole sync."""
    return identified(SYNC.get, await data_of(api, SYNC.get, id=sync_id))


async def _executions(
    api: Polytomic, kind: str, sync: JsonObject, since: datetime | None, progress: "_Progress"
) -> list[JsonObject]:
    """Read the first page of a sync's executions, newest first, or all pages that have some since a time."""
    if kind == "sync":
        operation = "GET /api/syncs/{sync_id}/executions"
        arguments: JsonObject = {"sync_id": sync["id"], "ascending": False}
    else:
        operation = "GET /api/bulk/syncs/{id}/executions"
        arguments = {"id": sync["id"], "ascending": False, "limit": _HISTORY}
    found: list[JsonObject] = []
    try:
        async for page in api.pages(operation, **arguments):
            found += objects_in(operation, page)
            if since is None or len(found) >= MOST_RUNS or any(not is_since(each, since) for each in found):
                break
    finally:
        await progress.advance()
    return found


def is_since(execution: JsonObject, since: datetime) -> bool:
    """Whether an execution started, or was created, at that time or later."""
    started = to_moment(execution.get("started_at") or execution.get("created_at"))
    return started is not None and started >= since


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
