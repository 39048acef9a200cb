"""Where data comes from: what writes a target object or its field, and what a sync or a model reads."""

from collections.abc import Iterable, Iterator
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.lineage.graph import Graph, Subject, model_ids_read_by
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.deletions.sources import NO_MODEL
from polytomic_mcp.tools.syncs.stored import identities_of, newer_form, target_of

_COPIES: Final = "copies tables into the connection; whether into this object is not known"


def writes_into(sync: JsonObject, subject: Subject) -> bool:
    """Whether a sync, whole or as it is listed, writes to the traced target object."""
    connection_id, object_ = target_of(sync)
    return connection_id == subject.connection_id and object_.casefold() == subject.id.casefold()


def writers(graph: Graph, subject: Subject) -> list[JsonObject]:
    """Return a row for each sync that writes to the target object or its field, with what it reads."""
    rows = [
        {
            **_row("sync", sync),
            **given(mode=sync.get("mode"), active=sync.get("active")),
            "writes": writes,
            "sources": origins(graph, _models_of(sync, subject)),
        }
        for sync in graph.syncs
        if writes_into(sync, subject) and (writes := [*_writes(graph, sync, subject)])
    ]
    rows += [
        {**_row("bulk_sync", sync), "writes": [_COPIES], "sources": [_connection(graph, sync)]}
        for sync in graph.bulk_syncs
        if sync.get("destination_connection_id") == subject.connection_id
    ]
    return sorted(rows, key=lambda row: (row["kind"] != "sync", str(row["name"])))


def origins(graph: Graph, model_ids: Iterable[str]) -> list[JsonObject]:
    """Return where each model's rows come from: its query or table, and its connection, with their names."""
    return [_origin(graph, id_) for id_ in dict.fromkeys(model_ids) if id_ != NO_MODEL]


def upstream(graph: Graph, subject: Subject) -> list[JsonObject]:
    """Return what a sync reads, or a model and the models that it joins; nothing for other subjects."""
    if subject.kind == "sync":
        syncs = [each for each in graph.syncs if each["id"] == subject.id]
        return origins(graph, sorted(model_ids_read_by(syncs[0])) if syncs else ())
    if subject.kind in ("model", "field"):
        relations = as_objects(graph.model(subject.id).get("relations"))
        joined = [str(as_object(each.get("to")).get("model_id")) for each in relations]
        return origins(graph, [subject.id, *joined])
    return []


def _row(kind: str, sync: JsonObject) -> JsonObject:
    return {"id": sync["id"], "name": sync.get("name"), "kind": kind}


def _origin(graph: Graph, model_id: str) -> JsonObject:
    model = graph.model(model_id)
    configuration = as_object(model.get("configuration"))
    id_ = str(model.get("connection_id") or "")
    return given(
        model_id=model_id,
        model_name=model.get("name") or "gone",
        reads=configuration or None,
        connection_id=id_ or None,
        connection_name=graph.connection(id_).get("name"),
    )


def _connection(graph: Graph, sync: JsonObject) -> JsonObject:
    id_ = str(sync.get("source_connection_id") or "")
    return given(connection_id=id_ or None, connection_name=graph.connection(id_).get("name"))


def _parts(sync: JsonObject, subject: Subject) -> Iterator[tuple[str, JsonObject]]:
    """Yield how a sync writes each field that is traced: as an identity, a mapping or a constant."""
    body = newer_form(sync)
    parts = [("identifies by", each) for each in identities_of(body)]
    parts += [("maps", each) for name in ("fields", "override_fields") for each in as_objects(body.get(name))]
    for verb, part in parts:
        if not subject.field or str(part.get("target")).casefold() == subject.field.casefold():
            yield verb, part


def _writes(graph: Graph, sync: JsonObject, subject: Subject) -> Iterator[str]:
    for verb, part in _parts(sync, subject):
        source = as_object(part.get("source"))
        model_id = str(source.get("model_id") or NO_MODEL)
        if model_id == NO_MODEL:
            yield f"sets {part.get('target')} to {quoted(part.get('override_value'))}"
        else:
            name = graph.model(model_id).get("name") or model_id
            yield f"{verb} {source.get('field')} of {name} to {part.get('target')}"
    if not subject.field and "fields" not in sync:  # it could not be read whole
        yield "writes to it; its fields could not be read"


def _models_of(sync: JsonObject, subject: Subject) -> Iterator[str]:
    if not subject.field:
        yield from sorted(model_ids_read_by(sync))
        return
    for _, part in _parts(sync, subject):
        yield str(as_object(part.get("source")).get("model_id") or NO_MODEL)
