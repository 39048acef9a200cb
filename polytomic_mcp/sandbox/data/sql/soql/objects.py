"""What a SOQL query names: objects, their fields, their parents and their children."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.table import Column, Table

_CUSTOM: Final = "__c"
_SHOWN: Final = 20
_ENDING_IN_IES: Final = ("ay", "ey", "oy", "uy")


@dataclass(frozen=True, slots=True)
class Relationship:
    """``column`` of ``child`` holds what ``key`` of ``parent`` does; ``name`` is what it names the parent."""

    child: Table
    column: Column
    parent: Table
    key: Column

    @property
    def name(self) -> str:
        """The parent's name: ``Account`` of ``AccountId``, ``Region__r`` of ``Region__c``."""
        name = self.column.name
        return f"{name.removesuffix(_CUSTOM)}__r" if name.endswith(_CUSTOM) else name.removesuffix("Id")


class Objects:
    """The objects of an organization, found by their names in any case."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables

    def find(self, name: str) -> Table:
        """Return the object; ``QueryError`` names the nearest."""
        found = self._get(name)
        if found is None:
            raise QueryError(f"There is no object {name}; {nearest(name, self._names())}")
        return found

    def parent(self, child: Table, name: str) -> Relationship:
        """Return the relationship that a field names before its dot: ``Account`` is ``AccountId``'s."""
        found = {each.name.casefold(): each for each in self._relationships(child)}
        if name.casefold() not in found:
            names = [each.name for each in found.values()]
            raise QueryError(f"{child.name} has no relationship {name}; {nearest(name, names)}")
        return found[name.casefold()]

    def children(self, parent: Table, name: str) -> tuple[str, Relationship]:
        """Return the relationship of an object's children with its name: ``Contacts``.

        A guess: the name is the plural of the object's, the files of a system name none.
        """
        # Whoever owns records has them by no name.
        every = [each for table in self._tables for each in self._relationships(table)]
        own = {
            _plural(each.child.name): each
            for each in reversed(every)
            if each.parent.id == parent.id and each.name != "Owner"
        }
        for plural, each in own.items():
            if plural.casefold() == name.casefold():
                return plural, each
        raise QueryError(f"{parent.name} has no child relationship {name}; {nearest(name, own)}")

    def _get(self, name: str) -> Table | None:
        return next((each for each in self._tables if each.name.casefold() == name.casefold()), None)

    def _names(self) -> list[str]:
        return [table.name for table in self._tables]

    def _relationships(self, child: Table) -> Iterable[Relationship]:
        for column in child.columns:
            object_, _, key = (column.refers_to or "").rpartition(".")
            parent = self._get(object_)
            found = parent.column(key) if parent else None
            if parent and found:
                yield Relationship(child, column, parent, found)


def column_of(table: Table, name: str) -> Column:
    """Return the field; ``QueryError`` names the nearest."""
    found = table.column(name)
    if found is None:
        names = [column.name for column in table.columns]
        raise QueryError(f"{table.name} has no field {name}; {nearest(name, names)}")
    return found


def kind_of(column: Column) -> str:
    """Return what a field's values are compared as: text, number, boolean, date or datetime."""
    if column.sql_type == "DATE":
        return "date"
    kind = field_type(column.sql_type)
    return kind if kind in ("number", "boolean", "datetime") else "text"


def is_custom(column: Column) -> bool:
    """Say whether somebody of the organization added the field."""
    return column.name.casefold().endswith(_CUSTOM)


def is_reference(table: Table, column: Column) -> bool:
    """Say whether the field holds the id of its own record or of another."""
    return column.name == table.key or column.refers_to is not None


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that says which names there are, the nearest if any is near."""
    spelled = {each.casefold(): each for each in names}
    near = [spelled[each] for each in get_close_matches(name.casefold(), spelled, n=3, cutoff=0.5)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(list(spelled.values())[:_SHOWN]) or 'none'}"


def _plural(name: str) -> str:
    stem, ending = (name.removesuffix(_CUSTOM), "__r") if name.endswith(_CUSTOM) else (name, "")
    if stem.endswith("y") and not stem.endswith(_ENDING_IN_IES):
        return f"{stem[:-1]}ies{ending}"
    return f"{stem}s{ending}"
