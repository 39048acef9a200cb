"""The names of a configuration's fields: connection types use different ones for the same thing."""

from collections.abc import Iterable
from typing import Final

from polytomic_mcp.common.spelling import valid_values

_SYNONYMS: Final = (
    frozenset({"hostname", "host", "server", "server_hostname", "address", "hosts"}),
    frozenset({"username", "user", "account", "login"}),
    frozenset({"password", "passwd", "pass", "pwd"}),
    frozenset({"database", "dbname", "db", "database_name"}),
    frozenset({"api_key", "apikey", "key", "api_token", "apitoken", "token", "access_token", "access_key"}),
    frozenset({"bucket", "s3_bucket_name", "bucket_name"}),
    frozenset({"region", "s3_bucket_region", "bucket_region", "aws_region"}),
)


def valid_keys(wrong: str, known: Iterable[str]) -> str:
    """Return the hint for an unknown name: the known one that means the same first, or the nearest."""
    names = list(known)
    synonyms = next((group for group in _SYNONYMS if wrong.casefold() in group), frozenset[str]())
    same = [name for name in names if name in synonyms]
    by_likeness = sorted(same, key=lambda name: wrong.casefold() not in name)
    return valid_values(by_likeness[0] if by_likeness else wrong, names)
