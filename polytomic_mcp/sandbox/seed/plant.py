"""Planting: the sample company, the user's own files, and the contacts that the CRM shall know."""

from collections.abc import Mapping
from pathlib import Path

from polytomic_mcp.sandbox import organizations, roles, users
from polytomic_mcp.sandbox.crm import introduce
from polytomic_mcp.sandbox.engine import QueryError
from polytomic_mcp.sandbox.imports import import_tables
from polytomic_mcp.sandbox.world import World


def plant(world: World, tables: Mapping[str, str | Path], contacts: str | None) -> list[str]:
    """Bring who is there at first, then the user's files, then the contacts.

    ``tables`` maps names (``contacts``, ``salesforce.Contact``) to files; ``contacts`` is SQL in
    Snowflake's dialect whose first column holds contact ids. Returns what is worth telling the
    user; a ``ValueError`` says which option cannot be done, and then nothing was planted.
    """
    with world.store.transaction():
        for noun in (organizations, roles, users):
            noun.plant(world)
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
