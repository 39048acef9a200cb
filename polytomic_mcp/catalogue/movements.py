"""Systems in a query: their names say little, but where data moves to says which kind of sync is meant."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.catalogue.english import English

__all__ = ["Reading", "Systems"]

_WORD: Final = re.compile(r"[^\W_]{2,}")
_TO_DATABASE: Final = ("bulk", "copy")
_TO_APP: Final = ("sync", "push", "send")
_CREATE: Final = "create"
_SHOW: Final = "show"
_PART_OF: Final = re.compile(r"\W*(?:\w+ )?\w+ of\b")
"""How a query begins that asks to see something without a verb: "five rows of the table"."""

_CONNECTION: Final = "connection"
_MOST_BETWEEN: Final = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it is searched: its words, the names of systems in it, and the verb that it begins with."""

    words: list[str]
    verb: str
    names: tuple[str, ...] = ()


class Systems:
    """Reads queries that name systems. ``verbs`` are the words that say what an operation does."""

    def __init__(self, english: English, verbs: Iterable[str]) -> None:
        self._english = english
        self._verbs = frozenset(verbs)
        toward, names = "|".join(english.toward), "|".join(sorted(english.databases | english.apps))
        between = rf"(?: \w+){{0,{_MOST_BETWEEN}}}?"
        self._existing = re.compile(rf"\b(?:the|our|this|that|my){between} (?:{'|'.join(english.moving)})\b")
        self._destination = re.compile(rf"\b(?:{toward}){between} ({names})\b")

    def read(self, query: str) -> Reading:
        """Return the words of a query in lowercase, without the names of systems.

        "HubSpot contacts to Postgres" asks to create a sync, although no word says so: data moves from one
        system to another. Which kind it is depends on where it goes: databases get copies, apps get what is
        mapped.
        """
        words = list(dict.fromkeys(_WORD.findall(query)))
        names = [word for word in words if self._is_system(word)]
        plain = [word for word in words if not self._is_system(word)]
        verb = self._english.first_word(query)
        if not self._is_verb(verb) and _PART_OF.match(query):
            verb = _SHOW
        kind = self._movement(query, words, names)
        if kind and not self._is_verb(verb) and not self._existing.search(query):
            moving = [word for word in plain if word in self._english.moving]
            return Reading([_CREATE, *kind, *moving], _CREATE)
        if names and not self._significant(plain, verb):
            plain.append(_CONNECTION)
        if (
            not kind
            and self._english.mapped.intersection(words)
            and not self._english.copied.intersection(words)
        ):
            kind = _TO_APP
        return Reading([*plain, *kind], verb, tuple(names))

    def _movement(self, query: str, words: list[str], names: list[str]) -> tuple[str, ...]:
        """Return the words for the kind of sync that moves data to the destination; none if nothing moves."""
        found = self._destination.search(query)
        if found is None or not (len(names) > 1 or self._english.moving.intersection(words)):
            return ()
        return _TO_DATABASE if found[1] in self._english.databases else _TO_APP

    def _is_system(self, word: str) -> bool:
        return word in self._english.databases or word in self._english.apps

    def _is_verb(self, word: str) -> bool:
        """Return whether a word asks for something else than a movement, such as to see or to pause one."""
        return word not in self._english.moving and (word in self._english.reading or word in self._verbs)

    def _significant(self, words: list[str], verb: str) -> list[str]:
        return [word for word in words if word != verb and word not in self._english.stop_words]
