"""The objects of a SOQL query: their fields, parents and children."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.table import Column, Table

_CUSTOM: Final = "__c"
_VOWEL_Y: Final = ("ay", "ey", "oy", "uy")


@dataclass(frozen=True, slots=True)
class Relationship:
    """``column`` of ``child`` refers to ``key`` of ``parent``."""

    child: Table
    column: Column
    parent: Table
    key: Column

    @property
    def name(self) -> str:
        """The parent's name in a query: ``Account`` for ``AccountId``, ``Region__r`` for ``Region__c``."""
        name = self.column.name
        return f"{name.removesuffix(_CUSTOM)}__r" if name.endswith(_CUSTOM) else name.removesuffix("Id")


class Objects:
    """The objects of an organization, by name in any case."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables

    def find(self, name: str) -> Table:
        """Return the object; ``QueryError`` if it does not exist."""
        found = self._get(name)
        if found is None:
            raise QueryError(unknown("object", name, (table.name for table in self._tables)))
        return found

    def parent(self, child: Table, name: str) -> Relationship:
        """Return the relationship with a parent's name: ``Account`` is that of ``AccountId``."""
        found = {each.name.casefold(): each for each in self._relationships(child)}
        if name.casefold() not in found:
            names = [each.name for each in found.values()]
            raise QueryError(unknown(f"{child.name} relationship", name, names))
        return found[name.casefold()]

    def children(self, parent: Table, name: str) -> tuple[str, Relationship]:
        """Return the relationship with children, such as ``Contacts``, and its name.

        A guess: the name is the plural of the child object's name. The systems' files do not name it.
        """
        # The owner of a record has no child relationship with it.
        every = [each for table in self._tables for each in self._relationships(table)]
        own = {
            _plural(each.child.name): each
            for each in reversed(every)
            if each.parent.id == parent.id and each.name != "Owner"
        }
        for plural, each in own.items():
            if plural.casefold() == name.casefold():
                return plural, each
        raise QueryError(unknown(f"{parent.name} child relationship", name, own))

    def _get(self, name: str) -> Table | None:
        return next((each for each in self._tables if each.name.casefold() == name.casefold()), None)

    def _relationships(self, child: Table) -> Iterable[Relationship]:
        for column in child.columns:
            object_, _, key = (column.refers_to or "").rpartition(".")
            parent = self._get(object_)
            found = parent.column(key) if parent else None
            if parent and found:
                yield Relationship(child, column, parent, found)


def column_of(table: Table, name: str) -> Column:
    """Return the field; ``QueryError`` if it does not exist."""
    found = table.column(name)
    if found is None:
        names = [column.name for column in table.columns]
        raise QueryError(unknown(f"{table.name} field", name, names))
    return found


def kind_of(column: Column) -> str:
    """Return the type that a field's values are compared as: text, number, boolean, date or datetime."""
    if column.sql_type == "DATE":
        return "date"
    kind = field_type(column.sql_type)
    return kind if kind in ("number", "boolean", "datetime") else "text"


def is_custom(column: Column) -> bool:
    """Return whether the field is a custom field."""
    return column.name.casefold().endswith(_CUSTOM)


def is_reference(table: Table, column: Column) -> bool:
    """Return whether the field holds the id of a record, its own or another."""
    return column.name == table.key or column.refers_to is not None


def _plural(name: str) -> str:
    stem, ending = (name.removesuffix(_CUSTOM), "__r") if name.endswith(_CUSTOM) else (name, "")
    if stem.endswith("y") and not stem.endswith(_VOWEL_Y):
        return f"{stem[:-1]}ies{ending}"
    return f"{stem}s{ending}"
