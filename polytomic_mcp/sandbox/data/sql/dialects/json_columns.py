"""Which expressions of a query are JSON: columns by the tables and subqueries they come from, and functions.

DuckDB reads the JSON text of such a value where warehouses read the value itself, so a cast to text would keep
the quotes of a string.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.tables.tables import Table

Columns = Mapping[str, bool]
"""Whether each column of a source is JSON, by its name in lower case."""

_JSON_TYPES: Final = ("json", "jsonb", "variant", "object", "super")
_JSON_NODES: Final = (
    exp.GetExtract,
    exp.JSONArray,
    exp.JSONArrayAgg,
    exp.JSONBExtract,
    exp.JSONExtract,
    exp.JSONKeys,
    exp.JSONObject,
    exp.JSONObjectAgg,
    exp.ParseJSON,
    exp.ToVariant,
)
_JSON_FUNCTIONS: Final = ("JSON", "JSON_ARRAY", "JSON_EXTRACT", "JSON_OBJECT", "TO_JSON", "TO_JSONB")
_SAME: Final = (exp.Paren, exp.Alias, exp.Lateral)
_MOST_PASSES: Final = 10


class JsonColumns:
    """Knows the columns of a query's tables and subqueries; ``tables`` are by the names that DuckDB uses."""

    def __init__(self, query: exp.Expr, tables: Mapping[str, Table]) -> None:
        self._query = query
        self._tables = tables
        self._sources: dict[int, Columns] = {}
        for _ in range(_MOST_PASSES):  # what a subquery selects depends on the subqueries it reads
            found = {id(each): self._columns_of(each) for each in self._all_sources()}
            if found == self._sources:
                break
            self._sources = found

    def is_json(self, value: exp.Expr) -> bool:
        """Whether an expression is JSON, as far as the query tells."""
        if "json" in value.meta:
            return bool(value.meta["json"])
        match value:
            case exp.Paren() | exp.Alias():
                return self.is_json(value.this)
            case exp.Column():
                return bool(self._find(value, value.name, value.table))
            case exp.Cast():
                return value.to.is_type(*_JSON_TYPES) or _is_plain_array(value.to)
            case exp.Bracket() | exp.Dot():
                return self.is_json(value.this)
            case exp.Anonymous():
                return value.name.upper() in _JSON_FUNCTIONS
            case _:
                return isinstance(value, _JSON_NODES)

    def is_source(self, column: exp.Column, name: str) -> bool:
        """Whether a name is that of a table or subquery which a column can refer to."""
        sources = (source for select in _selects(column) for source in _sources_of(select))
        return any(source.alias_or_name.casefold() == name.casefold() for source in sources)

    def knows(self, column: exp.Column, source: str, name: str) -> bool:
        """Whether a table or subquery that a column can refer to has a column with this name."""
        return self._find(column, name, source) is not None

    def is_json_at(self, place: exp.Expr, column: exp.Column) -> bool:
        """Whether a column would be JSON if it were written at another place."""
        return bool(self._find(place, column.name, column.table))

    def _all_sources(self) -> Iterator[exp.Expr]:
        return self._query.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral)

    def _columns_of(self, source: exp.Expr) -> Columns:
        if isinstance(source, exp.Table):
            if table := self._tables.get(source.name):
                return {column.name.casefold(): column.sql_type == "JSON" for column in table.columns}
            return next(
                (self._sources.get(id(each), {}) for each in self._query.find_all(exp.CTE)
                 if each.alias.casefold() == source.name.casefold()),
                {},
            )  # fmt: skip
        query = source.this
        while isinstance(query, exp.Subquery | exp.SetOperation):
            query = query.this
        columns = self._selected(query) if isinstance(query, exp.Select) else {}
        renamed = [column.name.casefold() for column in source.args["alias"].columns] if source.alias else []
        return dict(zip(renamed, columns.values(), strict=False)) if renamed else columns

    def _selected(self, select: exp.Select) -> Columns:
        columns: dict[str, bool] = {}
        for projection in select.selects:
            if projection.is_star:
                for source in _sources_of(select):
                    columns |= self._sources.get(id(source), {})
            else:
                columns[projection.alias_or_name.casefold()] = self.is_json(projection)
        return columns

    def _find(self, place: exp.Expr, name: str, table: str) -> bool | None:
        """Return whether a column is JSON that is read at a place; None if it is not known."""
        for select in _selects(place):
            for source in _sources_of(select):
                if table.casefold() in ("", source.alias_or_name.casefold()):
                    known = self._sources.get(id(source), {})
                    if name.casefold() in known:
                        return known[name.casefold()]
        return None


def _is_plain_array(sql_type: exp.DataType) -> bool:
    """Whether it is Snowflake's array of variants, which is JSON."""
    return sql_type.is_type("array") and not sql_type.expressions


def _selects(column: exp.Expr) -> Iterator[exp.Select]:
    select = column.find_ancestor(exp.Select)
    while select is not None:
        yield select
        select = select.find_ancestor(exp.Select)


def _sources_of(select: exp.Select) -> Iterator[exp.Expr]:
    if start := select.args.get("from_"):
        yield start.this
    yield from (join.this for join in select.args.get("joins") or ())
    yield from select.args.get("laterals") or ()
