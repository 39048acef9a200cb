"""What is wrong with a bulk sync: its connections, settings, schemas and outputs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from polytomic_mcp.catalogue.rules import filter_functions, modes, outputs
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import quoted, unknown, valid_values
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.resources.bulk_syncs import destinations as bulk_destinations
from polytomic_mcp.sandbox.resources.bulk_syncs import schedules as bulk_schedules
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "normalize_names": modes.NORMALIZATIONS,
    "automatically_add_new_objects": modes.DISCOVERY,
    "automatically_add_new_fields": modes.DISCOVERY,
}


def connection_problems(workspace: Workspace, sync: JsonObject) -> list[Problem]:
    """Return why the source cannot be read, or the destination cannot be written to."""
    found: list[Problem] = []
    for end, module in (("source", bulk_sources), ("destination", bulk_destinations)):
        path = f"{end}_connection_id"
        connection = workspace.store.get("connection", sync[path])
        if connection is None:
            message = f"Unknown connection {sync[path]}. GET /api/connections lists the valid ones."
            found.append(Problem("unknown_connection", message, path))
        elif reason := module.unusable_reason(connection) or workspace.faults.outage(connection):
            found.append(Problem(f"not_a_{end}", reason, path))
    return found


def setting_problems(workspace: Workspace, sync: JsonObject, version: str) -> Iterator[Problem]:
    """Yield what is wrong with the settings of a sync whose connections are valid."""
    for name, values in _CHOICES.items():
        if sync[name] not in values:
            yield Problem("invalid_value", unknown(name, str(sync[name]), values), name)
    for name in ("concurrency_limit", "resync_concurrency_limit"):
        if (sync[name] or 0) > outputs.HIGHEST_LIMIT:
            message = f"{name} must be from 1 to {outputs.HIGHEST_LIMIT}, or 0 for Polytomic's own limit."
            yield Problem("invalid_value", message, name)
    yield from _cutoff_problems(sync, "data_cutoff_timestamp")
    source = workspace.find("connection", sync["source_connection_id"])
    destination = workspace.find("connection", sync["destination_connection_id"])
    if sync["mode"] not in (offered := bulk_destinations.modes(destination, version)):
        message = f"Connection {destination['name']} does not support mode {quoted(sync['mode'])}."
        yield Problem("invalid_value", message + valid_values(sync["mode"], offered), "mode")
    yield from _configuration_problems(destination, sync["destination_configuration"])
    for key, value in sync["source_configuration"].items():
        path = f"source_configuration.{key}"
        if key not in bulk_sources.settings(source):
            yield Problem("unknown_setting", unknown("setting", key, bulk_sources.settings(source)), path)
        elif not isinstance(value, str):
            yield Problem("invalid_value", f"{key} must be a string.", path)
    yield from bulk_schedules.problems(sync)


def schema_problems(workspace: Workspace, sync: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the schemas of a sync whose settings are valid."""
    source = workspace.find("connection", sync["source_connection_id"])
    enabled = [schema for schema in sync["_schemas"] if schema["enabled"]]
    if not sync["_schemas"]:
        message = f"Connection {source['name']} has no data: the sandbox has none for its type."
        yield Problem("no_schemas", message, "source_connection_id")
    for schema in sync["_schemas"]:
        table = bulk_sources.get_table(workspace, source, schema["id"])
        if table is not None:
            yield from _schema_problems(sync, schema, table)
        if schema["tracking_field"] and not bulk_sources.supports_tracking(source):
            message = f"Connection {source['name']} does not support tracking fields. Omit tracking_field."
            path = f"schemas.{schema['id']}.tracking_field"
            yield Problem("invalid_tracking_field", message, path)
    places = ((bulk_schemas.place(sync, each), bulk_schemas.output_name(sync, each)) for each in enabled)
    counts = Counter((place.casefold(), name.casefold()) for place, name in places)
    for (_, name), count in counts.items():
        if count > 1:
            message = f"{count} schemas have the output name {name}. Give each its own user_output_name."
            yield Problem("duplicate_output", message, "schemas")
    if sync["source_connection_id"] == sync["destination_connection_id"]:
        yield from _overlap_problems(sync, enabled)


def _configuration_problems(destination: JsonObject, configuration: JsonObject) -> Iterator[Problem]:
    settings = bulk_destinations.settings(destination)
    yield from _values_problems("destination_configuration", settings, configuration)
    for key, reason in outputs.place_problems(configuration):
        yield Problem("invalid_value", reason, f"destination_configuration.{key}")
    is_mirror = bool(configuration.get(outputs.MIRROR_SCHEMAS))
    for setting in settings:
        if setting.required and not configuration.get(setting.name) and not is_mirror:
            message = f"{system_of(destination)} requires the name of the schema to write to."
            yield Problem("missing_setting", message, f"destination_configuration.{setting.name}")


