"""What a bulk sync does with each schema of its source: selected or not, which fields, under which names.

A schema's configuration stands in the sync's document, under ``_schemas``. Everything in the sandbox's
systems can be read incrementally, so ``onlyIncremental`` adds as ``all`` does and ``onlyNonIncremental``
as ``none`` does (a guess).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem, nearest
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.bulk_syncs.destinations import normalized
from polytomic_mcp.sandbox.workspace.workspace import Workspace

DISCOVERY: Final = ("all", "onlyIncremental", "onlyNonIncremental", "none")

_ADDING: Final = ("all", "onlyIncremental")
_PARTS: Final[Mapping[str, Any]] = {
    "data_cutoff_timestamp": None,
    "disable_data_cutoff": False,
    "filters": [],
    "history_enabled": False,
    "partition_key": None,
    "tracking_field": None,
    "user_output_name": None,
}


def compose(table: Table, request: Mapping[str, Any] | str, problems: list[Problem]) -> JsonObject:
    """Return a schema as it is stored: what the request leaves out has its default.

    A request that is a name selects the whole schema. Fields that are not listed are left out where
    some are (a guess), and all are copied where none is.
    """
    given: Mapping[str, Any] = {} if isinstance(request, str) else request
    parts = {part: default if given.get(part) is None else given[part] for part, default in _PARTS.items()}
    enabled = given.get("enabled")
    fields = _fields(table, given.get("fields") or [], {}, problems)
    return {"id": table.name, "enabled": enabled is not False, **parts, "fields": fields}


def patched(
    table: Table, held: JsonObject, request: Mapping[str, Any], problems: list[Problem]
) -> JsonObject:
    """Return a schema with the given parts changed; an empty text clears one; omitted fields are all enabled.

    Those keep their names and stay obfuscated, so that a patch shows nothing by accident (a guess).
    """
    known = {field["id"]: field for field in held["fields"]}
    parts = {
        part: default if request[part] in (None, "") else request[part]
        for part, default in _PARTS.items()
        if part in request
    }
    enabled = request.get("enabled")
    return {
        **held,
        **parts,
        "enabled": held["enabled"] if enabled is None else enabled,
        "fields": _fields(table, request.get("fields") or [], known, problems),
    }


def select(
    workspace: Workspace,
    connection: JsonObject,
    requests: Iterable[Mapping[str, Any] | str],
    problems: list[Problem],
) -> list[JsonObject]:
    """Return every schema of the source, those that are named as they are asked for, the others off.

    Without any request, all are on.
    """
    tables = bulk_sources.list_tables(workspace, connection)
    names = [table.name for table in tables]
    wanted: dict[str, Mapping[str, Any] | str] = {}
    for position, request in enumerate(requests):
        id_ = str(request if isinstance(request, str) else request.get("id") or "")
        wanted[id_.casefold()] = request
        if id_.casefold() not in [name.casefold() for name in names]:
            message = f"connection {connection['name']} has no schema {id_!r}: {nearest(id_, names)}"
            problems.append(Problem("unknown_schema", message, f"schemas[{position}]"))
    if not wanted:
        return [compose(table, table.name, problems) for table in tables]
    off = {"enabled": False}
    return [compose(table, wanted.get(table.name.casefold(), off), problems) for table in tables]


def discover(workspace: Workspace, connection: JsonObject, sync: JsonObject) -> list[JsonObject]:
    """Return a sync's schemas with what the source has had since: its settings say whether that is on.

    A field that went is left out; a schema that went stays, and its runs say so.
    """
    tables = {table.name: table for table in bulk_sources.list_tables(workspace, connection)}
    held = {schema["id"]: schema for schema in sync["_schemas"]}
    adds_fields = sync["automatically_add_new_fields"] in _ADDING
    known = [
        {**schema, "fields": _discovered(tables[id_], schema, adds=adds_fields)} if id_ in tables else schema
        for id_, schema in held.items()
    ]
    off = {"enabled": sync["automatically_add_new_objects"] in _ADDING}
    return known + [compose(table, off, []) for name, table in tables.items() if name not in held]


def find(sync: JsonObject, id_: str) -> JsonObject:
    """Return a sync's schema, in any case, or refuse with 404."""
    for schema in sync["_schemas"]:
        if schema["id"].casefold() == id_.casefold():
            return schema
    raise not_found("schema", id_)


def output_name(sync: JsonObject, schema: JsonObject) -> str:
    """Return the name of the schema's output."""
    return schema["user_output_name"] or normalized(schema["id"], sync["normalize_names"])


def field_name(sync: JsonObject, field: JsonObject) -> str:
    """Return the name of a field in its output."""
    return field["user_output_name"] or normalized(field["id"], sync["normalize_names"])


def show(sync: JsonObject, schema: JsonObject) -> JsonObject:
    """Return the whole schema, with its fields and filters."""
    fields = [{**field, "output_name": field_name(sync, field)} for field in schema["fields"]]
    return {**show_light(sync, schema), "fields": fields, "filters": schema["filters"]}


def show_light(sync: JsonObject, schema: JsonObject) -> JsonObject:
    """Return the schema as the list shows it."""
    kept = {key: value for key, value in schema.items() if key not in ("fields", "filters")}
    return {**kept, "output_name": output_name(sync, schema), "destination_history_output_name": None}


def _fields(
    table: Table,
    requests: Iterable[Mapping[str, Any] | str],
    held: Mapping[str, JsonObject],
    problems: list[Problem],
) -> list[JsonObject]:
    wanted: dict[str, Mapping[str, Any]] = {
        _field_id(each).casefold(): {} if isinstance(each, str) else each for each in requests
    }
    names = [column.name for column in table.columns]
    for id_ in wanted:
        if table.column(id_) is None:
            message = f"schema {table.name} has no field {id_!r}: {nearest(id_, names)}"
            problems.append(Problem("unknown_field", message, f"schemas.{table.name}.fields"))
    return [
        _field(name, wanted.get(name.casefold()), held.get(name, {}), has_any=bool(wanted)) for name in names
    ]


def _field_id(request: Mapping[str, Any] | str) -> str:
    return str(request if isinstance(request, str) else request.get("id") or "")


def _field(name: str, request: Mapping[str, Any] | None, held: JsonObject, *, has_any: bool) -> JsonObject:
    given = held if request is None else request
    enabled = given.get("enabled") is not False if request is not None else not has_any
    # A schema is created with ``obfuscate`` and updated with ``obfuscated``; either is taken.
    return {
        "id": name,
        "enabled": enabled,
        "obfuscated": bool(given.get("obfuscated") or given.get("obfuscate")),
        "user_output_name": given.get("user_output_name"),
    }


def _discovered(table: Table, schema: JsonObject, *, adds: bool) -> list[JsonObject]:
    held = {field["id"]: field for field in schema["fields"]}
    fresh: JsonObject = {"enabled": adds}
    return [held.get(column.name) or _field(column.name, fresh, {}, has_any=True) for column in table.columns]
