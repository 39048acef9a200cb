"""Whether a bulk sync can be: its connections, its settings, its schemas and their outputs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.sandbox.common.problems import Problem, nearest
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.data.tables.conversion import to_moment
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.bulk_syncs import destinations as bulk_destinations
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.bulk_syncs.bulk_syncs import NORMALIZATIONS
from polytomic_mcp.sandbox.resources.schedules import bulk_schedules
from polytomic_mcp.sandbox.resources.syncs.rules import filter_functions
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "mode": bulk_destinations.MODES,
    "normalize_names": NORMALIZATIONS,
    "automatically_add_new_objects": bulk_schemas.DISCOVERY,
    "automatically_add_new_fields": bulk_schemas.DISCOVERY,
}
_MOST_LIMIT: Final = 1_000


def connection_problems(workspace: Workspace, sync: JsonObject) -> list[Problem]:
    """Return why the source cannot be read or the destination not written to."""
    found: list[Problem] = []
    for end, module in (("source", bulk_sources), ("destination", bulk_destinations)):
        path = f"{end}_connection_id"
        connection = workspace.store.get("connection", sync[path])
        if connection is None:
            found.append(Problem("unknown_connection", f"there is no connection {sync[path]}", path))
        elif reason := module.objection(connection) or workspace.faults.outage(connection):
            found.append(Problem(f"not_a_{end}", reason, path))
    return found


def setting_problems(workspace: Workspace, sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the settings of a sync whose connections hold."""
    for name, values in _CHOICES.items():
        if sync[name] not in values:
            yield Problem("invalid_value", f"{sync[name]!r} is none; there are: {', '.join(values)}", name)
    for name in ("concurrency_limit", "resync_concurrency_limit"):
        if sync[name] is not None and not 1 <= sync[name] <= _MOST_LIMIT:
            yield Problem("invalid_value", f"must lie within 1 and {_MOST_LIMIT}", name)
    yield from _cutoff_problems(sync, "data_cutoff_timestamp")
    source = workspace.find("connection", sync["source_connection_id"])
    destination = workspace.find("connection", sync["destination_connection_id"])
    yield from _configuration_problems(destination, sync["destination_configuration"])
    for key in sync["source_configuration"]:
        if key not in bulk_sources.settings(source):
            hint = nearest(key, bulk_sources.settings(source))
            message = f"{system_of(source)} takes no such setting here; {hint}"
            yield Problem("unknown_setting", message, f"source_configuration.{key}")
    yield from bulk_schedules.problems(workspace, sync)


def schema_problems(workspace: Workspace, sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the schemas of a sync whose settings hold."""
    source = workspace.find("connection", sync["source_connection_id"])
    enabled = [schema for schema in sync["_schemas"] if schema["enabled"]]
    if not sync["_schemas"]:
        message = f"connection {source['name']} holds no data here; the sandbox has none for its type"
        yield Problem("no_schemas", message, "source_connection_id")
    for schema in enabled:
        table = bulk_sources.get_table(workspace, source, schema["id"])
        if table is not None:
            yield from _schema_problems(sync, schema, table)
    counts = Counter(bulk_schemas.output_name(sync, schema).casefold() for schema in enabled)
    for name, count in counts.items():
        if count > 1:
            message = f"{count} schemas have the output name {name}; give them other user_output_names"
            yield Problem("duplicate_output", message, "schemas")
    yield from _overlap_problems(workspace, sync, source, enabled)


def _configuration_problems(destination: JsonObject, configuration: JsonObject) -> Iterator[Problem]:
    settings = {setting.name: setting for setting in bulk_destinations.settings(destination)}
    for key, value in configuration.items():
        path = f"destination_configuration.{key}"
        if key not in settings:
            message = f"{system_of(destination)} takes no such setting here; {nearest(key, list(settings))}"
            yield Problem("unknown_setting", message, path)
        elif settings[key].values and value not in settings[key].values:
            known = ", ".join(settings[key].values)
            yield Problem("invalid_value", f"{value!r} is none; there are: {known}", path)
        elif not isinstance(value, str):
            yield Problem("invalid_value", "must be a text", path)
    for key, setting in settings.items():
        if setting.required and not configuration.get(key):
            message = f"{system_of(destination)} needs the name of the schema to write to"
            yield Problem("missing_setting", message, f"destination_configuration.{key}")


def _schema_problems(sync: JsonObject, schema: JsonObject, table: Table) -> Iterator[Problem]:
    path = f"schemas.{schema['id']}"
    fields = [field for field in schema["fields"] if field["enabled"]]
    if not fields:
        yield Problem("no_fields", "needs at least one enabled field", path)
    counts = Counter(bulk_schemas.field_name(sync, field).casefold() for field in fields)
    for name, count in counts.items():
        if count > 1:
            yield Problem("duplicate_output", f"{count} fields have the output name {name}", path)
    if schema["history_enabled"]:
        message = "the sandbox keeps no history tables; leave history_enabled out"
        yield Problem("not_emulated", message, f"{path}.history_enabled")
    yield from _field_reference_problems(schema, table, path)
    yield from _filter_problems(schema, table, path)
    yield from _cutoff_problems(schema, f"{path}.data_cutoff_timestamp")


def _field_reference_problems(schema: JsonObject, table: Table, path: str) -> Iterator[Problem]:
    for key in ("tracking_field", "partition_key"):
        if schema[key]:
            column = table.column(schema[key])
            if column is None:
                hint = nearest(schema[key], [each.name for each in table.columns])
                message = f"schema {table.name} has no field {schema[key]!r}: {hint}"
                yield Problem("unknown_field", message, f"{path}.{key}")
            elif key == "tracking_field" and column.type not in bulk_sources.TRACKABLE:
                known = " or ".join(bulk_sources.TRACKABLE)
                message = f"{column.name} holds {column.type}; a tracking field holds {known}"
                yield Problem("invalid_tracking_field", message, f"{path}.{key}")


def _filter_problems(schema: JsonObject, table: Table, path: str) -> Iterator[Problem]:
    for position, condition in enumerate(as_list(schema["filters"])):
        place = f"{path}.filters[{position}]"
        field_id: Any = condition.get("field_id")
        if table.column(field_id or "") is None:
            hint = nearest(field_id or "", [each.name for each in table.columns])
            message = f"schema {table.name} has no field {field_id!r}: {hint}"
            yield Problem("unknown_field", message, f"{place}.field_id")
        if reason := filter_functions.find_problem(condition["function"], condition.get("value")):
            yield Problem("invalid_filter", reason, f"{place}.function")


def _cutoff_problems(document: JsonObject, path: str) -> Iterator[Problem]:
    cutoff = document["data_cutoff_timestamp"]
    if cutoff is not None and to_moment(cutoff) is None:
        yield Problem("invalid_value", "must be a time such as 2026-01-31T09:00:00Z", path)


def _overlap_problems(
    workspace: Workspace, sync: JsonObject, source: JsonObject, enabled: list[JsonObject]
) -> Iterator[Problem]:
    """Yield where a sync would write over what it reads."""
    destination = workspace.find("connection", sync["destination_connection_id"])
    if system_of(source) != system_of(destination):
        return
    read = {schema["id"].casefold() for schema in enabled}
    for schema in enabled:
        output = bulk_schemas.output_name(sync, schema)
        name = bulk_destinations.table_name(destination, sync["destination_configuration"], output)
        if name.casefold() in read:
            message = f"its output {name} is a schema of its source; write to another place"
            yield Problem("overlapping_output", message, f"schemas.{schema['id']}")
