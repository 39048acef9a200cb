"""Salesforce's query language, read as plain SQL, and what of it the sandbox does not emulate.

Whatever SQL would misread or does not know is refused by its name; a comparison with null, which SQL
never grants, becomes SQL's own. One difference stays: Salesforce compares text in any case, the sandbox
letter by letter.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from polytomic_mcp.sandbox.statement import LONGEST, QueryError

_STRING: Final = re.compile(r"'(?:\\.|[^'\\])*'")

_NULL: Final = re.compile(rf"({_STRING.pattern})|(!=|<>|=)\s*null\b", re.IGNORECASE)
_PERIODS: Final = "(?:FISCAL_)?(?:WEEK|MONTH|QUARTER|YEAR|90_DAYS)"

_MISSING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SOSL": r"^\s*FIND\b",
        "FIELDS()": r"\bFIELDS\s*\(",
        "TYPEOF": r"\bTYPEOF\b",
        "scopes": r"\bUSING\s+SCOPE\b",
        "WITH": r"\bWITH\s+(?:SECURITY_ENFORCED|USER_MODE|SYSTEM_MODE|DATA\s+CATEGORY)\b",
        "FOR": r"\bFOR\s+(?:VIEW|REFERENCE|UPDATE)\b",
        "deleted records": r"\bALL\s+ROWS\b",
        "multi-select picklists": r"\b(?:INCLUDES|EXCLUDES)\s*\(",
        "functions": r"\b(?:(?:CALENDAR|FISCAL|DAY|HOUR|WEEK)_\w+|toLabel|convertCurrency|convertTimezone"
        r"|DISTANCE|GEOLOCATION)\s*\(",
        "date literals": rf"\b(?:TODAY|YESTERDAY|TOMORROW|(?:LAST|THIS|NEXT)_{_PERIODS}"
        r"|(?:LAST|NEXT)_N_\w+\s*:\s*\d+|N_\w+_AGO\s*:\s*\d+)(?!\w)",
        "dates without quotes": r"\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+\S*)?",
    }
)
"""What is not emulated, and how it shows outside of strings."""


def require_emulated(query: str) -> None:
    """Refuse with ``QueryError`` what the sandbox would misread; it names the feature and the words."""
    if len(query) > LONGEST:
        return
    text = _STRING.sub("''", query)
    for feature, pattern in _MISSING.items():
        if found := re.search(pattern, text, re.IGNORECASE):
            raise _missing(feature, found[0].strip())
    if not text.lstrip().upper().startswith("SELECT"):
        return  # sqlglot would log what it does not know
    try:
        select = sqlglot.parse_one(query)
    except (SqlglotError, RecursionError):
        return  # it is refused with its reason where it is read
    if isinstance(select, exp.Select):
        _require_no_relationships(select)


def in_sql(query: str) -> str:
    """Return a query as SQL means it: ``= null`` is ``IS NULL``."""
    return _NULL.sub(_compared_with_null, query)


def _compared_with_null(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return " IS NULL" if found[2] == "=" else " IS NOT NULL"


def _require_no_relationships(select: exp.Select) -> None:
    for column in select.expressions:
        if isinstance(column.unalias(), exp.Subquery):
            raise _missing("child relationships", column.sql())
    known = {table.alias_or_name.casefold() for table in select.find_all(exp.Table)}
    for column in select.find_all(exp.Column):
        if column.table and column.table.casefold() not in known:
            raise _missing("parent relationships", column.sql())


def _missing(feature: str, words: str) -> QueryError:
    return QueryError(f"The sandbox does not emulate SOQL's {feature}: {words[:80]}")
