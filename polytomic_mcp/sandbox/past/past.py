"""Gives a new organization its past: the connections at once, the rest when something needs it.

To make it all takes a fraction of a second, which the start of a server need not wait for.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.past.making import Maker
from polytomic_mcp.sandbox.past.organization import SYSTEM, load_objects, load_tables
from polytomic_mcp.sandbox.past.playing import Player, Run
from polytomic_mcp.sandbox.resources.bulk_syncs import events as bulk_events
from polytomic_mcp.sandbox.resources.events import deliveries, events
from polytomic_mcp.sandbox.resources.events.deliveries import Outcome
from polytomic_mcp.sandbox.resources.syncs import events as sync_events
from polytomic_mcp.sandbox.workspace.retention import RETENTION
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

_UNFINISHED: Final = "unfinished_past"
"""The document of a workspace whose past begins and is to be finished, perhaps by the next process."""

_EARLY: Final = frozenset({"GET /api/me", "GET /api/connections", "GET /api/connections/{id}"})
"""The operations that need no more than the connections."""

_RECORD: Final = {"sync": sync_events.record, "bulk_sync": bulk_events.record}
_ACCEPTED: Final = Outcome(200, response_body="ok")
_BUSY: Final = Outcome(503, "status", "The endpoint answered 503.", "busy")


def begin(workspace: Workspace) -> None:
    """Make the people and the connections, as they are now."""
    maker = Maker(workspace.within(ORGANIZATION_ID))
    with workspace.store.transaction():
        for each in (*load_objects("people"), *load_objects("connections")):
            maker.make(each)
        for change in _changes_of_connections():
            maker.change(change)
        workspace.store.put(_UNFINISHED, "", {})


def resume(workspace: Workspace) -> None:
    """Put off the rest of the past, if the workspace has one that is not finished."""
    if workspace.store.get(_UNFINISHED, "") is not None:
        workspace.deferred.put_off(partial(finish, workspace))


def prepare(call: Call) -> None:
    """Finish the past before a call that may need it."""
    if call.operation not in _EARLY:
        call.workspace.deferred.finish()


def finish(workspace: Workspace) -> None:
    """Make the tables, the models and the syncs, play two weeks of runs, and send their events."""
    maker = Maker(workspace.within(ORGANIZATION_ID))
    with workspace.store.transaction():
        maker.make_tables()
        for change in _changes_of_connections():
            maker.restore(change["of"])
        syncs = [*load_objects("syncs"), *load_objects("bulk_syncs")]
        for each in (*load_objects("models"), *syncs):
            maker.make(each)
        runs = [*chain.from_iterable(Player(maker, each).play() for each in syncs)]
        maker.change_rows()
        _record_events(maker, runs)
        for each in load_objects("webhooks"):
            maker.make(each)
            _deliver(maker, each.id, events.recent(maker.workspace))
        workspace.store.delete(_UNFINISHED, "")


def _changes_of_connections() -> list[JsonObject]:
    names = {connection.name for connection in load_objects("connections")}
    return [each.change for each in load_objects("syncs") if each.change.get("of") in names]


def taken_names() -> frozenset[str]:
    """Return the names, in lower case, that no table of the user's own can have."""
    names = [each.table.name for each in load_tables()]
    return frozenset(chain(names, (f"{SYSTEM}.{name}" for name in names)))


def _record_events(maker: Maker, runs: Iterable[Run]) -> None:
    """Record the events that are kept, in the order of their times."""
    since = written(maker.now - RETENTION)
    kept = (
        (time, number, run, status)
        for number, run in enumerate(runs)
        for time, status in run.moments
        if time >= since
    )
    for time, _, run, status in sorted(kept, key=lambda each: each[:2]):
        view = maker.view(datetime.fromisoformat(time), run.execution["id"], status)
        _RECORD[run.kind](view, run.execution | {"status": status})


def _deliver(maker: Maker, webhook_id: str, sent: list[JsonObject]) -> None:
    """Record that the webhook received the events; once it was busy, and got the event again."""
    for position, event in enumerate(sent):
        outcomes = [_BUSY, _ACCEPTED] if position == len(sent) // 2 else [_ACCEPTED]
        time = datetime.fromisoformat(event["created_at"])
        for attempt, outcome in enumerate(outcomes):
            view = maker.view(
                time + deliveries.FIRST_PAUSE * attempt + timedelta(seconds=1), event["id"], str(attempt)
            )
            milliseconds = 90 + 7 * (position % 9)
            deliveries.record(view, {"event": event, "webhook_id": webhook_id}, outcome, milliseconds)
