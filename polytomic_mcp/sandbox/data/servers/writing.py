"""Rows written to a server's table: all of a call or none, and each refusal in the server's own words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.servers.drivers.wire import Wire
from polytomic_mcp.sandbox.data.tables.refused_rows import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_UNCHANGED: Final = "The server took the row without an error, and changed nothing"
_AT_ONCE: Final = 200
_BEGIN: Final = "SAVEPOINT {}"
_UNDO: Final = "ROLLBACK TO SAVEPOINT {}"

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Update:
    """The row as it was, and its values that change."""

    held: Row
    changes: Row


def insert(wire: Wire, relation: Relation, rows: Sequence[Row]) -> list[str]:
    """Insert rows, and return the place of each; ``RefusedRowsError`` names those that cannot be."""

    def act(some: Sequence[Row]) -> Iterator[Row | None]:
        for names, same in groupby(some, tuple):
            yield from wire.insert(relation, names, [*same])

    made = _perform(wire, dict(enumerate(rows)), act)
    return [relation.place(made[position]) for position in range(len(rows))]


def update(wire: Wire, relation: Relation, updates: Mapping[int, Update]) -> None:
    """Update rows by row id; ``RefusedRowsError`` names those that cannot be."""

    def act(some: Sequence[Update]) -> Iterator[bool | None]:
        for names, same in groupby(some, lambda each: tuple(each.changes)):
            setting = ", ".join(f"{wire.quoted(name)} = %s" for name in names)
            sql = f"UPDATE {wire.called(relation)} SET {setting} WHERE {_is_it(wire, relation)}"  # noqa: S608 - quoted
            values = [
                _encoded(wire, relation, each.changes) + _marks(wire, relation, each.held) for each in same
            ]
            yield from (is_changed or None for is_changed in wire.change(sql, values))

    _perform(wire, updates, act)


def delete(wire: Wire, relation: Relation, rows: Mapping[int, Row]) -> None:
    """Delete rows by row id, given what tells them apart; one that is gone already is none to refuse."""
    sql = f"DELETE FROM {wire.called(relation)} WHERE {_is_it(wire, relation)}"  # noqa: S608 - quoted

    def act(some: Sequence[Row]) -> list[bool]:
        return [True for _ in wire.change(sql, [_marks(wire, relation, row) for row in some])]

    _perform(wire, rows, act)


def pick(wire: Wire, relation: Relation, marks: Sequence[Row], *, is_locked: bool) -> Iterator[Row]:
    """Yield those rows that are there, given what tells them apart."""
    for start in range(0, len(marks), _AT_ONCE):
        some = marks[start : start + _AT_ONCE]
        condition = " OR ".join([f"({_is_it(wire, relation)})"] * len(some))
        values = [value for row in some for value in _marks(wire, relation, row)]
        yield from _selected(wire, relation, f"{condition}{' FOR UPDATE' if is_locked else ''}", values)


def find(wire: Wire, relation: Relation, column: Column, values: Sequence[Any]) -> Iterator[Row]:
    """Yield the rows whose column holds one of the values, and perhaps some that nearly do."""
    for start in range(0, len(values), _AT_ONCE):
        some = [wire.encoded(value, column) for value in values[start : start + _AT_ONCE]]
        condition = f"{wire.compared(relation, column)} IN ({', '.join(['%s'] * len(some))})"
        yield from _selected(wire, relation, condition, some)


def _selected(wire: Wire, relation: Relation, condition: str, values: Sequence[Any]) -> Iterator[Row]:
    listed = wire.listed([column.name for column in relation.columns])
    decode = decoders([column.sql_type for column in relation.columns])
    sql = f"SELECT {listed} FROM {wire.called(relation)} WHERE {condition}"  # noqa: S608 - quoted
    for found in wire.fetch(sql, values):
        yield relation.row(decoded(found, decode))


def _is_it(wire: Wire, relation: Relation) -> str:
    return " AND ".join(wire.same(relation, column) for column in relation.marks)


def _marks(wire: Wire, relation: Relation, row: Row) -> list[Any]:
    return [wire.encoded(row.get(column.name), column) for column in relation.marks]


def _encoded(wire: Wire, relation: Relation, row: Row) -> list[Any]:
    columns = {column.name: column for column in relation.columns}
    return [wire.encoded(value, columns[name]) for name, value in row.items()]


R = TypeVar("R")


def _perform(
    wire: Wire, changes: Mapping[int, V], act: Callable[[Sequence[V]], Iterator[R | None] | list[R]]
) -> dict[int, R]:
    """Make all changes, or none and say which are refused; return what each came to."""
    if not changes:
        return {}
    wire.execute(_BEGIN.format("all_rows"))
    try:
        found = dict(zip(changes, act([*changes.values()]), strict=True))
        refused = {id_: _UNCHANGED for id_, each in found.items() if each is None}
    except (*wire.errors, ValueError) as error:
        if not _is_refusal(wire, error):
            raise
        wire.execute(_UNDO.format("all_rows"))
        found, refused = _one_by_one(wire, changes, act)
    if refused:
        wire.execute(_UNDO.format("all_rows"))
        raise RefusedRowsError(refused)
    return {id_: each for id_, each in found.items() if each is not None}


def _one_by_one(
    wire: Wire, changes: Mapping[int, V], act: Callable[[Sequence[V]], Iterator[R | None] | list[R]]
) -> tuple[dict[int, R | None], dict[int, str]]:
    found: dict[int, R | None] = {}
    refused: dict[int, str] = {}
    for id_, change in changes.items():
        wire.execute(_BEGIN.format("one_row"))
        try:
            (found[id_],) = act([change])
        except (*wire.errors, ValueError) as error:
            if not _is_refusal(wire, error):
                raise
            refused[id_] = wire.words(error)
            wire.execute(_UNDO.format("one_row"))
    return found, refused | {id_: _UNCHANGED for id_, each in found.items() if each is None}


def _is_refusal(wire: Wire, error: Exception) -> bool:
    return isinstance(error, ValueError) or wire.is_refusal(error)
