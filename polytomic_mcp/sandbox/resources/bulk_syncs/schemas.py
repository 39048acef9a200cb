"""A bulk sync's settings for each schema of its source: whether it is enabled, its fields and their names.

They are stored in the sync's document, under ``_schemas``. Everything in the sandbox's systems can be read
incrementally, so ``onlyIncremental`` is the same as ``all``, and ``onlyNonIncremental`` the same as ``none``
(a guess).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules import outputs
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.common.refusals import not_found
from polytomic_mcp.sandbox.data.systems.systems import described, system_of
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.workspace.workspace import Workspace

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
    """Return the settings of a schema to store; what the request omits has its default.

    A request that is only a name selects the whole schema. If the request lists fields, the others are
    disabled (a guess); if it lists none, all fields are enabled.
    """
    given: Mapping[str, Any] = {} if isinstance(request, str) else request
    parts = {
        part: default if given.get(part) in (None, "") else given[part] for part, default in _PARTS.items()
    }
    enabled = given.get("enabled")
    fields = _fields(table, given.get("fields") or [], {}, problems)
    return {"id": table.name, "enabled": enabled is not False, **parts, "fields": fields}


def patched(
    table: Table, stored: JsonObject, request: Mapping[str, Any], problems: list[Problem]
) -> JsonObject:
    """Return the settings of a schema with some of them changed; an empty string resets one.

    If the request lists no fields, all are enabled, with their names and obfuscation unchanged, so that a
    patch never exposes values by accident (a guess).
    """
    known = {field["id"]: field for field in stored["fields"]}
    parts = {
        part: default if request[part] in (None, "") else request[part]
        for part, default in _PARTS.items()
        if part in request
    }
    enabled = request.get("enabled")
    return {
        **stored,
        **parts,
        "enabled": stored["enabled"] if enabled is None else enabled,
        "fields": _fields(table, request.get("fields") or [], known, problems),
    }


def select(
    workspace: Workspace,
    connection: JsonObject,
    requests: Iterable[Mapping[str, Any] | str],
    problems: list[Problem],
) -> list[JsonObject]:
    """Return the settings of every schema of the source; those without a request are disabled.

    If there are no requests, all are enabled.
    """
    tables = bulk_sources.list_tables(workspace, connection)
    source = described(system_of(connection))
    names = [table.name for table in tables]
    by_id: dict[str, Mapping[str, Any] | str] = {}
    for position, request in enumerate(requests):
        id_ = source.schema_id(str(request if isinstance(request, str) else request.get("id") or ""))
        if id_.casefold() in by_id:
            problems.append(Problem("duplicate_schema", _listed_twice("Schema", id_), f"schemas[{position}]"))
        by_id[id_.casefold()] = request
        if id_.casefold() not in [name.casefold() for name in names]:
            problems.append(Problem("unknown_schema", unknown("schema", id_, names), f"schemas[{position}]"))
    if not by_id:
        return [compose(table, table.name, problems) for table in tables]
    disabled = {"enabled": False}
    return [compose(table, by_id.get(table.name.casefold(), disabled), problems) for table in tables]


def discover(workspace: Workspace, connection: JsonObject, sync: JsonObject) -> list[JsonObject]:
    """Return the settings of a sync's schemas, updated to the schemas and fields that the source has now.

    The sync's settings decide whether new ones are enabled. A field that the source no longer has is removed;
    a schema that it no longer has remains, and fails in executions.
    """
    tables = {table.name: table for table in bulk_sources.list_tables(workspace, connection)}
    stored = {schema["id"]: schema for schema in sync["_schemas"]}
    adds_fields = sync["automatically_add_new_fields"] in _ADDING
    known = [
        {**schema, "fields": _discovered(tables[id_], schema, adds=adds_fields)} if id_ in tables else schema
        for id_, schema in stored.items()
    ]
    added = {"enabled": sync["automatically_add_new_objects"] in _ADDING}
    return known + [compose(table, added, []) for name, table in tables.items() if name not in stored]


def find(workspace: Workspace, sync: JsonObject, id_: str) -> JsonObject:
    """Return the settings of one schema, by its id in any case or by another name.

    Raises:
        RefusalError: 404, the sync has no such schema.
    """
    names = {id_.casefold(), *(name.casefold() for name in bulk_sources.spelled(workspace, sync, [id_]))}
    for schema in sync["_schemas"]:
        if schema["id"].casefold() in names:
            return schema
    raise not_found("schema", id_)


def output_name(sync: JsonObject, schema: JsonObject) -> str:
    """Return the name of the schema's output."""
    return outputs.output_name(sync, schema)


