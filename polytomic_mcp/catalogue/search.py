"""Search: operations for a query in plain words, from an index that is built at the first search."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.english import Phrases, load_english
from polytomic_mcp.catalogue.movements import Systems
from polytomic_mcp.catalogue.operation import Operation

__all__ = ["Index", "load_index", "with_id"]

_WEIGHTS: Final = {"path": 3, "summary": 3, "words": 6, "arguments": 0.25, "action": 2, "synonyms": 1}
"""The columns of the index, and the weight of a word found there."""

_RANK: Final = (
    f"bm25(operations, {', '.join(str(weight) for weight in _WEIGHTS.values())}) * (1 - 0.015 * depth)"
)
"""Of two equal matches, the one with the shorter path comes first; bm25 is negative."""

_WORD: Final = re.compile(r"[^\W_]{2,}")
_HOST: Final = re.compile(r"https?://[^/\s]+", re.IGNORECASE)
_AROUND: Final = "`'\".,;"
_WRITTEN_PLACEHOLDER: Final = re.compile(r"/(?::\w+|<[^<>/]*>|\$\w+|\[\w+\])")
_ID: Final = re.compile(
    r"""[`'"]*(?P<method>[a-z]+)[`'"]*[\s:]+[`'"]*(?:https?://[^/\s]+)?(?P<path>/?api/\S*)""", re.IGNORECASE
)
_UUID_OR_NUMBER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(r"\{[^{}/]*\}")
_LONGEST_QUERY: Final = 2_000
_MOST_WORDS: Final = 40
_SHORTEST_TYPO: Final = 4
_READING: Final = 1.3
"""The factor for operations that read, if the query asks to see something."""

_SAME_ACTION: Final = 1.1
"""The factor for operations that do what the query begins with."""

_NAME: Final = 0.4
"""The weight of a system's name, in comparison with other words."""

_COVERAGE: Final = 0.5
"""The part of its rank that an operation without any of the query's words loses."""


class Index:
    """A full-text index over a catalogue, in memory: BM25 over stems, weighted by column."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._english = load_english()
        self._operations = list(catalogue.values())
        words = " ".join([*catalogue.actions, *catalogue.synonyms, *self._english.phrases]).split()
        self._phrases = Phrases((word for word in words if "-" in word), self._english.particles)
        self._actions = [_synonyms(line) for line in catalogue.actions]
        self._systems = Systems(self._english, (word for action in self._actions for word in action))
        notions = [_synonyms(line) for line in catalogue.synonyms]
        # Searches may run on other threads than the first one.
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
        """Return the operations that match a query, best first; it is any text, an id, or part of a path."""
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
        """Return a text in lowercase, with each phrase as one word."""
        return self._phrases.join(text.casefold())

    def _same_action(self, verb: str) -> set[str]:
        """Return the words with the same meaning as a verb."""
        return {word for action in self._actions if verb in action for word in action}

    def _ranked(self, query: str) -> list[int]:
        """Return the numbers of the operations that match a plain query, best first."""
        reading = self._systems.read(query)
        first = reading.verb
        ignored = self._english.participles if first in self._english.reading else frozenset[str]()
        words = [word for word in self._spelled(reading.words) if word not in ignored]
        named = dict(self._scores(reading.names))
        held = Counter(number for word in words for number, _ in self._scores([word]))
        ranks = {
            number: (score + _NAME * named.get(number, 0))
            * (1 - _COVERAGE + _COVERAGE * held[number] / len(words))
            * self._agreement(self._operations[number], first)
            for number, score in self._scores(words)
        }
        return sorted(ranks, key=lambda number: (ranks[number], number))

    def _agreement(self, operation: Operation, first: str) -> float:
        """Return a factor for whether an operation does what the first word of a query asks for."""
        if first in self._english.reading:
            return _READING if operation.effect == "read" else 1
        return _SAME_ACTION if _verb(operation) in self._same_action(first) else 1

    def _spelled(self, words: list[str]) -> list[str]:
        """Return the significant words of a query, each unknown one with the word that it may mean."""
        kept = [word for word in words if word not in self._english.stop_words][:_MOST_WORDS]
        return [near for word in kept for near in (word, *self._nearest(word))]

    def _nearest(self, word: str) -> list[str]:
        if word in self._known:
            return []
        if meant := self._english.everyday.get(word):
            return [meant]
        return get_close_matches(word, self._known, n=1, cutoff=0.8) if len(word) >= _SHORTEST_TYPO else []

    def _scores(self, words: Iterable[str]) -> list[tuple[int, float]]:
        """Return the operations that contain one of the words, with their ranks: lower is better."""
        query = " OR ".join(f'"{word}"' for word in words) or '""'
        return self._database.execute(
            f"SELECT rowid, {_RANK} FROM operations WHERE operations MATCH ?",  # noqa: S608 - the text is our own
            (query,),
        ).fetchall()

    def _add_synonyms(self, notions: list[list[str]]) -> None:
        """Add, to operations that contain one word of a list, its other words."""
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
    """Return the index, which is built once per process."""
    return Index(load_catalogue())


def with_id(catalogue: Catalogue, query: str) -> Operation | None:
    """Return the operation whose id, or method and URL, is the whole query; None if there is none.

    It may be in quotes, and its placeholders may be written in any of the usual ways.
    """
    found = _ID.fullmatch(query.strip())
    if found is None:
        return None
    method, wanted = found["method"].upper(), _asked(found["path"])
    fitting = (each for each in catalogue.values() if each.method == method)
    return next((each for each in fitting if _shape(each.path).strip("/") == wanted), None)


def _synonyms(line: str) -> list[str]:
    return line.replace("-", "").split()


def _verb(operation: Operation) -> str:
    return operation.summary.split()[0].casefold()


def _by_path(operations: list[Operation], query: str) -> list[Operation]:
    """Return the operations whose paths contain the query's path; those that end with it come first."""
    words = query.split()
    path = next((word for word in words if "/" in word), None)
    if path is None:
        return []
    fragment = _asked(_HOST.sub("", path))
    methods = {operation.method for operation in operations}
    wanted = {word.upper() for word in words} & methods or methods
    fitting = [each for each in operations if each.method in wanted and fragment in _shape(each.path)]
    return sorted(
        fitting,
        key=lambda each: (not _shape(each.path).endswith(fragment), len(each.path)),
    )


def _asked(path: str) -> str:
    """Return the shape of a path as people write it, without the slashes around it."""
    return _shape(_WRITTEN_PLACEHOLDER.sub("/{}", path.partition("?")[0].strip(_AROUND))).strip("/")


def _shape(path: str) -> str:
    """Return a path with an empty placeholder for every id or placeholder."""
    return _PLACEHOLDER.sub("{}", _UUID_OR_NUMBER.sub("{}", path.casefold()))
