"""What both tests of dry runs share: how many bodies are tried, places in a body, and the verdict."""

import os
from collections.abc import Iterator
from typing import Any

from hypothesis import event, settings

from tests.conftest import EVERY_HEALTH_CHECK

_EXAMPLES = "DRY_RUN_EXAMPLES"

# What only the tools refuse: names that the API ignores, names in use, and times that are no times in UTC.
STRICT = ("unknown name", "Unknown argument", "allow_duplicate_name", ".timezone: ")

MANY = settings(
    max_examples=int(os.environ.get(_EXAMPLES, settings().max_examples * 3 // 5)),
    derandomize=_EXAMPLES not in os.environ,
    deadline=None,
    suppress_health_check=EVERY_HEALTH_CHECK,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a body: the object or list, and the key or position in it."""
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, key
            yield from places(inner)


def hold(body: Any, answer: Any, reason: str, *, is_refused: bool, is_taken: bool) -> None:
    """Hold a dry run of a body, and its answer, against what the API did with it, and its reason."""
    event("refused" if is_refused else "clean")
    if is_refused:
        assert not is_taken or any(words in answer for words in STRICT), (answer, body)
    else:
        assert is_taken, (reason, body)
