"""Models as the API shows them: built from a request and the columns of its source."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.table import find_column
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.reading import Reading, read_source, unknown_field
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_EXAMPLE_ROWS: Final = 20
"""How many rows are searched for an example of each field."""

_COPIED: Final = ("configuration", "connection_id", "enricher", "identifier", "name")
_LISTS: Final = ("policies", "tracking_columns")


def compose(workspace: Workspace, id_: str, arguments: Mapping[str, Any]) -> JsonObject:
    """Return the model that a request describes, without storing it.

    A field's ID is derived from the model's ID and the field's name, so that updates keep it.

    Raises:
        RefusalError: 404 or 422 if the request names something that does not exist or cannot be read.
    """
    _refuse_enrichment(workspace, arguments)
    connection = require_healthy(workspace, arguments["connection_id"])
    source = read_source(workspace, connection, arguments["configuration"])
    fields = _fields(id_, source, arguments)
    _require_names(fields, arguments)
    relations = _listed(arguments, "relations")
    return {
        **{name: arguments.get(name) for name in _COPIED},
        **{name: _listed(arguments, name) for name in _LISTS},
        "id": id_,
        "type": connection["type"]["id"],
        "fields": fields,
        "_origins": {column.name: column.native or column.origin for column in source.columns},
        "relations": [_relation(workspace, fields, arguments["name"], each) for each in relations],
        "labels": [{"name": label} for label in _listed(arguments, "labels")],
    }


def _refuse_enrichment(workspace: Workspace, arguments: Mapping[str, Any]) -> None:
    if enricher := arguments.get("enricher"):
        connection = workspace.find("connection", str(enricher.get("connection_id")))
        raise RefusalError(
            422,
            f"The sandbox does not emulate enrichment by {connection['type']['id']}. Omit enricher, "
            "or use Polytomic itself.",
            key="enrichment_not_emulated",
        )


def require_healthy(workspace: Workspace, connection_id: str) -> JsonObject:
    """Return the connection.

    Raises:
        RefusalError: 404 if it does not exist; 422 if it is not healthy or a fault makes it unavailable.
    """
    connection = workspace.find("connection", connection_id)
    if connection["status"] != "healthy":
        name, status = connection["name"], connection["status"]
        message = f"Connection {name} is {status}. Sign in, or correct its configuration."
        raise RefusalError(422, message, key="connection_unhealthy")
    workspace.faults.require_up(connection)
    return connection


def source_fields(reading: Reading, id_: str = "") -> list[JsonObject]:
    """Return the fields of a source, each with its first value that is not null as example."""
    rows = list(islice(reading.rows, _EXAMPLE_ROWS))
    fields = [_field(id_, column, _example(column.name, rows)) for column in reading.columns]
    known = Counter(field["id"] for field in fields)
    return [field | ({"id": _id(id_, field["name"])} if known[field["id"]] > 1 else {}) for field in fields]


def _fields(id_: str, reading: Reading, arguments: Mapping[str, Any]) -> list[JsonObject]:
    found = {field["name"]: field for field in source_fields(reading, id_)}
    wanted: list[str] = _listed(arguments, "fields") or [column.name for column in reading.columns]
    columns = [find_column(reading.columns, name) for name in wanted]
    for name, column in zip(wanted, columns, strict=True):
        if column is None:
            raise unknown_field(name, reading.columns, f"Model {arguments['name']}")
    selected = {column.name: found[column.name] for column in columns if column is not None}
    for added in _listed(arguments, "additional_fields"):
        replaced = find_column(reading.columns, added["name"])
        selected[replaced.name if replaced else added["name"]] = _added(id_, added)
    unique = find_column(reading.columns, arguments.get("identifier") or "")
    name = unique.name if unique is not None else (arguments.get("identifier") or "")
    return [field | {"unique": each.casefold() == name.casefold()} for each, field in selected.items()]


def _id(model_id: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{model_id}/{name}"))


def _field(id_: str, column: Column, example: Any) -> JsonObject:
    return {
        "id": _id(id_, column.name.casefold()),
        "name": column.name,
        "label": column.label or column.name,
        "description": None,
        "type": column.type,
        "remote_type": column.sql_type,
        "example": example,
        "unique": False,
        "user_added": False,
    }


def _added(id_: str, added: Mapping[str, Any]) -> JsonObject:
    column = Column(added["name"], added["type"], "", label=added["label"])
    return _field(id_, column, added.get("example")) | {"remote_type": None, "user_added": True}


def _example(name: str, rows: Sequence[Row]) -> Any:
    return next((row[name] for row in rows if row[name] is not None), None)


def _require_names(fields: list[JsonObject], arguments: Mapping[str, Any]) -> None:
    """Raise a refusal if the identifier or a tracking column is not a field of the model."""
    for name in [arguments.get("identifier"), *_listed(arguments, "tracking_columns")]:
        if name:
            _field_name(name, fields, arguments["name"])


def _relation(
    workspace: Workspace, fields: list[JsonObject], name: str, relation: Mapping[str, Any]
) -> JsonObject:
    """Return the relation with both fields spelled as in their models."""
    origin = _field_name(str(relation.get("from")), fields, name)
    to: Mapping[str, Any] = relation.get("to") or {"model_id": "", "field": ""}
    model = workspace.store.get("model", str(to.get("model_id")))
    if model is None:
        id_ = to.get("model_id")
        message = f"A relation leads to model {id_}, which does not exist. GET /api/models lists all models."
        raise RefusalError(422, message, key="unknown_model")
    field = _field_name(str(to.get("field")), model["fields"], model["name"])
    return {**relation, "from": origin, "to": {**to, "field": field}}


def _field_name(name: str, fields: list[JsonObject], model: str) -> str:
    """Return a field's name as its model spells it, for a name in any case."""
    columns = tuple(Column(field["name"], field["type"], "") for field in fields)
    for column in columns:
        if column.name.casefold() == name.casefold():
            return column.name
    raise unknown_field(name, columns, f"Model {model}")


def _listed(arguments: Mapping[str, Any], name: str) -> list[Any]:
    return arguments.get(name) or []
