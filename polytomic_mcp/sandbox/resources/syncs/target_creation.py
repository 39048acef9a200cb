"""Creating what a sync's target does not have yet: a table, or columns of one."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules.names import name_problem, table_problem
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted, unknown, valid_values
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.systems.systems import Creation, described, system_of
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.tables import Column
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.syncs.syncs import named_target_fields
from polytomic_mcp.sandbox.resources.syncs.targets import (
    NEW,
    Target,
    creation_properties,
    get_target,
    new_target,
)
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_NEW_TARGET: Final = "__pt_new_target"
_SCHEMA: Final = "schema"
_IDS: Final = 10**9
_SQL_TYPES: Final = {
    "binary": "BLOB",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
    "object": "JSON",
}


def requested_target(
    workspace: Workspace, target: Mapping[str, Any]
) -> tuple[str | None, Mapping[str, str] | None]:
    """Return the object that a request's ``target`` names, and the properties of a new one that it asks for.

    The Terraform provider's example asks for a new one with the object ``__pt_new_target`` and ``new_name``,
    or ``search_values`` that are the parts of its name. Once it exists, it is the object (a guess). Its other
    example names a file of a bucket, which a run writes.
    """
    named: str | None = target.get("object")
    connection = workspace.store.get("connection", target["connection_id"])
    system = system_of(connection) if connection else ""
    creation = described(system).creation
    is_implied = bool(named and creation and creation.is_implied)
    if named != _NEW_TARGET and not is_implied:
        return named, target.get("create")
    parts = as_object(target.get("search_values")).values()
    name = named if is_implied and named else target.get("new_name") or ".".join(map(str, parts))
    if workspace.tables.get(system, name) is not None:
        return name, None
    return None, {"name": name}


def plan_target(
    workspace: Workspace, system: str, sync: JsonObject, create: Mapping[str, str], sources: Sources
) -> Target | Problem:
    """Return the target that ``target.create`` describes, or the reason why it cannot be created."""
    if problem := _creation_problem(workspace, system, create):
        return problem
    target = build_target(workspace, system, create, _columns(sync, sources))
    if workspace.tables.get(system, target.id) is not None:
        message = f"Target object {target.id} already exists. Use it as target.object."
        return Problem("target_exists", message, "target.create.name")
    return target


def is_target_of(workspace: Workspace, sync: JsonObject, create: Mapping[str, str]) -> bool:
    """Return whether ``target.create`` describes the target object that a stored sync has."""
    connection = workspace.store.get("connection", sync["target"]["connection_id"])
    id_: str = sync["target"]["object"]
    target = get_target(workspace, system_of(connection), id_) if connection else None
    schema, _, name = id_.rpartition(".")
    is_there = create.get(_SCHEMA) in (None, "", schema)
    wanted = create.get("name", "").strip()
    return target is not None and is_there and wanted in (target.table.label, id_, name)


def build_target(
    workspace: Workspace, system: str, create: Mapping[str, str], columns: Iterable[Column] = ()
) -> Target:
    """Return the target that these properties describe. Nothing is created.

    Raises:
        ValueError: If the system does not support new target objects.
    """
    creation = described(system).creation
    if creation is None:
        raise ValueError(f"{system} does not support new target objects")
    properties = {**create, "name": create["name"].strip()}
    id_ = _new_id(creation, described(system).language.schema, properties)
    return new_target(workspace, system, creation, id_, properties, columns)


def create_target(workspace: Workspace, target: Target, sync: JsonObject, sources: Sources) -> None:
    """Create the target's table if it is new, and the columns that the sync adds to it."""
    if target.kind == NEW:
        workspace.tables.create(target.table)
        return
    added = [column for column in _columns(sync, sources) if target.field(column.name) is None]
    if added:
        workspace.tables.add_columns(target.table, added)


def _creation_problem(workspace: Workspace, system: str, create: Mapping[str, str]) -> Problem | None:
    properties = creation_properties(workspace, system)
    known = [each["id"] for each in properties]
    if not known:
        message = f"{system} does not support new target objects. Use an existing one as target.object."
        return Problem("unsupported_creation", message, "target.create")
    if wrong := sorted(create.keys() - set(known)):
        return Problem("invalid_creation", unknown("property", wrong[0], known), "target.create")
    name = create.get("name", "").strip()
    if reason := (table_problem if _SCHEMA in known else name_problem)("A new target object", name):
        return Problem("invalid_creation", reason, "target.create.name")
    if reason := table_problem("A new schema", create.get(_SCHEMA, _SCHEMA)):
        return Problem("invalid_creation", reason, "target.create.schema")
    return next(filter(None, (_choice_problem(each, create) for each in properties)), None)


def _choice_problem(property_: JsonObject, create: Mapping[str, str]) -> Problem | None:
    """Return the reason why a choice is not valid; a schema that does not exist is created (a guess)."""
    id_, values = property_["id"], [each["value"] for each in property_["values"]]
    value = create.get(id_, "")
    if not property_["enum"] or id_ == _SCHEMA or value in values:
        return None
    wrong = f"Unknown {id_} {quoted(value)}." if value else f"A new target object needs {id_}."
    return Problem("invalid_creation", wrong + valid_values(value, values), f"target.create.{id_}")


def _new_id(creation: Creation, schema: str, create: Mapping[str, str]) -> str:
    """Return the new object's ID: built from its properties, in the default schema, or a new number."""
    if creation.id is None:
        return str(uuid.uuid4().int % _IDS)
    name = create["name"]
    return name if "." in name else creation.id.format_map({_SCHEMA: schema, **create})


def _columns(sync: JsonObject, sources: Sources) -> list[Column]:
    """Return a column for each target field that the sync names, with the type of its source."""
    typed = {column.name: column for column in _source_columns(sync, sources)}
    names = dict.fromkeys(id_ for _, id_, _ in named_target_fields(sync))
    return [typed.get(name) or Column(name, "string", "VARCHAR") for name in names]


def _source_columns(sync: JsonObject, sources: Sources) -> Iterator[Column]:
    """Yield a column for each target field that has a source, which holds what the source's column holds."""
    for mapping in [*sync["fields"], *sync["identities"]["mappings"]]:
        source = mapping.get("source")
        field = sources.field(source) if source else None
        if source and field:
            origins: Mapping[str, str] = (sources.model(source["model_id"]) or {}).get("_origins", {})
            yield _column(mapping["target"], field, origins.get(field["name"], ""))


def _column(name: str, field: JsonObject, origin: str) -> Column:
    type_ = field["type"] if field["type"] in _SQL_TYPES else "string"
    remote: str = field.get("remote_type") or ""
    is_scalar = type_ in ("number", "datetime") and field_type(remote) == type_
    return Column(name, type_, remote if is_scalar else _SQL_TYPES.get(type_, "VARCHAR"), origin=origin)
