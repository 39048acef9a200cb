"""What is too long is cut where it is longest; the rest stays, and nothing is cut that fits."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import MOST_TOKENS, Cut, truncate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=25,
)


def at(value: Any, pointer: str) -> Any:
    """Return what a JSON Pointer points to."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=8), tokens=st.integers(650, 700))
def test_what_comes_out_fits_and_its_cuts_tell_the_truth(value: dict[str, Any], tokens: int) -> None:
    fitting = truncate(value, tokens)

    assert estimate_json(fitting.value) <= tokens
    for cut in fitting.cuts:
        shown, whole = at(fitting.value, cut.pointer), at(value, cut.pointer)
        assert (len(shown), len(whole)) == (cut.shown, cut.total)
        assert cut.shown < cut.total
    assert bool(fitting.cuts) == (fitting.value != value)


def test_what_fits_is_the_same_object() -> None:
    value = {"a": ["b" * 1_000]}

    assert truncate(value).value is value


def test_the_long_part_is_cut_and_the_short_parts_stay_whole() -> None:
    value = {"id": "s1", "fields": [{"name": f"field {number}"} for number in range(5_000)], "name": "S"}

    fitting = truncate(value)

    assert (fitting.value["id"], fitting.value["name"]) == ("s1", "S")
    assert fitting.value["fields"] == value["fields"][: len(fitting.value["fields"])]
    assert fitting.cuts == [Cut("/fields", len(fitting.value["fields"]), 5_000)]


def test_a_first_item_that_is_too_long_alone_is_cut_itself() -> None:
    fitting = truncate({"rows": [{"text": "word " * 50_000}, {"text": "x"}]})

    (row,) = fitting.value["rows"]
    assert row["text"] == ("word " * 50_000)[: len(row["text"])]
    assert [cut.pointer for cut in fitting.cuts] == ["/rows/0/text", "/rows"]


def test_texts_that_cost_more_together_than_each_alone_are_cut_until_they_fit() -> None:
    value = {"title": "é" * 4_000, "names": ["é"] * 500}

    fitting = truncate(value, 650)

    assert estimate_json(fitting.value) <= 650
    assert [cut.pointer for cut in fitting.cuts] == ["/names", "/title"]


def test_a_first_item_that_fills_the_room_to_its_last_token_stays_whole() -> None:
    for length in range(1, 40):  # one of them fills it
        value = {"rows": [[7] * length, "x" * 6_000]}

        fitting = truncate(value, 650)

        (row,) = fitting.value["rows"]
        assert [cut.pointer for cut in fitting.cuts if cut.pointer != "/rows"] == ["/rows/0"] * (
            len(row) < length
        )


def test_of_names_that_are_too_many_the_first_are_kept() -> None:
    value = {f"column_{number}": "x" * (number % 7) for number in range(4_000)}

    fitting = truncate(value)

    assert fitting.cuts == [Cut("", len(fitting.value), 4_000)]
    assert list(fitting.value.items()) == list(value.items())[: len(fitting.value)]


def test_a_first_member_that_is_too_long_alone_is_cut_itself() -> None:
    value = {"text": "word " * 50_000} | {f"column_{number}": "x" for number in range(4_000)}

    fitting = truncate(value)

    assert list(fitting.value) == ["text"]
    assert [cut.pointer for cut in fitting.cuts] == ["/text", ""]


def test_a_name_with_a_slash_is_written_as_a_pointer_writes_it() -> None:
    (cut,) = truncate({"a/b~c": "word " * 20_000}).cuts

    assert cut.pointer == "/a~1b~0c"


@pytest.mark.slow
@pytest.mark.parametrize("size", [10**6, 10**7])
def test_a_huge_text_is_cut_to_a_beginning(size: int) -> None:
    fitting = truncate({"text": "é" * size})

    assert 0 < len(fitting.value["text"]) < MOST_TOKENS * 16
    assert len(to_json(fitting.value)) < 100_000


@pytest.mark.parametrize(
    "part",
    [["word " * 60], {"a": "word " * 60}, [{"a": ["word " * 60]}], {"a": {"b": "word " * 60}}, "word " * 60],
    ids=["texts", "object", "objects", "deep", "text"],
)
def test_many_parts_fit_however_little_there_is_for_each(part: Any) -> None:
    for count in range(120, 420, 37):
        value = {f"p{number}": part for number in range(count)}

        fitting = truncate(value)

        assert estimate_json(fitting.value) <= MOST_TOKENS
        assert fitting.cuts


def test_only_the_largest_cuts_are_named() -> None:
    value = {f"part {number}": "word " * (10_000 + number) for number in range(9)}

    fitting = truncate(value)

    assert len(fitting.cuts) == 9
    assert fitting.few_cuts == sorted(fitting.cuts, key=lambda cut: cut.shown - cut.total)[:5]
