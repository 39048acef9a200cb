"""What hangs on what: models over connections, joins, syncs, their targets, and those that run after them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.analysis.field_changes import newer_form
from polytomic_mcp.tools.analysis.sync_states import schedules_of
from polytomic_mcp.tools.deletions.dependants import model_ids_of
from polytomic_mcp.tools.syncs.requests import identities_of, sources_of

Kind = Literal["connection", "model", "field", "sync"]

_ORDER: Final = ("model", "sync", "bulk_sync", "target_object")
_MOST_USES: Final = 6
_BLOCKED: Final = "cannot run"
_WAITING: Final = "is no longer started by it"
_POORER: Final = "may miss joined values"
_ENDS: Final = {
    "source_connection_id": "reads from it",
    "destination_connection_id": "writes to it",
}
_USES: Final = {
    "target_filters": "filters the target by",
    "model_filters": "filters by",
    "filters": "filters by",
    "overrides": "replaces values of",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What may go. A field is named within its model, whose id this is; ``field_id`` is its own."""

    kind: Kind
    id: str
    name: str
    field: str = ""
    field_id: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """Models, syncs and bulk syncs, as far as they could be read."""

    models: Sequence[JsonObject] = ()
    syncs: Sequence[JsonObject] = ()
    bulk_syncs: Sequence[JsonObject] = ()


def lost_models(models: Sequence[JsonObject], subject: Subject) -> dict[str, str]:
    """Return id and name of the models that go with the subject, or lose a field with it."""
    if subject.kind == "connection":
        return {
            each["id"]: str(each.get("name")) for each in models if each.get("connection_id") == subject.id
        }
    return {subject.id: subject.name} if subject.kind in ("model", "field") else {}


def trace(graph: Graph, subject: Subject) -> list[JsonObject]:
    """Return each dependant once: how it uses what may go, and what becomes of it.

    In the order models, syncs, bulk syncs, target objects; each kind by name.
    """
    tracing = _Tracing(graph, subject)
    lost = lost_models(graph.models, subject)
    tracing.note_models(lost)
    tracing.note_syncs(lost, joined=tracing.note_joins(lost))
    tracing.note_bulk_syncs()
    tracing.note_followers()
    tracing.note_targets()
    return sorted(tracing.rows.values(), key=lambda row: (_ORDER.index(row["kind"]), str(row["name"])))


