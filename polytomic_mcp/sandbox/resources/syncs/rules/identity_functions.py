"""How an identity function finds the records of the target that a record of the source matches.

What they compare is a guess: ``Equality`` compares exactly, but 1.0 equals 1; ``OneOf`` matches if one
element is in both lists; ``DomainMatch`` compares the registrable domains of email addresses and URLs,
``HostnameMatch`` the whole host names; ``ISubstring`` finds the source's text in the target's, ignoring case.
All ignore case where the target's own search does: the product documentation leaves it to the destination.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import urlsplit

from polytomic_mcp.catalogue.rules.identity_functions import EQUALITY
from polytomic_mcp.common.scalars import to_text

Keys = Callable[[Any], Iterable[str]]

_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
_COUNTRY_CODE: Final = 2
_LABELS: Final = {
    EQUALITY: "Equals",
    "ISubstring": "Contains, in any case",
    "OneOf": "Is one of",
    "DomainMatch": "Has the same domain",
    "HostnameMatch": "Has the same host",
}


def describe(function: str) -> dict[str, str]:
    """Return the function as the API lists it: ``id`` and ``label``."""
    return {"id": function, "label": _LABELS[function]}


def is_absent(value: Any) -> bool:
    """Whether a value identifies nothing: null or blank text."""
    return value is None or (isinstance(value, str) and not value.strip())


class Index:
    """The target's records, by ID, indexed by the value that one identity mapping compares.

    ``ignores_case`` says that the target itself finds a text in any case.
    """

    def __init__(self, function: str, *, ignores_case: bool = False) -> None:
        self._function = function
        self._keys = _in_any_case(_KEYS[function]) if ignores_case else _KEYS[function]
        self._ids: defaultdict[str, dict[int, None]] = defaultdict(dict)

    def add(self, id_: int, value: Any) -> None:
        """Add a record's value; null is ignored."""
        if value is not None:
            for key in self._keys(value):
                self._ids[key][id_] = None

    def remove(self, id_: int, value: Any) -> None:
        """Remove a record's value that was added."""
        if value is not None:
            for key in self._keys(value):
                self._ids[key].pop(id_, None)

    def find(self, value: Any) -> list[int]:
        """Return the IDs of the records that match, in the order in which they were added."""
        if self._function == "ISubstring":
            return self._containing(to_text(value).casefold())
        found: dict[int, None] = {}
        for key in self._keys(value):
            found.update(self._ids.get(key, {}))
        return list(found)

    def _containing(self, part: str) -> list[int]:
        return list({id_: None for text, ids in self._ids.items() if part in text for id_ in ids})


def _in_any_case(keys: Keys) -> Keys:
    return lambda value: [key.casefold() for key in keys(value)]


def _exact(value: Any) -> Iterable[str]:
    return (to_text(value),)


def _folded(value: Any) -> Iterable[str]:
    return (to_text(value).casefold(),)


def _elements(value: Any) -> Iterable[str]:
    items = cast(list[Any], value) if isinstance(value, list) else to_text(value).split(",")
    return [to_text(item).strip() for item in items if not is_absent(item)]


def _host(value: Any) -> Iterable[str]:
    host = _hostname(to_text(value))
    return (host,) if host else ()


def _domain(value: Any) -> Iterable[str]:
    return [_registrable(host) for host in _host(value)]


def _hostname(text: str) -> str:
    text = text.strip().casefold()
    if "@" in text and "/" not in text:
        return text.rpartition("@")[2]
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def _registrable(host: str) -> str:
    parts = host.split(".")
    is_nested = len(parts) > _COUNTRY_CODE and len(parts[-1]) == _COUNTRY_CODE and parts[-2] in _SECOND_LEVEL
    return ".".join(parts[-3 if is_nested else -2 :])


_KEYS: Final[dict[str, Keys]] = {
    EQUALITY: _exact,
    "ISubstring": _folded,
    "OneOf": _elements,
    "DomainMatch": _domain,
    "HostnameMatch": _host,
}
