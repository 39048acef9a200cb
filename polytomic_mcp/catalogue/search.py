"""Plain words in, ranked operations out: an index over the catalogue, made when first searched."""

import re
import sqlite3
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.operation import Operation

__all__ = ["Index", "load_index"]

_WEIGHTS: Final = {"path": 3, "summary": 3, "words": 6, "arguments": 0.25, "action": 2, "synonyms": 1}
"""The columns of the index, and what a word found there counts."""

_RANK: Final = (
    f"bm25(operations, {', '.join(str(weight) for weight in _WEIGHTS.values())}) * (1 - 0.015 * depth)"
)
"""Of two that fit alike, the one with the shorter path comes first; bm25 is below zero."""

_STOP_WORDS: Final = frozenset(
    (  # noqa: SIM905 - as a list of literals it would be read by nobody
        "able about actually after also am an and any api are as at back be been both but by can could "
        "did do does down each ever every exactly few for found from get gets go goes going got had "
        "happen has have he her here him if in into is it its just kind kinds let lets like made make "
        "making many me more much must my myself need no nobody not number of on one only or other others "
        "our out over own please polytomic put puts really same she should since so some something sort "
        "still sure take takes tell than that the their them then there these they thing things this to "
        "too turn until up us use used using very want was we went were what where which while will with "
        "would yet you your "
    ).split()
)
_WORD: Final = re.compile(r"[^\W_]{2,}")
_UUID_OR_NUMBER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\{[^{}/]*\}")
_LONGEST_QUERY: Final = 2_000
_MOST_WORDS: Final = 40
_SHORTEST_TYPO: Final = 4
ACT = 1.3
DEPTH = 0.02


class Index:
    """A full-text index over a catalogue, in memory: BM25 over stems, weighted by column."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._operations = list(catalogue.values())
        self._phrases = _phrases([*catalogue.actions, *catalogue.synonyms])
        actions = [_notion(line) for line in catalogue.actions]
        notions = [_notion(line) for line in catalogue.synonyms]
        # Whoever searches may be on another thread than whoever searched first.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            f"CREATE VIRTUAL TABLE operations USING fts5({', '.join(_WEIGHTS)}, depth UNINDEXED,"
            " tokenize='porter unicode61')"
        )
        rows = [self._row(operation, actions) for operation in self._operations]
        self._database.executemany(
            "INSERT INTO operations(path, summary, words, arguments, action, depth, rowid)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (*row, operation.path.count("/"), number)
                for number, (row, operation) in enumerate(zip(rows, self._operations, strict=True))
            ],
        )
        self._add_synonyms(notions)
        texts = [*(text for row in rows for text in row), *(" ".join(notion) for notion in notions)]
        self._known = {word for text in texts for word in _WORD.findall(text)}

    def search(self, query: str) -> list[Operation]:
        """Return what fits a query, best first; a query may be any text, an id or a part of a path too."""
        shown = query[:_LONGEST_QUERY]
        by_words = [self._operations[number] for number in self._ranked(self._spelled(shown))]
        return list(dict.fromkeys([*_by_path(self._operations, shown), *by_words]))

    def _row(self, operation: Operation, actions: list[list[str]]) -> list[str]:
        verb = operation.summary.split()[0].casefold()
        texts = [
            _PLACEHOLDER.sub(" ", operation.id),
            operation.summary,
            operation.words,
            " ".join(parameter.name for parameter in operation.parameters),
            " ".join(" ".join(action) for action in actions if verb in action),
        ]
        return [self._plain(text) for text in texts]

    def _plain(self, text: str) -> str:
        """Write a text in small letters, and each phrase that is one notion as one word."""
        return self._phrases.sub(lambda found: re.sub("[ -]", "", found[0]), text.casefold())

    def _spelled(self, query: str) -> list[str]:
        """Return the words of a query that matter, and the nearest known one for each unknown."""
        words = dict.fromkeys(_WORD.findall(self._plain(query)))
        kept = [word for word in words if word not in _STOP_WORDS][:_MOST_WORDS]
        unknown = [word for word in kept if word not in self._known and len(word) >= _SHORTEST_TYPO]
        near = [get_close_matches(word, self._known, n=1, cutoff=0.8) for word in unknown]
        return [*kept, *(word for words in near for word in words)]

    def _ranked(self, words: Iterable[str]) -> list[int]:
        query = " OR ".join(f'"{word}"' for word in words) or '""'
        rows = self._database.execute(
            f"SELECT rowid FROM operations WHERE operations MATCH ? ORDER BY {_RANK}, rowid",  # noqa: S608 - ours
            (query,),
        )
        return [number for (number,) in rows]

    def _add_synonyms(self, notions: list[list[str]]) -> None:
        """Put beside what is described with one word of a notion its other words."""
        added: dict[int, list[str]] = {}
        for notion in notions:
            for number in self._ranked(notion):
                added.setdefault(number, []).extend(notion)
        self._database.executemany(
            "UPDATE operations SET synonyms = ? WHERE rowid = ?",
            [(" ".join(words), number) for number, words in added.items()],
        )


@cache
def load_index() -> Index:
    """Index the catalogue, once in a process."""
    return Index(load_catalogue())


def _notion(line: str) -> list[str]:
    return line.replace("-", "").split()


def _phrases(lines: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the notions of several words, which stand joined by hyphens."""
    phrases = [re.sub("-", "[ -]", word) for line in lines for word in line.split() if "-" in word]
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b" if phrases else r"(?!)")


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
