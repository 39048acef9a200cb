"""The features of SOQL that the sandbox does not emulate."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.soql.tokens import COMMENT

_STRING_OR_COMMENT: Final = re.compile(rf"'(?:\\.|[^'\\])*'|{COMMENT}", re.DOTALL)

_UNSUPPORTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SOSL": r"^\s*FIND\b",
        "TYPEOF": r"\bTYPEOF\b",
        "scopes": r"\bUSING\s+SCOPE\b",
        "WITH": r"\bWITH\b(?:\s+\w+)?",
        "FOR": r"\bFOR\s+(?:VIEW|REFERENCE|UPDATE)\b",
        "UPDATE": r"\bUPDATE\s+(?:TRACKING|VIEWSTAT)\b",
        "deleted records": r"\bALL\s+ROWS\b",
        "subtotals": r"\b(?:ROLLUP|CUBE|GROUPING)\s*\(",
        "multi-select picklists": r"\b(?:INCLUDES|EXCLUDES)\s*\(",
        "functions": r"\b(?:FISCAL_(?:YEAR|QUARTER|MONTH)|WEEK_IN_(?:MONTH|YEAR)|toLabel|FORMAT"
        r"|convertCurrency|convertTimezone|DISTANCE|GEOLOCATION)\s*\(",
        "bound variables": r"(?<![\w:]):\s*[A-Za-z_]\w*",
    }
)
"""The features by name, with patterns of their syntax outside of strings."""


def require_emulated(query: str) -> None:
    """Raise ``QueryError``, with the feature's name and the text, if a query uses an unsupported feature."""
    text = _STRING_OR_COMMENT.sub("''", query)
    for feature, pattern in _UNSUPPORTED.items():
        if found := re.search(pattern, text, re.IGNORECASE):
            raise QueryError(f"The sandbox does not emulate SOQL's {feature}: {found[0].strip()[:80]}.")
