"""Making what a sync's target lacks: a new table, a new column."""

from collections.abc import Iterator, Mapping
from typing import Final

from polytomic_mcp.sandbox.checks import mapped_targets
from polytomic_mcp.sandbox.dialects import dialect_of
from polytomic_mcp.sandbox.problems import Problem
from polytomic_mcp.sandbox.sources import Sources
from polytomic_mcp.sandbox.store import JsonObject
from polytomic_mcp.sandbox.tables import Column
from polytomic_mcp.sandbox.targets import (
    WEBHOOK,
    Target,
    creation_properties,
    get_target,
    new_target,
    webhook_table,
)
from polytomic_mcp.sandbox.world import World

_SQL_TYPES: Final = {
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
    "object": "JSON",
}


def plan_target(
    world: World, system: str, sync: JsonObject, create: Mapping[str, str], sources: Sources
) -> Target | Problem:
    """Return the target that ``target.create`` asks for, or why it cannot be made."""
    known = [each["id"] for each in creation_properties(world, system)]
    if not known:
        return Problem("unsupported_creation", f"{system} makes no new target objects", "target.create")
    if unknown := sorted(create.keys() - set(known)):
        message = f"{system} takes {', '.join(known)}, not {', '.join(unknown)}"
        return Problem("invalid_creation", message, "target.create")
    if not create.get("name", "").strip():
        return Problem("invalid_creation", "a new table needs a name", "target.create.name")
    name = qualified_name(system, create)
    if get_target(world, system, name) is not None:
        return Problem(
            "target_exists", f"{name} exists already; name it in target.object", "target.create.name"
        )
    return new_target(system, name, _columns(sync, sources))


def make_target(world: World, target: Target, sync: JsonObject, sources: Sources) -> None:
    """Make the table if it is new, and the columns that the sync adds to it."""
    if target.kind == "new":
        world.tables.create(target.table)
        return
    if target.kind == WEBHOOK:
        if world.tables.get(WEBHOOK, target.id) is None:
            world.tables.create(webhook_table())
        return
    added = [column for column in _columns(sync, sources) if target.field(column.name) is None]
    if added:
        world.tables.add_columns(target.table, added)


def qualified_name(system: str, create: Mapping[str, str]) -> str:
    """Return the id of the table that ``target.create`` makes: its schema and its name."""
    name = create["name"].strip()
    return name if "." in name else f"{create.get('schema') or dialect_of(system).schema}.{name}"


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
