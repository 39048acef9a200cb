"""Search: guides for a topic in plain words, from an index that is built at the first search."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final

from polytomic_mcp.catalogue.english import load_english
from polytomic_mcp.common.spelling import canonical
from polytomic_mcp.guides.guide import Guide, load_guides

__all__ = ["GuideIndex", "load_guide_index"]

_WEIGHTS: Final = {"title": 4, "description": 2, "words": 3}
"""The columns of the index, and the weight of a word found there."""

_RANK: Final = f"bm25(guides, {', '.join(str(weight) for weight in _WEIGHTS.values())})"
_WORD: Final = re.compile(r"[^\W_]{2,}|\d")
_LONGEST_TOPIC: Final = 2_000
_MOST_WORDS: Final = 40
_SHORTEST_TYPO: Final = 4
_COMMON: Final = frozenset({"guide", "guides", "sync", "syncs", "data"})
"""Words that say nothing of which guide is meant; they count only if a topic has no others."""


class GuideIndex:
    """A full-text index over guides, in memory: BM25 over stems, times the share of words found."""

    def __init__(self, guides: Mapping[str, Guide]) -> None:
        self.names = list(guides)
        self._by_name = dict.fromkeys(guides) | {guide.title: None for guide in guides.values()}
        self._titles = {guide.title: name for name, guide in guides.items()}
        self._english = load_english()
        rows = [(guide.title, guide.description, guide.words) for guide in guides.values()]
        # Searches may run on other threads than the first one.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            f"CREATE VIRTUAL TABLE guides USING fts5({', '.join(_WEIGHTS)}, tokenize='porter unicode61')"
        )
        self._database.executemany("INSERT INTO guides VALUES (?, ?, ?)", rows)
        self._known = {word for row in rows for text in row for word in _WORD.findall(text.casefold())}

    def search(self, topic: str) -> list[str]:
        """Return the names of the guides that match a topic, best first: any text, a name or a title."""
        named = canonical(topic.strip(), self._by_name)
        first = [] if named is None else [self._titles.get(named, named)]
        return list(dict.fromkeys([*first, *self._ranked(topic[:_LONGEST_TOPIC].casefold())]))

    def _ranked(self, topic: str) -> list[str]:
        words = self._spelled(topic)
        held = Counter(number for word in words for number, _ in self._scores([word]))
        ranks = {number: score * held[number] / len(words) for number, score in self._scores(words)}
        return [self.names[number - 1] for number in sorted(ranks, key=lambda each: (ranks[each], each))]

    def _spelled(self, topic: str) -> list[str]:
        """Return the significant words of a topic, each unknown one as the word that it may mean."""
        words = list(dict.fromkeys(_WORD.findall(topic)))
        kept = [word for word in words if word not in self._english.stop_words] or words
        telling = [word for word in kept if word not in _COMMON] or kept
        return [self._nearest(word) for word in telling[:_MOST_WORDS]]

    def _nearest(self, word: str) -> str:
        if word in self._known or len(word) < _SHORTEST_TYPO or self._scores([word]):
            return word
        close = get_close_matches(word, self._known, n=1, cutoff=0.8)
        return close[0] if close else self._english.everyday.get(word, word)

    def _scores(self, words: Iterable[str]) -> list[tuple[int, float]]:
        """Return the numbers of the guides that contain one of the words, with their ranks, best lowest."""
        query = " OR ".join(f'"{word}"' for word in words) or '""'
        return self._database.execute(
            f"SELECT rowid, {_RANK} FROM guides WHERE guides MATCH ?",  # noqa: S608 - the text is our own
            (query,),
        ).fetchall()


@cache
def load_guide_index() -> GuideIndex:
    """Return the index of the guides that have a prompt, which is built once per process."""
    return GuideIndex({name: guide for name, guide in load_guides().items() if guide.no_prompt is None})
