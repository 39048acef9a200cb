"""The call that mends each sync that is not doing well, and the cause where its runs do not tell it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.analysis.diagnosis.causes import problems_of
from polytomic_mcp.tools.analysis.diagnosis.evidence import gather
from polytomic_mcp.tools.analysis.diagnosis.rules.connections import remedies
from polytomic_mcp.tools.analysis.health.blockers import Blocker
from polytomic_mcp.tools.analysis.overview.subjects import read_sync
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.consent_links import ConsentLinks
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.connections.states import state_of

_DIAGNOSED: Final = frozenset({"failing", "late", "no_rows", "row_errors", "inactive", "broken"})
_MOST_REMEDIED: Final = 8
"""How many syncs of a page are given a remedy: to diagnose one costs about ten requests."""

_MOST_TOKENS: Final = 300
"""How long a call in a row may be; a longer one is left to ``diagnose_sync``."""

_SWITCHED_ON: Final = "switches its schedule on"
_BY_STATE: Final[Mapping[str, tuple[str, JsonObject, str]]] = {
    "inactive": ("update_sync", {"active": True}, _SWITCHED_ON),
    "stuck": ("cancel_sync", {}, "cancels the run; then start_sync"),
    "canceled": ("start_sync", {}, "runs it again"),
    "late": ("start_sync", {}, "runs it now"),
}


def first_remedy(blockers: Sequence[Blocker], now: datetime, links: ConsentLinks) -> JsonObject | None:
    """Return the first call that removes the first of these blockers; None if a diagnosis has to find it."""
    connection = blockers[0].connection
    if not blockers[0].is_gone:
        return None
    if connection:
        return remedies(connection, state_of(connection, now, links))[0].model_dump()
    tool = "list_models" if connection is None else "list_connections"
    return NextStep(tool=tool, arguments={}, reason="find a replacement").model_dump()


async def with_remedies(caller: Caller, rows: Sequence[JsonObject], limit: int) -> list[JsonObject]:
    """Return the rows; the first of those that will be shown have ``next_step`` and, if diagnosed, ``cause``.

    A call is in the first row that it mends, and not repeated in the others.
    """
    count = min(limit, _MOST_REMEDIED)
    diagnosed = await _diagnoses(caller, rows[:count])
    first = [
        _shown(row | _by_state(row) | diagnosed.get(row["id"], {}), caller.tools) for row in rows[:count]
    ]
    seen: list[JsonObject] = []
    for row in first:
        step = row.pop("next_step", None)
        if step and step not in seen:
            seen.append(step)
            row["next_step"] = step
    return [*first, *(_without(row, "next_step") for row in rows[count:])]


def _without(row: JsonObject, *names: str) -> JsonObject:
    return {name: part for name, part in row.items() if name not in names}


async def _diagnoses(caller: Caller, rows: Sequence[JsonObject]) -> dict[str, JsonObject]:
    """Diagnose the syncs whose runs do not tell enough; return what to add to the row of each."""
    sick = [
        row["id"]
        for row in rows
        if row["kind"] == "sync" and row["state"] in _DIAGNOSED and "next_step" not in row
    ]
    async with Gathering().together() as read:
        wholes = [read("syncs", partial(read_sync, caller.api, id_)) for id_ in sick]
    return {
        whole.value["id"]: await _diagnosed(caller, whole.value)
        for whole in wholes
        if whole.value is not None
    }


async def _diagnosed(caller: Caller, sync: JsonObject) -> JsonObject:
    """Return the first cause of a sync's problems, and the first call that mends it."""
    causes = problems_of(await gather(caller, sync, Gathering()))
    for cause in causes[:1]:
        steps = [each for each in cause.next_steps or () if each.tool in caller.tools]
        step = {"next_step": steps[0].model_dump()} if steps else {}
        return {"cause": cause.cause} | step
    return {}


def _by_state(row: JsonObject) -> JsonObject:
    if (row["kind"], row["state"]) == ("bulk_sync", "inactive"):
        these: JsonObject = {"active": True, "sync_ids": [row["id"]]}
        step = NextStep(tool="set_syncs_active", arguments=these, reason=_SWITCHED_ON)
    elif row["kind"] == "sync" and row["state"] in _BY_STATE:
        tool, arguments, reason = _BY_STATE[row["state"]]
        step = NextStep(tool=tool, arguments={"sync_id": row["id"], **arguments}, reason=reason)
    else:
        return {}
    return {"next_step": step.model_dump()}


def _shown(row: JsonObject, shown: AbstractSet[str]) -> JsonObject:
    """Return the row without a call that is hidden or too long, or a cause that repeats its detail."""
    step, cause = row.get("next_step"), str(row.get("cause") or "")
    dropped: list[str] = []
    if step and (step["tool"] not in shown or estimate_json(step) > _MOST_TOKENS):
        dropped.append("next_step")
    if row.get("detail") and cause.endswith(row["detail"]):
        dropped.append("cause")
    return _without(row, *dropped)
