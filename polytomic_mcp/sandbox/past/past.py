"""Gives a new organization its past."""

from datetime import datetime
from itertools import chain
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.past.making import Maker, make_objects
from polytomic_mcp.sandbox.past.playing import Player, Run
from polytomic_mcp.sandbox.resources.bulk_syncs import events as bulk_events
from polytomic_mcp.sandbox.resources.events import deliveries, events
from polytomic_mcp.sandbox.resources.events.deliveries import Outcome
from polytomic_mcp.sandbox.resources.syncs import events as sync_events
from polytomic_mcp.sandbox.workspace.retention import RETENTION
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_EVENTS: Final = {"sync": sync_events.record, "bulk_sync": bulk_events.record}
_KINDS: Final = {"POST /api/syncs": "sync", "POST /api/bulk/syncs": "bulk_sync"}


def add_past(workspace: Workspace) -> None:
    """Make the objects, play two weeks of runs, and record the events of the last two days."""
    with workspace.store.transaction():
        maker = Maker(workspace.within(ORGANIZATION_ID))
        syncs = make_objects(maker)
        players = [Player(maker, _KINDS[each.operation], id_, each.runs or {}) for id_, each in syncs.items()]
        _record_events(maker, [*chain.from_iterable(player.play() for player in players)])


def _record_events(maker: Maker, runs: list[Run]) -> None:
    since = written(maker.now - RETENTION)
    happened = [
        (time, number, run, status)
        for number, run in enumerate(runs)
        for time, status in run.moments
        if time >= since
    ]
    for time, _, run, status in sorted(happened, key=lambda each: each[:2]):
        view = maker.view(datetime.fromisoformat(time), run.execution["id"], status)
        _EVENTS[run.kind](view, run.execution | {"status": status})
