"""Pausing and resuming several syncs in one call, with the call that undoes exactly that."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.errors import NoAnswerError, PolytomicError, UnavailableError, UnexpectedAnswerError
from polytomic_mcp.tools.answers.results import Answer, NextStep, Refusal, Row
from polytomic_mcp.tools.answers.schedules import next_run
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.gathering import Gathering, Unavailable
from polytomic_mcp.tools.api_access.names import (
    BULK_SYNC,
    CONNECTION,
    MODEL,
    SYNC,
    Noun,
    every,
    find,
    fitting_items,
    shown,
)
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.deletions.sources import model_ids_of
from polytomic_mcp.tools.framework.arguments import TheCaller
from polytomic_mcp.tools.syncs.stored import target_of

_ALL: Final = NextStep(tool="sync_overview", arguments={}, reason="shows all syncs and bulk syncs")
_CANCELS: Final = 2
"""How many calls that cancel a run are suggested, beside the one that undoes the change."""

Direction = Literal["into", "out_of"]


class SwitchedSyncs(Answer):
    """What happened to each sync, or would happen."""

    syncs: list[Row]
    unavailable: list[Unavailable] | None = None
    note: str | None = None
    dry_run: bool | None = None


@dataclass(slots=True)
class _Sync:
    """A sync of either kind, as the API lists it, and what happened to it."""

    noun: Noun
    item: JsonObject
    reason: str = ""
    is_switched: bool = False
    is_unsure: bool = False
    execution_id: str = ""

    @property
    def id(self) -> str:
        """Its id."""
        return self.item["id"]

    @property
    def name(self) -> str:
        """Its name, or else its id."""
        return str(self.item.get("name") or self.id)

    @property
    def is_active(self) -> bool:
        """Whether it was active."""
        return bool(self.item.get("active"))

    @property
    def schedules(self) -> list[JsonObject]:
        """The schedules that the list shows, in either version's form."""
        several = as_list(self.item.get("additional_schedules"))
        return as_objects([self.item.get("default_schedule") or self.item.get("schedule"), *several])


async def set_syncs_active(
    caller: TheCaller,
    active: Annotated[bool, Field(description="false pauses")],
    connection_id: Annotated[str | None, Field(description="All its syncs")] = None,
    direction: Annotated[Direction | None, Field(description="Default both")] = None,
    sync_ids: Annotated[list[str] | None, Field(description="Or these, of either kind")] = None,
    dry_run: Annotated[bool, Field(description="Only show them")] = False,
) -> SwitchedSyncs:
    """Pause or resume all syncs and bulk syncs of a connection, or those named.

    Returns the call that undoes it.
    """
    _require_one(connection_id, direction, sync_ids)
    gathering = Gathering()
    listed = await _listed(caller.api, gathering)
    if connection_id is None:
        chosen = list(_named(listed, sync_ids or ()))
    else:
        id_ = (await find(caller.api, CONNECTION, connection_id))["id"]
        chosen = await _of_connection(caller.api, listed, id_, direction, gathering)
    changing = [sync for sync in chosen if sync.is_active != active]
    async with nullcontext() if dry_run else caller.updating, gathering.together() as read:
        for sync in changing:
            read("runs", partial(_switch, caller.api, sync, active=active, dry_run=dry_run))
    answer = SwitchedSyncs(
        syncs=[_row(caller, sync, active=active, dry_run=dry_run) for sync in chosen],
        unavailable=gathering.unavailable or None,
        dry_run=dry_run or None,
    )
    answer.note = " ".join(_notes(chosen, changing, active=active)) or None
    answer.next_steps = list(_next_steps(changing, active=active, dry_run=dry_run))
    return answer


def _require_one(
    connection_id: str | None, direction: Direction | None, sync_ids: Sequence[str] | None
) -> None:
    if (connection_id is None) == (not sync_ids):
        raise Refusal(
            "set_syncs_active: Send connection_id for all syncs of a connection, or sync_ids for some. "
            "Nothing was changed.",
            _ALL,
        )
    if direction and connection_id is None:
        raise ToolError("set_syncs_active: direction is for a connection_id. Nothing was changed.")


async def _listed(api: Polytomic, gathering: Gathering) -> list[_Sync]:
    """Return all syncs and, if they can be listed, all bulk syncs."""
    syncs = await every(api, SYNC.list)
    async with gathering.together() as read:
        bulk_syncs = read("bulk syncs", partial(every, api, BULK_SYNC.list))
    return [
        *(_Sync(SYNC, item) for item in syncs),
        *(_Sync(BULK_SYNC, item) for item in bulk_syncs.value or ()),
    ]


def _named(listed: Sequence[_Sync], references: Sequence[str]) -> Iterator[_Sync]:
    """Yield the syncs with these ids or names, each once.

    Raises:
        Refusal: A reference fits no sync, or several.
    """
    items = {sync.id: sync for sync in listed}
    found: dict[str, _Sync] = {}
    for reference in references:
        fitting = fitting_items([sync.item for sync in listed], reference)
        if len(fitting) != 1:
            several = f" Send the id of one of them: {shown(fitting)}." if fitting else ""
            hint = several or nearest(reference, [sync.name for sync in listed])
            what = f"{len(fitting) or 'No'} sync{'s have' if fitting else ' or bulk sync has'}"
            raise Refusal(
                f"set_syncs_active: {what} the id or name {quoted(reference)}.{hint} Nothing was changed.",
                _ALL,
            )
        found[fitting[0]["id"]] = items[fitting[0]["id"]]
    yield from found.values()


