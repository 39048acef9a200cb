"""What depends on a connection or a model: models, syncs and bulk syncs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import NotFoundError, PolytomicError
from polytomic_mcp.tools.answers.results import Row
from polytomic_mcp.tools.api_access.gathering import IN_FLIGHT
from polytomic_mcp.tools.api_access.names import BULK_SYNC, MODEL, SYNC, every
from polytomic_mcp.tools.api_access.responses import data_of, identified


@dataclass(frozen=True, slots=True)
class Dependants:
    """What depends on an object; ``note`` says what could not be read."""

    models: Sequence[Row] = ()
    syncs: Sequence[Row] = ()
    bulk_syncs: Sequence[Row] = ()
    note: str = ""

    def listed(self) -> list[tuple[str, Row]]:
        """Return each dependant with its kind."""
        kinds = (("model", self.models), ("sync", self.syncs), ("bulk sync", self.bulk_syncs))
        return [(kind, row) for kind, rows in kinds for row in rows]


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
    return Dependants(_rows(models), _rows(syncs), _rows(bulk_syncs), note)


async def of_model(api: Polytomic, model_id: str) -> Dependants:
    """Return the syncs that read a model, and the models that join it."""
    joined = [
        item for item in await every(api, MODEL.list) if model_id in model_ids_of(item.get("relations"))
    ]
    syncs = [sync for sync in await whole_syncs(api) if model_id in model_ids_of(sync)]
    return Dependants(_rows(joined), _rows(syncs))


def model_ids_of(value: Any) -> Iterator[str]:
    """Yield every model id anywhere in a sync: in fields, identities, filters and overrides."""
    model_id = as_object(value).get("model_id")
    if isinstance(model_id, str):
        yield model_id
    for part in [*as_object(value).values(), *as_list(value)]:
        yield from model_ids_of(part)


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


def _rows(items: Sequence[JsonObject]) -> list[Row]:
    return [Row(id=item["id"], name=item.get("name")) for item in items]
