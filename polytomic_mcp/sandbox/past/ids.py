"""The ids of what is made up of the past: derived from names, so that they are the same in every sandbox."""

import uuid
from collections.abc import Callable
from itertools import count
from typing import Final

_NAMESPACE: Final = uuid.UUID("b3d9a1f2-6c47-4f0e-9b58-2a7c1e5d8f64")


def derived(*parts: str) -> str:
    """Return the id of these parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def numbered(*parts: str) -> Callable[[], str]:
    """Return a function that makes one id after the other: the first is that of the parts."""
    numbers = count()

    def make() -> str:
        number = next(numbers)
        return derived(*parts, str(number)) if number else derived(*parts)

    return make
