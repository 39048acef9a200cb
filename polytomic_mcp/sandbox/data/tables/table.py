"""Tables, their columns, and the values that columns accept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Row = dict[str, Any]
"""A row: JSON values by column name (``sql_values.py`` lists the forms of SQL types)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a pick list, and its label."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``type`` is Polytomic's (string, number, boolean, ...), ``sql_type`` is DuckDB's.

    ``values`` is a pick list; no other value is accepted. ``refers_to`` names the column that must hold the
    value: ``Account.Id`` or, in another system, ``salesforce.Contact.Id``. The system itself fills some
    columns: ``computed`` joins other columns with spaces, ``from_reference`` is copied from the row that the
    key refers to, and ``stamped`` is the time at which the row was ``created`` or ``updated``.
    ``identity_functions`` of None allows all. ``ignores_case`` is how the system itself looks up a text.
    ``native`` is the own type of a real server's column, such as ``mysql:decimal(20,4)``; ``origin`` is that
    of the column of which this one is a copy. A server of the same product gives a new column the type of
    its origin.
    """

    name: str
    type: str
    sql_type: str
    required: bool = False
    label: str | None = None
    unique: bool = False
    createable: bool = True
    updateable: bool = True
    values: tuple[Choice, ...] = ()
    refers_to: str | None = None
    identity_functions: tuple[str, ...] | None = None
    computed: tuple[str, ...] = ()
    from_reference: str | None = None
    stamped: Literal["created", "updated"] | None = None
    ignores_case: bool = False
    native: str = ""
    origin: str = ""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Column":
        """Return the column that a JSON object describes."""
        functions = body.get("identity_functions")
        typed: dict[str, Any] = {
            **body,
            "values": tuple(Choice(**each) for each in body.get("values", ())),
            "identity_functions": None if functions is None else tuple(functions),
            "computed": tuple(body.get("computed", ())),
        }
        return cls(**typed)

    @property
    def is_filled_in(self) -> bool:
        """Whether the system itself fills the column, so that a sync cannot map to it."""
        return bool(self.computed or self.from_reference or self.stamped) or not (
            self.createable or self.updateable
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a warehouse, an object of an application, or a file; ``name`` is the object's id.

    ``system`` is the key of its system, and ``kind`` one of the system's kinds. ``key`` names the column that
    identifies a row; ``composite_key`` names those that do so only together. Tables with the same ``source``
    are aliases of the same rows.
    """

    system: str
    name: str
    label: str
    kind: str
    columns: tuple[Column, ...]
    key: str | None = None
    source: str | None = None
    composite_key: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Table":
        """Return the table that a JSON object describes."""
        columns = tuple(map(Column.of, body["columns"]))
        return replace(cls(**body), columns=columns, composite_key=tuple(body.get("composite_key", ())))

    def with_key(self, names: Sequence[str]) -> "Table":
        """Return the table with the columns that identify a row, if there are any."""
        if len(names) > 1:
            return replace(self, key=None, composite_key=tuple(names))
        return replace(self, key=next(iter(names), None), composite_key=())

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The names of the columns that identify a row, one or together."""
        return self.composite_key if self.key is None else (self.key,)

    @property
    def id(self) -> str:
        """The system and the name, joined by a dot; also the name of the table's view in the state file."""
        return f"{self.system}.{self.name}"

    @property
    def rows_id(self) -> str:
        """The source of the table's rows in the store."""
        return self.source or self.id

    def column(self, name: str) -> Column | None:
        """Return the column with this name; if there is none, one with the name in another case, or None."""
        return find_column(self.columns, name)


def find_column(columns: Iterable[Column], name: str) -> Column | None:
    """Return the column with this name; if there is none, the first with it in another case, or None."""
    found = [column for column in columns if column.name.casefold() == name.casefold()]
    return next((column for column in found if column.name == name), found[0] if found else None)
