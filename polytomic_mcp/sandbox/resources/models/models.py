"""Models as the API shows them: made from a request and what its source holds."""

import uuid
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.tables.tables import Column, Row
from polytomic_mcp.sandbox.resources.models.reading import Reading, read_source, unknown_field
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_EXAMPLES: Final = 20
"""Rows that are looked at for examples."""

_KEPT: Final = ("configuration", "connection_id", "enricher", "identifier", "name")
_LISTS: Final = ("policies", "tracking_columns")


def compose(workspace: Workspace, id_: str, arguments: Mapping[str, Any]) -> JsonObject:
    """Return the model a request describes; ``RefusalError`` says what is wrong with it.

    Nothing is stored. A field's id follows from the model's and its own name, so it outlives updates.
    """
    _refuse_enrichment(workspace, arguments)
    connection = require_healthy(workspace, arguments["connection_id"])
    fields = _fields(id_, read_source(workspace, connection, arguments["configuration"]), arguments)
    _require_names(fields, arguments)
    relations = _listed(arguments, "relations")
    return {
        **{name: arguments.get(name) for name in _KEPT},
        **{name: _listed(arguments, name) for name in _LISTS},
        "id": id_,
        "type": connection["type"]["id"],
        "fields": fields,
        "relations": [_relation(workspace, fields, arguments["name"], each) for each in relations],
        "labels": [{"name": label} for label in _listed(arguments, "labels")],
    }


def _refuse_enrichment(workspace: Workspace, arguments: Mapping[str, Any]) -> None:
    if enricher := arguments.get("enricher"):
        connection = workspace.find("connection", str(enricher.get("connection_id")))
        raise RefusalError(
            422,
            f"The sandbox does not emulate enrichment by {connection['type']['id']}; leave enricher out, "
            "or use Polytomic itself.",
            key="enrichment_not_emulated",
        )


def require_healthy(workspace: Workspace, connection_id: str) -> JsonObject:
    """Return the connection; refuse one that does not exist or cannot be read now."""
    connection = workspace.find("connection", connection_id)
    if connection["status"] != "healthy":
        raise RefusalError(
            422,
            f"Connection {connection['name']} is {connection['status']}; sign in or mend its configuration.",
            key="connection_unhealthy",
        )
    workspace.faults.require_up(connection)
    return connection


def source_fields(reading: Reading, id_: str = "") -> list[JsonObject]:
    """Return the fields of a source, each with the first value found as its example."""
    rows = list(islice(reading.rows, _EXAMPLES))
    return [_field(id_, column, _example(column.name, rows)) for column in reading.columns]


def _fields(id_: str, reading: Reading, arguments: Mapping[str, Any]) -> list[JsonObject]:
    found = {field["name"].casefold(): field for field in source_fields(reading, id_)}
    wanted: list[str] = _listed(arguments, "fields") or [column.name for column in reading.columns]
    for name in wanted:
        if name.casefold() not in found:
            raise unknown_field(name, reading.columns, f"Model {arguments['name']}")
    selected = {name.casefold(): found[name.casefold()] for name in wanted}
    for added in _listed(arguments, "additional_fields"):
        selected[added["name"].casefold()] = _added(id_, added)
    identifier = (arguments.get("identifier") or "").casefold()
    return [field | {"unique": name == identifier} for name, field in selected.items()]


def _field(id_: str, column: Column, example: Any) -> JsonObject:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{id_}/{column.name.casefold()}")),
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
    """Refuse an identifier or a tracking column that names no field of the model."""
    for name in [arguments.get("identifier"), *_listed(arguments, "tracking_columns")]:
        if name:
            _own_name(name, fields, arguments["name"])


def _relation(
    workspace: Workspace, fields: list[JsonObject], name: str, relation: Mapping[str, Any]
) -> JsonObject:
    """Return the relation with both fields as their models spell them; refuse one that leads nowhere."""
    origin = _own_name(str(relation.get("from")), fields, name)
    to: Mapping[str, Any] = relation.get("to") or {"model_id": "", "field": ""}
    model = workspace.store.get("model", str(to.get("model_id")))
    if model is None:
        message = f"A relation leads to model {to.get('model_id')}, which does not exist"
        raise RefusalError(422, message, key="unknown_model")
    field = _own_name(str(to.get("field")), model["fields"], model["name"])
    return {**relation, "from": origin, "to": {**to, "field": field}}


def _own_name(name: str, fields: list[JsonObject], model: str) -> str:
    """Return a field's name as its model spells it, for one in any case; refuse one it does not have."""
    columns = tuple(Column(field["name"], field["type"], "") for field in fields)
    for column in columns:
        if column.name.casefold() == name.casefold():
            return column.name
    raise unknown_field(name, columns, f"Model {model}")


def _listed(arguments: Mapping[str, Any], name: str) -> list[Any]:
    return arguments.get(name) or []
