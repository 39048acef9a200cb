"""The CRM that is linked with Gong: which contacts it knows."""

from collections.abc import Iterator
from typing import Final

from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables

SYSTEM: Final = "salesforce"
CONTACT: Final = "Contact"
ID: Final = "Id"

_COPIED: Final = {
    "email": "Email",
    "firstname": "FirstName",
    "lastname": "LastName",
    "phone": "Phone",
    "title": "Title",
}


def known_contacts(tables: Tables) -> set[str]:
    """Return the ids of all contacts the CRM knows."""
    table = tables.get(SYSTEM, CONTACT)
    return set() if table is None else {row[ID] for _, row in tables.read(table) if row.get(ID)}


def add_contacts(tables: Tables, rows: Iterator[Row]) -> int:
    """Make the CRM know the contacts whose ids stand in the rows' first column; return how many are new.

    Nulls and known ids are passed over; columns named like the CRM's own are copied.
    """
    table = tables.get(SYSTEM, CONTACT)
    if table is None or table.column(ID) is None:
        raise ValueError(f"{SYSTEM} has no {CONTACT} with an {ID}, so no contact can be made known to it")
    known = known_contacts(tables)
    fresh: dict[str, Row] = {}
    for row in rows:
        id_ = next(iter(row.values()))
        if id_ is not None and str(id_) not in known:
            fresh.setdefault(str(id_), _contact(table, str(id_), row))
    return len(tables.insert(table, fresh.values()))


def _contact(table: Table, id_: str, row: Row) -> Row:
    copied = ((_COPIED.get(name.replace("_", "").casefold()), value) for name, value in row.items())
    return {name: value for name, value in copied if name and table.column(name)} | {ID: id_}
