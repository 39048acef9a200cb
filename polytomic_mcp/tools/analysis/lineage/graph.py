"""The graph of models, syncs and bulk syncs, and how each of them uses the subject of a trace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.analysis.health.states import schedules_of
from polytomic_mcp.tools.deletions.lost_columns import VERBS
from polytomic_mcp.tools.deletions.sources import model_ids_of, sources_of
from polytomic_mcp.tools.syncs.stored import identities_of, newer_form

Kind = Literal["connection", "model", "field", "sync", "target"]

_CONDITIONS: Final = ("target_filters", "model_filters", "filters", "overrides")


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that is traced. For a field, ``id`` is its model's and ``field_id`` its own.

    A target object is one of ``connection_id``, and ``field`` one of its fields.
    """

    kind: Kind
    id: str
    name: str
    field: str = ""
    field_id: str = ""
    connection_id: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """All models, syncs, bulk syncs and connections that could be read."""

    models: Sequence[JsonObject] = ()
    syncs: Sequence[JsonObject] = ()
    bulk_syncs: Sequence[JsonObject] = ()
    connections: Sequence[JsonObject] = ()

    def connection(self, id_: str) -> JsonObject:
        """Return a connection; empty if it was not read."""
        return next((each for each in self.connections if each["id"] == id_), JsonObject())

    def model(self, id_: str) -> JsonObject:
        """Return a model; empty if it was not read."""
        return next((each for each in self.models if each["id"] == id_), JsonObject())


def lost_models(models: Sequence[JsonObject], subject: Subject) -> dict[str, str]:
    """Return the ids and names of the models that are lost with the subject, or lose a field."""
    if subject.kind == "connection":
        return {
            each["id"]: str(each.get("name")) for each in models if each.get("connection_id") == subject.id
        }
    return {subject.id: subject.name} if subject.kind in ("model", "field") else {}


def enricher_of(model: JsonObject) -> str:
    """Return the connection that enriches a model; empty if there is none."""
    return str(as_object(model.get("enricher")).get("connection_id") or "")


def uses_of_own_field(model: JsonObject, name: str) -> Iterator[str]:
    """Yield how a model uses one of its own fields."""
    if model.get("identifier") == name:
        yield "is its identifier"
    if name in as_list(model.get("tracking_columns")):
        yield "is a tracking column"
    if any(relation.get("from") == name for relation in as_objects(model.get("relations"))):
        yield "starts a join"


def joins(models: Sequence[JsonObject], subject: Subject) -> Iterator[tuple[JsonObject, str, str]]:
    """Yield each model that joins another, the other's id, and the fields; for a field, only its joins."""
    for model in models:
        for relation in as_objects(model.get("relations")):
            to = as_object(relation.get("to"))
            if subject.kind != "field" or to.get("field") == subject.field:
                yield model, str(to.get("model_id")), f"{relation.get('from')} = {to.get('field')}"


def models_joined_by(models: Sequence[JsonObject], subject: Subject) -> Iterator[set[str]]:
    """Yield the ids of each pair of models that a field joins, on either side."""
    if subject.kind != "field":
        return
    side = (subject.id, subject.field)
    for model in models:
        for relation in as_objects(model.get("relations")):
            to = as_object(relation.get("to"))
            if side in ((model["id"], relation.get("from")), (to.get("model_id"), to.get("field"))):
                yield {model["id"], str(to.get("model_id"))}


def uses_of_models(sync: JsonObject, lost: Mapping[str, str], subject: Subject) -> Iterator[str]:
    """Yield how a sync uses what is lost: the fields it maps, identifies, filters or replaces by."""
    body = newer_form(sync)
    for identity in identities_of(body):
        if name := _lost_field(as_object(identity.get("source")), lost, subject):
            yield f"identifies by {name} ({identity.get('target')})"
    for mapping in as_objects(body.get("fields")):
        if name := _lost_field(as_object(mapping.get("source")), lost, subject):
            yield f"maps {name} to {mapping.get('target')}"
    yield from _uses_in_conditions(body, lost, subject)
    if "fields" not in sync and subject.kind != "field":  # it could not be read whole
        yield from (f"reads {lost[id_]}" for id_ in as_list(sync.get("model_ids")) if id_ in lost)


def _uses_in_conditions(body: JsonObject, lost: Mapping[str, str], subject: Subject) -> Iterator[str]:
    for part in _CONDITIONS:
        conditions = body.get(part) if isinstance(body.get(part), list) else as_object(body.get(part))
        for source in sources_of(conditions):
            if name := _lost_field(source, lost, subject):
                yield f"{VERBS[part]} {name}"
        if subject.field_id and any(
            each.get("field_id") == subject.field_id for each in as_objects(conditions)
        ):
            yield f"{VERBS[part]} {subject.field}"


def _lost_field(source: JsonObject, lost: Mapping[str, str], subject: Subject) -> str:
    """Return the field of a source if it is lost; otherwise an empty text."""
    name = str(source.get("field"))
    is_meant = subject.kind != "field" or name == subject.field
    return name if str(source.get("model_id")) in lost and is_meant else ""


def model_ids_read_by(sync: JsonObject) -> set[str]:
    """Return the ids of the models that a sync, whole or as it is listed, reads."""
    return {*model_ids_of(sync), *(str(id_) for id_ in as_list(sync.get("model_ids")))}


def predecessors(sync: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the kind and id of the syncs that a sync is scheduled to run after."""
    for schedule in schedules_of(sync):
        run_after = as_object(schedule.get("run_after"))
        yield from (("sync", str(id_)) for id_ in as_list(run_after.get("sync_ids")))
        yield from (("bulk_sync", str(id_)) for id_ in as_list(run_after.get("bulk_sync_ids")))
