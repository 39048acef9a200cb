"""The estimate of tokens, held against the true tokenizer."""

import json
import random
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.tools.answers.token_counts import estimate, estimate_json, length_within
from polytomic_mcp.tools.answers.truncation import MOST_TOKENS

PROMISED = 6_000
CHANCE = random.Random(20)  # noqa: S311 - texts of one kind, the same in every run
KINDS = {
    "base64": string.ascii_letters + string.digits + "+/",
    "capitals": string.ascii_uppercase,
    "cjk": "".join(map(chr, range(0x4E00, 0x9FFF))),
    "control": "".join(map(chr, range(32))),
    "emoji": "".join(map(chr, range(0x1F300, 0x1F6FF))),
    "hex": "0123456789abcdef",
    "letters": string.ascii_lowercase,
    "numbers": "0123456789.,",
    "printable": string.printable,
    "words": string.ascii_lowercase + " " * 6,
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_text_of_the_largest_estimate_is_below_what_is_promised(kind: str, tokenizer: Any) -> None:
    text = json.dumps("".join(CHANCE.choices(KINDS[kind], k=12_000)), ensure_ascii=False)

    assert len(tokenizer.encode(text)) / estimate(text) < PROMISED / MOST_TOKENS


@settings(max_examples=settings().max_examples * 2, deadline=None)
@given(text=st.text(min_size=200, max_size=600))
def test_any_text_is_estimated_high_enough(text: str, tokenizer: Any) -> None:
    assert len(tokenizer.encode(text)) < estimate(text) * PROMISED / MOST_TOKENS


def test_json_of_the_api_is_not_estimated_at_more_than_twice_its_tokens(tokenizer: Any) -> None:
    rows = [
        {"id": operation.id, "summary": operation.summary, "effect": operation.effect}
        for operation in load_catalogue().values()
    ]

    count = len(tokenizer.encode(json.dumps(rows, separators=(",", ":"))))

    assert count < estimate_json(rows) < 2 * count


def test_prose_is_not_estimated_at_more_than_twice_its_tokens(tokenizer: Any) -> None:
    prose = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")

    count = len(tokenizer.encode(prose))

    assert count < estimate(prose) < 2 * count


def test_a_text_that_fits_is_not_cut() -> None:
    assert length_within("three short words", 100) == 17
    assert length_within("", 100) == 0
