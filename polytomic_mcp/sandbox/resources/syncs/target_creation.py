"""Making what a sync's target lacks: a new table, a new column."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.systems.systems import Creation, described
from polytomic_mcp.sandbox.data.tables.tables import Column
from polytomic_mcp.sandbox.resources.models.source_fields import Sources
from polytomic_mcp.sandbox.resources.syncs.checks import mapped_targets
from polytomic_mcp.sandbox.resources.syncs.targets import Target, creation_properties, get_target, new_target
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_SCHEMA: Final = "schema"
_IDS: Final = 10**9
_SQL_TYPES: Final = {
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
    "object": "JSON",
}


def plan_target(
    workspace: Workspace, system: str, sync: JsonObject, create: Mapping[str, str], sources: Sources
) -> Target | Problem:
    """Return the target that ``target.create`` asks for, or why it cannot be made."""
    if problem := _problem(workspace, system, create):
        return problem
    target = planned_target(workspace, system, create, _columns(sync, sources))
    if get_target(workspace, system, target.id) is not None:
        message = f"{target.id} exists already; name it in target.object"
        return Problem("target_exists", message, "target.create.name")
    return target


def planned_target(
    workspace: Workspace, system: str, create: Mapping[str, str], columns: Iterable[Column] = ()
) -> Target:
    """Return the target that these properties make in a system that makes targets."""
    creation = described(system).creation
    if creation is None:
        raise ValueError(f"{system} makes no target objects")
    asked = {**create, "name": create["name"].strip()}
    id_ = _new_id(creation, described(system).language.schema, asked)
    return new_target(workspace, system, creation, id_, asked, columns)


def _problem(workspace: Workspace, system: str, create: Mapping[str, str]) -> Problem | None:
    properties = creation_properties(workspace, system)
    known = [each["id"] for each in properties]
    if not known:
        return Problem("unsupported_creation", f"{system} makes no new target objects", "target.create")
    if unknown := sorted(create.keys() - set(known)):
        message = f"{system} takes {', '.join(known)}, not {', '.join(unknown)}"
        return Problem("invalid_creation", message, "target.create")
    if not create.get("name", "").strip():
        return Problem("invalid_creation", "a new target object needs a name", "target.create.name")
    return next(filter(None, (_choice_problem(each, create) for each in properties)), None)


def _choice_problem(property_: JsonObject, create: Mapping[str, str]) -> Problem | None:
    """Return what is wrong with a choice; a schema that is not there yet is made (a guess)."""
    id_, values = property_["id"], [each["value"] for each in property_["values"]]
    if not property_["enum"] or id_ == _SCHEMA or create.get(id_) in values:
        return None
    message = f"{id_} is one of {', '.join(values)}, not {create.get(id_) or 'missing'}"
    return Problem("invalid_creation", message, f"target.create.{id_}")


def _new_id(creation: Creation, schema: str, create: Mapping[str, str]) -> str:
    """Return the new object's id: as the system puts it together, in its usual schema, or minted."""
    if creation.id is None:
        return str(uuid.uuid4().int % _IDS)
    name = create["name"]
    return name if "." in name else creation.id.format_map({_SCHEMA: schema, **create})


def make_target(workspace: Workspace, target: Target, sync: JsonObject, sources: Sources) -> None:
    """Make the table if it is new, and the columns that the sync adds to it."""
    if target.kind == "new":
        workspace.tables.create(target.table)
        return
    added = [column for column in _columns(sync, sources) if target.field(column.name) is None]
    if added:
        workspace.tables.add_columns(target.table, added)


def _columns(sync: JsonObject, sources: Sources) -> list[Column]:
    """Return a column for each target field the sync names, its type taken from the source."""
    types = dict(_source_types(sync, sources))
    found: dict[str, Column] = {}
    for _, id_, _ in mapped_targets(sync):
        type_ = types.get(id_, "string")
        found.setdefault(id_.casefold(), Column(id_, type_, _SQL_TYPES.get(type_, "VARCHAR")))
    return list(found.values())


def _source_types(sync: JsonObject, sources: Sources) -> Iterator[tuple[str, str]]:
    for mapping in [*sync["fields"], *sync["identities"]["mappings"]]:
        field = sources.field(mapping["source"])
        type_: str = (field or {}).get("type") or "string"
        yield mapping["target"], type_ if type_ in _SQL_TYPES else "string"