@dataclass(slots=True)
class _Tracing:
    """Collects the dependants of a subject."""

    graph: Graph
    subject: Subject
    rows: dict[tuple[str, str], JsonObject] = field(default_factory=dict[tuple[str, str], JsonObject])

    def note_models(self, lost: Mapping[str, str]) -> None:
        """Note the models that read the connection or are enriched by it, or hang on their own field."""
        for model in self.graph.models:
            if self.subject.kind == "connection" and model["id"] in lost:
                self._note("model", model, "reads from it", "can no longer be read")
            if self.subject.kind == "connection" and _enricher(model) == self.subject.id:
                self._note("model", model, "is enriched by it", "loses its enrichment")
            if self.subject.kind == "field" and model["id"] == self.subject.id:
                for use in _own_uses(model, self.subject.field):
                    self._note("model", model, use, "has to do without it")

    def note_joins(self, lost: Mapping[str, str]) -> dict[str, str]:
        """Note the models that join what goes, and those that join them; return their ids and names."""
        reached, edge = dict(lost), dict(lost)
        while edge:
            joins = [join for join in _joins(self.graph.models, self.subject) if join[1] in edge]
            edge = {}
            for model, joined_id, on in joins:
                if model["id"] not in lost:
                    self._note("model", model, f"joins {reached[joined_id]} on {on}", "loses the join")
                if model["id"] not in reached and self.subject.kind != "field":
                    edge[model["id"]] = str(model.get("name"))
            reached |= edge
        return {id_: name for id_, name in reached.items() if id_ not in lost}

    def note_syncs(self, lost: Mapping[str, str], joined: Mapping[str, str]) -> None:
        """Note the syncs that name what goes, and those that read a model that loses a join."""
        for sync in self.graph.syncs:
            for use in (*_uses(sync, lost, self.subject), *_unread(sync, lost, self.subject)):
                self._note("sync", sync, use, _BLOCKED)
            if self.subject.kind == "connection":
                self._note_connection(sync)
            for id_ in sorted(joined.keys() & _model_ids(sync)):
                self._note("sync", sync, f"reads {joined[id_]}, which loses a join", _POORER)
            for ends in _joined_by(self.graph.models, self.subject):
                if ends <= _model_ids(sync):
                    self._note("sync", sync, f"reads models joined by {self.subject.field}", _POORER)

    def note_bulk_syncs(self) -> None:
        """Note the bulk syncs that read from the connection or write to it."""
        for sync in self.graph.bulk_syncs:
            for end, use in _ENDS.items():
                if self.subject.kind == "connection" and sync.get(end) == self.subject.id:
                    self._note("bulk_sync", sync, use, _BLOCKED)
            self._note_job("bulk_sync", sync)

    def note_targets(self) -> None:
        """Note the target objects, of other connections, that syncs will no longer write to."""
        for sync in self.graph.syncs:
            connection_id, name = target_of(sync)
            if name and connection_id != self.subject.id and self._is_stopped("sync", sync["id"]):
                item = {"id": name, "name": name, "connection_id": connection_id}
                self._note(
                    "target_object", item, f"is written by {sync.get('name')}", "gets no more rows from it"
                )

    def note_followers(self) -> None:
        """Note what is scheduled to run after a sync that stops, and what runs after that."""
        kinds = [("sync", self.graph.syncs), ("bulk_sync", self.graph.bulk_syncs)]
        count = -1
        while count != len(self.rows):
            count = len(self.rows)
            for kind, sync in [(kind, sync) for kind, syncs in kinds for sync in syncs]:
                for before_kind, before_id in _predecessors(sync):
                    if self._is_stopped(before_kind, before_id):
                        name = self._name(before_kind, before_id)
                        self._note(kind, sync, f"its schedule runs it after {name}", _WAITING)

    def _note_connection(self, sync: JsonObject) -> None:
        connection_id, name = target_of(sync)
        if connection_id == self.subject.id:
            self._note("sync", sync, f"writes to {name}", _BLOCKED)
        self._note_job("sync", sync)

    def _note_job(self, kind: str, sync: JsonObject) -> None:
        """Note a sync of either kind that is scheduled to follow a job of the connection."""
        if any(schedule.get("connection_id") == self.subject.id for schedule in schedules_of(sync)):
            self._note(kind, sync, "its schedule follows a job of it", _WAITING)

    def _is_stopped(self, kind: str, id_: str) -> bool:
        """Tell whether a sync no longer runs, or not by itself."""
        if (kind, id_) == (self.subject.kind, self.subject.id):
            return True
        return self.rows.get((kind, id_), {}).get("breaks") in (_BLOCKED, _WAITING)

    def _name(self, kind: str, id_: str) -> str:
        row = self.rows.get((kind, id_))
        return str(row["name"]) if row else self.subject.name

    def _note(self, kind: str, item: JsonObject, use: str, breaks: str) -> None:
        """Add a use to the row of a dependant; of what breaks, the first is told, and the worse."""
        place = str(item.get("connection_id")) if kind == "target_object" else ""
        row = self.rows.setdefault(
            (kind, item["id"] + place),
            {"id": item["id"], "name": item.get("name"), "kind": kind, "breaks": breaks, "uses": []},
        )
        if place:
            row["connection_id"] = place
        if row["breaks"] == _POORER:
            row["breaks"] = breaks
        if use not in row["uses"] and len(row["uses"]) <= _MOST_USES:
            row["uses"].append(use if len(row["uses"]) < _MOST_USES else "and more")


