"""Plain words in, ranked operations out: an index over the catalogue, made when first searched."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.english import Phrases, load_english
from polytomic_mcp.catalogue.operation import Operation

__all__ = ["Index", "load_index"]

_WEIGHTS: Final = {"path": 3, "summary": 3, "words": 6, "arguments": 0.25, "action": 2, "synonyms": 1}
"""The columns of the index, and what a word found there counts."""

_RANK: Final = (
    f"bm25(operations, {', '.join(str(weight) for weight in _WEIGHTS.values())}) * (1 - 0.015 * depth)"
)
"""Of two that fit alike, the one with the shorter path comes first; bm25 is below zero."""

_WORD: Final = re.compile(r"[^\W_]{2,}")
_UUID_OR_NUMBER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\{[^{}/]*\}")
_LONGEST_QUERY: Final = 2_000
_MOST_WORDS: Final = 40
_SHORTEST_TYPO: Final = 4
_READING: Final = 1.3
"""What the rank of an operation that reads is multiplied by when the query asks to see something."""

_SAME_ACTION: Final = 1.1
"""What an operation's rank is multiplied by when the query begins with what it does."""

_COVERAGE: Final = 0.3
"""The part of a rank that is lost by an operation that holds none of the query's words."""


class Index:
    """A full-text index over a catalogue, in memory: BM25 over stems, weighted by column."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._english = load_english()
        self._operations = list(catalogue.values())
        words = " ".join([*catalogue.actions, *catalogue.synonyms, *self._english.phrases]).split()
        self._phrases = Phrases((word for word in words if "-" in word), self._english.particles)
        self._actions = [_notion(line) for line in catalogue.actions]
        notions = [_notion(line) for line in catalogue.synonyms]
        # Whoever searches may be on another thread than whoever searched first.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            f"CREATE VIRTUAL TABLE operations USING fts5({', '.join(_WEIGHTS)}, depth UNINDEXED,"
            " tokenize='porter unicode61')"
        )
        rows = [self._row(operation) for operation in self._operations]
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
        by_words = [self._operations[number] for number in self._ranked(self._plain(shown))]
        return list(dict.fromkeys([*_by_path(self._operations, shown), *by_words]))

    def _row(self, operation: Operation) -> list[str]:
        texts = [
            _PLACEHOLDER.sub(" ", operation.id),
            operation.summary,
            operation.words,
            " ".join(parameter.name for parameter in operation.parameters),
            " ".join(sorted(self._same_action(_verb(operation)))),
        ]
        return [self._plain(text) for text in texts]

    def _plain(self, text: str) -> str:
        """Write a text in small letters, and each phrase that is one notion as one word."""
        return self._phrases.join(text.casefold())

    def _same_action(self, verb: str) -> set[str]:
        """Return the words for what a verb does."""
        return {word for action in self._actions if verb in action for word in action}

    def _ranked(self, query: str) -> list[int]:
        """Return the numbers of the operations that fit a plain query, best first."""
        first = self._english.first_word(query)
        ignored = self._english.participles if first in self._english.reading else frozenset[str]()
        words = [word for word in self._spelled(query) if word not in ignored]
        held = Counter(number for word in words for number, _ in self._scores([word]))
        ranks = {
            number: score
            * (1 - _COVERAGE + _COVERAGE * held[number] / len(words))
            * self._agreement(self._operations[number], first)
            for number, score in self._scores(words)
        }
        return sorted(ranks, key=lambda number: (ranks[number], number))

    def _agreement(self, operation: Operation, first: str) -> float:
        """Weigh whether an operation does what the first word of a query asks for."""
        if first in self._english.reading:
            return _READING if operation.effect == "read" else 1
        return _SAME_ACTION if _verb(operation) in self._same_action(first) else 1

    def _spelled(self, query: str) -> list[str]:
        """Return the words of a query that matter, each unknown one with what it may stand for."""
        words = dict.fromkeys(_WORD.findall(query))
        kept = [word for word in words if word not in self._english.stop_words][:_MOST_WORDS]
        return [near for word in kept for near in (word, *self._nearest(word))]

    def _nearest(self, word: str) -> list[str]:
        if word in self._known:
            return []
        if meant := self._english.everyday.get(word):
            return [meant]
        return get_close_matches(word, self._known, n=1, cutoff=0.8) if len(word) >= _SHORTEST_TYPO else []

    def _scores(self, words: Iterable[str]) -> list[tuple[int, float]]:
        """Return the operations that hold one of the words, and their ranks: the lower the better."""
        query = " OR ".join(f'"{word}"' for word in words) or '""'
        return self._database.execute(
            f"SELECT rowid, {_RANK} FROM operations WHERE operations MATCH ?",  # noqa: S608 - ours
            (query,),
        ).fetchall()

    def _add_synonyms(self, notions: list[list[str]]) -> None:
        """Put beside what is described with one word of a notion its other words."""
        added: dict[int, list[str]] = {}
        for notion in notions:
            for number, _ in self._scores(notion):
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


def _verb(operation: Operation) -> str:
    return operation.summary.split()[0].casefold()


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
    return sorted(
        fitting,
        key=lambda each: (not _shape(each.path).endswith(fragment), len(each.path)),
    )


def _shape(path: str) -> str:
    """Write a path with an empty placeholder for every id or placeholder."""
    return _PLACEHOLDER.sub("{}", _UUID_OR_NUMBER.sub("{}", path.casefold()))
