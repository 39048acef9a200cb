"""Translation of SOQL to DuckDB's SQL: parents become joins, and children become lists.

A guess: a field of a parent is one column with dots in its name, children are a list of objects, and
``COUNT()`` is a row with ``expr0``. Salesforce nests records; how Polytomic shows them has not been observed.
"""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.conditions import Conditions, quoted_text
from polytomic_mcp.sandbox.data.sql.soql.grouping import Grouping, grouping_of, require_field
from polytomic_mcp.sandbox.data.sql.soql.objects import Objects, is_custom
from polytomic_mcp.sandbox.data.sql.soql.scope import Operand, Scope
from polytomic_mcp.sandbox.data.sql.soql.syntax import Call, Expression, Item, Order, Query
from polytomic_mcp.sandbox.data.tables.names import quoted

_LARGEST_LIMIT: Final = 200
_LARGEST_OFFSET: Final = 2_000
_NO_LIMIT: Final = 2**40
_FIELD_GROUPS: Final = ("ALL", "CUSTOM", "STANDARD")

Selected = dict[str, str]
"""The selected SQL by its name in the result."""


class Translation:
    """Translates the queries of one statement; ``today`` is the day that date literals refer to."""

    def __init__(self, objects: Objects, today: date) -> None:
        self._objects = objects
        self._today = today
        self._number = count()

    def query(self, query: Query) -> str:
        """Return a query in SQL; ``QueryError`` if it names something unknown."""
        scope = Scope(self._objects, self._objects.find(query.source), query.alias, self._number)
        grouping = grouping_of(query, scope)
        selected = grouping.selected(query.items) if grouping else self._selected(query, scope)
        orders = self._orders(query, scope, grouping)
        clauses = [
            "SELECT " + ", ".join(f"{sql} AS {quoted(name)}" for name, sql in selected.items()),
            self._where(query, scope),
            *(self._grouped(query, grouping) if grouping else ()),
            *([f"ORDER BY {orders}"] if orders else ()),
            *([] if query.limit is None else [f"LIMIT {query.limit}"]),
            f"OFFSET {_offset(query)}",
        ]
        # FROM comes last, because the other clauses add joins to it.
        return " ".join([clauses[0], f"FROM {scope.source}", *clauses[1:]])

    def _conditions(self, scope: Scope) -> Conditions:
        return Conditions(_field_operand(scope), self._id_query, self._today)

    def _where(self, query: Query, scope: Scope, *more: str) -> str:
        own = [] if query.where is None else [self._conditions(scope).sql(query.where)]
        return f"WHERE {' AND '.join([*more, *own]) or 'TRUE'}"

    def _grouped(self, query: Query, grouping: Grouping) -> list[str]:
        clauses = [f"GROUP BY {', '.join(grouping.keys)}"] if grouping.keys else []
        if query.having:
            conditions = Conditions(grouping.operand, self._id_query, self._today)
            clauses.append(f"HAVING {conditions.sql(query.having)}")
        return clauses

    def _orders(self, query: Query, scope: Scope, grouping: Grouping | None) -> str:
        find = grouping.operand if grouping else _field_operand(scope)
        orders = [_order(each, find(each.expression)) for each in query.order_by]
        return ", ".join([*orders, *([] if grouping else [f"{scope.name}.rowid"])])

    def _selected(self, query: Query, scope: Scope) -> Selected:
        selected: Selected = {}
        for item in query.items:
            for name, sql in self._columns(item, query, scope).items():
                if name.casefold() in map(str.casefold, selected):
                    raise QueryError(f"{name} is selected twice.")
                selected[name] = sql
        return selected

    def _columns(self, item: Item, query: Query, scope: Scope) -> Selected:
        if isinstance(item.value, Query):
            return self._children(item.value, scope)
        if item.alias:
            raise QueryError(
                f"SOQL allows aliases only in a query with groups; select {item.value} without {item.alias}."
            )
        if isinstance(item.value, Call):
            return _fields(item.value, query, scope)
        operand = scope.operand(item.value)
        return {operand.name: operand.sql}

    def _children(self, query: Query, above: Scope) -> Selected:
        """Return the children of each record as a list of objects, null if it has none."""
        name = query.source.removeprefix(f"{above.table.name}.")
        plural, relation = self._objects.children(above.table, name)
        scope = Scope(self._objects, relation.child, query.alias, self._number)
        if grouping_of(query, scope) or any(isinstance(each.value, Query) for each in query.items):
            raise QueryError(
                f"The sandbox does not emulate SOQL's groups or children among children: {name}."
            )
        fields = self._selected(query, scope)
        entries = ", ".join(f"{quoted_text(each)}: {sql}" for each, sql in fields.items())
        belongs = f"{scope.name}.{quoted(relation.column.name)} = {above.name}.{quoted(relation.key.name)}"
        where, orders = self._where(query, scope, belongs), self._orders(query, scope, None)
        children = f"(SELECT list({{{entries}}} ORDER BY {orders}) FROM {scope.source} {where})"  # noqa: S608 - quoted
        last = _offset(query) + (_NO_LIMIT if query.limit is None else query.limit)
        return {plural: f"list_slice({children}, {_offset(query) + 1}, {last})"}

    def _id_query(self, query: Query) -> str:
        """Return the query behind IN, which selects ids, without nulls."""
        scope = Scope(self._objects, self._objects.find(query.source), query.alias, self._number)
        operands = [
            scope.operand(require_field(each.value))
            for each in query.items
            if not isinstance(each.value, Query)
        ]
        if len(query.items) != 1 or len(operands) != 1 or not operands[0].is_reference:
            raise QueryError(f"The query of {query.source} behind IN must select one field that holds ids.")
        if query != Query(query.items, query.source, query.alias, query.where):
            raise QueryError(f"The query of {query.source} behind IN can have a WHERE clause and no other.")
        where = self._where(query, scope, f"{operands[0].sql} IS NOT NULL")
        return f"(SELECT {operands[0].comparable} FROM {scope.source} {where})"  # noqa: S608 - quoted


def _field_operand(scope: Scope) -> Callable[[Expression], Operand]:
    return lambda expression: scope.operand(require_field(expression))


def _fields(call: Call, query: Query, scope: Scope) -> Selected:
    """Return the columns of ``FIELDS(ALL)``, ``FIELDS(CUSTOM)`` or ``FIELDS(STANDARD)``."""
    which = str(call.path or "").upper()
    if call.name != "FIELDS" or which not in _FIELD_GROUPS:
        raise QueryError(
            f"{call} cannot be selected without GROUP BY; use fields or FIELDS({'|'.join(_FIELD_GROUPS)})."
        )
    if which != "STANDARD" and (query.limit is None or query.limit > _LARGEST_LIMIT):
        raise QueryError(f"{call} needs a LIMIT of up to {_LARGEST_LIMIT}.")
    return {
        column.name: f"{scope.name}.{quoted(column.name)}"
        for column in scope.table.columns
        if which == "ALL" or is_custom(column) == (which == "CUSTOM")
    }


def _order(order: Order, operand: Operand) -> str:
    direction = "DESC" if order.is_descending else "ASC"
    return f"{operand.comparable} {direction} NULLS {'LAST' if order.is_null_last else 'FIRST'}"


def _offset(query: Query) -> int:
    if query.offset > _LARGEST_OFFSET:
        raise QueryError(f"OFFSET can be up to {_LARGEST_OFFSET}; narrow the query down with WHERE instead.")
    return query.offset
