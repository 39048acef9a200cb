"""FLATTEN and the like: rows of a list or an object, as a LATERAL subquery with the dialect's columns.

All are built from the entries of one JSON value: the key of each, or its index from 0, and its value. They
are unnested in one level of SELECT, because DuckDB keeps their order only then.
"""

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.dialects.templates import filled

_LIST: Final = "TRY_CAST(to_json(:a) AS JSON[])"
_MAP: Final = "TRY_CAST(to_json(:a) AS MAP(VARCHAR, JSON))"
_VALUES: Final = {
    "BOTH": f"coalesce({_LIST}, map_values({_MAP}))",
    "ARRAY": _LIST,
    "OBJECT": f"map_values({_MAP})",
}
_KEYS: Final = f"map_keys({_MAP})"
_INDEXES: Final = f"range(len({_LIST}))"
_NOTHING: Final = "CAST(NULL AS VARCHAR[])"
_PATHS: Final = "coalesce(list_transform({indexes}, lambda i: '[' || i || ']'), {keys})"
_TEXTS: Final = "list_transform({}, lambda each: json_extract_string(each, '$'))"
_KEPT: Final = "CASE WHEN len({0}) > 0 THEN {0} ELSE [NULL] END"
"""At least one row, as in an outer join."""

_JSON: Final = frozenset((*_VALUES.values(), *map(_KEPT.format, _VALUES.values())))
"""The lists whose entries are JSON."""

_ELEMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "ARRAY_ELEMENTS": {"value": _LIST},
    "ARRAY_ELEMENTS_TEXT": {"value": _TEXTS.format(_LIST)},
    "EACH": {"key": _KEYS, "value": _VALUES["OBJECT"]},
    "EACH_TEXT": {"key": _KEYS, "value": _TEXTS.format(_VALUES["OBJECT"])},
    "OBJECT_KEYS": {"": _KEYS},
}
"""PostgreSQL's functions without ``json_`` or ``jsonb_``; a column without a name has that of its table."""

_PREFIXES: Final = ("JSONB_", "JSON_")
_UNNESTING: Final = ("athena", "bigquery", "redshift")
_JSON_LISTS: Final = ("JSON_EXTRACT_ARRAY",)
_LIST_OR_ONE: Final = (
    f"CASE WHEN json_type(to_json(:a)) = 'ARRAY' THEN {_LIST} "
    "WHEN json_type(to_json(:a)) IS NOT NULL THEN [to_json(:a)] END"
)


def flatten(query: exp.Expr, dialect: str) -> None:
    """Replace the functions in FROM that sqlglot would leave as they are, in place.

    Raises:
        QueryError: An option of a function is not emulated.
    """
    for node in [*query.find_all(exp.Lateral, exp.TableFromRows, exp.Table)]:
        _replace_function(node, dialect)
    for at in [*query.find_all(exp.AtIndex)]:
        _name_index(at)
    for unnest in [*query.find_all(exp.Unnest)]:
        # DuckDB counts the rows of a first list in FROM from 1.
        is_counted = isinstance(unnest.parent, exp.From) and unnest.args.get("offset")
        is_read = isinstance(unnest.parent, exp.Join) or is_counted
        if is_read and len(unnest.expressions) == 1 and dialect in _UNNESTING:
            _replace_unnest(unnest, is_json=dialect == "redshift")
    for join in [*query.find_all(exp.Join)]:
        if join.kind == "ARRAY":
            _replace_array_join(join)
    for function in [*query.find_all(exp.Anonymous)] if dialect == "postgres" else ():
        if (columns := _elements(function)) and len(columns) == 1:
            (template,) = columns.values()
            function.replace(filled(f"unnest({template})", *function.expressions))


def _replace_function(node: exp.Expr, dialect: str) -> None:
    function = node.this
    if dialect == "snowflake" and isinstance(function, exp.Explode):
        _replace(node, _flattened(function))
    elif isinstance(function, exp.Explode | exp.Posexplode | exp.Inline):
        _replace_explode(node)
    elif isinstance(function, exp.JSONTable):
        _replace(node, _table_of(function))
    elif isinstance(function, exp.OpenJSON):
        _replace(node, _opened(function))
    elif columns := _elements(function):
        _replace_elements(node, columns)


