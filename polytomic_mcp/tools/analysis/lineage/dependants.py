"""The dependants of an object: what uses it, directly or through others, and what breaks if it is removed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.analysis.health.states import schedules_of
from polytomic_mcp.tools.analysis.lineage.graph import (
    Graph,
    Subject,
    enricher_of,
    joins,
    lost_models,
    model_ids_read_by,
    models_joined_by,
    predecessors,
    uses_of_models,
    uses_of_own_field,
)
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.connections.target_kinds import IN_ROWS, usual_kind
from polytomic_mcp.tools.syncs.stored import target_of

_ORDER: Final = ("model", "sync", "bulk_sync", *IN_ROWS)
_MOST_USES: Final = 6
_BLOCKED: Final = "cannot run"
_NOT_STARTED: Final = "is no longer started by it"
_LOSES_VALUES: Final = "may miss joined values"
_ENDS: Final = {
    "source_connection_id": "reads from it",
    "destination_connection_id": "writes to it",
}


def trace(graph: Graph, subject: Subject) -> list[JsonObject]:
    """Return each dependant once, with how it uses the subject and what breaks if that is removed.

    Sorted by kind (models, syncs, bulk syncs, target objects), then by name.
    """
    tracing = _Tracing(graph, subject)
    lost = lost_models(graph.models, subject)
    tracing.add_models(lost)
    tracing.add_syncs(lost, joined=tracing.add_joins(lost))
    tracing.add_bulk_syncs()
    tracing.add_followers()
    tracing.add_targets()
    return sorted(tracing.rows.values(), key=lambda row: (_ORDER.index(row["kind"]), str(row["name"])))


@dataclass(slots=True)
class _Tracing:
    """Collects the dependants of a subject, by kind and id."""

    graph: Graph
    subject: Subject
    rows: dict[tuple[str, str], JsonObject] = field(default_factory=dict[tuple[str, str], JsonObject])

    def add_models(self, lost: Mapping[str, str]) -> None:
        """Add the models that read the connection or are enriched by it, or that use their own field."""
        for model in self.graph.models:
            if self.subject.kind == "connection" and model["id"] in lost:
                self._add("model", model, "reads from it", "can no longer be read")
            if self.subject.kind == "connection" and enricher_of(model) == self.subject.id:
                self._add("model", model, "is enriched by it", "loses its enrichment")
            if self.subject.kind == "field" and model["id"] == self.subject.id:
                for use in uses_of_own_field(model, self.subject.field):
                    self._add("model", model, use, "loses this field")

    def add_joins(self, lost: Mapping[str, str]) -> dict[str, str]:
        """Add the models that join a lost model, and those that join them; return their ids and names."""
        reached, edge = dict(lost), dict(lost)
        while edge:
            found = [join for join in joins(self.graph.models, self.subject) if join[1] in edge]
            edge = {}
            for model, joined_id, on in found:
                if model["id"] not in lost:
                    self._add("model", model, f"joins {reached[joined_id]} on {on}", "loses the join")
                if model["id"] not in reached and self.subject.kind != "field":
                    edge[model["id"]] = str(model.get("name"))
            reached |= edge
        return {id_: name for id_, name in reached.items() if id_ not in lost}

    def add_syncs(self, lost: Mapping[str, str], joined: Mapping[str, str]) -> None:
        """Add the syncs that use what is lost, and those that read a model that loses a join."""
        for sync in self.graph.syncs:
            for use in uses_of_models(sync, lost, self.subject):
                self._add("sync", sync, use, _BLOCKED)
            if self.subject.kind == "connection":
                self._add_uses_of_connection(sync)
            for id_ in sorted(joined.keys() & model_ids_read_by(sync)):
                self._add("sync", sync, f"reads {joined[id_]}, which loses a join", _LOSES_VALUES)
            for pair in models_joined_by(self.graph.models, self.subject):
                if pair <= model_ids_read_by(sync):
                    self._add("sync", sync, f"reads models joined by {self.subject.field}", _LOSES_VALUES)

    def add_bulk_syncs(self) -> None:
        """Add the bulk syncs that read from the connection or write to it."""
        for sync in self.graph.bulk_syncs:
            for end, use in _ENDS.items():
                if self.subject.kind == "connection" and sync.get(end) == self.subject.id:
                    self._add("bulk_sync", sync, use, _BLOCKED)
            self._add_use_of_job("bulk_sync", sync)

    def add_targets(self) -> None:
        """Add the target objects, in other connections, that syncs will no longer write to."""
        for sync in self.graph.syncs:
            connection_id, name = target_of(sync)
            if name and connection_id != self.subject.id and self._is_stopped("sync", sync["id"]):
                connection = self.graph.connection(connection_id)
                named = given(connection_name=connection.get("name"))
                item = {"id": name, "name": name, "connection_id": connection_id, **named}
                self._add(
                    usual_kind(connection).replace(" ", "_"),
                    item,
                    f"is written by {sync.get('name')}",
                    "receives no more rows from it",
                )

    def add_followers(self) -> None:
        """Add what is scheduled to run after a sync that stops, and what runs after that."""
        kinds = [("sync", self.graph.syncs), ("bulk_sync", self.graph.bulk_syncs)]
        count = -1
        while count != len(self.rows):
            count = len(self.rows)
            for kind, sync in [(kind, sync) for kind, syncs in kinds for sync in syncs]:
                for before_kind, before_id in predecessors(sync):
                    if self._is_stopped(before_kind, before_id):
                        name = self._name(before_kind, before_id)
                        self._add(kind, sync, f"its schedule runs it after {name}", _NOT_STARTED)

    def _add_uses_of_connection(self, sync: JsonObject) -> None:
        connection_id, name = target_of(sync)
        if connection_id == self.subject.id:
            self._add("sync", sync, f"writes to {name}", _BLOCKED)
        self._add_use_of_job("sync", sync)

    def _add_use_of_job(self, kind: str, sync: JsonObject) -> None:
        """Add a sync of either kind that is scheduled to follow a job of the connection."""
        if any(schedule.get("connection_id") == self.subject.id for schedule in schedules_of(sync)):
            self._add(kind, sync, "its schedule follows a job of it", _NOT_STARTED)

    def _is_stopped(self, kind: str, id_: str) -> bool:
        """Whether a sync can no longer run, or is no longer started."""
        if (kind, id_) == (self.subject.kind, self.subject.id):
            return True
        return self.rows.get((kind, id_), {}).get("breaks") in (_BLOCKED, _NOT_STARTED)

    def _name(self, kind: str, id_: str) -> str:
        row = self.rows.get((kind, id_))
        return str(row["name"]) if row else self.subject.name

    def _add(self, kind: str, item: JsonObject, use: str, breaks: str) -> None:
        """Add a use to the row of a dependant, which keeps the first and most serious ``breaks``."""
        is_target = kind in IN_ROWS
        connection_id = str(item.get("connection_id")) if is_target else ""
        row = self.rows.setdefault(
            (kind, item["id"] + connection_id),
            {"id": item["id"], "name": item.get("name"), "kind": kind, "breaks": breaks, "uses": []},
        )
        if is_target:
            row |= {name: item[name] for name in ("connection_id", "connection_name") if name in item}
        if row["breaks"] == _LOSES_VALUES:
            row["breaks"] = breaks
        if use not in row["uses"] and len(row["uses"]) <= _MOST_USES:
            row["uses"].append(use if len(row["uses"]) < _MOST_USES else "and more")
