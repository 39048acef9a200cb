"""What most rows of a list have in common, said once."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject

_FEWEST: Final = 3
"""How many rows must have a value before it costs less to say it once."""

_EMPTY: Final[tuple[Any, ...]] = (None, False, [], "")


def common_values(rows: Iterable[JsonObject], names: Collection[str]) -> JsonObject:
    """Return the values that at least half of the rows, and at least three, have under some of the names.

    Nothing is assumed of a row that does not have a name: no value is common then.
    """
    listed = list(rows)
    common: JsonObject = {}
    for name in sorted(names):
        values = [json.dumps(row[name], sort_keys=True) for row in listed if name in row]
        text, count = Counter(values).most_common(1)[0] if len(values) == len(listed) > 0 else ("", 0)
        if count >= max(_FEWEST, len(listed) / 2) and (value := json.loads(text)) not in _EMPTY:
            common[name] = value
    return common


def without_defaults(row: JsonObject, defaults: Mapping[str, Any]) -> JsonObject:
    """Return a row without values that are the default, and without empty ones that have no default."""
    return {
        name: value
        for name, value in row.items()
        if (value != defaults[name] if name in defaults else value not in _EMPTY)
    }