def _values_problems(
    path: str, settings: Iterable[bulk_destinations.Setting], values: JsonObject
) -> Iterator[Problem]:
    known = {setting.name: setting for setting in settings}
    for key, value in values.items():
        place = f"{path}.{key}"
        if key not in known:
            yield Problem("unknown_setting", unknown("setting", key, known), place)
        elif reason := None if value is None else known[key].value_problem(value):
            yield Problem("invalid_value", reason, place)
        else:
            yield from _values_problems(place, known[key].fields, as_object(value))


def _output_problems(schema: JsonObject, fields: list[JsonObject], path: str) -> Iterator[Problem]:
    for place, each in ((path, schema), *((f"{path}.fields", field) for field in fields)):
        if reason := outputs.output_name_problem(each["user_output_name"]):
            yield Problem("invalid_value", reason, f"{place}.user_output_name")


def _schema_problems(sync: JsonObject, schema: JsonObject, table: Table) -> Iterator[Problem]:
    path = f"schemas.{schema['id']}"
    if schema["enabled"]:
        yield from _field_problems(sync, schema, path)
    if schema["history_enabled"]:
        message = "The sandbox does not emulate history tables. Omit history_enabled."
        yield Problem("not_emulated", message, f"{path}.history_enabled")
    yield from _field_reference_problems(schema, table, path)
    yield from _filter_problems(schema, table, path)
    yield from _cutoff_problems(schema, f"{path}.data_cutoff_timestamp")


def _field_problems(sync: JsonObject, schema: JsonObject, path: str) -> Iterator[Problem]:
    fields = [field for field in schema["fields"] if field["enabled"]]
    if not fields:
        yield Problem("no_fields", "At least one field must be enabled.", path)
    yield from _output_problems(schema, fields, path)
    names = (bulk_schemas.field_name(sync, field) for field in fields)
    counts = Counter(outputs.compared(name, sync["normalize_names"]) for name in names)
    for name, count in counts.items():
        if count > 1:
            message = f"{count} fields have the output name {name}. Give each its own user_output_name."
            yield Problem("duplicate_output", message, path)


def _field_reference_problems(schema: JsonObject, table: Table, path: str) -> Iterator[Problem]:
    for key in ("tracking_field", "partition_key"):
        if schema[key]:
            column = table.column(schema[key])
            if column is None:
                yield Problem("unknown_field", _unknown_field(table, schema[key]), f"{path}.{key}")
            elif key == "tracking_field" and column.type not in outputs.TRACKABLE:
                types = " or ".join(outputs.TRACKABLE)
                message = f"Field {column.name} is of type {column.type}. A tracking field must be a {types}."
                yield Problem("invalid_tracking_field", message, f"{path}.{key}")


def _filter_problems(schema: JsonObject, table: Table, path: str) -> Iterator[Problem]:
    for position, condition in enumerate(as_list(schema["filters"])):
        place = f"{path}.filters[{position}]"
        field_id = str(condition.get("field_id") or "")
        column = table.column(field_id)
        if column is None:
            yield Problem("unknown_field", _unknown_field(table, field_id), f"{place}.field_id")
        type_ = column and column.type
        if reason := filter_functions.value_problem(condition["function"], condition.get("value"), type_):
            yield Problem("invalid_filter", reason, f"{place}.function")


def _unknown_field(table: Table, field_id: str) -> str:
    return unknown("field", field_id, [each.name for each in table.columns])


def _cutoff_problems(document: JsonObject, path: str) -> Iterator[Problem]:
    if problem := outputs.cutoff_problem(document["data_cutoff_timestamp"]):
        yield Problem("invalid_value", f"data_cutoff_timestamp {problem}", path)


def _overlap_problems(sync: JsonObject, enabled: list[JsonObject]) -> Iterator[Problem]:
    """Yield the schemas whose output would overwrite a schema that is read from the same connection."""
    read = {schema["id"].casefold() for schema in enabled}
    for schema in enabled:
        name = bulk_schemas.place(sync, schema)
        if name.casefold() in read:
            message = f"Output {name} is also a schema of the source. Write to another schema or output name."
            yield Problem("overlapping_output", message, f"schemas.{schema['id']}")
