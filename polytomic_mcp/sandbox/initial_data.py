"""The initial data of a sandbox: its organization, the user's own files, and contacts in the sample CRM."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from polytomic_mcp.sandbox.common.owner import ORGANIZATION_ID
from polytomic_mcp.sandbox.data.files.imports import import_tables
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables
from polytomic_mcp.sandbox.past import past
from polytomic_mcp.sandbox.resources.organizations import organizations, roles, users
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_CRM: Final = "salesforce"
_CONTACT: Final = "Contact"
_ID: Final = "Id"
_COPIED: Final = {
    "email": "Email",
    "firstname": "FirstName",
    "lastname": "LastName",
    "phone": "Phone",
    "title": "Title",
}


def seed_workspace(
    workspace: Workspace, tables: Mapping[str, str | Path], contacts: str | None, *, has_past: bool = False
) -> list[str]:
    """Add the first organization, roles and users, then the user's files, then the contacts.

    ``tables`` maps names (``contacts``, ``salesforce.Contact``) to files. ``contacts`` is SQL in Snowflake's
    dialect whose first column has contact ids. With ``has_past``, a new organization gets one, most of which
    is put off. Returns notes for the user.

    Raises:
        ValueError: An option is not valid; nothing was added.
    """
    with workspace.store.transaction():
        is_new = workspace.store.get(organizations.KIND, ORGANIZATION_ID) is None
        for noun in (organizations, roles, users):
            noun.seed(workspace)
        if has_past and is_new:
            _require_free_names(tables)
            past.begin(workspace)
        past.resume(workspace)
        notes = import_tables(workspace.tables, tables)
        return notes if contacts is None else [*notes, _add_selected_contacts(workspace, contacts)]


def _require_free_names(tables: Mapping[str, str | Path]) -> None:
    """Refuse a file that would replace a table of the past."""
    if taken := sorted(name for name in tables if name.casefold() in past.taken_names()):
        raise ValueError(
            f"--table {taken[0]}: The organization's past has a table of this name. Use another name, or "
            "start an empty organization with --empty."
        )


def _add_selected_contacts(workspace: Workspace, sql: str) -> str:
    try:
        with workspace.engine.stream("snowflake", sql, dialect="snowflake") as stream:
            names = [column.name for column in stream.columns]
            count = add_contacts(
                workspace.tables, (dict(zip(names, row, strict=True)) for row in stream.rows)
            )
    except QueryError as error:
        raise QueryError(f"The query for the contacts failed: {error}") from error
    return f"{count} contacts of the query were added to the sample CRM"


def known_contacts(tables: Tables) -> set[str]:
    """Return the ids of all contacts in the CRM that Gong uses."""
    table = tables.get(_CRM, _CONTACT)
    return set() if table is None else {row[_ID] for _, row in tables.read(table) if row.get(_ID)}


def add_contacts(tables: Tables, rows: Iterator[Row]) -> int:
    """Add contacts to the CRM, whose ids are in the rows' first column, and return how many are new.

    Nulls and ids that exist are skipped. Columns with the names of the CRM's own fields are copied.

    Raises:
        ValueError: The CRM has no object for contacts, as when the user's own file replaces it.
    """
    table = tables.get(_CRM, _CONTACT)
    if table is None or table.column(_ID) is None:
        raise ValueError(f"{_CRM} has no {_CONTACT} with an {_ID}, so no contacts can be added to it.")
    known = known_contacts(tables)
    fresh: dict[str, Row] = {}
    for row in rows:
        id_ = next(iter(row.values()))
        if id_ is not None and str(id_) not in known:
            fresh.setdefault(str(id_), _contact(table, str(id_), row))
    return len(tables.insert(table, fresh.values()))


def _contact(table: Table, id_: str, row: Row) -> Row:
    copied = ((_COPIED.get(name.replace("_", "").casefold()), value) for name, value in row.items())
    return {name: value for name, value in copied if name and table.column(name)} | {_ID: id_}
