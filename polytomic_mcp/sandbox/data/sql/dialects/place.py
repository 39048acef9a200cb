"""Functions that say where a query runs: the connection's own database and schema, not DuckDB's."""

from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.rewrites import function_name

_DATABASES: Final = ("CURRENT_CATALOG", "CURRENT_DATABASE", "DATABASE", "DB_NAME")
_SCHEMAS: Final = ("CURRENT_SCHEMA", "SCHEMA", "SCHEMA_NAME")


def use_place(query: exp.Expr, dialect: str, database: str, schema: str) -> None:
    """Replace the functions by the names of the database and the schema, in place; an unknown one is null."""
    names = dict.fromkeys(_DATABASES, database)
    # MySQL's databases are its schemas, and both words ask for the same.
    names |= dict.fromkeys(_SCHEMAS, database if dialect == "mysql" else schema)
    for function in [*query.find_all(exp.Func)]:
        name = function_name(function)
        if name in names and not [*function.iter_expressions()]:
            function.replace(exp.Literal.string(names[name]) if names[name] else exp.null())
