"""What is wrong with a schedule, as problems of the object that it belongs to."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES, schedule_problems
from polytomic_mcp.sandbox.common.problems import Problem


def problems(
    schedule: Mapping[str, Any], path: str = "schedule", known: Iterable[str] = tuple(FREQUENCIES)
) -> Iterator[Problem]:
    """Yield what is wrong with the frequency, one of ``known``, and the parts of the schedule at ``path``."""
    for part, text in schedule_problems(schedule, known):
        yield Problem("invalid_schedule", text, f"{path}.{part}" if part else path)
