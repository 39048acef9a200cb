"""What kinds of values the expressions of a query have, as far as the query and its tables tell.

DuckDB reads the JSON text of a value where warehouses read the value itself, so a cast to text would keep the
quotes of a string; and it divides integers as numbers.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.tables.tables import Table

JSON: Final = "json"
INTEGER: Final = "integer"
DATE: Final = "date"
OTHER: Final = ""

Columns = Mapping[str, str]
"""The kind of each column of a source, by its name in lower case."""

_JSON_TYPES: Final = ("json", "jsonb", "variant", "object", "super")
_JSON_NODES: Final = (
    *(exp.GetExtract, exp.JSONArray, exp.JSONArrayAgg, exp.JSONBExtract, exp.JSONExtract),
    *(exp.JSONObject, exp.JSONObjectAgg, exp.ParseJSON, exp.ToVariant),
)
_JSON_FUNCTIONS: Final = ("JSON", "JSON_ARRAY", "JSON_EXTRACT", "JSON_OBJECT", "TO_JSON", "TO_JSONB")
_COUNTS: Final = (exp.Count, exp.CountIf, exp.Length, exp.RowNumber, exp.IntDiv, exp.DateDiff)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Div)
_WRAPPERS: Final = (
    exp.Abs,
    exp.Nullif,
    exp.Paren,
    exp.Alias,
    exp.Neg,
    exp.Bracket,
    exp.Dot,
    exp.Sum,
    exp.Max,
    exp.Min,
    exp.Window,
)
_MOST_PASSES: Final = 10
_NONE: Final[Columns] = MappingProxyType({})


class Kinds:
    """Knows the columns of a query's tables and subqueries; ``tables`` are by the names that DuckDB uses."""

    def __init__(self, query: exp.Expr, tables: Mapping[str, Table]) -> None:
        self._query = query
        self._tables = tables
        self._sources: dict[int, Columns] = {}
        for _ in range(_MOST_PASSES):  # what a subquery selects depends on the subqueries it reads
            self._sources = {id(each): self._columns_of(each) for each in self._all_sources()}

    def is_json(self, value: exp.Expr) -> bool:
        """Whether an expression is JSON."""
        return self.of(value) == JSON

    def of(self, value: exp.Expr) -> str:
        """Return the kind of an expression."""
        if "json" in value.meta:
            return JSON if value.meta["json"] else OTHER
        if isinstance(value, exp.Column):
            return self.at(value, value.name, value.table) or OTHER
        if isinstance(value, _WRAPPERS):
            return self.of(value.this)
        if isinstance(value, _ARITHMETIC):
            parts = {self.of(value.this), self.of(value.expression)}
            return INTEGER if parts == {INTEGER} else OTHER
        return _kind_of_type(value.to) if isinstance(value, exp.Cast) else _own_kind(value)

    def at(self, place: exp.Expr, name: str, table: str) -> str | None:
        """Return the kind of a column that is read at a place; None if no source is known to have it."""
        for source in sources_at(place):
            if table.casefold() in ("", source.alias_or_name.casefold()):
                known = self._sources.get(id(source), {})
                if name.casefold() in known:
                    return known[name.casefold()]
        return None

    def _all_sources(self) -> Iterator[exp.Expr]:
        return self._query.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral)

    def _columns_of(self, source: exp.Expr) -> Columns:
        if isinstance(source, exp.Table):
            if table := self._tables.get(source.name):
                return {each.name.casefold(): _kind_of_name(each.sql_type) for each in table.columns}
            named = source.name.casefold()
            common = (each for each in self._query.find_all(exp.CTE) if each.alias.casefold() == named)
            return next((self._sources.get(id(each), _NONE) for each in common), _NONE)
        query = source.this
        while isinstance(query, exp.Subquery | exp.SetOperation):
            query = query.this
        columns = self._selected(query) if isinstance(query, exp.Select) else _NONE
        alias = source.args.get("alias")
        is_named = isinstance(alias, exp.TableAlias)
        names = [column.name.casefold() for column in alias.columns] if is_named else []
        return dict(zip(names, columns.values(), strict=False)) if names else columns

    def _selected(self, select: exp.Select) -> Columns:
        columns: dict[str, str] = {}
        for projection in select.selects:
            if projection.is_star:
                for source in _sources_of(select):
                    columns |= self._sources.get(id(source), {})
            else:
                columns[projection.alias_or_name.casefold()] = self.of(projection)
        return columns


def sources_at(place: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the tables and subqueries that a column at a place can refer to, the nearest first."""
    select = place.find_ancestor(exp.Select)
    while select is not None:
        yield from _sources_of(select)
        select = select.find_ancestor(exp.Select)


def _own_kind(value: exp.Expr) -> str:
    """Return the kind of an expression that does not depend on its parts."""
    is_function = isinstance(value, exp.Anonymous) and value.name.upper() in _JSON_FUNCTIONS
    if is_function or isinstance(value, _JSON_NODES):
        return JSON
    is_number = isinstance(value, exp.Literal) and value.is_int
    return INTEGER if is_number or isinstance(value, _COUNTS) else OTHER


def _kind_of_name(sql_type: str) -> str:
    return _kind_of_type(exp.DataType.build(sql_type, dialect="duckdb"))


def _kind_of_type(sql_type: exp.DataType) -> str:
    is_variants = sql_type.is_type("array") and not sql_type.expressions  # Snowflake's array of variants
    if is_variants or sql_type.is_type(*_JSON_TYPES):
        return JSON
    if sql_type.is_type(*exp.DataType.INTEGER_TYPES):
        return INTEGER
    return DATE if sql_type.is_type("date") else OTHER


def _sources_of(select: exp.Select) -> Iterator[exp.Expr]:
    if start := select.args.get("from_"):
        yield start.this
    yield from (join.this for join in select.args.get("joins") or ())