def place(sync: JsonObject, schema: JsonObject) -> str:
    """Return where the schema's output is in the destination."""
    return outputs.place(sync, schema["id"], output_name(sync, schema))


def field_name(sync: JsonObject, field: JsonObject) -> str:
    """Return the name of a field in its output."""
    return field["user_output_name"] or outputs.normalized(field["id"], sync["normalize_names"])


def show(sync: JsonObject, schema: JsonObject) -> JsonObject:
    """Return the settings of a schema in the shape of the API, with fields and filters."""
    fields = [{**field, "output_name": field_name(sync, field)} for field in schema["fields"]]
    return {**show_light(sync, schema), "fields": fields, "filters": schema["filters"]}


def show_light(sync: JsonObject, schema: JsonObject) -> JsonObject:
    """Return the settings of a schema in the shape of the list, without fields and filters."""
    shown = {key: value for key, value in schema.items() if key not in ("fields", "filters")}
    return {**shown, "output_name": output_name(sync, schema), "destination_history_output_name": None}


def _fields(
    table: Table,
    requests: Iterable[Mapping[str, Any] | str],
    stored: Mapping[str, JsonObject],
    problems: list[Problem],
) -> list[JsonObject]:
    listed: list[tuple[str, Mapping[str, Any]]] = [
        (_field_id(each).casefold(), {} if isinstance(each, str) else each) for each in requests
    ]
    by_id = dict(listed)
    names = [column.name for column in table.columns]
    path = f"schemas.{table.name}.fields"
    for id_, count in Counter(id_ for id_, _ in listed).items():
        if table.column(id_) is None:
            problems.append(Problem("unknown_field", unknown("field", id_, names), path))
        if count > 1:
            problems.append(Problem("duplicate_field", _listed_twice("Field", id_), path))
    return [
        _field(name, by_id.get(name.casefold()), stored.get(name, {}), is_listing=bool(by_id))
        for name in names
    ]


def _listed_twice(noun: str, id_: str) -> str:
    """Return the refusal of a second entry, as it is not clear which one counts (a guess)."""
    return f"{noun} {id_} is listed twice. List it once."


def _field_id(request: Mapping[str, Any] | str) -> str:
    return str(request if isinstance(request, str) else request.get("id") or "")


def _field(
    name: str, request: Mapping[str, Any] | None, stored: JsonObject, *, is_listing: bool
) -> JsonObject:
    """Return the settings of a field; ``is_listing`` says whether the request lists any fields."""
    given = stored if request is None else request
    enabled = given.get("enabled") is not False if request is not None else not is_listing
    # The API creates a schema with ``obfuscate`` and updates it with ``obfuscated``; both are accepted.
    return {
        "id": name,
        "enabled": enabled,
        "obfuscated": bool(given.get("obfuscated") or given.get("obfuscate")),
        "user_output_name": given.get("user_output_name"),
    }


def _discovered(table: Table, schema: JsonObject, *, adds: bool) -> list[JsonObject]:
    stored = {field["id"]: field for field in schema["fields"]}
    added: JsonObject = {"enabled": adds}
    return [
        stored.get(column.name) or _field(column.name, added, {}, is_listing=True) for column in table.columns
    ]
