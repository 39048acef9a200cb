"""What a table is: its name, its columns, and what each column may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Row = dict[str, Any]
"""One row: JSON values by column name; ``sql_values`` says how SQL's other types are written."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a pick list, and what a person reads."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``type`` in Polytomic's words (string, number, boolean, ...), ``sql_type`` in DuckDB's.

    ``values`` is a pick list: nothing else is taken. ``refers_to`` names the column that must hold the
    value, as ``Account.Id`` or, in another system, ``salesforce.Contact.Id``. What the system fills in
    itself: ``computed`` columns are others joined with a space, ``from_reference`` is copied from the
    row that the key refers to, ``stamped`` is the time at which the row was ``created`` or ``updated``.
    ``identity_functions`` are all of them where it is None.
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

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Column":
        """Return the column that JSON describes."""
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
        """Whether the system fills the column in itself, so that nothing can be mapped to it."""
        return bool(self.computed or self.from_reference or self.stamped) or not (
            self.createable or self.updateable
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a warehouse, an object of an application, a file; ``name`` is the object's id.

    ``system`` is the id of the connection type it belongs to, ``kind`` one of that system's kinds;
    ``key`` names the column that identifies a row. Tables of several systems that name the same
    ``source`` are aliases of the same rows.
    """

    system: str
    name: str
    label: str
    kind: str
    columns: tuple[Column, ...]
    key: str | None = None
    source: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Table":
        """Return the table that JSON describes."""
        return replace(cls(**body), columns=tuple(map(Column.of, body["columns"])))

    @property
    def id(self) -> str:
        """The system and the name; also the name of the table's view in the state file."""
        return f"{self.system}.{self.name}"

    @property
    def rows_id(self) -> str:
        """Where the rows are kept."""
        return self.source or self.id

    def column(self, name: str) -> Column | None:
        """Return the column of that name, in any case, or None."""
        return next((column for column in self.columns if column.name.casefold() == name.casefold()), None)
