"""A query of a dialect as one of DuckDB, where sqlglot's own translation does not suffice."""

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from polytomic_mcp.sandbox.data.sql.dialects.flattening import flatten
from polytomic_mcp.sandbox.data.sql.dialects.functions import use_functions
from polytomic_mcp.sandbox.data.sql.dialects.json_values import use_values
from polytomic_mcp.sandbox.data.sql.dialects.kinds import Kinds
from polytomic_mcp.sandbox.data.sql.dialects.meanings import name_columns, use_meanings
from polytomic_mcp.sandbox.data.sql.dialects.members import read_arrows, use_members
from polytomic_mcp.sandbox.data.tables.tables import Table

_OWN: Final = ("", "duckdb")
_FIRST: Final = {"postgres": 1}
"""What sqlglot subtracts from an index of a dialect whose arrays begin at 1; JSON's begin at 0."""


def unfold(query: exp.Expr, dialect: str) -> None:
    """Replace the functions in FROM of a query, in place, before its tables are looked up.

    Raises:
        QueryError: An option of a function is not emulated.
    """
    if dialect not in _OWN:
        read_arrows(query, dialect)
        flatten(query, dialect)


def translate(query: exp.Expr, dialect: str, tables: Mapping[str, Table]) -> None:
    """Rewrite a query in place; ``tables`` are those it reads, by the names that DuckDB uses."""
    if dialect in _OWN:
        return
    name_columns(query, dialect, tables)
    use_functions(query, dialect)
    use_members(query, Kinds(query, tables), _FIRST.get(dialect, 0))
    kinds = Kinds(query, tables)
    use_values(query, kinds)
    use_meanings(query, dialect, kinds)
