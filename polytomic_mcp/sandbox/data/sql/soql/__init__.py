"""Salesforce's query language: a part of it, in DuckDB's SQL; the rest is refused by its name."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.objects import Objects
from polytomic_mcp.sandbox.data.sql.soql.parser import parse
from polytomic_mcp.sandbox.data.sql.soql.translation import Translation
from polytomic_mcp.sandbox.data.sql.soql.unsupported import require_emulated
from polytomic_mcp.sandbox.data.sql.statement import LONGEST
from polytomic_mcp.sandbox.data.tables.table import Table

DIALECT: Final = "duckdb"
"""The dialect of what ``in_sql`` returns."""


def in_sql(query: str, tables: Sequence[Table], today: date) -> str:
    """Return a SOQL query in SQL over the tables of its system; ``QueryError`` says what is wrong with it."""
    if len(query) > LONGEST:
        raise QueryError(f"The query has {len(query)} characters; {LONGEST} are allowed")
    require_emulated(query)
    try:
        return Translation(Objects(tables), today).whole(parse(query))
    except RecursionError as error:
        raise QueryError("The query is nested too deeply") from error
