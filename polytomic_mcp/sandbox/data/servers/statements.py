"""Statements that read and write rows of a server's table; a write changes all its rows or none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from polytomic_mcp.sandbox.data.servers.drivers.encoding import decoded, decoders
from polytomic_mcp.sandbox.data.servers.drivers.relation import Relation
from polytomic_mcp.sandbox.data.servers.drivers.session import ServerSession
from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.table import Column, Row

_UNCHANGED: Final = "The server accepted the row without an error, but changed nothing"
_BATCH: Final = 200
_SAVEPOINT: Final = "SAVEPOINT {}"
_ROLLBACK: Final = "ROLLBACK TO SAVEPOINT {}"

Change = TypeVar("Change")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Update:
    """A row as it is stored, and the values that change."""

    stored: Row
    changes: Row


def insert(session: ServerSession, relation: Relation, rows: Sequence[Row]) -> list[str]:
    """Insert rows and return their keys (``Relation.row_key``).

    Raises:
        RefusedRowsError: The server refuses some of the rows.
    """

    def act(some: Sequence[Row]) -> Iterator[Row | None]:
        for names, same in groupby(some, tuple):
            yield from session.insert(relation, names, [*same])

    inserted = _perform(session, dict(enumerate(rows)), act, lambda row: session.culprit(relation, row))
    return [relation.row_key(inserted[position]) for position in range(len(rows))]


def update(session: ServerSession, relation: Relation, updates: Mapping[int, Update]) -> None:
    """Update rows by row id.

    Raises:
        RefusedRowsError: The server refuses some of the rows.
    """

    def act(some: Sequence[Update]) -> Iterator[bool | None]:
        for names, same in groupby(some, lambda each: tuple(each.changes)):
            setting = ", ".join(f"{session.quoted(name)} = %s" for name in names)
            where = _row_condition(session, relation)
            sql = f"UPDATE {session.qualified_name(relation)} SET {setting} WHERE {where}"  # noqa: S608 - quoted
            values = [
                _encoded(session, relation, each.changes) + _identifying(session, relation, each.stored)
                for each in same
            ]
            yield from (is_changed or None for is_changed in session.execute_each(sql, values))

    _perform(session, updates, act, lambda each: session.culprit(relation, each.changes))


def delete(session: ServerSession, relation: Relation, rows: Mapping[int, Row]) -> None:
    """Delete rows by row id, given their identifying values; rows that no longer exist are ignored.

    Raises:
        RefusedRowsError: The server refuses to delete some of the rows.
    """
    sql = f"DELETE FROM {session.qualified_name(relation)} WHERE {_row_condition(session, relation)}"  # noqa: S608 - quoted

    def act(some: Sequence[Row]) -> list[bool]:
        return [
            True for _ in session.execute_each(sql, [_identifying(session, relation, row) for row in some])
        ]

    _perform(session, rows, act, lambda _row: None)


def pick(
    session: ServerSession, relation: Relation, rows: Sequence[Row], *, is_locking: bool
) -> Iterator[Row]:
    """Yield rows, given their identifying values; rows that no longer exist are left out."""
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        condition = " OR ".join([f"({_row_condition(session, relation)})"] * len(some))
        values = [value for row in some for value in _identifying(session, relation, row)]
        yield from _select(session, relation, f"{condition}{' FOR UPDATE' if is_locking else ''}", values)


def find(session: ServerSession, relation: Relation, column: Column, values: Sequence[Any]) -> Iterator[Row]:
    """Yield the rows whose column holds one of the values, and possibly some that nearly do."""
    for start in range(0, len(values), _BATCH):
        some = [session.encoded(value, column) for value in values[start : start + _BATCH]]
        condition = f"{session.comparable(relation, column)} IN ({', '.join(['%s'] * len(some))})"
        yield from _select(session, relation, condition, some)


def _select(
    session: ServerSession, relation: Relation, condition: str, values: Sequence[Any]
) -> Iterator[Row]:
    columns = ", ".join(map(session.readable, relation.columns))
    decode = decoders([column.sql_type for column in relation.columns])
    sql = f"SELECT {columns} FROM {session.qualified_name(relation)} WHERE {condition}"  # noqa: S608 - quoted
    for found in session.fetch(sql, values):
        yield relation.row(decoded(found, decode))


def _row_condition(session: ServerSession, relation: Relation) -> str:
    return " AND ".join(session.equality(relation, column) for column in relation.identifying_columns)


def _identifying(session: ServerSession, relation: Relation, row: Row) -> list[Any]:
    return [session.encoded(row.get(column.name), column) for column in relation.identifying_columns]


def _encoded(session: ServerSession, relation: Relation, row: Row) -> list[Any]:
    columns = {column.name: column for column in relation.columns}
    return [session.encoded(value, columns[name]) for name, value in row.items()]


def _perform(
    session: ServerSession,
    changes: Mapping[int, Change],
    act: Callable[[Sequence[Change]], Iterator[Outcome | None] | list[Outcome]],
    culprit: Callable[[Change], str | None],
) -> dict[int, Outcome]:
    """Make all changes and return their outcomes, or make none and raise the refused ones.

    If a change fails, each is tried by itself to find every one that the server refuses. ``culprit`` returns
    the column whose value the server refuses, if it is one.
    """
    if not changes:
        return {}
    session.execute(_SAVEPOINT.format("all_rows"))
    try:
        found = dict(zip(changes, act([*changes.values()]), strict=True))
        refused = {id_: _UNCHANGED for id_, each in found.items() if each is None}
    except (*session.errors, ValueError) as error:
        if not _is_refusal(session, error):
            raise
        session.execute(_ROLLBACK.format("all_rows"))
        found, refused = _perform_each(session, changes, act, culprit)
    if refused:
        session.execute(_ROLLBACK.format("all_rows"))
        raise RefusedRowsError(refused)
    return {id_: each for id_, each in found.items() if each is not None}


def _perform_each(
    session: ServerSession,
    changes: Mapping[int, Change],
    act: Callable[[Sequence[Change]], Iterator[Outcome | None] | list[Outcome]],
    culprit: Callable[[Change], str | None],
) -> tuple[dict[int, Outcome | None], dict[int, str]]:
    found: dict[int, Outcome | None] = {}
    refused: dict[int, str] = {}
    for id_, change in changes.items():
        session.execute(_SAVEPOINT.format("one_row"))
        try:
            (found[id_],) = act([change])
        except (*session.errors, ValueError) as error:
            if not _is_refusal(session, error):
                raise
            session.execute(_ROLLBACK.format("one_row"))
            name, message = culprit(change), session.error_message(error)
            refused[id_] = f"{name}: {message}" if name else message
    return found, refused | {id_: _UNCHANGED for id_, each in found.items() if each is None}


def _is_refusal(session: ServerSession, error: Exception) -> bool:
    return isinstance(error, ValueError) or session.is_refusal(error)
