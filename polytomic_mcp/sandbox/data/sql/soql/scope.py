"""The object that a SOQL query reads and the parents that its fields name, with the SQL of each field."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.objects import Objects, column_of, is_reference, kind_of
from polytomic_mcp.sandbox.data.sql.soql.syntax import Call, Expression, Path
from polytomic_mcp.sandbox.data.tables.names import quoted
from polytomic_mcp.sandbox.data.tables.table import Table

_DEEPEST: Final = 5
_DATE_FUNCTIONS: Final = {
    "CALENDAR_MONTH": "month({})",
    "CALENDAR_QUARTER": "quarter({})",
    "CALENDAR_YEAR": "year({})",
    "DAY_IN_MONTH": "day({})",
    "DAY_IN_WEEK": "dayofweek({}) + 1",
    "DAY_IN_YEAR": "dayofyear({})",
    "DAY_ONLY": "CAST({} AS DATE)",
    "HOUR_IN_DAY": "hour({})",
}
_AGGREGATES: Final = ("AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MIN", "SUM")


@dataclass(frozen=True, slots=True)
class Operand:
    """A field or function in SQL; ``name`` is Salesforce's spelling, ``kind`` the type it is compared as."""

    name: str
    sql: str
    kind: str
    is_reference: bool = False

    @property
    def comparable(self) -> str:
        """The SQL that compares as Salesforce does: text without regard to case."""
        return lowered(self.sql) if self.kind == "text" else self.sql


def lowered(sql: str) -> str:
    """Return the SQL of a text in lower case."""
    return f"lower({sql})"


def is_aggregate(expression: Expression) -> bool:
    """Return whether the expression is an aggregate, one value of many records."""
    return isinstance(expression, Call) and expression.name in _AGGREGATES


@dataclass(slots=True)
class Scope:
    """The fields available from one ``FROM``; ``number`` counts the tables of the whole statement."""

    objects: Objects
    table: Table
    alias: str | None
    number: Iterator[int]
    name: str = field(init=False)
    _parents: dict[tuple[str, ...], tuple[str, Table]] = field(init=False)
    _joins: list[str] = field(init=False, default_factory=list[str])

    def __post_init__(self) -> None:
        self.name = f"t{next(self.number)}"
        self._parents = {(): (self.name, self.table)}

    @property
    def source(self) -> str:
        """The SQL of FROM: the object, and the parents of all fields translated so far."""
        return " ".join([f"{quoted(self.table.name)} AS {self.name}", *self._joins])

    def operand(self, expression: Expression) -> Operand:
        """Return a field or function in SQL; ``QueryError`` if it names something unknown."""
        if isinstance(expression, Path):
            return self._field(expression)
        if is_aggregate(expression):
            return self._aggregate(expression)
        return self._date_function(expression)

    def _field(self, path: Path) -> Operand:
        *parents, name = self._without_alias(path.names)
        if len(parents) > _DEEPEST:
            raise QueryError(f"{path} names more than {_DEEPEST} levels of parents.")
        alias, table, spelled = self.name, self.table, list[str]()
        for depth in range(len(parents)):
            alias, table, relation = self._join(tuple(parents[: depth + 1]))
            spelled.append(relation)
        column = column_of(table, name)
        return Operand(
            ".".join([*spelled, column.name]),
            f"{alias}.{quoted(column.name)}",
            kind_of(column),
            is_reference(table, column),
        )

    def _without_alias(self, names: tuple[str, ...]) -> tuple[str, ...]:
        own = (self.alias or self.table.name).casefold()
        return names[1:] if len(names) > 1 and names[0].casefold() == own else names

    def _join(self, parents: tuple[str, ...]) -> tuple[str, Table, str]:
        key = tuple(each.casefold() for each in parents)
        alias, table = self._parents[key[:-1]]
        relation = self.objects.parent(table, parents[-1])
        if key not in self._parents:
            name = f"t{next(self.number)}"
            self._joins.append(
                f"LEFT JOIN {quoted(relation.parent.name)} AS {name}"
                f" ON {alias}.{quoted(relation.column.name)} = {name}.{quoted(relation.key.name)}"
            )
            self._parents[key] = (name, relation.parent)
        name, parent = self._parents[key]
        return name, parent, relation.name

    def _aggregate(self, call: Call) -> Operand:
        if call.path is None:
            if call.name != "COUNT":
                raise QueryError(f"{call.name}() needs a field: {call.name}(Id).")
            return Operand("COUNT()", "count(*)", "number")
        operand = self._field(call.path)
        is_fitting = {
            "AVG": operand.kind == "number",
            "SUM": operand.kind == "number",
            "MAX": operand.kind != "boolean",
            "MIN": operand.kind != "boolean",
        }
        if not is_fitting.get(call.name, True):
            raise QueryError(f"{call.name} does not accept {operand.name}, which is of type {operand.kind}.")
        name = f"{call.name}({operand.name})"
        if call.name == "COUNT_DISTINCT":
            return Operand(name, f"count(DISTINCT {operand.comparable})", "number")
        kind = operand.kind if call.name in ("MAX", "MIN") else "number"
        return Operand(name, f"{call.name.lower()}({operand.sql})", kind)

    def _date_function(self, call: Call) -> Operand:
        if call.name not in _DATE_FUNCTIONS or call.path is None:
            hint = valid_values(call.name, [*_AGGREGATES, *_DATE_FUNCTIONS])
            raise QueryError(f"The sandbox does not emulate SOQL's function {call}.{hint}")
        operand = self._field(call.path)
        if operand.kind not in ("date", "datetime"):
            raise QueryError(f"{call.name} needs a date; {operand.name} is of type {operand.kind}.")
        kind = "date" if call.name == "DAY_ONLY" else "number"
        return Operand(f"{call.name}({operand.name})", _DATE_FUNCTIONS[call.name].format(operand.sql), kind)
