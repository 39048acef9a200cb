"""English for the search: stop words, everyday words, verbs of reading, and phrases."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["English", "Phrases", "load_english"]


@dataclass(frozen=True, slots=True)
class English:
    """The contents of ``english.toml``, in lowercase.

    ``everyday`` maps a word to the one that the catalogue uses, ``polite`` matches what
    precedes the verb of a query.
    """

    stop_words: frozenset[str]
    everyday: Mapping[str, str]
    phrases: tuple[str, ...]
    particles: frozenset[str]
    reading: frozenset[str]
    participles: frozenset[str]
    databases: frozenset[str]
    apps: frozenset[str]
    toward: frozenset[str]
    moving: frozenset[str]
    mapped: frozenset[str]
    copied: frozenset[str]
    polite: re.Pattern[str]

    def first_word(self, query: str) -> str:
        """Return the first word of a query after polite ones; an empty text if there is none."""
        wish = self.polite.sub("", query.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        found = re.search(r"[^\W_]+", wish)
        return found[0] if found else ""


class Phrases:
    """Phrases of several words with one meaning, and verbs that may be separated from their particles."""

    def __init__(self, phrases: Iterable[str], particles: Iterable[str]) -> None:
        """Compile phrases, whose words are joined by hyphens."""
        known = sorted(set(phrases), key=len, reverse=True)
        self._joined = {phrase.replace("-", "") for phrase in known}
        self._whole = re.compile(rf"\b(?:{'|'.join(known).replace('-', '[ -]') or '(?!)'})\b")
        ends = "|".join(sorted(particles)) or "(?!)"
        pairs = (re.fullmatch(rf"(\w+)-(?:{ends})", phrase) for phrase in known)
        verbs = "|".join(sorted({pair[1] for pair in pairs if pair})) or "(?!)"
        self._parted = re.compile(
            rf"\b({verbs})(?:s|es|ed|ing|ned|ning|ched|ching)?((?: \w+){{0,4}}?) ({ends})\b"
        )

    def join(self, text: str) -> str:
        """Return a text with each phrase as one word: "turn it back on" becomes "turnon it back"."""
        whole = self._whole.sub(lambda found: re.sub("[ -]", "", found[0]), text)
        return self._parted.sub(self._pair, whole)

    def _pair(self, found: re.Match[str]) -> str:
        verb, between, particle = found.groups()
        pair = verb + particle
        return pair + between if pair in self._joined else found[0]


@cache
def load_english() -> English:
    """Return the table, which is read once per process."""
    table = tomllib.loads(files("polytomic_mcp.catalogue").joinpath("english.toml").read_text("utf-8"))
    lines = [line.split() for line in table["everyday"]]
    return English(
        stop_words=frozenset(table["stop_words"].split()),
        everyday={word.replace("-", ""): line[0] for line in lines for word in line[1:]},
        phrases=tuple(word for line in lines for word in line if "-" in word),
        particles=frozenset(table["particles"].split()),
        reading=frozenset(table["reading"].split()),
        participles=frozenset(table["participles"].split()),
        databases=frozenset(table["databases"].split()),
        apps=frozenset(table["apps"].split()),
        toward=frozenset(table["toward"].split()),
        moving=frozenset(table["moving"].split()),
        mapped=frozenset(table["mapped"].split()),
        copied=frozenset(table["copied"].split()),
        polite=re.compile(rf"^\W*(?:(?:{'|'.join(table['polite'])})\b\W*)+"),
    )
