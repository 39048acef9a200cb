"""SOQL, Salesforce's query language: a subset, translated to DuckDB's SQL; other features are refused."""

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
"""The dialect of the SQL that ``to_sql`` returns."""


def to_sql(query: str, tables: Sequence[Table], today: date) -> str:
    """Return a SOQL query as SQL over the tables of its system.

    Raises:
        QueryError: The query is not valid, names something unknown, or uses a feature that is not emulated.
    """
    if len(query) > LONGEST:
        raise QueryError(f"The query has {len(query)} characters; the limit is {LONGEST}.")
    require_emulated(query)
    try:
        return Translation(Objects(tables), today).query(parse(query))
    except RecursionError as error:
        raise QueryError("The query is nested too deeply.") from error
