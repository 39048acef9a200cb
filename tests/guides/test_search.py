"""The search for guides: what people say leads to the guide that they mean."""

import tomllib
from pathlib import Path

import pytest

from polytomic_mcp.guides import load_guide_index, load_guides

TOPICS = tomllib.loads((Path(__file__).parent / "topics.toml").read_text("utf-8"))
PAIRS = [(name, topic) for name, topics in TOPICS.items() for topic in topics]


def test_every_guide_that_a_model_can_follow_has_topics() -> None:
    assert sorted(TOPICS) == load_guide_index().names


def test_at_least_nine_topics_in_ten_find_their_guide_first() -> None:
    missed = [topic for name, topic in PAIRS if load_guide_index().search(topic)[:1] != [name]]

    assert len(missed) <= len(PAIRS) // 10, missed


@pytest.mark.parametrize(("name", "topic"), PAIRS)
def test_every_topic_finds_its_guide_among_the_first_three(name: str, topic: str) -> None:
    assert name in load_guide_index().search(topic)[:3]


@pytest.mark.parametrize("name", load_guide_index().names)
def test_a_name_or_a_title_finds_its_guide_however_it_is_spelled(name: str) -> None:
    index = load_guide_index()

    assert index.search(name)[0] == name
    assert index.search(load_guides()[name].title.upper())[0] == name
    assert index.search(name.replace("_", " "))[0] == name


@pytest.mark.parametrize(
    "topic", ["", "   ", "zzz qqq", "pizza", '"', "a' OR 1 --", "the", "sync", "x" * 5_000]
)
def test_a_topic_is_any_text(topic: str) -> None:
    assert set(load_guide_index().search(topic)) <= {*load_guide_index().names}


def test_a_topic_that_no_guide_is_about_finds_none() -> None:
    assert load_guide_index().search("pizza recipe") == []
