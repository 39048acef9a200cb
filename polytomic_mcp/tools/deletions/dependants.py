"""What depends on a connection or a model: models, syncs and bulk syncs."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import NotFoundError, PolytomicError
from polytomic_mcp.tools.answers.results import Row
from polytomic_mcp.tools.answers.schedules import describe
from polytomic_mcp.tools.api_access.gathering import IN_FLIGHT
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import BULK_SYNC, MODEL, SYNC, every
from polytomic_mcp.tools.api_access.responses import data_of, identified
from polytomic_mcp.tools.deletions.sources import model_ids_of


@dataclass(frozen=True, slots=True)
class Dependants:
    """What depends on an object; ``note`` says what could not be read."""

    models: Sequence[Row] = ()
    syncs: Sequence[Row] = ()
    bulk_syncs: Sequence[Row] = ()
    note: str = ""

    def listed(self) -> list[tuple[str, Row]]:
        """Return each dependant with its kind."""
        return [(kind, row) for kind, rows in self._kinds for row in rows]

    def counted(self) -> str:
        """Return how many there are of each kind, such as ``1 model and 2 syncs``."""
        counts = [f"{len(rows)} {kind}{'' if len(rows) == 1 else 's'}" for kind, rows in self._kinds if rows]
        return " and ".join([", ".join(counts[:-1]), *counts[-1:]] if len(counts) > 1 else counts)

    def verb(self, one: str, several: str) -> str:
        """Return the verb that fits how many there are."""
        return one if len(self.listed()) == 1 else several

    @property
    def _kinds(self) -> tuple[tuple[str, Sequence[Row]], ...]:
        return (("model", self.models), ("sync", self.syncs), ("bulk sync", self.bulk_syncs))


async def of_connection(api: Polytomic, connection_id: str) -> Dependants:
    """Return the models of a connection, and the syncs and bulk syncs that read from it or write to it."""
    models = [item for item in await every(api, MODEL.list) if item.get("connection_id") == connection_id]
    model_ids = {item["id"] for item in models}
    syncs = [
        sync
        for sync in await whole_syncs(api)
        if as_object(sync.get("target")).get("connection_id") == connection_id
        or model_ids & set(model_ids_of(sync))
    ]
    bulk_syncs, note = await _bulk_syncs(api, connection_id)
    return Dependants(_rows("model", models), _rows("sync", syncs), _rows("bulk_sync", bulk_syncs), note)


async def of_model(api: Polytomic, model_id: str) -> Dependants:
    """Return the syncs that read a model, and the models that join it."""
    joined = [
        item for item in await every(api, MODEL.list) if model_id in model_ids_of(item.get("relations"))
    ]
    syncs = [sync for sync in await whole_syncs(api) if model_id in model_ids_of(sync)]
    return Dependants(_rows("model", joined), _rows("sync", syncs))


async def whole_syncs(api: Polytomic) -> list[JsonObject]:
    """Return all syncs in full: the list omits what they read, so each is fetched."""
    ids = [item["id"] for item in await every(api, SYNC.list)]
    syncs: dict[str, JsonObject] = {}
    failures: list[PolytomicError] = []
    limiter = anyio.CapacityLimiter(IN_FLIGHT)

    async def get(id_: str) -> None:
        async with limiter:
            try:
                syncs[id_] = identified(SYNC.get, await data_of(api, SYNC.get, id=id_))
            except NotFoundError:  # deleted since it was listed
                return
            except PolytomicError as error:
                failures.append(error)

    async with anyio.create_task_group() as group:
        for id_ in ids:
            group.start_soon(get, id_)
    if failures:
        raise failures[0]
    return [syncs[id_] for id_ in ids if id_ in syncs]


async def _bulk_syncs(api: Polytomic, connection_id: str) -> tuple[list[JsonObject], str]:
    try:
        items = await every(api, BULK_SYNC.list)
    except PolytomicError:
        return [], "Bulk syncs could not be listed; those that use it are not shown here."
    ends = ("source_connection_id", "destination_connection_id")
    return [item for item in items if connection_id in [item.get(end) for end in ends]], ""


def _rows(kind: str, items: Sequence[JsonObject]) -> list[Row]:
    return [_row(kind, item) for item in items]


def _row(kind: str, item: JsonObject) -> Row:
    """Return an object by id, name and kind; of a sync also what it writes to and what starts it."""
    row: JsonObject = {"id": item["id"], "name": item.get("name"), "kind": kind}
    schedules = as_objects([item.get("schedule"), item.get("default_schedule")])
    if kind != "model":
        row |= given(active=item.get("active"), target_object=as_object(item.get("target")).get("object"))
        row |= {"schedule": describe(schedules[0])} if schedules else {}
    return Row.model_validate(row)


def described(kind: str, row: Row) -> str:
    """Return one line about a dependant for a person who decides."""
    parts = row.model_dump()
    into = f" into {parts['target_object']}" if parts.get("target_object") else ""
    state = {True: "active", False: "inactive"}.get(parts.get("active", ""))
    notes = [note for note in (state, parts.get("schedule")) if note]
    about = f" ({', '.join(notes)})" if notes else ""
    return f"- {kind} {quoted(str(row.name))}{into}{about}"