def _flattened(explode: exp.Explode) -> exp.Select:
    """Return the rows of Snowflake's FLATTEN; ``seq`` is always 1, as its documentation promises no value."""
    options = {"INPUT": explode.this}
    for part in (explode.this, *explode.expressions):
        if isinstance(part, exp.Kwarg):
            options[part.this.name.upper()] = part.expression
    value, path = options["INPUT"], options.get("PATH")
    if _is_true(options.get("RECURSIVE")):
        raise QueryError("The sandbox does not emulate RECURSIVE of FLATTEN. Flatten each level by itself.")
    if path is not None and path.name:
        place = path.name if path.name.startswith("[") else f".{path.name}"
        value = filled("json_extract(:a, :b)", value, exp.Literal.string(f"${place}"))
    mode = options["MODE"].name.upper() if "MODE" in options else "BOTH"
    values = _VALUES[mode]
    if _is_true(options.get("OUTER")):
        values = _KEPT.format(values)
    keys = _NOTHING if mode == "ARRAY" else _KEYS
    indexes = _NOTHING if mode == "OBJECT" else _INDEXES
    paths = _PATHS.format(indexes=indexes, keys=keys)
    columns = {"key": keys, "path": paths, "index": indexes, "value": values}
    select = _unnested(columns, value)
    this = exp.alias_(filled("to_json(:a)", value), "this")
    this.meta["json"] = True
    select.set("expressions", [exp.alias_("1", "seq"), *select.expressions, this])
    return select


def _is_true(option: exp.Expr | None) -> bool:
    return isinstance(option, exp.Boolean) and bool(option.this)


def _unnested(columns: Mapping[str, str], *values: exp.Expr) -> exp.Select:
    """Return the rows of lists, given as templates by the names of their columns."""
    selected: list[exp.Expr] = []
    for name, template in columns.items():
        column = exp.alias_(filled(f"unnest({template})", *values), name, quoted=True)
        column.meta["json"] = template in _JSON
        selected.append(column)
    return exp.select(*selected)


def _alias(name: exp.Expr) -> exp.TableAlias:
    return exp.TableAlias(this=name.copy())


def _name_of(node: exp.Expr) -> exp.TableAlias | None:
    """Return the name of a function in FROM, without names of its columns; None if it has none."""
    alias: exp.Expr | None = node.args.get("alias")
    return _alias(alias.this) if alias is not None and alias.this else None


def _replace(node: exp.Expr, select: exp.Select) -> None:
    """Put a LATERAL subquery in the place of a function."""
    name = _name_of(node)
    subquery = exp.Subquery(this=select, alias=name)
    if isinstance(node.parent, exp.From):
        node.replace(subquery)
        return
    join = node.parent
    if isinstance(join, exp.Join) and not join.args.get("on") and not join.args.get("using"):
        if join.side:
            join.set("on", exp.true())
        elif join.kind == "INNER":
            join.set("kind", "CROSS")
    subquery.set("alias", None)
    node.replace(exp.Lateral(this=subquery, alias=name))


def _replace_explode(node: exp.Expr) -> None:
    """Replace Spark's functions, also in a LATERAL VIEW, which has no row for an empty list unless OUTER."""
    function, alias = node.this, node.args.get("alias")
    if isinstance(function, exp.Inline):
        raise QueryError(
            "The sandbox does not emulate INLINE. Write EXPLODE, and read the fields of its column."
        )
    names = [column.name for column in alias.columns] if alias is not None else []
    lists = {"pos": "range(len(:a))"} if isinstance(function, exp.Posexplode) else {}
    is_map = len(names) > len(lists) + 1
    lists |= {"key": "map_keys(:a)", "value": "map_values(:a)"} if is_map else {"col": ":a"}
    if node.args.get("outer") or isinstance(function, exp.ExplodeOuter | exp.PosexplodeOuter):
        lists = {name: _KEPT.format(each) for name, each in lists.items()}
    select = _unnested(dict(zip(names or lists, lists.values(), strict=False)), function.this)
    outer = node.find_ancestor(exp.Select)
    if node.args.get("view") and outer is not None:
        lateral = exp.Lateral(this=exp.Subquery(this=select), alias=_name_of(node))
        node.pop()
        outer.append("joins", exp.Join(this=lateral, kind="CROSS"))
    else:
        _replace(node, select)


def _table_of(function: exp.JSONTable) -> exp.Select:
    """Return the rows of MySQL's JSON_TABLE."""
    rows = filled("json_extract(:a, :b)", function.this, function.args["path"])
    is_many = "*" in rows.sql("duckdb")
    entries = filled("unnest(:a)" if is_many else f"unnest({_LIST_OR_ONE})", rows)
    return exp.select(*(_defined(column, entries) for column in function.args["schema"].expressions))


