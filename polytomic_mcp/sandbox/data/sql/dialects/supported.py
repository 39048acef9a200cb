"""Refuses what DuckDB does not have, by the name that the query gives it."""

from functools import cache
from importlib.resources import files
from typing import Final

import sqlglot
from sqlglot import TokenType, exp

from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.sandbox.data.sql.backend import QueryError

_SYNTAX: Final = frozenset(
    (
        *("CAST", "COALESCE", "COLUMNS", "CUBE", "EXTRACT", "GROUPING", "GROUPING_ID", "IFNULL", "LAMBDA"),
        *("MAP", "NULLIF", "OVERLAY", "POSITION", "ROLLUP", "ROW", "STRUCT", "SUBSTRING", "TRIM", "TRY"),
        *(
            "BERNOULLI",
            "RESERVOIR",
            "SYSTEM",
            "TRY_CAST",
            "UNNEST",
            "VALUES",
            "ANY_VALUE",
            "EXCLUDE",
            "REPLACE",
            "RENAME",
        ),
    )
)
"""Words that DuckDB accepts before a parenthesis, although its catalog has no such function."""


def require_supported(query: exp.Expr, written: str, dialect: str) -> None:
    """Require that DuckDB has every function of a query, which ``written`` is in its dialect.

    Raises:
        QueryError: A function does not exist there.
    """
    own = {alias.name.upper() for alias in query.find_all(exp.TableAlias)}
    tokens = sqlglot.tokenize(written, dialect="duckdb")
    for before, token, following in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_call = token.token_type == TokenType.VAR and following.token_type == TokenType.L_PAREN
        if is_call and before.token_type != TokenType.ALIAS:
            name = token.text.upper()
            if name not in _SYNTAX and name not in own and name not in _functions():
                raise QueryError(
                    f"The sandbox cannot run the function {quoted(name)}"
                    f"{f' of {dialect}' if dialect else ''}. Write the query without it."
                )


@cache
def _functions() -> frozenset[str]:
    text = files("polytomic_mcp.sandbox.data.sql.dialects").joinpath("duckdb_functions.txt")
    return frozenset(text.read_text(encoding="utf-8").split())
