"""Planting: the sample company, the user's own files, and the contacts that the CRM shall know."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from polytomic_mcp.sandbox import organizations, roles, users
from polytomic_mcp.sandbox.crm import introduce
from polytomic_mcp.sandbox.engine import QueryError
from polytomic_mcp.sandbox.field_types import field_type
from polytomic_mcp.sandbox.imports import SHARED, import_tables, place_everywhere
from polytomic_mcp.sandbox.tables import Column, Table, Tables
from polytomic_mcp.sandbox.world import World


def plant(world: World, tables: Mapping[str, Path], contacts: str | None) -> list[str]:
    """Bring the sample company where it is missing, then the user's files, then the contacts.

    ``tables`` maps names (``contacts``, ``salesforce.Contact``) to files; ``contacts`` is SQL in
    Snowflake's dialect whose first column holds contact ids. Returns what is worth telling the
    user; a ``ValueError`` says which option cannot be done, and then nothing was planted.
    """
    with world.store.transaction():
        for noun in (organizations, roles, users):
            noun.plant(world)
        _plant_company(world.tables)
        notes = import_tables(world.tables, tables)
        return notes if contacts is None else [*notes, _introduce(world, contacts)]


def _introduce(world: World, sql: str) -> str:
    try:
        with world.engine.stream("snowflake", sql, dialect="snowflake") as stream:
            names = [column.name for column in stream.columns]
            count = introduce(world.tables, (dict(zip(names, row, strict=True)) for row in stream.rows))
    except QueryError as error:
        raise QueryError(f"The query that names the contacts cannot run: {error}") from error
    return f"{count} contacts of the query were made known to the CRM"


def _plant_company(tables: Tables) -> None:
    for system in sorted(
        (files("polytomic_mcp.sandbox.seed") / "company").iterdir(), key=lambda place: place.name
    ):
        for file in sorted(system.iterdir(), key=lambda place: place.name):
            _plant_table(tables, system.name, file)


def _plant_table(tables: Tables, system: str, file: Traversable) -> None:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    columns = tuple(_columns(content["columns"]))
    name = file.name.removesuffix(".json")
    table = Table(system, name, content["label"], content["kind"], columns, content["key"])
    doors = place_everywhere(table) if system == SHARED else [table]
    missing = [door for door in doors if tables.get(door.system, door.name) is None]
    for door in missing:
        tables.create(door)
    if len(missing) == len(doors):
        names = [column.name for column in columns]
        tables.insert(doors[0], [dict(zip(names, row, strict=True)) for row in content["rows"]])


def _columns(described: list[dict[str, Any]]) -> Iterator[Column]:
    for column in described:
        yield Column(type=field_type(column["sql_type"]), **column)