def _opened(function: exp.OpenJSON) -> exp.Select:
    """Return the rows of SQL Server's OPENJSON, of which an object is one row if columns are defined."""
    path = function.args.get("path") or exp.Literal.string("$")
    value = filled("json_extract(:a, :b)", function.this, path)
    if function.expressions:
        entries = filled(f"unnest({_LIST_OR_ONE})", value)
        return exp.select(*(_defined(column, entries) for column in function.expressions))
    keys = f"coalesce(list_transform({_INDEXES}, lambda i: CAST(i AS VARCHAR)), {_KEYS})"
    types = (
        "list_transform({}, lambda each: CASE json_type(each) WHEN 'VARCHAR' THEN 1 WHEN 'BOOLEAN' THEN 3 "
        "WHEN 'ARRAY' THEN 4 WHEN 'OBJECT' THEN 5 WHEN 'NULL' THEN 0 ELSE 2 END)"
    )
    values = _VALUES["BOTH"]
    return _unnested({"key": keys, "value": _TEXTS.format(values), "type": types.format(values)}, value)


def _defined(column: exp.Expr, entries: exp.Expr) -> exp.Expr:
    """Return a column that a function in FROM defines, by its type and its path in each entry."""
    kind, path = column.args.get("kind"), column.args.get("path")
    if kind is None or column.args.get("nested_schema"):
        raise QueryError("The sandbox does not emulate NESTED PATH and FOR ORDINALITY of JSON_TABLE.")
    where = path or exp.Literal.string(f"$.{column.name}")
    is_json = bool(column.args.get("as_json")) or exp.DataType.build(kind, dialect="mysql").is_type("json")
    member = filled(f"json_extract{'' if is_json else '_string'}(:a, :b)", entries, where)
    typed = member if is_json else exp.cast(member, exp.DataType.build(kind, dialect="mysql"))
    defined = exp.alias_(typed, column.name, quoted=True)
    defined.meta["json"] = is_json
    return defined


def _elements(function: object) -> Mapping[str, str] | None:
    if not isinstance(function, exp.Anonymous):
        return None
    name = function.name.upper()
    known = [_ELEMENTS.get(name.removeprefix(prefix)) for prefix in _PREFIXES if name.startswith(prefix)]
    return next(iter(known), None)


def _replace_elements(table: exp.Expr, columns: Mapping[str, str]) -> None:
    """Replace PostgreSQL's function; the name of its table also means its only column."""
    function, alias = table.this, table.args.get("alias")
    name: str = alias.name if alias is not None else function.name.lower()
    given = [column.name for column in alias.columns] if alias is not None else []
    lists = {own or name: template for own, template in columns.items()}
    only = next(iter(lists)) if len(lists) == 1 else None
    if table.args.get("ordinality"):
        lists["ordinality"] = f"range(1, len({next(iter(columns.values()))}) + 1)"
    names = [*given, *[*lists][len(given) :]]
    select = _unnested(dict(zip(names, lists.values(), strict=True)), *function.expressions)
    outer = table.find_ancestor(exp.Select)
    table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    _replace(table, select)
    if only is not None and outer is not None and names[0].casefold() != name.casefold():
        for column in [*outer.find_all(exp.Column)]:
            if not column.table and column.name.casefold() == name.casefold():
                column.replace(exp.column(names[0], table=name, quoted=True))


def _replace_unnest(unnest: exp.Unnest, *, is_json: bool) -> None:
    """Replace a list in FROM, such as Redshift's ``FROM t, t.items AS i``: ``i`` is the name of a column."""
    alias, offset = unnest.args.get("alias"), unnest.args.get("offset")
    (value,) = unnest.expressions
    if alias is None or len(alias.columns) != 1:
        return
    (column,) = alias.columns
    lists = {column.name: _LIST if is_json else ":a"}
    if offset:
        lists[offset.name if isinstance(offset, exp.Expr) else "offset"] = (
            _INDEXES if is_json else "range(len(:a))"
        )
    select = _unnested(lists, value)
    if not is_json:
        select.expressions[0].meta["json"] = (
            value.sql_name() in _JSON_LISTS if isinstance(value, exp.Func) else False
        )
    name = alias.this or exp.to_identifier(column.name if is_json else f"_rows_{column.name}")
    unnest.set("alias", _alias(name))
    _replace(unnest, select)


def _name_index(at: exp.AtIndex) -> None:
    """Read Redshift's ``FROM t, t.items AS i AT n``."""
    column: str = at.this.alias
    name = exp.TableAlias(columns=[exp.to_identifier(column)])
    offset = at.expression.copy()
    at.replace(exp.Unnest(expressions=[at.this.this.copy()], alias=name, offset=offset))


def _replace_array_join(join: exp.Join) -> None:
    """Replace ClickHouse's ARRAY JOIN."""
    value = join.this
    if join.side:
        raise QueryError("The sandbox does not emulate LEFT ARRAY JOIN. Write ARRAY JOIN.")
    name: str = value.alias_or_name
    select = _unnested({name: ":a"}, value.unalias())
    lateral = exp.Lateral(this=exp.Subquery(this=select), alias=exp.TableAlias(this=exp.to_identifier(name)))
    join.replace(exp.Join(this=lateral, kind="CROSS"))
