"""Plain words in, ranked operations out: an index over the catalogue, made when first searched."""

import re
import sqlite3
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Final

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.operation import Operation

__all__ = ["Index", "load_index"]

_WEIGHTS: Final = {"path": 2.0, "summary": 4.0, "words": 4.0, "arguments": 0.5, "synonyms": 1.5}
"""The columns of the index, and what a word found there counts."""

_STOP_WORDS: Final = frozenset(
    "a all am an and any api are as at be been but by can could did do does for from had has have how i if in"
    " into is it its just like make me my need of on or our out please polytomic should so some tell that the"
    " their them then there these they this to up us want was we were what when where which who why will with"
    " would you your".split()
)
_WORD: Final = re.compile(r"[^\W_]+")
_UUID_OR_NUMBER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\{[^{}/]*\}")
_LONGEST_QUERY: Final = 2_000
_MOST_WORDS: Final = 40
_SHORTEST_TYPO: Final = 4


class Index:
    """A full-text index over a catalogue, in memory: BM25 over stems, weighted by column."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._operations = list(catalogue.values())
        # Whoever searches may be on another thread than whoever searched first.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            f"CREATE VIRTUAL TABLE operations USING fts5({', '.join(_WEIGHTS)}, tokenize='porter unicode61')"
        )
        rows = [_texts(operation) for operation in self._operations]
        self._database.executemany(
            "INSERT INTO operations(rowid, path, summary, words, arguments, synonyms) VALUES (?, ?, ?, ?, ?, '')",
            [(number, *row) for number, row in enumerate(rows)],
        )
        self._add_synonyms(catalogue.synonyms)
        self._known = {word for row in rows for text in row for word in _words(text)}
        self._known.update(word for line in catalogue.synonyms for word in _words(line))

    def search(self, query: str) -> list[Operation]:
        """Return what fits a query, best first; a query may be any text, an id or a part of a path too."""
        shown = query[:_LONGEST_QUERY]
        found = [*_by_path(self._operations, shown), *self._by_words(shown)]
        return list(dict.fromkeys(found))

    def _by_words(self, query: str) -> Iterator[Operation]:
        words = dict.fromkeys(word for word in _words(query) if word not in _STOP_WORDS)
        spellings = [spelling for word in list(words)[:_MOST_WORDS] for spelling in self._spellings(word)]
        for number in self._ranked(spellings) if spellings else ():
            yield self._operations[number]

    def _spellings(self, word: str) -> list[str]:
        """Return a word, and the nearest known one where it is no known one."""
        if word in self._known or len(word) < _SHORTEST_TYPO:
            return [word]
        return [word, *get_close_matches(word, self._known, n=1, cutoff=0.8)]

    def _ranked(self, words: list[str]) -> list[int]:
        query = " OR ".join(f'"{word}"' for word in words)
        weights = ", ".join(str(weight) for weight in _WEIGHTS.values())
        rows = self._database.execute(
            f"SELECT rowid FROM operations WHERE operations MATCH ? ORDER BY bm25(operations, {weights}), rowid",  # noqa: S608 - the weights above
            (query,),
        )
        return [number for (number,) in rows]

    def _add_synonyms(self, synonyms: tuple[str, ...]) -> None:
        """Put beside what is described with one word of a notion its other words."""
        added: dict[int, list[str]] = {}
        for line in synonyms:
            for number in self._ranked(_words(line)):
                added.setdefault(number, []).append(line)
        self._database.executemany(
            "UPDATE operations SET synonyms = ? WHERE rowid = ?",
            [(" ".join(lines), number) for number, lines in added.items()],
        )


@cache
def load_index() -> Index:
    """Index the catalogue, once in a process."""
    return Index(load_catalogue())


def _texts(operation: Operation) -> tuple[str, str, str, str]:
    arguments = " ".join(parameter.name for parameter in operation.parameters)
    return _PLACEHOLDER.sub(" ", operation.id), operation.summary, operation.words, arguments


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _by_path(operations: list[Operation], query: str) -> list[Operation]:
    """Return the operations whose ids hold the query's path, those first that end with it."""
    words = query.split()
    path = next((word for word in words if "/" in word), None)
    if path is None:
        return []
    fragment = _shape(path.partition("?")[0])
    methods = {operation.method for operation in operations}
    wanted = {word.upper() for word in words} & methods or methods
    fitting = [each for each in operations if each.method in wanted and fragment in _shape(each.path)]
    return sorted(fitting, key=lambda each: (not _shape(each.path).endswith(fragment), len(each.path)))


def _shape(path: str) -> str:
    """Write a path with an empty placeholder for every id or placeholder."""
    return _PLACEHOLDER.sub("{}", _UUID_OR_NUMBER.sub("{}", path.casefold()))