async def _of_connection(
    api: Polytomic,
    listed: Sequence[_Sync],
    connection_id: str,
    direction: Direction | None,
    gathering: Gathering,
) -> list[_Sync]:
    """Return the syncs that write to a connection, read from it, or both."""
    into = [sync for sync in listed if direction != "out_of" and connection_id in _destinations(sync)]
    if direction == "into":
        return into
    out_of = await _reading(api, listed, connection_id, gathering)
    return [sync for sync in listed if sync in into or sync in out_of]


def _destinations(sync: _Sync) -> list[str]:
    return [target_of(sync.item)[0], str(sync.item.get("destination_connection_id"))]


async def _reading(
    api: Polytomic, listed: Sequence[_Sync], connection_id: str, gathering: Gathering
) -> list[_Sync]:
    """Return the syncs that read from a connection. The list omits the models of a sync, so each is read."""
    models = [item for item in await every(api, MODEL.list) if item.get("connection_id") == connection_id]
    model_ids = {model["id"] for model in models}
    async with gathering.together() as read:
        wholes = [
            (sync, read("syncs", partial(data_of, api, SYNC.get, id=sync.id)))
            for sync in listed
            if sync.noun is SYNC and model_ids
        ]
    reading = [sync for sync, whole in wholes if model_ids & set(model_ids_of(whole.value))]
    bulk = [sync for sync in listed if sync.item.get("source_connection_id") == connection_id]
    return [*reading, *bulk]


async def _switch(api: Polytomic, sync: _Sync, *, active: bool, dry_run: bool) -> None:
    """Switch a sync on or off, unless it is a dry run, and note why it failed or which run goes on."""
    try:
        if not dry_run:
            await api.call(
                f"POST {sync.noun.list.removeprefix('GET ')}/{{id}}/activate", id=sync.id, active=active
            )
        sync.is_switched = True
    except PolytomicError as error:
        sync.reason, sync.is_unsure = str(error), _may_be_done(error)
        return
    if not active and sync.noun is SYNC:
        status = await data_of(api, "GET /api/syncs/{id}/status", id=sync.id)
        sync.execution_id = str(as_object(status.get("current_execution")).get("id") or "")


def _may_be_done(error: PolytomicError) -> bool:
    """Return whether a write that failed may have taken effect."""
    is_lost = isinstance(error, NoAnswerError) and error.may_have_arrived
    return is_lost or isinstance(error, UnavailableError | UnexpectedAnswerError)


def _row(caller: Caller, sync: _Sync, *, active: bool, dry_run: bool) -> Row:
    done = ("resumed" if active else "paused") if sync.is_switched else ""
    result = f"would be {done}" if done and dry_run else done
    failed = "unknown" if sync.is_unsure else "failed"
    unchanged = failed if sync.reason else f"already {'active' if active else 'inactive'}"
    row: JsonObject = {
        "id": sync.id,
        "name": sync.name,
        "kind": sync.noun.argument.removesuffix("_id"),
        "was_active": sync.is_active,
        "result": result or unchanged,
    }
    if sync.reason:
        row["reason"] = sync.reason
    if active and sync.schedules and not sync.reason:
        row["next_run"] = next_run(sync.schedules, caller.date(), is_active=True)
    return Row.model_validate(row)


def _notes(chosen: Sequence[_Sync], changing: Sequence[_Sync], *, active: bool) -> Iterator[str]:
    if not chosen:
        yield "No matching sync or bulk sync uses the connection."
    elif not changing:
        yield f"Nothing to change: all are {'active' if active else 'inactive'}."
    if failed := [sync.name for sync in changing if sync.reason and not sync.is_unsure]:
        yield f"Not changed: {', '.join(failed)}; their reason says why."
    if unsure := [sync.name for sync in changing if sync.is_unsure]:
        yield f"Perhaps changed: {', '.join(unsure)}; the call may be repeated."
    if running := [sync.name for sync in changing if sync.execution_id]:
        yield f"Runs in progress continue: {', '.join(running)}. cancel_sync stops one."
    if not active and any(sync.noun is BULK_SYNC for sync in changing if sync.is_switched):
        yield "Pausing a bulk sync cancels its run in progress."


def _next_steps(changing: Sequence[_Sync], *, active: bool, dry_run: bool) -> Iterator[NextStep]:
    """Suggest the call that undoes the change, or that makes it, and those that cancel runs."""
    switched: list[str] = [sync.id for sync in changing if sync.is_switched or sync.is_unsure]
    if switched:
        wanted = active if dry_run else not active
        reason = "makes this change" if dry_run else "undoes this change, and nothing else"
        arguments = {"active": wanted, "sync_ids": switched}
        yield NextStep(tool="set_syncs_active", arguments=arguments, reason=reason)
    if unsure := [sync.id for sync in changing if sync.is_unsure]:
        again: JsonObject = {"active": active, "sync_ids": unsure}
        yield NextStep(tool="set_syncs_active", arguments=again, reason="makes sure of those in doubt")
    for sync in [each for each in changing if each.execution_id][:_CANCELS]:
        this = {"sync_id": sync.id, "execution_id": sync.execution_id}
        yield NextStep(tool="cancel_sync", arguments=this, reason=f"cancels the run of {quoted(sync.name)}")
