"""What the tools return about a sync: the API's answer, with names beside ids and nothing said twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.answers.results import (
    DATA,
    MASK,
    Change,
    ListChange,
    NextStep,
    Page,
    Result,
    Row,
    Source,
)
from polytomic_mcp.tools.answers.schedules import OFF, in_a_row, is_off, next_run, switching_on, with_next_run
from polytomic_mcp.tools.api_access.connection_names import connection_names
from polytomic_mcp.tools.api_access.gathering import Gathering
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, SYNC, every
from polytomic_mcp.tools.api_access.responses import data_of, items_of
from polytomic_mcp.tools.connections.target_kinds import kind_of, may_have_kind
from polytomic_mcp.tools.deletions.sources import model_ids_of
from polytomic_mcp.tools.syncs.stored import condensed, target_of
from polytomic_mcp.tools.syncs.target_creation import OBJECTS, target_objects
from polytomic_mcp.tools.syncs.targets import FIELDS


class Sync(Result):
    """A sync; or, after a dry run, the request that would be sent."""

    id: str | None = None
    name: str | None = None
    mode: str | None = None
    active: bool | None = None
    next_run: Annotated[str | None, Field(description="UTC, or what it waits for")] = None
    target: JsonObject | None = None
    target_name: str | None = None
    target_kind: Annotated[str | None, Field(description="Such as flow")] = None
    target_connection_name: str | None = None
    model_id: Annotated[str | None, Field(description="Of every source that has none of its own")] = None
    model_name: str | None = None
    model_names: Annotated[dict[str, str] | None, Field(description="By id, if there are several")] = None
    changed: dict[str, Change | ListChange] | None = None
    problems: list[JsonObject] | None = None
    note: str | None = None
    dry_run: bool | None = None
    request: Annotated[JsonObject | None, DATA] = None

    def source(self) -> Source | None:
        """Return where the API answers the sync; None after a dry run."""
        pointers = {name: f"/data/{name}" for name in ("problems", "target")}
        return Source(SYNC.get, {"id": self.id}, pointers) if self.id else None


def sync_of(answer: JsonObject, names: JsonObject, now: datetime) -> Sync:
    """Return the API's answer about a sync with the names, its next run, and the call that it needs first.

    A part that the API answers in two forms is in the newer one, and the id of the only model is said once.
    """
    schedules = as_objects([answer.get("schedule")])
    shown = condensed(with_next_run(answer, schedules, now) if schedules else answer)
    shown.pop("model_ids", None)  # they are under model_id or model_names
    sync = Sync.model_validate(shown | names)
    sync.next_steps = _switching_on(answer, schedules)
    return sync


def dry_run_of(body: JsonObject, names: JsonObject, now: datetime, id_: str = "") -> Sync:
    """Return the request that would be sent, with its secret masked; ``id_`` is that of a stored sync."""
    secret = {"encryption_passphrase": MASK} if "encryption_passphrase" in body else {}
    schedules, is_active = [as_object(body["schedule"])], bool(body.get("active"))
    sync = Sync.model_validate({"dry_run": True, "request": body | secret, **names})
    sync.next_run = next_run(schedules, now, is_active=is_active)
    if is_off(schedules, is_active=is_active):
        sync.note = OFF
    if id_:
        sync.next_steps = _switching_on(body | {"id": id_}, schedules)
    return sync


def names_of(
    sync: JsonObject, connection: JsonObject, target: JsonObject, models: Mapping[str, Any]
) -> JsonObject:
    """Return the keys with names: of the target and its connection, and of the models that are read.

    ``models`` are names by id; the others are as the API answers them, or empty.
    """
    ids = model_ids_of(sync)
    known = {id_: str(models[id_]) for id_ in ids if models.get(id_)}
    named: JsonObject = {"model_name": known.get(ids[0])} if len(ids) == 1 else {"model_names": known}
    named |= {"target_name": target.get("name"), "target_kind": kind_of(connection, target)}
    named |= {"target_connection_name": connection.get("name")}
    return {name: value for name, value in named.items() if value}


async def read_names(api: Polytomic, sync: JsonObject) -> JsonObject:
    """Return the names of what a stored sync refers to; those that cannot be read are left out.

    One request for each kind is sent; of several models, the list is read. Where targets may be of a kind
    with a word of its own, one more reads which.
    """
    (connection_id, object_), ids = target_of(sync), model_ids_of(sync)
    gathering = Gathering()
    async with gathering.together() as read:
        connection = read("connection", lambda: data_of(api, CONNECTION.get, id=connection_id))
        targets = read("target", lambda: _target_names(api, connection_id))
        models = read("models", lambda: _model_names(api, ids))
    to = as_object(connection.value)
    target: JsonObject = {"name": (targets.value or {}).get(object_)}
    if object_ and may_have_kind(to):
        async with gathering.together() as read:
            fields = read("fields", lambda: data_of(api, FIELDS, id=connection_id, target=object_))
        target |= {"properties": as_object(fields.value).get("properties")}
    return names_of(sync, to, target, models.value or {})


async def with_target_names(api: Polytomic, page: Page) -> Page:
    """Add the names of connections and targets to a page of syncs; connections are listed once.

    The target objects of each connection are listed once, too.
    """
    ids = sorted({id_ for row in page.items if (id_ := _target(row)[0])})
    if not ids:
        return page
    gathering = Gathering()
    async with gathering.together() as read:
        connections = read("connections", lambda: connection_names(api))
        targets = {id_: read(id_, lambda id_=id_: _target_names(api, id_)) for id_ in ids}
    titles = connections.value or {}
    for row in page.items:
        connection_id, object_ = _target(row)
        known = targets[connection_id].value or {} if connection_id else {}
        names = {"target_name": known.get(object_), "target_connection_name": titles.get(connection_id)}
        row.__pydantic_extra__ = {**(row.model_extra or {}), **names}
    return page


def row_of(item: JsonObject) -> JsonObject:
    """Return a sync as the list shows it, with ids in place of the names that ``with_target_names`` adds."""
    connection_id, object_ = target_of(item)
    row = {name: item.get(name) for name in ("id", "name", "mode", "active")}
    schedule = in_a_row(as_objects([item.get("schedule")]), is_active=bool(item.get("active")))
    row |= given(schedule=schedule)
    row |= {"target_connection_id": connection_id or None, "target_object": object_ or None}
    return row | {"target_name": object_ or None, "target_connection_name": connection_id or None}


def _target(row: Row) -> tuple[str, str]:
    return target_of(row.model_extra or {})


async def _target_names(api: Polytomic, connection_id: str) -> dict[str, Any]:
    """Return the names of a connection's target objects by id."""
    items = items_of(OBJECTS, await target_objects(api, connection_id))
    return {item["id"]: item.get("name") for item in items}


async def _model_names(api: Polytomic, ids: Sequence[str]) -> dict[str, Any]:
    """Return the names of models by id."""
    if not ids:
        return {}
    one = [await data_of(api, MODEL.get, id=ids[0])] if len(ids) == 1 else await every(api, MODEL.list)
    return {str(item.get("id")): item.get("name") for item in one}


def _switching_on(sync: JsonObject, schedules: Sequence[JsonObject]) -> list[NextStep]:
    return switching_on("update_sync", "sync_id", sync, schedules)