def target_of(sync: JsonObject) -> tuple[str, str]:
    """Return connection and object that a sync writes to, from either form of it."""
    target = as_object(sync.get("target"))
    connection_id = target.get("connection_id") or sync.get("target_connection_id")
    return str(connection_id or ""), str(target.get("object") or sync.get("target_object") or "")


def _enricher(model: JsonObject) -> str:
    return str(as_object(model.get("enricher")).get("connection_id") or "")


def _own_uses(model: JsonObject, name: str) -> Iterator[str]:
    """Yield what a model's field is to the model itself."""
    if model.get("identifier") == name:
        yield "is its identifier"
    if name in as_list(model.get("tracking_columns")):
        yield "is a tracking column"
    if any(relation.get("from") == name for relation in as_objects(model.get("relations"))):
        yield "starts a join"


def _joins(models: Sequence[JsonObject], subject: Subject) -> Iterator[tuple[JsonObject, str, str]]:
    """Yield each model that joins another, the other's id, and the fields; of a field, its own joins."""
    for model in models:
        for relation in as_objects(model.get("relations")):
            to = as_object(relation.get("to"))
            if subject.kind != "field" or to.get("field") == subject.field:
                yield model, str(to.get("model_id")), f"{relation.get('from')} = {to.get('field')}"


def _joined_by(models: Sequence[JsonObject], subject: Subject) -> Iterator[set[str]]:
    """Yield the ids of each two models that a field joins, at either end."""
    if subject.kind != "field":
        return
    end = (subject.id, subject.field)
    for model in models:
        for relation in as_objects(model.get("relations")):
            to = as_object(relation.get("to"))
            if end in ((model["id"], relation.get("from")), (to.get("model_id"), to.get("field"))):
                yield {model["id"], str(to.get("model_id"))}


def _uses(sync: JsonObject, lost: Mapping[str, str], subject: Subject) -> Iterator[str]:
    """Yield how a whole sync uses fields of models: what it maps, identifies, filters or replaces by."""
    body = newer_form(sync)
    for identity in identities_of(body):
        if name := _named(as_object(identity.get("source")), lost, subject):
            yield f"identifies by {name} ({identity.get('target')})"
    for mapping in as_objects(body.get("fields")):
        if name := _named(as_object(mapping.get("source")), lost, subject):
            yield f"maps {name} to {mapping.get('target')}"
    for part, verb in _USES.items():
        conditions = body.get(part) if isinstance(body.get(part), list) else as_object(body.get(part))
        for _, source in sources_of(conditions):
            if name := _named(source, lost, subject):
                yield f"{verb} {name}"
        if subject.field_id and any(
            each.get("field_id") == subject.field_id for each in as_objects(conditions)
        ):
            yield f"{verb} {subject.field}"


def _unread(sync: JsonObject, lost: Mapping[str, str], subject: Subject) -> Iterator[str]:
    """Yield what is known of a sync that could not be read whole: the models it reads."""
    if "fields" not in sync and subject.kind != "field":
        yield from (f"reads {lost[id_]}" for id_ in as_list(sync.get("model_ids")) if id_ in lost)


def _named(source: JsonObject, lost: Mapping[str, str], subject: Subject) -> str:
    """Return the field of a source that goes, or nothing."""
    name = str(source.get("field"))
    is_meant = subject.kind != "field" or name == subject.field
    return name if source.get("model_id") in lost and is_meant else ""


def _model_ids(sync: JsonObject) -> set[str]:
    return {*model_ids_of(sync), *(str(id_) for id_ in as_list(sync.get("model_ids")))}


def _predecessors(sync: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the syncs after which a sync is scheduled."""
    for schedule in schedules_of(sync):
        run_after = as_object(schedule.get("run_after"))
        yield from (("sync", str(id_)) for id_ in as_list(run_after.get("sync_ids")))
        yield from (("bulk_sync", str(id_)) for id_ in as_list(run_after.get("bulk_sync_ids")))
