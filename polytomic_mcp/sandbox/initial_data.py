"""The initial data of a sandbox: its organization, the user's own files, and contacts in the sample CRM."""

from collections.abc import Mapping
from pathlib import Path

from polytomic_mcp.sandbox.data.files.imports import import_tables
from polytomic_mcp.sandbox.data.sql.engine import QueryError
from polytomic_mcp.sandbox.data.systems.crm_contacts import add_contacts
from polytomic_mcp.sandbox.resources.organizations import organizations, roles, users
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def seed_workspace(workspace: Workspace, tables: Mapping[str, str | Path], contacts: str | None) -> list[str]:
    """Add the first organization, roles and users, then the user's files, then the contacts.

    ``tables`` maps names (``contacts``, ``salesforce.Contact``) to files. ``contacts`` is SQL in Snowflake's
    dialect whose first column has contact ids. Returns notes for the user.

    Raises:
        ValueError: An option is not valid; nothing was added.
    """
    with workspace.store.transaction():
        for noun in (organizations, roles, users):
            noun.seed(workspace)
        notes = import_tables(workspace.tables, tables)
        return notes if contacts is None else [*notes, _add_contacts(workspace, contacts)]


def _add_contacts(workspace: Workspace, sql: str) -> str:
    try:
        with workspace.engine.stream("snowflake", sql, dialect="snowflake") as stream:
            names = [column.name for column in stream.columns]
            count = add_contacts(
                workspace.tables, (dict(zip(names, row, strict=True)) for row in stream.rows)
            )
    except QueryError as error:
        raise QueryError(f"The query for the contacts failed: {error}") from error
    return f"{count} contacts of the query were added to the sample CRM"
