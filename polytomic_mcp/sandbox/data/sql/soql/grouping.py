"""SOQL queries with groups: what can be selected of a group, and the names of the columns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.scope import Operand, Scope, is_aggregate
from polytomic_mcp.sandbox.data.sql.soql.syntax import Call, Expression, Item, Query


@dataclass(frozen=True, slots=True)
class Grouping:
    """The fields that a query groups by, by name; empty if all records are one group."""

    scope: Scope
    fields: dict[str, Operand]

    @property
    def keys(self) -> list[str]:
        """The SQL expressions of GROUP BY."""
        return [operand.comparable for operand in self.fields.values()]

    def operand(self, expression: Expression) -> Operand:
        """Return the SQL of an expression that has one value for each group.

        Raises:
            QueryError: It is a field that is neither grouped by nor aggregated.
        """
        operand = self.scope.operand(expression)
        if is_aggregate(expression):
            return operand
        if operand.name not in self.fields:
            raise QueryError(f"{operand.name} must be grouped or aggregated: GROUP BY {operand.name}.")
        # Texts of a group may differ in case; one of them is selected.
        return replace(operand, sql=f"min({operand.sql})") if operand.kind == "text" else operand

    def selected(self, items: Iterable[Item]) -> dict[str, str]:
        """Return the selected SQL by name: an alias, a field's name, or ``expr0`` etc. for functions."""
        found: dict[str, str] = {}
        unnamed = 0
        for item in items:
            if isinstance(item.value, Query):
                raise QueryError("A group has no child records; select them without GROUP BY.")
            operand = self.operand(item.value)
            name = item.alias or operand.name.rpartition(".")[2]
            if item.alias is None and isinstance(item.value, Call):
                name, unnamed = f"expr{unnamed}", unnamed + 1
            if name.casefold() in map(str.casefold, found):
                raise QueryError(f"{name} names two columns; give one of them another alias.")
            found[name] = operand.sql
        return found


def grouping_of(query: Query, scope: Scope) -> Grouping | None:
    """Return how a query groups, or None if it selects records.

    Raises:
        QueryError: It has HAVING without GROUP BY, or ``COUNT()`` next to other items.
    """
    counts = [str(item.value) for item in query.items if item.value == Call("COUNT", None)]
    if counts and (len(query.items) > 1 or query.group_by):
        raise QueryError("COUNT() must be the only item; next to others, count a field: COUNT(Id).")
    if query.having and not query.group_by:
        raise QueryError("HAVING needs a GROUP BY.")
    items = [item.value for item in query.items if not isinstance(item.value, Query)]
    if not query.group_by and not any(map(is_aggregate, items)):
        return None
    operands = [scope.operand(require_field(each)) for each in query.group_by]
    return Grouping(scope, {operand.name: operand for operand in operands})


def require_field(expression: Expression) -> Expression:
    """Return the expression; ``QueryError`` if it is an aggregate."""
    if is_aggregate(expression):
        raise QueryError(
            f"{expression} is only allowed in SELECT, HAVING and ORDER BY of a query with groups."
        )
    return expression
